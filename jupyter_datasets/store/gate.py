"""The gate between those who write versions and the one who deletes what no version needs.

A writer finds an object present, relies on it, and only then has a commit that names it. Between the two nothing may be
deleted. So writers pass the gate together, and deletion waits until none is inside, in this process or another one: the
gate is the system's own lock on the staging folder, which ends with the process that has it. Nobody needs a heartbeat.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_datasets.errors import StorageError, StoreBusyError

_POLL = 0.01


class Gate:
    """Lets in many writers, or one who deletes. Writers may nest.

    Parameters
    ----------
    folder
        Whose lock is the gate; made when first needed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Inside the block nothing is deleted; waits while something is."""
        with self._locked(shared=True, deadline=None):
            yield

    @contextmanager
    def deleting(self, timeout: float) -> Iterator[None]:
        """Inside the block nobody writes.

        Parameters
        ----------
        timeout
            Seconds to wait for writers.

        Raises
        ------
        StoreBusyError
            They were not done in time.
        """
        with self._locked(shared=False, deadline=time.monotonic() + timeout):
            yield

    @contextmanager
    def _locked(self, *, shared: bool, deadline: float | None) -> Iterator[None]:
        descriptor = self._opened()
        try:
            while not _try_lock(descriptor, shared):
                if deadline is not None and time.monotonic() >= deadline:
                    raise _busy()
                time.sleep(_POLL)
            try:
                yield
            finally:
                _unlock(descriptor)
        finally:
            _close(descriptor)

    def _opened(self) -> int:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            return _open(self._folder)
        except OSError as error:
            raise StorageError(
                f"The disk refused: {error.strerror or error} while opening {self._folder}.",
                next_step="Nothing was changed. Check the folder's permissions and the disk, then try again.",
            ) from error


def _busy() -> StoreBusyError:
    return StoreBusyError(
        "Versions are being written all the time, so nothing more could be deleted.",
        next_step="Nothing is lost. Collect again when less is going on.",
    )


if sys.platform == "win32":
    # Folders cannot be locked. A store with an embedded catalog has one process, whose threads take turns.
    _turn = threading.RLock()

    def _open(_folder: Path) -> int:
        return 0

    def _try_lock(_descriptor: int, _shared: bool) -> bool:
        return _turn.acquire(blocking=False)

    def _unlock(_descriptor: int) -> None:
        _turn.release()

    def _close(_descriptor: int) -> None:
        pass

else:
    import fcntl

    def _open(folder: Path) -> int:
        return os.open(folder, os.O_RDONLY)

    def _try_lock(descriptor: int, shared: bool) -> bool:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _close(descriptor: int) -> None:
        os.close(descriptor)
