"""The difference between two versions as users hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.client.changes import MOST_CHANGES, ChangedRows
from jupyter_datasets.client.plans import sides_of
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.client.waiting import SHOW_PROGRESS, wait_for
from jupyter_datasets.engine.comparing import Comparison
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import ColumnInfo, TableDiff, VersionDiff
from jupyter_datasets.services.versions.sides import Sides
from jupyter_datasets.values import nearest, short

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")


class RowCounts(NamedTuple):
    """How many rows differ."""

    added: int
    removed: int
    changed: int


class Diff:
    """What differs between two versions; ``diff["flights"]`` is one table's part of it."""

    def __init__(self, transport: Transport, engine: Engine, name: str, model: VersionDiff) -> None:
        self._transport = transport
        self._engine = engine
        self._name = name
        self.model = model

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._name

    @property
    def tables(self) -> tuple[TableChanges, ...]:
        """How each table differs."""
        return self._parts

    def __getitem__(self, table: str) -> TableChanges:
        for changes in self._parts:
            model = changes.model
            if table.casefold() in ((model.new_name or "").casefold(), (model.old_name or "").casefold()):
                return changes
        names = [n for t in self.model.tables for n in {t.old_name, t.new_name} if n]
        hints = nearest(table, names)
        raise NotFoundError(
            f"Table {table!r} does not differ between the two versions, or does not exist.",
            kind=ErrorKind.TABLE_NOT_FOUND,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Tables that differ: {', '.join(names) or 'none'}.",
            details={"table": table, "suggestions": hints},
        )

    def __iter__(self) -> Iterator[str]:
        return iter(t.new_name or t.old_name or "" for t in self.model.tables)

    def __len__(self) -> int:
        return len(self.model.tables) + len(self.model.files)

    @cached_property
    def _parts(self) -> tuple[TableChanges, ...]:
        """Kept, because they remember what they counted."""
        return tuple(TableChanges(self._transport, self._engine, self.model, change) for change in self.model.tables)

    def summary(self) -> pa.Table:
        """One line for each table and file that differs: kind of change; rows added, removed and changed."""
        lines = [_line(changes) for changes in self._parts]
        lines += [
            {"name": f.name, "change": f"file {f.kind}"} | dict.fromkeys(RowCounts._fields) for f in self.model.files
        ]
        numbers = [(name, pa.int64()) for name in RowCounts._fields]
        return pa.Table.from_pylist(lines, schema=pa.schema([("name", pa.string()), ("change", pa.string()), *numbers]))

    def schema(self) -> pa.Table:
        """One line for each column that differs, and for each key, unique columns and check."""
        lines = [{"table": t.new_name or t.old_name, **line} for t in self.model.tables for line in _schema_lines(t)]
        return pa.Table.from_pylist(
            lines, schema=pa.schema([(n, pa.string()) for n in ("table", "change", "old", "new")])
        )

    def _title(self) -> str:
        old, new = self.model.old, self.model.new
        return display.plain(f"{self._name}: {short(old.id)} ({old.message}) → {short(new.id)} ({new.message})")

    def _kept(self) -> list[str]:
        """A sentence about tables that differ in other ways than by their rows."""
        names = ", ".join(c.name for c in self._parts if c.model.kind == "changed" and c.model.same_rows)
        return [display.plain(f"The same rows on both sides, whatever their order: {names}.")] if names else []

    def __repr__(self) -> str:
        if not len(self):
            return f"{self._title()}\nNothing differs."
        parts = [self._title(), display.text_table(*_cells(self.summary())), *self._kept()]
        if self.schema().num_rows:
            parts += ["Columns and rules that differ:", display.text_table(*_cells(self.schema()))]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        if not len(self):
            return display.html_lines([self._title(), "Nothing differs."])
        summary = display.html_table(*_cells(self.summary()), self._title())
        kept = display.html_lines(found) if (found := self._kept()) else ""
        return summary + kept + (display.html_table(*_cells(self.schema())) if self.schema().num_rows else "")


