"""The store agrees with a plain model, whatever is done to it in whatever order."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import Edit
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import DatasetsError, NotFoundError
from tests.acceptance import model
from tests.acceptance.model import CommitModel, DatasetModel, Row, State, StoreModel

DATASETS = st.sampled_from(["one", "two"])
TABLES = st.sampled_from(["a", "b", "c"])
REFS = st.sampled_from(["main", "main", "main", "fix", "v1", "mend"])
BRANCHES = st.one_of(st.none(), REFS)
BACK = st.integers(0, 2)
TEXTS = st.sampled_from(["x", "", 'ü, "y"\r\nz', "NULL", None])
ROWS = st.lists(st.tuples(st.one_of(st.none(), st.integers(-3, 3)), TEXTS), max_size=3)
# A column of nulls alone would be text in a file, which knows no types.
FILE_ROWS = st.lists(st.tuples(st.integers(-3, 3), TEXTS), min_size=1, max_size=3)
MODES = st.sampled_from(["append", "replace"])
_numbers = itertools.count()


def to_arrow(rows: list[Row]) -> pa.Table:
    numbers, texts = ([row[i] for row in rows] for i in (0, 1))
    return pa.table({"n": pa.array(numbers, pa.int64()), "t": pa.array(texts, pa.string())})


def to_csv(rows: list[Row]) -> str:
    lines = (f"{n}," + ("" if t is None else '"' + t.replace('"', '""') + '"') for n, t in rows)
    return "n,t\r\n" + "".join(f"{line}\r\n" for line in lines)


def existing(state: State, table: str) -> list[Row]:
    if table not in state:
        raise NotFoundError("no such table")
    return state[table]


class Machine(RuleBasedStateMachine):
    """Does each thing to the store and to the model; both do the same, or fail in the same way."""

    def __init__(self, repo: Repository, folder: Path) -> None:
        super().__init__()
        self.repo = repo
        self.file = folder / "rows.csv"
        self.prefix = f"run {next(_numbers)} "
        self.model = StoreModel()
        self.ids: dict[CommitModel, str] = {}
        for name in ("one", "two"):
            self.create(name)

    # ---------------------------------------------------------------------------------------------------------- helpers

    def both(self, real: Callable[[], Any], modelled: Callable[[], Any]) -> Any:
        """Run both; they must raise errors of the same class, or both give something."""
        try:
            expected = modelled()
        except DatasetsError as error:
            with pytest.raises(type(error)):
                real()
            return None
        return expected, real()

    def real(self, name: str) -> Dataset:
        return self.repo[self.prefix + name]

    def known(self, name: str) -> DatasetModel:
        if name not in self.model.living:
            raise NotFoundError("no such dataset")
        return self.model.living[name]

    def on(self, name: str, real: Callable[[Dataset], Any], modelled: Callable[[DatasetModel], Any]) -> Any:
        return self.both(lambda: real(self.real(name)), lambda: modelled(self.known(name)))

    def change(
        self, name: str, branch: str | None, real: Callable[[Edit], Any], modelled: Callable[[State], Any]
    ) -> None:
        def do_real(dataset: Dataset) -> Any:
            with dataset.edit(branch) as edit:
                real(edit)
            return edit.commit

        self.on(name, do_real, lambda known: self.commit_modelled(known, branch, modelled))

    def commit_modelled(self, known: DatasetModel, branch: str | None, modelled: Callable[[State], Any]) -> Any:
        state = known.state(branch or known.current)
        modelled(state)
        return known.commit(branch or known.current, state)

    # ------------------------------------------------------------------------------------------------------------ rules

    @rule(name=DATASETS)
    def create(self, name: str) -> None:
        self.both(lambda: self.repo.create(self.prefix + name), lambda: self.model.create(name))

    @rule(name=DATASETS)
    def delete(self, name: str) -> None:
        self.both(lambda: self.real(name).delete(), lambda: self.model.delete(name))

    @rule(name=DATASETS)
    def restore(self, name: str) -> None:
        self.both(lambda: self.repo.restore(self.prefix + name), lambda: self.model.restore(name))

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=ROWS)
    def append(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].append(to_arrow(rows)),
            lambda state: state.setdefault(table, []).extend(rows),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=ROWS)
    def replace(self, name: str, branch: str | None, table: str, rows: list[Row]) -> None:
        self.change(
            name, branch, lambda edit: edit[table].replace(to_arrow(rows)), lambda state: state.update({table: rows})
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, number=st.integers(-3, 3), text=TEXTS)
    def update(self, name: str, branch: str | None, table: str, number: int, text: str | None) -> None:
        statement = f"UPDATE {table} SET t = CAST($text AS VARCHAR) WHERE n = $number"
        self.change(
            name,
            branch,
            lambda edit: edit.sql(statement, params={"text": text, "number": number}),
            lambda state: state.update({table: [(n, text if n == number else t) for n, t in existing(state, table)]}),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, number=st.integers(-3, 3))
    def delete_rows(self, name: str, branch: str | None, table: str, number: int) -> None:
        self.change(
            name,
            branch,
            lambda edit: edit[table].delete("n = $number", params={"number": number}),
            lambda state: state.update({table: [row for row in existing(state, table) if row[0] != number]}),
        )

    @rule(name=DATASETS, branch=BRANCHES, table=TABLES, rows=FILE_ROWS, mode=MODES)
    def import_file(self, name: str, branch: str | None, table: str, rows: list[Row], mode: Any) -> None:
        self.file.write_text(to_csv(rows), newline="")

        def modelled(state: State) -> None:
            if mode == "append" and state and table not in state:
                raise NotFoundError("a name that is mistyped makes no table beside others")
            state[table] = [*(state.get(table, []) if mode == "append" else []), *rows]

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

    @rule(name=DATASETS, ref=REFS, kind=st.sampled_from(["branch", "tag"]), at=REFS, back=BACK)
    def make_ref(self, name: str, ref: str, kind: str, at: str, back: int) -> None:
        self.on(
            name,
            lambda dataset: getattr(dataset, kind)(ref, f"{at}~{back}"),
            lambda known: known.create_ref(ref, kind, at, back),
        )

    @rule(name=DATASETS, ref=REFS)
    def delete_ref(self, name: str, ref: str) -> None:
        self.on(name, lambda dataset: dataset.delete_ref(ref), lambda known: known.delete_ref(ref))

    @rule(name=DATASETS, ref=REFS, to=REFS)
    def rename_ref(self, name: str, ref: str, to: str) -> None:
        self.on(name, lambda dataset: dataset.rename_ref(ref, to), lambda known: known.rename_ref(ref, to))

    @rule(name=DATASETS, ref=REFS)
    def protect(self, name: str, ref: str) -> None:
        self.on(name, lambda dataset: dataset.protect(ref), lambda known: known.protect(ref, True))

    @rule(name=DATASETS, ref=REFS)
    def unprotect(self, name: str, ref: str) -> None:
        self.on(name, lambda dataset: dataset.unprotect(ref), lambda known: known.protect(ref, False))

    @rule(name=DATASETS, ref=REFS)
    def checkout(self, name: str, ref: str) -> None:
        def modelled(known: DatasetModel) -> None:
            known.resolve(ref)
            known.current = ref

        self.on(name, lambda dataset: dataset.checkout(ref), modelled)

    @rule(name=DATASETS, ref=REFS, times=st.integers(1, 3))
    def undo(self, name: str, ref: str, times: int) -> None:
        for _ in range(times):
            self.on(name, lambda dataset: dataset.undo(ref), lambda known: known.undo(ref))

    @rule(name=DATASETS, ref=REFS, times=st.integers(1, 3))
    def redo(self, name: str, ref: str, times: int) -> None:
        for _ in range(times):
            self.on(name, lambda dataset: dataset.redo(ref), lambda known: known.redo(ref))

    # ------------------------------------------------------------------------------------------------------- comparing

    @invariant()
    def references_agree(self) -> None:
        """Every reference is where the model has it; a commit keeps its id for ever."""
        for name, known in self.model.living.items():
            refs = self.real(name).refs()
            found = {r.name: (r.kind, r.commit) for r in refs}
            assert {r.name for r in refs if r.protected} == known.protected
            assert found.keys() == known.refs.keys()
            for ref, (kind, commit) in known.refs.items():
                assert (ref, found[ref][0]) == (ref, kind)
                if commit is None:
                    assert found[ref][1] is None
                else:
                    assert self.ids.setdefault(commit, str(found[ref][1])) == found[ref][1]
            assert self.real(name).current == known.current

    @rule()
    def compare(self) -> None:
        """Every table at every reference, and every log."""
        alive = sorted(self.prefix + name for name in self.model.living)
        assert sorted(name for name in self.repo if name.startswith(self.prefix)) == alive
        for name, known in self.model.living.items():
            dataset = self.real(name)
            for ref, (_, commit) in known.refs.items():
                self.compare_version(dataset, ref, commit)

    def compare_version(self, dataset: Dataset, ref: str, commit: CommitModel | None) -> None:
        log = []
        while commit is not None:
            log.append(commit)
            commit = commit.parent
        assert [c.id for c in dataset.log(ref)][:1] == [self.ids[c] for c in log[:1]]
        assert len(dataset.log(ref)) == len(log)
        if log:
            tables = {table.name: table.to_arrow() for table in dataset[ref].tables.values()}
            assert {t: list(zip(*a.to_pydict().values(), strict=True)) for t, a in tables.items()} == log[0].state

    def teardown(self) -> None:
        for name in ("one", "two"):
            if name not in self.model.living and any(gone == name for gone, _ in self.model.bin):
                self.restore(name)
        self.compare()


def run(folder: Path, *, examples: int, steps: int) -> None:
    with jd.connect(folder / "store") as repo:
        run_state_machine_as_test(
            lambda: Machine(repo, folder),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=examples < 100,
                suppress_health_check=list(HealthCheck),
            ),
        )
        left = sorted((folder / "store" / "staging").iterdir())
    assert left == []


def test_a_store_agrees_with_a_plain_model(tmp_path: Path) -> None:
    run(tmp_path, examples=12, steps=30)


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_a_store_agrees_with_a_plain_model_for_long(tmp_path: Path) -> None:
    run(tmp_path, examples=400, steps=80)
