"""Child processes, kept warm between tasks."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jupyter_datasets.workers.process import ChildProcess


class Pool:
    """Hands out children; the first is started when it is first needed.

    Parameters
    ----------
    modules
        What children import ahead of time, besides DuckDB and PyArrow: the modules of the tasks.
    ceiling
        Bytes of memory of its own at which a child is killed.
    warm
        How many idle children are kept.
    """

    def __init__(self, *, modules: Sequence[str] = (), ceiling: int, warm: int = 1) -> None:
        self._modules = tuple(modules)
        self._ceiling = ceiling
        self._warm = warm
        self._lock = threading.Lock()
        self._idle: list[ChildProcess] = []
        self._closed = False

    @contextmanager
    def lease(self) -> Iterator[ChildProcess]:
        """A child for one task; a new one, which needs some 0.3 s until it begins, when no warm one is there."""
        child = self._take() or ChildProcess(modules=self._modules, ceiling=self._ceiling)
        try:
            yield child
        finally:
            self._give_back(child)

    def _take(self) -> ChildProcess | None:
        while True:
            with self._lock:
                if not self._idle:
                    return None
                child = self._idle.pop()
            if child.reusable():
                return child
            child.close()

    def _give_back(self, child: ChildProcess) -> None:
        if child.reusable():
            with self._lock:
                if not self._closed and len(self._idle) < self._warm:
                    self._idle.append(child)
                    return
        child.close()

    def close(self) -> None:
        """End the idle children; those at work end when they are given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for child in idle:
            child.close()
