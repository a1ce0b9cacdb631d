"""Who holds an embedded store: an advisory lock that the system frees with the process, and a note about its owner.

The lock is ``flock`` on ``<store>/lock``. It is taken before DuckDB opens the catalog and freed after DuckDB closed it,
and it alone decides. ``<store>/server.json`` tells others who that is and where it serves; after a crash it is stale,
which shows in its process id and start time.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Self

from jupyter_datasets.catalog.layout import check_folder, replace_file
from jupyter_datasets.errors import StoreBusyError

logger = logging.getLogger(__name__)

_NOTE = "server.json"
_POLL = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Holder:
    """The content of ``server.json``.

    Attributes
    ----------
    pid, started, host
        The process, the moment it started (opaque text) and its machine: together they are never used twice.
    program
        What runs, for people.
    url, token
        Where it serves this store; None when it does not serve.
    """

    pid: int
    started: str
    host: str
    program: str
    url: str | None = None
    token: str | None = field(default=None, repr=False)

    @classmethod
    def this_process(cls, program: str, url: str | None = None, token: str | None = None) -> Self:
        """A note about the calling process."""
        pid = os.getpid()
        return cls(
            pid=pid,
            started=process_start(pid) or "",
            host=socket.gethostname(),
            program=program,
            url=url,
            token=token,
        )

    @classmethod
    def read(cls, store: Path) -> Self | None:
        """The store's note, stale or not; None when there is none that can be read."""
        try:
            values = dict(json.loads((store / _NOTE).read_bytes()))
            return cls(**{each.name: values[each.name] for each in fields(cls)})
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def is_alive(self) -> bool:
        """Whether this very process still runs on this machine."""
        return self.host == socket.gethostname() and process_start(self.pid) == self.started


def find_holder(store: Path) -> Holder | None:
    """The living process on this machine that holds the store now, or None."""
    holder = Holder.read(store)
    return holder if holder and holder.is_alive() else None


def process_start(pid: int) -> str | None:
    """When the process started, as opaque text that tells it from a later one with the same id; None if it is gone."""
    if sys.platform == "linux":
        return _start_from_proc(pid)
    return _start_from_ps(pid)


def _start_from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    # The second field is the program's name in parentheses and may hold anything; start time is the 22nd.
    return f"{boot}:{stat.rpartition(')')[2].split()[19]}"


def _start_from_ps(pid: int) -> str | None:
    answer = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return answer.stdout.strip() or None


class StoreLock:
    """The right to open a store, held by at most one process.

    Parameters
    ----------
    store
        The store's folder; made when it does not exist.
    program
        What this process is called in the note.
    on_wait
        Called once with a sentence for people when another process has to be waited for.
    """

    def __init__(self, store: Path, program: str, on_wait: Callable[[str], None] | None = None) -> None:
        self._store = store
        self._program = program
        self._on_wait = on_wait
        self._descriptor: int | None = None
        self._url: str | None = None
        self._token: str | None = None

    @property
    def held(self) -> bool:
        """Whether this process holds the store."""
        return self._descriptor is not None

    def acquire(self, deadline: float) -> None:
        """Take the lock, and note who has it.

        Parameters
        ----------
        deadline
            Until when to wait for another holder, by ``time.monotonic()``. It is tried at least once.

        Raises
        ------
        StoreBusyError
            The other process did not let go in time; ``details`` hold its ``pid`` and ``program`` if they are known.
        InvalidInputError
            The folder is not a store and not empty.
        OSError
            The folder cannot be made or written.
        """
        check_folder(self._store)
        self._store.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self._store / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._wait_for(descriptor, deadline)
            self._descriptor = descriptor
            self._write_note()
        except BaseException:
            self._descriptor = None
            os.close(descriptor)
            raise

    def announce(self, url: str | None = None, token: str | None = None) -> None:
        """Say in ``server.json``, readable by its owner only, where this process serves the store."""
        self._url, self._token = url, token
        if self.held:
            self._write_note()

    def _write_note(self) -> None:
        note = Holder.this_process(self._program, self._url, self._token)
        replace_file(self._store / _NOTE, json.dumps(asdict(note)).encode(), mode=0o600, durable=False)

    def release(self) -> None:
        """Let go; without effect when the lock is not held."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is None:
            return
        with suppress(OSError):
            (self._store / _NOTE).unlink(missing_ok=True)
        _unlock(descriptor)
        os.close(descriptor)

    def drop_after_fork(self) -> None:
        """In a forked child: forget the lock, which stays the parent's. Unlocking would take it from the parent."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _wait_for(self, descriptor: int, deadline: float) -> None:
        told = False
        while not _try_lock(descriptor):
            if time.monotonic() >= deadline:
                raise _busy(self._store)
            if not told:
                self._tell_waiting()
                told = True
            time.sleep(_POLL)

    def _tell_waiting(self) -> None:
        message = f"Waiting for the store {self._store}: {_describe(find_holder(self._store))} holds it."
        logger.warning("%s", message)
        if self._on_wait:
            self._on_wait(message)


def _busy(store: Path) -> StoreBusyError:
    holder = find_holder(store)
    return StoreBusyError(
        f"The store {store} is held by {_describe(holder)}.",
        next_step="Close that program or wait until it is done, then try again.",
        details={"pid": holder.pid if holder else None, "program": holder.program if holder else None},
    )


def _describe(holder: Holder | None) -> str:
    return f"process {holder.pid} ({holder.program})" if holder else "another process"


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
