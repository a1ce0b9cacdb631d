"""The difference between two versions as users hold it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.client.waiting import SHOW_PROGRESS, wait_for
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import Scan
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.models import ColumnInfo, RowDiffPlan, ScanPlan, TableDiff, VersionDiff
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms, schemas
from jupyter_datasets.store.schemas import Field, Schema
from jupyter_datasets.values import nearest, short

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

CHANGE = "change_type"


class Diff:
    """What differs between two versions; ``diff["flights"]`` is one table's part of it."""

    def __init__(self, transport: Transport, engine: Engine, name: str, model: VersionDiff) -> None:
        self._transport = transport
        self._engine = engine
        self._name = name
        self.model = model

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
        """One line for each table and file that differs: kind of change, rows added and removed."""
        lines = [_line(changes) for changes in self._parts]
        lines += [
            {"name": f.name, "change": f"file {f.kind}", "added": None, "removed": None} for f in self.model.files
        ]
        kinds = [("name", pa.string()), ("change", pa.string()), ("added", pa.int64()), ("removed", pa.int64())]
        return pa.Table.from_pylist(lines, schema=pa.schema(kinds))

    def schema(self) -> pa.Table:
        """One line for each column that differs."""
        lines = [
            {"table": t.new_name or t.old_name, "change": c.kind, "old": _column(c.old), "new": _column(c.new)}
            for t in self.model.tables
            for c in t.columns
        ]
        return pa.Table.from_pylist(
            lines, schema=pa.schema([(n, pa.string()) for n in ("table", "change", "old", "new")])
        )

    def _title(self) -> str:
        old, new = self.model.old, self.model.new
        return display.plain(f"{self._name}: {short(old.id)} ({old.message}) → {short(new.id)} ({new.message})")

    def __repr__(self) -> str:
        if not len(self):
            return f"{self._title()}\nNothing differs."
        parts = [self._title(), display.text_table(*_cells(self.summary()))]
        if self.schema().num_rows:
            parts += ["Columns that differ:", display.text_table(*_cells(self.schema()))]
        return "\n".join(parts)

    def _repr_html_(self) -> str:
        if not len(self):
            return display.html_lines([self._title(), "Nothing differs."])
        summary = display.html_table(*_cells(self.summary()), self._title())
        return summary + (display.html_table(*_cells(self.schema())) if self.schema().num_rows else "")


class TableChanges:
    """How one table differs between two versions."""

    def __init__(self, transport: Transport, engine: Engine, versions: VersionDiff, model: TableDiff) -> None:
        self._transport = transport
        self._engine = engine
        self._versions = versions
        self.model = model

    @cached_property
    def counts(self) -> tuple[int, int]:
        """Rows added and removed; a changed row is one of each."""
        if self.model.kind == "renamed":
            return 0, 0
        found = dict(self._ask(f"SELECT {CHANGE}, count(*) FROM ({{}}) GROUP BY ALL", _tuples))
        return found.get("insert", 0), found.get("delete", 0)

    def rows(self) -> pa.Table:
        """Rows that only one side has: ``change_type`` is ``delete`` or ``insert``, then the shared columns.

        A row is its values, and doubles count. Columns that only one side has take no part.
        """
        some = "WHERE false" if self.model.kind == "renamed" else ""
        return self._ask(f"SELECT * FROM ({{}}) {some} ORDER BY 1", _table)

    def schema(self) -> pa.Table:
        """One line for each column that differs."""
        lines = [{"change": c.kind, "old": _column(c.old), "new": _column(c.new)} for c in self.model.columns]
        return pa.Table.from_pylist(lines, schema=pa.schema([(n, pa.string()) for n in ("change", "old", "new")]))

    def _ask(self, around: str, fetch: Callable[[duckdb.DuckDBPyRelation], T]) -> T:
        """What a query around the differing rows gives; its progress shows, and Ctrl-C stops it."""
        name = self.model.new_name or self.model.old_name or ""
        old, new = self._versions.old.id, self._versions.new.id
        plan = self._transport.row_diff(self._versions.dataset_id, old, new, name)
        sides = _sides(RowDiffPlan(old=self._fetched(plan.old), new=self._fetched(plan.new)))
        query = (
            f"SELECT 'delete' AS {CHANGE}, * FROM ({sides[0].sql('$old')} EXCEPT ALL {sides[1].sql('$new')}) UNION ALL "
            f"SELECT 'insert' AS {CHANGE}, * FROM ({sides[1].sql('$new')} EXCEPT ALL {sides[0].sql('$old')})"
        )
        bound = {name: list(side.files) for name, side in zip(("old", "new"), sides, strict=True) if side.files}
        connection = self._engine.cursor()
        connection.execute(SHOW_PROGRESS)
        text = around.format(query)
        return wait_for(connection, lambda: fetch(connection.sql(text, params=bound or None)), f"Comparing {name}")

    def _fetched(self, plan: ScanPlan | None) -> ScanPlan | None:
        return None if plan is None else self._transport.fetch(plan)

    def __repr__(self) -> str:
        added, removed = self.counts
        name = self.model.new_name or self.model.old_name
        return (
            f"{name}: {self.model.kind}, {display.count(added, 'row')} added, {display.count(removed, 'row')} removed"
        )

    def _repr_html_(self) -> str:
        return display.html_lines([repr(self)])


