"""A store beside a plain model: what state machines are made of, and the values that their rules draw."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import Edit
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import DatasetsError, NotFoundError
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store.schemas import Schema
from tests.acceptance.merge_model import State, Table
from tests.acceptance.model import CommitModel, DatasetModel, StoreModel
from tests.store.worlds import counted


def _drawn(names: str) -> st.SearchStrategy[Any]:
    """One of the names that a machine has in an attribute; those that come more often are drawn more often."""
    return st.runner().flatmap(lambda machine: st.sampled_from(getattr(machine, names)))


DATASETS, TABLES, REFS = _drawn("datasets"), _drawn("tables"), _drawn("refs")
BRANCHES = st.one_of(REFS, REFS, st.none())
BACK = st.integers(0, 2)
_numbers = itertools.count()


class Opened:
    """A store that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repo: Repository = jd.connect(folder)

    def reopen(self) -> None:
        self.repo.close()
        self.repo = jd.connect(self.folder)


class Machine(RuleBasedStateMachine):
    """Does each thing to the store and to the model; both do the same, or fail in the same way."""

    datasets: tuple[str, ...] = ("one",)
    tables: tuple[str, ...] = ("a", "b")
    refs: tuple[str, ...] = ("main", "fix")

    def __init__(self, opened: Opened) -> None:
        super().__init__()
        self.opened = opened
        self.file = opened.folder.parent / "rows.csv"
        self.prefix = f"run {next(_numbers)} "
        self.model = StoreModel()
        self.ids: dict[CommitModel, str] = {}
        self.roots: dict[str, Table] = {}
        for name in dict.fromkeys(self.datasets):
            self.create(name)

    def create(self, name: str) -> None:
        self.both(lambda: self.repo.create(self.prefix + name), lambda: self.model.create(name))

    @property
    def repo(self) -> Repository:
        return self.opened.repo

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
                    if commit not in self.ids:
                        self.learn(name, commit, str(found[ref][1]))
                    assert self.ids[commit] == found[ref][1]
            assert self.real(name).current == known.current

    def learn(self, name: str, commit: CommitModel, commit_id: str) -> None:
        """Note what a new commit is called, and the roots of its tables: no two tables have one root.

        The digest of each is that of its rows, however they came about.
        """
        self.ids[commit] = commit_id
        found = self.real(name)[commit_id].tables
        assert found.keys() == commit.state.keys()
        for table, plain in commit.state.items():
            root = found[table].info.root
            assert self.roots.setdefault(root, plain) == plain
            commit.state[table] = replace(plain, root=root)
            plan = found[table]._plan
            assert found[table].digest() == counted(Schema.from_json(plan.fields), pieces_of(plan.segments))

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
        history = set() if commit is None else commit.history()
        expected = [(self.ids.get(c, ""), c.seq) for c in sorted(history, key=lambda c: -c.seq)]
        assert [(c.id if c.id in self.ids.values() else "", c.seq) for c in dataset.log(ref)] == expected
        if commit is not None:
            assert tables_of(dataset, ref) == commit.state

    @rule()
    def collect(self) -> None:
        """What goes is needed by nobody; two runs, for the first one condemns and the second one deletes."""
        for _ in range(2):
            self.repo.gc(grace_hours=0)

    def teardown(self) -> None:
        """All agrees once more, also after what nobody needs has gone, and nothing is damaged."""
        for _ in range(2):
            self.compare()
            self.collect()
        assert [check for check in self.repo.fsck().checks if check.status == "fail"] == []
        for name in self.model.living:
            self.real(name).delete()
        self.repo.empty_bin(0)


def tables_of(dataset: Dataset, ref: str) -> State:
    """All tables of a version with their rows in order."""
    return {
        name: Table(tuple(zip(*table.to_arrow().to_pydict().values(), strict=True)), keyed=bool(table.info.key))
        for name, table in dataset[ref].tables.items()
    }
