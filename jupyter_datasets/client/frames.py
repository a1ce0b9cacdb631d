"""Tables that live in Python variables: which variables are tables, and how a query reads them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import duckdb

from jupyter_datasets.client.result import Result, exportable
from jupyter_datasets.client.version import Table

# Tables without the Arrow stream interface.
_OTHERS = frozenset({("polars", "LazyFrame"), ("pyarrow", "Dataset"), ("pyarrow", "Scanner")})


class Frames(Mapping[str, Any]):
    """The tables among Python variables.

    Parameters
    ----------
    variables
        Values by name, of any kind; looked at when asked.
    """

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> Any:
        value = self._variables[name]
        if not is_frame(value):
            raise KeyError(name)
        return value

    def __iter__(self) -> Iterator[str]:
        return (name for name, value in list(self._variables.items()) if name[:1] != "_" and is_frame(value))

    def __len__(self) -> int:
        return sum(1 for _ in self)


def is_frame(value: object) -> bool:
    """Whether a value is a table that a query can read; a Series or an Arrow array is none."""
    kind = type(value)
    if hasattr(kind, "__arrow_c_stream__"):
        return isinstance(value, Table | Result) or hasattr(kind, "columns") or hasattr(kind, "schema")
    return any((cls.__module__.partition(".")[0], cls.__name__) in _OTHERS for cls in kind.__mro__)


def register(connection: duckdb.DuckDBPyConnection, name: str, frame: Any) -> None:
    """Let the connection's queries read a table under a name; it is read when they run.

    Raises
    ------
    duckdb.Error
        A column holds values that DuckDB cannot read.
    """
    if isinstance(frame, Table):
        frame = frame.relation()
    elif isinstance(frame, Result):
        frame = frame.to_arrow()
    elif isinstance(frame, duckdb.DuckDBPyRelation) and not _is_near(connection, frame):
        frame = exportable(frame).to_arrow_table()
    elif hasattr(frame, "reset_index") and any(label is not None for label in frame.index.names):
        frame = frame.reset_index()
    connection.register(name, frame)


def _is_near(connection: duckdb.DuckDBPyConnection, relation: duckdb.DuckDBPyRelation) -> bool:
    """Whether a relation belongs to the connection's database."""
    try:
        connection.register("probe", relation)
    except duckdb.InvalidInputException:
        return False
    connection.unregister("probe")
    return True
