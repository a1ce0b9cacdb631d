"""Something opened when it is first used, and closed again once nobody has used it for a while."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from jupyter_datasets.errors import DatasetsError, InvalidInputError, StoreBusyError

logger = logging.getLogger(__name__)

_SHORTEST_LOOK = 0.05


class Resource(Protocol):
    """What a lease opens and closes; it is called by one thread at a time."""

    def open(self, deadline: float) -> None:
        """Open it, waiting for others until ``deadline`` (``time.monotonic()``) at the longest."""

    def restart(self) -> None:
        """Close and open it again without letting another process in between."""

    def close(self) -> None:
        """Close it; a failure is the caller's to log."""

    def after_fork(self) -> bool:
        """In a forked child: drop what belongs to the parent; False if it cannot be used here any more."""


class Lease:
    """Counts who uses a resource: calls, which need it this moment, and holds, which keep it for later calls.

    Parameters
    ----------
    resource
        What is opened and closed.
    timeout
        Seconds that opening may wait for another holder.
    idle_close
        Seconds without call or hold after which it is closed; None for never.
    """

    def __init__(self, resource: Resource, *, timeout: float, idle_close: float | None) -> None:
        self._resource = resource
        self._timeout = timeout
        self._idle_close = idle_close
        self._opened = False
        self._openings = 0
        self._closed = False
        self._reset()
        _leases.add(self)

    @property
    def opening(self) -> int | None:
        """How many times the resource was opened up to now, when it is open; None when it is not."""
        return self._openings if self._opened else None

    def _reset(self) -> None:
        self._changed = threading.Condition(threading.RLock())
        self._calls = 0
        self._holds = 0
        self._last_used = 0.0
        self._broken = False
        self._parent: int | None = None
        self._watcher: threading.Thread | None = None

    @contextmanager
    def use(self) -> Iterator[None]:
        """Have the resource open inside the block.

        Raises
        ------
        StoreBusyError
            Another process did not let go of it in time.
        InvalidInputError
            The lease was closed.
        """
        self._enter()
        try:
            yield
        finally:
            self._leave()

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep the resource open inside the block, with or without calls."""
        with self.use(), self._changed:
            self._holds += 1
        try:
            yield
        finally:
            with self._changed:
                self._holds -= 1
                self._last_used = time.monotonic()

    def restart_when_unused(self) -> None:
        """Have the resource closed and opened again once the calls of this moment are over."""
        self._broken = True

    def close(self) -> None:
        """Close for good: at once, or with the end of the last call. Holds do not keep it open. May be repeated."""
        with self._changed:
            self._closed = True
            if not self._calls:
                self._shut()
            self._changed.notify_all()
            watcher = self._watcher
        if watcher and watcher is not threading.current_thread():
            watcher.join()

    def after_fork(self) -> None:
        """In a forked child: start anew, or refuse all use if the resource was open in the parent."""
        self._reset()
        self._opened = False
        if not self._resource.after_fork():
            self._parent = os.getppid()

    def _enter(self) -> None:
        deadline = time.monotonic() + self._timeout
        with self._changed:
            self._check_usable()
            if not self._opened:
                self._open(deadline)
            self._calls += 1

    def _leave(self) -> None:
        with self._changed:
            self._calls -= 1
            self._last_used = time.monotonic()
            if self._calls:
                return
            if self._closed:
                self._shut()
            elif self._broken:
                self._restart()

    def _check_usable(self) -> None:
        if self._parent is not None:
            raise _forked(self._parent)
        if self._closed:
            raise InvalidInputError("The repository is closed.", next_step="Connect to it again.")

    def _open(self, deadline: float) -> None:
        self._resource.open(deadline)
        self._opened = True
        self._openings += 1
        if self._idle_close is not None:
            self._watcher = threading.Thread(target=self._watch, name="jupyter-datasets-idle", daemon=True)
            self._watcher.start()

    def _shut(self) -> None:
        if not self._opened:
            return
        self._opened = self._broken = False
        try:
            self._resource.close()
        except Exception:
            logger.warning("The catalog was not closed in order; nothing is lost.", exc_info=True)

    def _restart(self) -> None:
        self._broken = False
        try:
            self._resource.restart()
        except DatasetsError:
            logger.warning("The catalog could not be opened again; the next call tries.", exc_info=True)
            self._shut()

    def _watch(self) -> None:
        with self._changed:
            while self._opened and not self._closed and self._watcher is threading.current_thread():
                left = self._time_left()
                if left <= 0:
                    self._shut()
                    return
                self._changed.wait(left)

    def _time_left(self) -> float:
        idle = self._idle_close or 0.0
        if self._calls or self._holds:
            return max(idle, _SHORTEST_LOOK)
        return self._last_used + idle - time.monotonic()


_leases: weakref.WeakSet[Lease] = weakref.WeakSet()


def _forked(parent: int) -> StoreBusyError:
    return StoreBusyError(
        f"This process was forked from process {parent} while that had the store open, and cannot share it.",
        next_step="Start workers with the 'spawn' method, or open the store after forking.",
        details={"pid": parent, "program": None},
    )


def _close_all() -> None:
    # Before the interpreter goes: a daemon thread that is inside DuckDB at that moment would abort the process.
    for lease in list(_leases):
        lease.close()


def _after_fork() -> None:
    for lease in list(_leases):
        lease.after_fork()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
