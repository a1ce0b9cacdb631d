"""Keeps the store of a server: opens it beside the event loop, tries again while it is busy, runs calls in threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from jupyter_datasets.catalog.holder import find_holder
from jupyter_datasets.client.answers import StorePlace
from jupyter_datasets.client.nearby import fingerprint
from jupyter_datasets.errors import DatasetsError, InternalError, StoreBusyError
from jupyter_datasets.server.identity import new_token
from jupyter_datasets.server.idle import Idle
from jupyter_datasets.server.repeats import Repeats
from jupyter_datasets.settings import Settings
from jupyter_datasets.values import Actor

if TYPE_CHECKING:
    from jupyter_datasets.catalog.database import Database
    from jupyter_datasets.container import Container
    from jupyter_datasets.server.forwarding import Peer
    from jupyter_datasets.server.pages import Pages
    from jupyter_datasets.server.uploads import Uploads

T = TypeVar("T")
THREADS = 8
EDIT_IDLE = 6 * 3600.0
UPLOAD_IDLE = 24 * 3600.0
_AGAIN = 1.0  # seconds between two tries to open a store
_PROGRAM = "Jupyter server"
_log = logging.getLogger(__name__)


class Keeper:
    """The one store of a server. Made and used in the event loop's thread.

    Parameters
    ----------
    load
        Gives the settings; called in a thread, once for each try to open the store.
    on_open
        Called with the services, before anybody else may use them.

    Attributes
    ----------
    threads
        Where everything runs that may wait for a disk or a database.
    edits, unfinished
        Edits and uploads whose makers may have gone; they are dropped after some hours.
    token
        Good for our routes as long as this server runs.
    repeats
        First answers to calls that may be sent again.
    place
        Where the store is, once it is open.
    pages, uploads
        There once the store is open.
    """

    place: StorePlace | None = None
    pages: Pages
    uploads: Uploads

    def __init__(self, load: Callable[[], Settings], on_open: Callable[[Container], object] = lambda _: None) -> None:
        self._load = load
        self._on_open = on_open
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="jupyter-datasets")
        self.token = new_token()
        self._url: str | None = None
        self._held = ExitStack()
        self._container: Container | None = None
        self._error: DatasetsError | None = None
        self._peer: Peer | None = None
        self._tried = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._building: asyncio.Future[Container] | None = None
        self.repeats = Repeats()
        # In local mode everybody whom the server lets in is the person who runs it.
        self.actor = Actor.local()
        self.edits = Idle(EDIT_IDLE, lambda edit: self.call(lambda s: s.edits.abort(self.actor, edit)))
        self.unfinished = Idle(UPLOAD_IDLE, lambda upload: self.call(lambda _: self.uploads.discard(upload)))

    def start(self, url: str | None = None) -> None:
        """Begin to open the store, if that was not begun yet.

        Parameters
        ----------
        url
            Where others on this machine reach the server; they find it in the store.
        """
        self._url = self._url or url
        if not self._tasks:
            work = (self._open(), self.edits.watch(), self.unfinished.watch())
            self._tasks = [asyncio.create_task(each) for each in work]

    async def close(self) -> None:
        """Cancel running jobs and let go of the store."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        container = await self._built()
        self._container = None
        await self._meet(None)
        self._error = StoreBusyError("The server is shutting down.", next_step="Connect again when it runs again.")
        self._tried.set()
        if container is not None:
            await self._in_thread(lambda: self._shut(container))
        self.threads.shutdown(wait=False)

    async def call(self, work: Callable[[Container], T]) -> T:
        """What the work gives, done in a thread with the services of the open store.

        Raises
        ------
        StoreBusyError
            Another process holds the store.
        DatasetsError
            The store cannot be opened, or what the work raises.
        """
        container = await self.ready()
        return await self._in_thread(lambda: work(container))

    async def ready(self) -> Container:
        """The services, once the first try to open the store is over."""
        await self._first_try()
        if self._container is None:
            raise self._error or InternalError("The store is not open.")
        return self._container

    async def holder(self) -> Peer | None:
        """The server that holds the store while this one does not; None where there is none, or it serves nobody."""
        await self._first_try()
        return self._peer if self._container is None else None

    async def _first_try(self) -> None:
        if not self._tried.is_set():
            self.start()
            await self._tried.wait()

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def _open(self) -> None:
        while self._container is None:
            try:
                await self._try()
            except DatasetsError as error:
                self._note(error)
            except Exception:
                _log.exception("The store cannot be opened.")
                self._error = InternalError("The store cannot be opened.", next_step="The server's log tells more.")
            self._tried.set()
            if self._container is None:
                await asyncio.sleep(_AGAIN)

    async def _try(self) -> None:
        try:
            self._building = asyncio.ensure_future(self._in_thread(self._build))
            container = await asyncio.shield(self._building)
        except DatasetsError as error:
            busy = isinstance(error, StoreBusyError)
            await self._meet(await self._in_thread(self._look_for_holder) if busy else None)
            raise
        self._on_open(container)
        self._container = container
        await self._meet(None)

    def _look_for_holder(self) -> Peer | None:
        from jupyter_datasets.server.forwarding import Peer

        found = find_holder(self._load().store)
        if found is None or not found.url or found.token == self.token:
            return None
        return self._peer if self._peer and self._peer.note == found else Peer(found)

    async def _meet(self, peer: Peer | None) -> None:
        """Forward to this server from now on."""
        known, self._peer = self._peer, peer
        if known is not None and known is not peer:
            await known.close()
        if peer is not None and known is not peer:
            _log.warning("The store is used through %s, process %d.", peer.note.url, peer.note.pid)

    async def _built(self) -> Container | None:
        """The services, if the store is open or is being opened: a thread that does so cannot be stopped."""
        try:
            return await self._building if self._building else None
        except Exception:  # it was told where it was tried
            return None

    def _note(self, error: DatasetsError) -> None:
        told = self._peer is not None or (self._error is not None and str(self._error) == str(error))
        if not told:
            _log.warning("%s It is tried again.", error)
        self._error = error

    def _build(self) -> Container:
        # Here, in a thread: what it brings with it takes half a second to load, which no server's start shall wait for.
        from jupyter_datasets.container import build
        from jupyter_datasets.server.pages import Pages
        from jupyter_datasets.server.uploads import Uploads
        from jupyter_datasets.services.jobs.events import JobEnded

        settings = replace(self._load(), busy_timeout=0.0)
        container = build(settings, program=_PROGRAM)
        self._held.enter_context(self._hold(container.database))
        for job in container.lost:
            _log.warning("%s: %s", job.title, (job.error or {}).get("message"))
        self.place = StorePlace(path=str(settings.store), fingerprint=fingerprint(settings.store))
        self.pages = Pages(settings.threads)
        self.uploads = uploads = Uploads(container.backend)
        container.database.events.subscribe(JobEnded, lambda event: uploads.job_ended(event.job_id))
        return container

    def _hold(self, database: Database) -> AbstractContextManager[None]:
        return database.serve(self._url, self.token) if self._url else database.hold()

    def _shut(self, container: Container) -> None:
        for job in container.jobs.live.unfinished():
            _log.warning("%s is cancelled, because the server shuts down.", job.title)
        self._held.close()
        container.close(wait=False)
        self.pages.close()
