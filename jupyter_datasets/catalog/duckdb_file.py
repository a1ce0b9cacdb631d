"""The embedded catalog's file: one DuckDB instance, one cursor of it for each SQLAlchemy connection."""

from __future__ import annotations

import os
import time
from pathlib import Path

import duckdb
from duckdb_sqlalchemy import ConnectionWrapper
from sqlalchemy import Engine, create_engine
from sqlalchemy.pool import QueuePool

from jupyter_datasets.catalog.border import is_locked, translated
from jupyter_datasets.catalog.layout import sync_folder
from jupyter_datasets.errors import InternalError, InvalidInputError
from jupyter_datasets.values import new_id

# A file in the format of DuckDB 2.0 could not be opened by 1.5.
STORAGE_VERSION = "v1.5.0"
_POLL = 0.05
_CONFIG: dict[str, str | bool | int | float | list[str]] = {
    "storage_compatibility_version": STORAGE_VERSION,
    "threads": 1,
    "memory_limit": "256MiB",
    "python_enable_replacements": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "allow_persistent_secrets": False,
}


class DuckDBFile:
    """Opens, closes and copies one DuckDB database file.

    The engine outlives closing and reopening, and with it SQLAlchemy's cache of compiled statements.

    Parameters
    ----------
    path
        The file; made when it does not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = f"the catalog {path}"
        self._root: duckdb.DuckDBPyConnection | None = None
        # Cursors are separate connections of one instance. The dialect's own way, one duckdb.connect() for each, would
        # keep the instance alive beyond our closing it.
        self.engine: Engine = create_engine(
            "duckdb://", creator=self._new_connection, poolclass=QueuePool, pool_size=8, max_overflow=-1
        )

    @property
    def is_open(self) -> bool:
        """Whether the file is open in this process."""
        return self._root is not None

    def open(self, deadline: float) -> None:
        """Open the file for reading and writing.

        Parameters
        ----------
        deadline
            Until when, by ``time.monotonic()``, to wait for a process that opened it without asking for the store.

        Raises
        ------
        StoreBusyError
            It did not let go in time.
        StorageError, DamagedObjectError, FormatError
            The file cannot be used.
        """
        with translated(self.place, also=duckdb.Error):
            self._root = self._connect(deadline)
            # A forked child that ends destroys its copy of the instance. It would checkpoint, and remove the log into
            # which the parent still writes. So nobody does, and close() asks for the checkpoint itself.
            self._root.execute("PRAGMA disable_checkpoint_on_shutdown")

    def _connect(self, deadline: float) -> duckdb.DuckDBPyConnection:
        while True:
            try:
                return duckdb.connect(self.path, config=_CONFIG)
            except duckdb.IOException as error:
                if not is_locked(error) or time.monotonic() >= deadline:
                    raise
            time.sleep(_POLL)

    def close(self) -> None:
        """Fold the log into the file and close it; without effect when it is closed."""
        root, self._root = self._root, None
        if root is None:
            return
        self.engine.dispose()
        try:
            with translated(self.place, also=duckdb.Error):
                root.execute("CHECKPOINT")
        finally:
            root.close()

    def peek(self, query: str) -> list[tuple[object, ...]]:
        """Rows of a query on the closed file, which is opened read-only and stays as it is, its log included."""
        with duckdb.connect(self.path, read_only=True, config={"threads": 1}) as connection:
            return connection.execute(query).fetchall()

    def copy_to(self, target: Path) -> None:
        """Write a consistent copy of the open database, made while others read and write.

        Parameters
        ----------
        target
            A file that does not exist yet, in a folder that does. It appears whole and durable, or not at all.
        """
        if target.exists():
            raise InvalidInputError(f"{target} exists already.", next_step="Name a file that does not exist yet.")
        partial = target.with_name(f".{target.name}.{new_id()}")
        try:
            with translated(f"the copy {target}", also=(duckdb.Error, OSError)):
                self._copy(partial)
                _sync_file(partial)
                os.replace(partial, target)
                sync_folder(target.parent)
        finally:
            partial.unlink(missing_ok=True)
            Path(f"{partial}.wal").unlink(missing_ok=True)

    def _copy(self, target: Path) -> None:
        name = _identifier(f"copy-{new_id()}")
        with self._cursor() as cursor:
            cursor.execute(f"ATTACH {_literal(str(target))} AS {name} (STORAGE_VERSION '{STORAGE_VERSION}')")
            try:
                cursor.execute(f"COPY FROM DATABASE {_identifier(self.path.stem)} TO {name}")
                # Closing does not fold the log into the file (see open), and only the file is moved to its place.
                cursor.execute(f"CHECKPOINT {name}")
            finally:
                cursor.execute(f"DETACH {name}")

    def _new_connection(self) -> ConnectionWrapper:
        return ConnectionWrapper(self._cursor())

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        if self._root is None:
            raise InternalError("The catalog was used while it was closed.")
        return self._root.cursor()


def _sync_file(path: Path) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
