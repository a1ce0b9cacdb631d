"""Keeps the store of a server: opens it beside the event loop, tries again while it is busy, runs calls in threads."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from jupyter_datasets.client.answers import StorePlace
from jupyter_datasets.client.nearby import fingerprint
from jupyter_datasets.errors import DatasetsError, InternalError, StoreBusyError
from jupyter_datasets.server.identity import new_token
from jupyter_datasets.server.idle import Idle
from jupyter_datasets.settings import Settings
from jupyter_datasets.values import Actor

if TYPE_CHECKING:
    from jupyter_datasets.catalog.database import Database
    from jupyter_datasets.container import Container
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
        self._tried = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
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
        container, self._container = self._container, None
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
        if not self._tried.is_set():
            self.start()
            await self._tried.wait()
        if self._container is None:
            raise self._error or InternalError("The store is not open.")
        return self._container

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.threads, work)

    async def _open(self) -> None:
        while self._container is None:
            try:
                container = await self._in_thread(self._build)
                self._on_open(container)
                self._container = container
            except DatasetsError as error:
                self._note(error)
            except Exception:
                _log.exception("The store cannot be opened.")
                self._error = InternalError("The store cannot be opened.", next_step="The server's log tells more.")
            self._tried.set()
            if self._container is None:
                await asyncio.sleep(_AGAIN)

    def _note(self, error: DatasetsError) -> None:
        if self._error is None or str(self._error) != str(error):
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
