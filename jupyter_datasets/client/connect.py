"""``connect()``: open a store, or share the one that this process has open already."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from pathlib import Path

from jupyter_datasets.client.jobs import shown
from jupyter_datasets.client.local import LocalTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.container import Container, build
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.settings import Settings


class _Shared:
    """The containers that are open in this process, each with the number of its users."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[Path, str], tuple[Container, int]] = {}
        self._hooked = False

    def take(self, settings: Settings) -> Container:
        """The container of a store, opened if nobody has it open."""
        place = settings.store.resolve(), settings.catalog_url
        with self._lock:
            container, users = self._open.get(place) or (build(settings), 0)
            self._open[place] = (container, users + 1)
            self._hook()
        return container

    def give_back(self, settings: Settings, wait: bool) -> None:
        """One user less; the last one closes the container."""
        place = settings.store.resolve(), settings.catalog_url
        with self._lock:
            if place not in self._open:
                return
            container, users = self._open[place]
            if users > 1:
                self._open[place] = (container, users - 1)
                return
            del self._open[place]
        container.close(wait=wait)

    def finish(self) -> None:
        """At the interpreter's end: wait for what runs, showing it; Ctrl-C cancels it."""
        with self._lock:
            containers = [container for container, _ in self._open.values()]
            self._open.clear()
        for container in containers:
            try:
                _watch(container)
            except KeyboardInterrupt:
                sys.stderr.write("Cancelled.\n")
            finally:
                container.close(wait=False)

    def _hook(self) -> None:
        if not self._hooked:
            self._hooked = True
            # Before threads are joined, while new ones may still be started; the plain hook comes after that.
            getattr(threading, "_register_atexit", atexit.register)(self.finish)


def _watch(container: Container) -> None:
    while waiting := container.jobs.live.unfinished():
        with shown(waiting[0].title) as show:
            container.runner.wait(waiting[0].id, on_progress=show)


_shared = _Shared()


def connect(store: str | os.PathLike[str] | None = None, **settings: object) -> Repository:
    """Open the embedded store in a folder, made if it is not there.

    Parameters
    ----------
    store
        The folder; by default ``JUPYTER_DATASETS_STORE``, else ``datasets`` in Jupyter's data folder.
    **settings
        Fields of :class:`jupyter_datasets.settings.Settings`, such as ``memory_mib`` or ``busy_timeout``.

    Raises
    ------
    StoreBusyError
        Another process holds the store and did not let go in time; it is named.
    FormatError
        The store was written by a newer version, which is named.
    """
    if isinstance(store, str) and "://" in store:
        raise InvalidInputError(
            f"{store!r} is an address; this version opens stores in folders.",
            kind=ErrorKind.INVALID_ARGUMENT,
            next_step="Give the folder of an embedded store.",
        )
    loaded = Settings.load(store, **settings)
    container = _shared.take(loaded)
    return Repository(LocalTransport(container, lambda wait: _shared.give_back(loaded, wait)))
