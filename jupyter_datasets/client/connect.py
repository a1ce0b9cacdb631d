"""``connect()``: find the server that has the store, open it, or share what this process has open already."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_datasets.catalog.holder import find_holder
from jupyter_datasets.client.discovery import Search, reach
from jupyter_datasets.client.jobs import shown
from jupyter_datasets.client.local import LocalTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.container import Container, build
from jupyter_datasets.errors import InvalidInputError, StoreBusyError
from jupyter_datasets.settings import Settings

if TYPE_CHECKING:
    from jupyter_datasets.client.http import HttpTransport


class _Shared:
    """What is open in this process: containers, each with the number of its users, and ways to servers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[Path, str], tuple[Container, int]] = {}
        self._served: list[HttpTransport] = []
        self._inherited: list[object] = []
        self._hooked = False

    def remember(self, transport: HttpTransport) -> HttpTransport:
        """The same; the jobs that it started are waited for at the interpreter's end, unless it is closed by then."""
        with self._lock:
            self._served = [*(known for known in self._served if not known.closed), transport]
            self._hook()
        return transport

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
            local = [LocalTransport(container, _closing(container)) for container, _ in self._open.values()]
            open_until_now: list[Transport] = [*local, *self._served]
            self._open, self._served = {}, []
        for transport in open_until_now:
            try:
                _watch(transport)
            except KeyboardInterrupt:
                sys.stderr.write("Cancelled.\n")
            finally:
                transport.close(wait=False)

    def leave_to_parent(self) -> None:
        """In a forked child: what was open is the parent's, which looks after its jobs; here, nothing is."""
        self._lock = threading.Lock()
        self._inherited.append((self._open, self._served))  # kept: destructors would touch what is not ours
        self._open, self._served = {}, []

    def _hook(self) -> None:
        if not self._hooked:
            self._hooked = True
            # Before threads are joined, while new ones may still be started; the plain hook comes after that.
            getattr(threading, "_register_atexit", atexit.register)(self.finish)


def _closing(container: Container) -> Callable[[bool], None]:
    return lambda wait: container.close(wait=wait)


def _watch(transport: Transport) -> None:
    while waiting := transport.own_jobs():
        with shown(waiting[0].title) as show:
            transport.wait_job(waiting[0].id, None, show)


_shared = _Shared()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_shared.leave_to_parent)


def connect(store: str | os.PathLike[str] | None = None, *, token: str | None = None, **settings: object) -> Repository:
    """Connect to a server, or open an embedded store.

    Parameters
    ----------
    store
        The folder of an embedded store, which is made if it is not there and reached through the Jupyter server that
        holds it, if one does; or a server's address. By default the server that ``JUPYTER_DATASETS_URL`` and
        ``JUPYTER_DATASETS_TOKEN`` name, else the person's own under JupyterHub, else the one that started this kernel,
        else the embedded store that ``JUPYTER_DATASETS_STORE`` names, else ``datasets`` in Jupyter's data folder.
    token
        What the server at that address lets in.
    **settings
        Fields of :class:`jupyter_datasets.settings.Settings`, such as ``memory_mib`` or ``busy_timeout``, for a store
        that this process opens itself.

    Raises
    ------
    InvalidInputError
        What should be the store's folder is a file.
    StoreBusyError
        Another process holds the store and did not let go in time; it is named, and where else was looked.
    StorageError
        With ``kind`` SERVER_UNREACHABLE: the server does not answer.
    PermissionDeniedError
        The server does not know the token.
    FormatError
        The store was written by a newer version, which is named.
    """
    if store is not None and not os.fspath(store):
        raise InvalidInputError(
            "The store's place is empty.", next_step="Give a folder or a server's address, or nothing for the default."
        )
    if isinstance(store, str) and "://" in store:
        return Repository(_shared.remember(reach(store, token)))
    search = Search()
    found = search.find() if store is None else None
    if found is not None:
        return Repository(_shared.remember(found))
    loaded = Settings.load(store, **settings)
    check_folder(loaded.store)
    try:
        return Repository(_to_store(loaded, search), threads=loaded.threads)
    except StoreBusyError as error:
        error.details["tried"] = search.tried
        raise


def check_folder(store: Path) -> None:
    """Refuse a file where the folder of a store should be, or above it."""
    file = next((place for place in (store, *store.parents) if place.is_file()), None)
    if file is not None:
        raise InvalidInputError(
            f"{str(file)!r} is a file, and a store is a folder.",
            next_step=f"Name a folder. To import the file: connect().import_file({str(file)!r})",
            details={"store": str(store), "file": str(file)},
        )


def _to_store(settings: Settings, search: Search) -> Transport:
    """The server that holds a store, else the store itself."""
    if served := _holding_server(settings, search):
        return served
    try:
        container = _shared.take(settings)
    except StoreBusyError:
        if served := _holding_server(settings, search):  # it has begun to serve meanwhile
            return served
        raise
    return LocalTransport(container, lambda wait: _shared.give_back(settings, wait))


def _holding_server(settings: Settings, search: Search) -> HttpTransport | None:
    holder = None if settings.catalog_url else find_holder(settings.store)
    if holder is None or not holder.url:
        return None
    found = search.ask("The store's holder", holder.url, holder.token)
    return None if found is None else _shared.remember(found)
