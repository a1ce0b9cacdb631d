"""The catalog as the rest of the program sees it: read, write in a unit of work, hold, close."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from jupyter_datasets.catalog.border import is_fatal, translate
from jupyter_datasets.catalog.embedded import EmbeddedCatalog
from jupyter_datasets.catalog.events import EventBus
from jupyter_datasets.catalog.lease import Lease
from jupyter_datasets.catalog.postgres import PostgresCatalog
from jupyter_datasets.catalog.schema import Schema
from jupyter_datasets.catalog.unit_of_work import Evidence, UnitOfWork

_CURRENT = Schema()


class Database:
    """Opens the catalog when it is needed, and lets go of an embedded one when nobody needs it.

    Safe to use from many threads. Nothing is opened, made or connected before the first use. In a child made by
    ``fork`` while an embedded catalog was open every use is refused.

    Parameters
    ----------
    store
        Folder of the store; an embedded catalog lies in it.
    url
        URL of a PostgreSQL catalog; empty for the embedded one.
    busy_timeout
        Seconds to wait for a process that holds the store.
    idle_close
        Seconds without call or hold after which an embedded catalog is closed, so that others may have it.
    program
        What this process is called to others who want the store; the name of the running script by default.
    on_wait
        Called with a sentence for people when another process has to be waited for.
    schema
        The migrations that make the schema.

    Attributes
    ----------
    dialect
        ``"duckdb"`` or ``"postgresql"``.
    events
        Where the events of committed units of work go.
    """

    def __init__(
        self,
        store: Path,
        url: str = "",
        *,
        busy_timeout: float = 10.0,
        idle_close: float = 2.0,
        program: str | None = None,
        on_wait: Callable[[str], None] | None = None,
        schema: Schema = _CURRENT,
    ) -> None:
        self.events = EventBus()
        self._embedded: EmbeddedCatalog | None = None
        self._catalog: EmbeddedCatalog | PostgresCatalog
        if url:
            self._catalog = PostgresCatalog(url, schema)
        else:
            self._catalog = self._embedded = EmbeddedCatalog(store, schema, program or _running_program(), on_wait)
        self.dialect: str = self._catalog.engine.dialect.name
        self._lease = Lease(
            self._catalog, timeout=busy_timeout, idle_close=idle_close if self._embedded is not None else None
        )

    @property
    def opening(self) -> int | None:
        """A number that stays the same as long as nobody but this process can write to the catalog, else None."""
        return self._lease.opening if self._embedded is not None else None

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection that sees one consistent state; whatever it might write is not kept.

        Raises
        ------
        StoreBusyError
            Another process holds the store, and did not let go in time.
        StorageError, FormatError, DamagedObjectError
            The catalog cannot be opened or read.
        """
        with self._connection(self._catalog.reader) as connection:
            yield connection

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        """A unit of work. Unless its ``commit()`` is called inside the block, everything is rolled back.

        Raises
        ------
        ConflictError
            With ``kind`` WRITE_CONFLICT: another transaction wrote the same rows first. The caller may try again.
        StoreBusyError, StorageError, FormatError, DamagedObjectError
            As :meth:`read`.
        """
        with self._connection(self._catalog.engine) as connection:
            yield UnitOfWork(connection, place=self._catalog.place, events=self.events, look=self._look)

    def hold(self) -> AbstractContextManager[None]:
        """Keep the store open and held inside the block, for a job or an open edit. Blocks may nest and overlap.

        An open result needs none: it reads segments, and asks the catalog for nothing.
        """
        return self._lease.hold()

    @contextmanager
    def serve(self, url: str, token: str) -> Iterator[None]:
        """Hold the store inside the block and tell others, in ``server.json``, where they can reach it.

        Parameters
        ----------
        url
            Where this process serves the store.
        token
            What callers must show there; the file is readable by its owner only.
        """
        with self.hold():
            if self._embedded is None:
                yield
                return
            self._embedded.lock.announce(url, token)
            try:
                yield
            finally:
                self._embedded.lock.announce()

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of an embedded catalog while others read and write.

        Parameters
        ----------
        path
            A file that does not exist yet, in a folder that does.
        """
        with self._lease.use():
            self._catalog.copy_to(path)

    def close(self) -> None:
        """Close the catalog and let go of the store: at once, or with the end of the last call. May be repeated."""
        self._lease.close()

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        with self._lease.use():
            try:
                with engine.connect() as connection:
                    yield connection
            except SQLAlchemyError as error:
                if is_fatal(error):
                    self._lease.restart_when_unused()
                raise translate(error, self._catalog.place) from error

    def _look(self, evidence: Evidence) -> bool:
        with self.read() as connection:
            return evidence(connection)


def _running_program() -> str:
    return os.path.basename(sys.argv[0]) if sys.argv and sys.argv[0] else "python"
