"""Which process a job belongs to, in a form that tells later whether that process still lives."""

from __future__ import annotations

import os
import platform

from jupyter_datasets.catalog.holder import process_start


def this_process() -> str:
    """``host:pid:start`` of this process; a later process with the same number has another start."""
    pid = os.getpid()
    return f"{platform.node()}:{pid}:{process_start(pid)}"


def is_dead(holder: str) -> bool:
    """Whether the process is known to have ended. One on another host is not known to have."""
    host, pid, start = _parts(holder)
    return host == platform.node() and process_start(int(pid)) != start


def describe(holder: str) -> str:
    """The process in words, for an error message."""
    host, pid, _ = _parts(holder)
    return f"process {pid} on {host}"


def _parts(holder: str) -> tuple[str, str, str]:
    host, pid, start = holder.split(":", 2)
    return host, pid, start
