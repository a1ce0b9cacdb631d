"""Tables whose columns change between appends, updates and compaction read as a plain list of rows would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.relations import PIECE, ROW, Session
from jupyter_datasets.services.versions import changes
from jupyter_datasets.services.versions.declarations import SchemaChanges
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.services.versions.schema_changes import empty_root
from jupyter_datasets.store import incoming, segments
from jupyter_datasets.store.commits import Content
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from tests.store.worlds import Store

LADDER = ["TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"]
Row = dict[str, Any]


@dataclass(kw_only=True)
class Model:
    """A table as a list of dicts, beside the same one in a store; every version of both is kept."""

    world: Store
    draft: Draft
    types: dict[str, str]
    key: tuple[str, ...] = ()
    rows: list[Row] = field(default_factory=list)
    defaults: dict[str, int | None] = field(default_factory=dict)
    number: int = 0
    names: int = 0
    versions: list[tuple[Content, list[Row]]] = field(default_factory=list)

    @classmethod
    def start(cls, world: Store, key: tuple[str, ...], k: int) -> Model:
        """A table of two columns whose segments are small, so that there are several."""
        draft, rows = world.draft(), pa.table({"a": pa.array([], pa.int64()), "b": pa.array([], pa.int8())})
        root = empty_root(Schema.create(incoming.inspect(rows.schema).columns), key)
        draft.put("t", replace(root, k=k))
        model = cls(world=world, draft=draft, types={"a": "BIGINT", "b": "TINYINT"}, key=key)
        model.append(40)
        return model

    def fresh(self) -> str:
        """A name that no column had yet."""
        self.names += 1
        return f"c{self.names}"

    def commit(self) -> None:
        """Make what was done a version."""
        content = self.world.commit(self.draft)
        self.versions.append((content, [dict(row) for row in self.rows]))
        self.draft = self.world.draft(content)

    def append(self, count: int) -> None:
        """More rows, that lack the last column half of the time."""
        given = list(self.types)[: len(self.types) - (len(self.types) > 1 and self.number % 2)]
        new = [{n: self.number + i if n == "a" else (self.number + i) % 100 for n in given} for i in range(count)]
        self.number += count
        if new:
            table = pa.table({n: pa.array([row[n] for row in new], pa.int64()) for n in given})
            self.draft.append("t", self.world.rows(self.draft, self._typed(table)), evolve=False)
        self.rows += [{n: row.get(n, self.defaults.get(n)) for n in self.types} for row in new]

    def _typed(self, table: pa.Table) -> pa.Table:
        kinds = {"TINYINT": pa.int8(), "SMALLINT": pa.int16(), "INTEGER": pa.int32()}
        return table.cast(pa.schema([(n, kinds.get(self.types[n], pa.int64())) for n in table.column_names]))

    def update(self, picked: list[int]) -> None:
        """Other values in the last column of some rows; every third of them goes."""
        wanted = sorted({p % len(self.rows) for p in picked}) if self.rows else []
        if not wanted:
            return
        name, base, root = self.draft.table("t")
        pieces = self.draft.parts.pieces(self.draft.parts.segments(root.tree))
        with segments.connect() as connection:
            query = scan(root.schema, pieces).bind(Session(connection), "t", numbered=True)
            table = connection.sql(f'SELECT * FROM ({query}) ORDER BY "{PIECE}", "{ROW}"').to_arrow_table()
        chosen, gone = table.take(pa.array(wanted)), np.arange(len(wanted)) % 3 == 2
        last = root.schema.names[-1]
        if last != "a":
            at = chosen.column_names.index(last)
            chosen = chosen.set_column(at, last, pa.array([7] * len(wanted), chosen.schema.field(last).type))
        named = [PIECE, ROW, changes.GONE, *root.schema.names]
        self.draft.change(
            name, base, self.world.rows(self.draft, chosen.append_column(changes.GONE, pa.array(gone)).select(named))
        )
        for position, goes in sorted(zip(wanted, gone.tolist(), strict=True), reverse=True):
            if goes:
                del self.rows[position]
            elif last != "a":
                self.rows[position][last] = 7

    def alter(self, *changed: Row) -> None:
        self.draft.alter("t", SchemaChanges.model_validate({"changes": changed}).changes)

    def add(self, default: int | None) -> None:
        name = self.fresh()
        self.alter(
            {"do": "add_column", "name": name, "type": "TINYINT", "default": None if default is None else str(default)}
        )
        self.types[name], self.defaults[name] = "TINYINT", default
        for row in self.rows:
            row[name] = default

    def drop(self, which: int) -> None:
        droppable = [n for n in self.types if n not in self.key]
        if len(self.types) > 1 and droppable:
            name = droppable[which % len(droppable)]
            self.alter({"do": "drop_column", "name": name})
            del self.types[name]
            self.defaults.pop(name, None)
            for row in self.rows:
                del row[name]

    def rename(self, which: int) -> None:
        """A column gets the name of one that was dropped, or a new one."""
        names = [n for n in self.types if n != "a"]
        old = names[which % len(names)] if names else None
        new = "b" if "b" not in self.types else self.fresh()
        if old is None or new in self.types:
            return
        self.alter({"do": "rename_column", "name": old, "to": new})
        self.types = {new if n == old else n: kind for n, kind in self.types.items()}
        if old in self.defaults:
            self.defaults[new] = self.defaults.pop(old)
        self.rows[:] = [{new if n == old else n: value for n, value in row.items()} for row in self.rows]

    def widen(self, which: int) -> None:
        name = list(self.types)[which % len(self.types)]
        step = LADDER.index(self.types[name]) + 1
        if step < len(LADDER):
            self.alter({"do": "widen_column", "name": name, "type": LADDER[step]})
            self.types[name] = LADDER[step]

    def check(self) -> None:
        """Every version has the rows that it had when it was made."""
        for content, rows in self.versions:
            root = self.world.objects.root(content.tables["t"])
            found = OrderedReader(root.schema).table(self.world.pieces(content, "t")).to_pylist()
            assert [{n: None if v is None else int(v) for n, v in row.items()} for row in found] == rows


STEPS: dict[str, Callable[[Model, int], None]] = {
    "append a few": lambda model, n: model.append(1 + n % 3),
    "append many": lambda model, n: model.append(20 + n % 60),
    "update": lambda model, n: model.update([n, n * 7 + 1, n * 13 + 5]),
    "update many": lambda model, n: model.update(list(range(n, n + 15))),
    "compact": lambda model, _: model.draft.compact("t"),
    "add": lambda model, n: model.add(n % 100),
    "add without default": lambda model, _: model.add(None),
    "drop": Model.drop,
    "rename": Model.rename,
    "widen": Model.widen,
    "commit": lambda model, _: model.commit(),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.integers(0, 200)), max_size=14),
    st.sampled_from([0, 4]),
    st.sampled_from([(), ("a",)]),
)
def test_columns_come_go_and_change_among_other_edits(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], k: int, key: tuple[str, ...]
) -> None:
    """Whatever the order of schema changes, appends, updates and compaction, each version keeps the rows it had."""
    model = Model.start(Store(tmp_path_factory.mktemp("store")), key, k)
    for step, number in steps:
        STEPS[step](model, number)
    model.commit()
    model.check()


@pytest.mark.parametrize("drops", [0, 1])
def test_an_edit_after_a_cut_column_was_dropped_stays_small(tmp_path: Path, drops: int) -> None:
    """Without a key all columns cut; when one is gone, a change in one segment still writes no others anew."""
    world = Store(tmp_path)
    model = Model.start(world, (), 8)
    model.append(20_000)
    model.commit()
    before = {item.hash for item in world.segments(model.versions[-1][0], "t")}
    model.drop(drops)
    model.update(list(range(1000, 1060)))
    model.commit()
    after = {item.hash for item in world.segments(model.versions[-1][0], "t")}
    assert 1 <= len(before - after) <= 2
    model.draft.compact("t")
    model.append(3)
    model.draft.compact("t")
    model.commit()
    model.check()