class TableChanges:
    """How one table differs between two versions."""

    def __init__(self, transport: Transport, engine: Engine, versions: VersionDiff, model: TableDiff) -> None:
        self._transport = transport
        self._engine = engine
        self.versions = versions
        self.model = model

    @property
    def name(self) -> str:
        """What the table is called in the newer version, or in the older one where it is gone."""
        return self.model.new_name or self.model.old_name or ""

    @cached_property
    def counts(self) -> RowCounts:
        """Rows added, removed and changed; without a key a changed row is one added and one removed."""
        if self.model.same_rows:
            return RowCounts(0, 0, 0)
        return RowCounts(*self._ask(Comparison.counts, _tuples)[0])

    def rows(self) -> pa.Table:
        """Rows that differ: ``change_type``, then the columns that both sides have.

        ``change_type`` is ``delete`` or ``insert``. In a table with a key a changed row is a pair of neighbours,
        ``update_preimage`` and ``update_postimage``, and rows are in the key's order. Without a key a row is its
        values, and doubles count.
        """
        return self._ask(Comparison.rows, _table)

    def cells(self) -> pa.Table:
        """One line for each cell that was changed: the row's key, ``column``, and ``old`` and ``new`` as text.

        Raises
        ------
        InvalidInputError
            The table has no key, so that nothing tells which rows are the same.
        """
        return self._ask(_cells_of, _table)

    def lines(self, most: int = MOST_CHANGES) -> ChangedRows:
        """The rows that differ, a line each, to be compared by ``.read()`` and looked at in pages.

        Parameters
        ----------
        most
            How many lines are kept.
        """
        return ChangedRows(self._engine, self._sides, most)

    def schema(self) -> pa.Table:
        """One line for each column that differs, and for each key, unique columns and check."""
        shape = pa.schema([(n, pa.string()) for n in ("change", "old", "new")])
        return pa.Table.from_pylist(list(_schema_lines(self.model)), schema=shape)

    def _ask(self, query: Callable[[Comparison], str], fetch: Callable[[duckdb.DuckDBPyRelation], T]) -> T:
        """What a query about the differing rows gives; its progress shows, and Ctrl-C stops it."""
        sides = self._sides()
        connection = self._engine.cursor()
        connection.execute(SHOW_PROGRESS)
        text = query(sides.comparison(connection))
        return wait_for(connection, lambda: fetch(connection.sql(text)), f"Comparing {self.name}")

    def _sides(self) -> Sides:
        old, new = self.versions.old.id, self.versions.new.id
        return sides_of(self._transport, self.versions.dataset_id, old, new, self.name)

    def __repr__(self) -> str:
        if self.model.same_rows:
            return f"{self.name}: {self.model.kind}, the same rows"
        added, removed, changed = self.counts
        parts = [f"{display.count(added, 'row')} added", f"{display.count(removed, 'row')} removed"]
        parts += [f"{display.count(changed, 'row')} changed"] if changed else []
        return f"{self.name}: {self.model.kind}, {', '.join(parts)}"

    def _repr_html_(self) -> str:
        return display.html_lines([repr(self)])


def _tuples(relation: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    return relation.fetchall()


def _table(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    return relation.to_arrow_table()


def _cells_of(comparison: Comparison) -> str:
    if not comparison.key:
        raise InvalidInputError(
            "The table has no key, so nothing tells which rows of the two versions are the same.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Look at rows() instead. A table gets its key when it is made: key=[...].",
        )
    return comparison.cells()


def _line(changes: TableChanges) -> dict[str, object]:
    change, counts = changes.model, changes.counts
    renamed = f"renamed from {change.old_name}" if change.kind == "renamed" else change.kind
    return {"name": change.new_name or change.old_name, "change": renamed, **counts._asdict()}


def _schema_lines(table: TableDiff) -> Iterator[dict[str, str | None]]:
    for column in table.columns:
        yield {"change": column.kind, "old": _column(column.old), "new": _column(column.new)}
    for rule in table.rules:
        yield {"change": rule.kind, "old": rule.old, "new": rule.new}


def _column(column: ColumnInfo | None) -> str | None:
    if column is None:
        return None
    nulls = " not null" if column.required else "" if column.nullable else " no nulls"
    default = f" default {column.default}" if column.default is not None else ""
    notes = f" [{column.unit}]" * bool(column.unit) + f" -- {column.comment}" * bool(column.comment)
    return f"{column.name} {column.type}{nulls}{default}{notes}"


def _cells(table: pa.Table) -> tuple[list[str], list[list[object]]]:
    rows = [["" if cell is None else cell for cell in row.values()] for row in table.to_pylist()]
    return table.column_names, rows
