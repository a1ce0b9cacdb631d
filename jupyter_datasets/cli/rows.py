"""Rows, a screenful of them, as text that fits the terminal and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from typing import Any

import pyarrow as pa

from jupyter_datasets.cli.console import width
from jupyter_datasets.client import display


def as_text(table: pa.Table) -> str:
    """Rows as a text table; columns that do not fit the terminal are counted instead."""
    rows = [[_cell(value) for value in row] for row in _tuples(table)]
    for shown in range(table.num_columns, 0, -1):
        text = display.text_table(table.column_names[:shown], [row[:shown] for row in rows])
        if shown == 1 or _fits(text):
            break
    else:
        return ""
    hidden = table.num_columns - shown
    return text + (f"\n({display.count(hidden, 'more column')})" if hidden else "")


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


def _fits(text: str) -> bool:
    columns = width()
    return columns is None or all(len(line) <= columns for line in text.splitlines())
