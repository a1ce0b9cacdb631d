"""Rows, a screenful of them, as text that fits the terminal and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import pyarrow as pa

from jupyter_datasets.cli.console import width
from jupyter_datasets.client import display


def as_text(table: pa.Table, columns: Sequence[str] | None = None) -> str:
    """Rows as a text table; columns that do not fit the terminal are counted instead.

    Parameters
    ----------
    table
        The rows.
    columns
        Names of all columns, where the table holds the first of them alone.
    """
    cells = ([_cell(value) for value in row] for row in _tuples(table))
    return display.text_table(columns or table.column_names, cells, width()) if table.num_columns else ""


def as_json(table: pa.Table) -> list[dict[str, Any]]:
    """Rows as JSON objects: numbers and booleans as such, what JSON has no form for as text.

    Columns of a query may share a name: the second ``a`` is called ``a_2``.
    """
    names = _unique(table.column_names)
    return [{name: json_value(value) for name, value in zip(names, row, strict=True)} for row in _tuples(table)]


def json_value(value: Any) -> Any:
    """A cell as a JSON value."""
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): json_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [json_value(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _tuples(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _unique(names: Sequence[str]) -> list[str]:
    found: list[str] = []
    for name in names:
        free = (f"{name}_{number}" for number in count(2))
        found.append(name if name not in found else next(each for each in free if each not in {*found, *names}))
    return found


def _cell(value: object) -> object:
    return "NULL" if value is None else value