def _tuples(relation: duckdb.DuckDBPyRelation) -> list[tuple[Any, ...]]:
    return relation.fetchall()


def _table(relation: duckdb.DuckDBPyRelation) -> pa.Table:
    return relation.to_arrow_table()


def _line(changes: TableChanges) -> dict[str, object]:
    change, (added, removed) = changes.model, changes.counts
    renamed = f"renamed from {change.old_name}" if change.kind == "renamed" else change.kind
    return {"name": change.new_name or change.old_name, "change": renamed, "added": added, "removed": removed}


def _sides(plan: RowDiffPlan) -> tuple[Scan, Scan]:
    """Both sides with the fields that they share, matched by id, under the newer names."""
    given = [p for p in (plan.old, plan.new) if p is not None]
    known = [Schema.from_json(p.fields) for p in given]
    newest = known[-1]
    shared = [f for f in newest.fields if all(f.id in {g.id for g in schema.fields} for schema in known)]
    if not shared:
        raise InvalidInputError("The two versions of the table share no column; compare their schemas instead.")
    sides = [
        _side(p, s, shared) if p is not None else _empty(shared)
        for p, s in ((plan.old, known[0]), (plan.new, known[-1]))
    ]
    return sides[0], sides[1]


def _side(plan: ScanPlan, schema: Schema, shared: list[Field]) -> Scan:
    own = {f.id: f for f in schema.fields}
    select = ", ".join(f"{_public(own[f.id])} AS {quote_name(f.name)}" for f in shared)
    return Scan(
        files=tuple(segment.path for segment in plan.segments),
        reader_map=schemas.reader_map(schema),
        select=select,
        columns=[(f.name, f.type) for f in shared],
    )


def _empty(shared: list[Field]) -> Scan:
    return Scan(files=(), reader_map="", select="", columns=[(f.name, f.type) for f in shared])


def _public(field: Field) -> str:
    logical = forms.from_storage(quote_name(field.birth), field.type, as_text=field.as_text)
    return forms.to_public(logical, field.type, as_text=field.as_text)


def _column(column: ColumnInfo | None) -> str | None:
    if column is None:
        return None
    return f"{column.name} {column.type}" + ("" if column.nullable else " no nulls")


def _cells(table: pa.Table) -> tuple[list[str], list[list[object]]]:
    rows = [["" if cell is None else cell for cell in row.values()] for row in table.to_pylist()]
    return table.column_names, rows
