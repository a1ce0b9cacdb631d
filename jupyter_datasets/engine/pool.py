"""DuckDB connections of one process for queries over versions."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable

import duckdb

from jupyter_datasets.engine import scratch


class Engine:
    """A private in-memory DuckDB; every query runs on a cursor of its own.

    What does not fit into memory, of which DuckDB takes up to 80 %, goes to a private folder that is removed with the
    database. A forked child gets a database of its own: the copy of its parent's has no threads.

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
        self._process = os.getpid()
        self._inherited: list[object] = []

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own to the same database; the caller closes it."""
        self._leave_inherited()
        with self._lock:
            if self._connection is None:
                self._connection = self._open()
            return self._connection.cursor()

    def close(self) -> None:
        """Close the database; results that were not fetched are gone."""
        self._leave_inherited()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _leave_inherited(self) -> None:
        """In a forked child: put the parent's database aside, neither used nor closed, for it would wait for ever."""
        if self._process != os.getpid():
            self._process, self._lock = os.getpid(), threading.Lock()
            self._inherited.append(self._connection)
            self._connection = None

    def _open(self) -> duckdb.DuckDBPyConnection:
        spill = scratch.new_folder()
        # Python variables take part only where a statement names them, and then by registration: never by a scan.
        config: dict[str, str | bool | int | float | list[str]] = {
            "threads": str(self._threads),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": spill,
        }
        connection = duckdb.connect(":memory:", config=config)
        scratch.goes_with(connection, spill)
        self._configure(connection)
        return connection
