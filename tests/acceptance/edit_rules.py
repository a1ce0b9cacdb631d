"""What is done to tables: edits of all kinds, statements, imports, compacting."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st
from hypothesis.stateful import rule

from jupyter_datasets.errors import InvalidInputError, NotFoundError, StatementError
from tests.acceptance import model
from tests.acceptance.machine import BRANCHES, DATASETS, TABLES, Machine
from tests.acceptance.merge_model import Row, State, Table
from tests.acceptance.model import DatasetModel, existing

TEXTS = st.sampled_from(["x", "", 'ü, "y"\r\nz', "NULL", None])
NUMBERS = st.integers(-3, 3)
SMALL = st.one_of(st.none(), st.integers(0, 2))
ROWS = st.lists(st.tuples(st.one_of(st.none(), NUMBERS), TEXTS, SMALL), max_size=3)
KEYED_ROWS = st.lists(st.tuples(NUMBERS, TEXTS, SMALL), max_size=5, unique_by=lambda row: row[0])
# A column of nulls alone would be text in a file, which knows no types.
FILE_ROWS = st.lists(st.tuples(NUMBERS, TEXTS, st.integers(0, 2)), min_size=1, max_size=3)
MODES = st.sampled_from(["append", "replace"])
NAMES = ("n", "t", "u")
TYPES = (pa.int64(), pa.string(), pa.int64())


def to_arrow(rows: Sequence[Row], names: Sequence[str] = NAMES) -> pa.Table:
    columns = {name: pa.array([row[i] for row in rows], TYPES[i]) for i, name in enumerate(NAMES)}
    return pa.table({name: columns[name] for name in names})


def to_csv(rows: list[Row]) -> str:
    lines = (f"{n}," + ("" if t is None else '"' + t.replace('"', '""') + '"') + f",{u}" for n, t, u in rows)
    return "n,t,u\r\n" + "".join(f"{line}\r\n" for line in lines)


def named(state: State, table: str) -> Table:
    """A table that a statement reads beside the one that it changes."""
    if table not in state:
        raise StatementError("no such table")
    return state[table]


class EditRules(Machine):
    """All that makes a commit on one branch."""

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=ROWS)
    def append(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].append(to_arrow(rows)),
            lambda state: model.put(state, table, [*(state[table].rows if table in state else ()), *rows]),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=ROWS)
    def replace(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].replace(to_arrow(rows)),
            lambda state: model.put(state, table, rows),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=st.one_of(KEYED_ROWS, ROWS))
    def replace_with_key(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].replace(to_arrow(rows), key="n"),
            lambda state: model.put(state, table, rows, keyed=True),
        )

    @rule(
        name=DATASETS,
        branch=BRANCHES,
        table=TABLES,
        rows=KEYED_ROWS,
        key=st.sampled_from(["", "n"]),
        whole=st.booleans(),
    )
    def upsert(self, name: str, branch: str | None, table: str, rows: list[Row], key: str, whole: bool) -> None:
        given = to_arrow(rows, NAMES if whole else NAMES[:2])
        self.change(
            name,
            branch,
            lambda edit: edit[table].upsert(given, key=key or ()),
            lambda state: model.upsert(state, table, rows, named=bool(key), whole=whole),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=KEYED_ROWS)
    def delete_keys(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        gone = {row[0] for row in rows}

        def modelled(state: State) -> None:
            if not existing(state, table).keyed:
                raise InvalidInputError("no key")
            model.put(state, table, [row for row in state[table].rows if row[0] not in gone])

        self.change(name, branch, lambda edit: edit[table].delete(to_arrow(rows, ["n"])), modelled)

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, number=NUMBERS)
    def delete_rows(self, name: str, branch: str | None, table: str, number: int) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].delete("n = $number", params={"number": number}),
            lambda state: model.put(state, table, [row for row in existing(state, table).rows if row[0] != number]),
        )

    def run_sql(
        self, name: str, branch: str | None, table: str, statement: str, by_row: Callable[[Row], Row], **params: Any
    ) -> None:
        """A statement that makes each row another one."""
        self.change(
            name,
            branch,
            lambda edit: edit.sql(statement.format(table), params=params),
            lambda state: model.put(state, table, [by_row(row) for row in existing(state, table).rows]),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, number=NUMBERS, text=TEXTS)
    def update_text(self, name: str, branch: str | None, table: str, number: int, text: str | None) -> None:
        self.run_sql(
            name,
            branch,
            table,
            "UPDATE {} SET t = CAST($text AS VARCHAR) WHERE n = $number",
            lambda row: (row[0], text, row[2]) if row[0] == number else row,
            text=text,
            number=number,
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, least=NUMBERS)
    def update_numbers(self, name: str, branch: str | None, table: str, least: int) -> None:
        self.run_sql(
            name,
            branch,
            table,
            "UPDATE {} SET u = coalesce(u, 0) + 1 WHERE n >= $least",
            lambda row: (*row[:2], (row[2] or 0) + 1) if row[0] is not None and row[0] >= least else row,
            least=least,
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, number=NUMBERS, to=NUMBERS)
    def update_key(self, name: str, branch: str | None, table: str, number: int, to: int) -> None:
        self.run_sql(
            name,
            branch,
            table,
            "UPDATE {} SET n = $to WHERE n = $number",
            lambda row: (to, *row[1:]) if row[0] == number else row,
            number=number,
            to=to,
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, source=TABLES)
    def insert_summary(self, name: str, branch: str | None, table: str, source: str) -> None:
        """A row that is computed from another table, or the same."""

        def modelled(state: State) -> None:
            known, other = existing(state, table).rows, named(state, source).rows
            texts, numbers = ([row[i] for row in other if row[i] is not None] for i in (1, 2))
            made = (len(other), max(texts, default=None), sum(numbers) if numbers else None)
            model.put(state, table, [*known, made])

        statement = f"INSERT INTO {table} SELECT count(*), max(t), CAST(sum(u) AS BIGINT) FROM {source}"
        self.change(name, branch, lambda edit: edit.sql(statement), modelled)

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, source=TABLES)
    def merge_rows(self, name: str, branch: str | None, table: str, source: str) -> None:
        """SQL's MERGE: rows whose number another table has take its least text, or go."""

        def modelled(state: State) -> None:
            known, given = existing(state, table).rows, dict[int, list[Row]]()
            for row in named(state, source).rows:
                if row[0] is not None:
                    given.setdefault(row[0], []).append(row)

            def made(row: Row) -> Row | None:
                if row[0] is None or row[0] not in given:
                    return row
                texts, numbers = ([other[i] for other in given[row[0]] if other[i] is not None] for i in (1, 2))
                return (row[0], min(texts, default=None), row[2]) if numbers else None

            model.put(state, table, [row for row in map(made, known) if row is not None])

        statement = (
            f"MERGE INTO {table} x USING (SELECT n, min(t) AS t, max(u) AS u FROM {source} GROUP BY n) y ON x.n = y.n "
            "WHEN MATCHED AND y.u IS NULL THEN DELETE WHEN MATCHED THEN UPDATE SET t = y.t"
        )
        self.change(name, branch, lambda edit: edit.sql(statement), modelled)

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=FILE_ROWS, mode=MODES)
    def import_file(self, name: str, branch: str | None, table: str, rows: list[Row], mode: Any) -> None:
        self.file.write_text(to_csv(rows), newline="")

        def modelled(state: State) -> None:
            if mode == "append" and state and table not in state:
                raise NotFoundError("a name that is mistyped makes no table beside others")
            before = state[table].rows if mode == "append" and table in state else ()
            model.put(state, table, [*before, *rows])

        self.on(
            name,
            lambda dataset: dataset.import_file(self.file, table, mode=mode, branch=branch).result().commit,
            lambda known: self.commit_modelled(known, branch, modelled),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES)
    def drop(self, name: str, branch: str | None, table: str) -> None:
        self.change(name, branch, lambda edit: edit.drop(table), lambda state: model.drop(state, table))

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, to=TABLES)
    def rename(self, name: str, branch: str | None, table: str, to: str) -> None:
        self.change(name, branch, lambda edit: edit.rename(table, to), lambda state: model.rename(state, table, to))

    @rule(name=DATASETS, branch=BRANCHES, tables=st.sets(TABLES))
    def compact(self, name: str, branch: str | None, tables: set[str]) -> None:
        """Whether anything is to be done depends on the pieces, of which the model knows nothing; once is enough."""

        def modelled(known: DatasetModel) -> tuple[DatasetModel, str, State]:
            target = branch or known.current
            if not tables:
                known.resolve(target)
            state = known.state(target)
            for table in tables:
                existing(state, table)
            return known, target, state

        done = self.on(name, lambda dataset: dataset.compact(*sorted(tables), branch=branch), modelled)
        if done is not None and done[1] is not None:
            known, target, state = done[0]
            known.record(target, state)
            assert self.real(name).compact(*sorted(tables), branch=branch) is None
