"""A table's schema as users hold it: what its columns are and what its rows are held to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.services.versions.declarations import CheckInfo
from jupyter_datasets.services.versions.models import ColumnInfo, TableInfo

_HEADERS = ("column", "type", "rules", "unit", "comment")


class TableSchema:
    """The schema of a table at one version.

    It stands for the Arrow schema that :meth:`Table.to_arrow` gives: it has its attributes, equals it, and
    ``pa.schema(schema)`` is it.
    """

    def __init__(self, info: TableInfo, arrow: pa.Schema) -> None:
        self._info = info
        self._arrow = arrow

    @property
    def arrow(self) -> pa.Schema:
        """Names and types as Arrow has them."""
        return self._arrow

    @property
    def columns(self) -> tuple[ColumnInfo, ...]:
        """The columns in order, with what is declared of each."""
        return self._info.columns

    @property
    def key(self) -> tuple[str, ...]:
        """Columns that tell rows apart."""
        return self._info.key

    @property
    def unique(self) -> tuple[tuple[str, ...], ...]:
        """Other columns of which no two rows have the same values."""
        return self._info.unique

    @property
    def checks(self) -> tuple[CheckInfo, ...]:
        """What no row may make false."""
        return self._info.checks

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._arrow, name)

    def __arrow_c_schema__(self) -> object:
        return self._arrow.__arrow_c_schema__()

    def __len__(self) -> int:
        return len(self._arrow)

    def __iter__(self) -> Iterator[pa.Field]:
        return iter(self._arrow)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, TableSchema):
            return (self.columns, self.key, self.unique, self.checks) == (
                other.columns,
                other.key,
                other.unique,
                other.checks,
            )
        return bool(self._arrow == other)

    def __hash__(self) -> int:
        return hash(self._arrow)

    def _rows(self) -> list[tuple[str, ...]]:
        return [(c.name, c.type, self._rules(c), c.unit, c.comment) for c in self.columns]

    def _rules(self, column: ColumnInfo) -> str:
        nulls = "not null" if column.required else "" if column.nullable else "no nulls"
        default = "" if column.default is None else f"default {column.default}"
        return ", ".join(word for word in ("key" if column.name in self.key else "", nulls, default) if word)

    def _lines(self) -> list[str]:
        """What rows are held to beyond single columns."""
        return [
            *(f"unique ({', '.join(group)})" for group in self.unique),
            *(f"check {check.name}: {check.expression}" for check in self.checks),
        ]

    def __repr__(self) -> str:
        table = display.text_table(_HEADERS, self._rows())
        return "\n".join([table, *map(display.plain, self._lines())])

    def _repr_html_(self) -> str:
        table = display.html_table(_HEADERS, self._rows(), display.plain(self._info.name))
        return table + (display.html_lines(self._lines()) if self._lines() else "")
