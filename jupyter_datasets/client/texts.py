"""Pages of a table for people: every value as DuckDB's text for it, which is exact whatever its type."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.relations import Scan, Session
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store.reading import check_segments

if TYPE_CHECKING:
    from jupyter_datasets.engine.pool import Engine


class TextPage:
    """Some rows of a table, to be read once; any thread may cancel that.

    Parameters
    ----------
    scan
        The segments that hold the rows.
    columns
        Names of the columns wanted, one at least.
    skip, wanted
        How many rows of the segments come before, and how many are wanted.
    longest
        Characters of a text; one that was longer ends with "…". None for no limit.
    """

    def __init__(
        self, engine: Engine, scan: Scan, columns: Sequence[str], skip: int, wanted: int, longest: int | None = None
    ) -> None:
        self._engine = engine
        self._scan = scan
        self._columns = columns
        self._span = (skip, wanted)
        self._longest = longest
        self._lock = threading.Lock()
        self._cursor: duckdb.DuckDBPyConnection | None = None
        self._cancelled = False

    def read(self) -> pa.Table:
        """The rows in their order: columns of text, null where there is no value.

        Raises
        ------
        StatementError
            With kind STATEMENT_INTERRUPTED: it was cancelled.
        DamagedObjectError
            A file of the table is missing or was altered.
        """
        check_segments(self._scan.paths)
        with self._engine.cursor() as cursor:
            self._begin(cursor)
            try:
                rows = self._scan.page(Session(cursor), self._columns, *self._span)
                return cursor.sql(_texts(rows, self._columns, self._longest)).to_arrow_table()
            except duckdb.InterruptException as error:
                raise _cancelled() from error
            finally:
                self._end()

    def cancel(self) -> None:
        """Have the reading end at once with an error, or not begin."""
        with self._lock:
            self._cancelled = True
            if self._cursor is not None:
                self._cursor.interrupt()

    def _begin(self, cursor: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._cancelled:
                raise _cancelled()
            self._cursor = cursor

    def _end(self) -> None:
        with self._lock:
            self._cursor = None


def _texts(rows: str, columns: Sequence[str], longest: int | None) -> str:
    texts = ", ".join(f"CAST({name} AS VARCHAR) AS {name}" for name in map(quote_name, columns))
    shown = ", ".join(f"{cut(name, longest)} AS {name}" for name in map(quote_name, columns))
    return f"SELECT {shown} FROM (SELECT {texts} FROM ({rows}))"


def cut(text: str, longest: int | None) -> str:
    """An expression for a text, or for its beginning and "…" where it has more characters."""
    if longest is None:
        return text
    return f"CASE WHEN length({text}) > {longest:d} THEN left({text}, {longest:d}) || '…' ELSE {text} END"


def _cancelled() -> StatementError:
    return StatementError("The reading was cancelled.", kind=ErrorKind.STATEMENT_INTERRUPTED)
