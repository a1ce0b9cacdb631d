"""DuckDB connections of one process for queries over versions."""

from __future__ import annotations

import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable

import duckdb


class Engine:
    """A private in-memory DuckDB; every query runs on a cursor of its own.

    What does not fit into memory, of which DuckDB takes up to 80 %, goes to a private folder that is removed with the
    database.

    Parameters
    ----------
    threads
        Threads that a query may use.
    configure
        Called once with the connection, for settings that others decide on.
    """

    def __init__(self, threads: int, configure: Callable[[duckdb.DuckDBPyConnection], object]) -> None:
        self._threads = threads
        self._configure = configure
        self._lock = threading.Lock()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same database; the caller closes it."""
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            return self._connection.cursor()

    def close(self) -> None:
        """Close the database; results that were not fetched are gone."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> duckdb.DuckDBPyConnection:
        spill = tempfile.mkdtemp(prefix="jupyter-datasets-")
        # Python variables take part only where a statement names them, and then by registration: never by a scan.
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": str(self._threads),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": spill,
        }
        connection = duckdb.connect(":memory:", config=config)
        weakref.finalize(connection, shutil.rmtree, spill, ignore_errors=True)
        self._configure(connection)
        return connection
