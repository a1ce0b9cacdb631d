"""Named points at which a test may make the program die or the disk fail. Off unless the environment says so.

``JUPYTER_DATASETS_FAULT=<point>:<action>[:<n>]`` acts when ``<point>`` is reached for the n-th time (1 by default) in a
process. Actions: ``kill`` (SIGKILL to itself), ``enospc`` and ``eio`` (raise that ``OSError``), ``hang`` (sleep 60 s).
"""

from __future__ import annotations

import errno
import os
import signal
import time

_armed = os.environ.get("JUPYTER_DATASETS_FAULT", "")
_seen: dict[str, int] = {}


def reach(point: str) -> None:
    """Tell that the named point was reached; costs one comparison when no fault is armed."""
    if _armed:
        _act(point)


def _act(point: str) -> None:
    name, action, *rest = _armed.split(":")
    if name != point:
        return
    _seen[point] = _seen.get(point, 0) + 1
    if _seen[point] != int(rest[0] if rest else 1):
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif action == "hang":
        time.sleep(60)
    else:
        code = {"enospc": errno.ENOSPC, "eio": errno.EIO}[action]
        raise OSError(code, os.strerror(code))
