"""What is done to histories: merges, reverts, cherry-picks, undo and redo."""

from __future__ import annotations

import warnings
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import rule

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts, MergeWarning
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions.models import Commit
from tests.acceptance.edit_rules import NUMBERS, TEXTS, EditRules
from tests.acceptance.machine import BACK, BRANCHES, DATASETS, REFS, TABLES, Opened, tables_of
from tests.acceptance.merge_model import Conflict, Merged, Row, Side, State
from tests.acceptance.model import Bringing, CommitModel, DatasetModel

SIDES = st.sampled_from(["ours", "theirs", "neither"])
Outcome = Commit | MergeConflicts | None


class MergeRules(EditRules):
    """All that brings together what two branches have."""

    def __init__(self, opened: Opened) -> None:
        super().__init__(opened)
        self.begin("one")

    def begin(self, name: str) -> None:
        """Two branches, a table with a key and one without: with those most rules have something to do."""
        rows: list[Row] = [(n, "x", 0) for n in range(-3, 4)]
        self.replace_with_key(name, "main", "a", rows)
        self.append(name, "main", "b", rows * 2)
        self.make_ref(name, "fix", "branch", "main", 0)
        self.references_agree()

    @rule(name=DATASETS, source=REFS, back=BACK, into=BRANCHES, take=SIDES, squash=st.booleans())
    def merge(self, name: str, source: str, back: int, into: str | None, take: Side, squash: bool) -> None:
        self.bring(
            name,
            into,
            take,
            lambda dataset: dataset.merge(f"{source}~{back}", into=into, squash=squash),
            lambda known, branch: known.merge(known.resolve(source, back), branch, squash=squash),
        )

    @rule(name=DATASETS, commit=REFS, back=BACK, branch=BRANCHES, take=SIDES)
    def revert(self, name: str, commit: str, back: int, branch: str | None, take: Side) -> None:
        self.bring(
            name,
            branch,
            take,
            lambda dataset: dataset.revert(f"{commit}~{back}", branch=branch),
            lambda known, branch: known.revert(known.resolve(commit, back), branch),
        )

    @rule(name=DATASETS, commit=REFS, back=BACK, onto=BRANCHES, take=SIDES)
    def cherry_pick(self, name: str, commit: str, back: int, onto: str | None, take: Side) -> None:
        self.bring(
            name,
            onto,
            take,
            lambda dataset: dataset.cherry_pick(f"{commit}~{back}", onto=onto),
            lambda known, branch: known.cherry_pick(known.resolve(commit, back), branch),
        )

    @rule(
        name=DATASETS,
        source=REFS,
        into=REFS,
        steps=st.lists(st.tuples(st.booleans(), st.integers(0, 4), TABLES, NUMBERS, TEXTS), min_size=1, max_size=5),
        take=SIDES,
        squash=st.booleans(),
    )
    def diverge_and_merge(
        self,
        name: str,
        source: str,
        into: str,
        steps: list[tuple[bool, int, str, int, str | None]],
        take: Side,
        squash: bool,
    ) -> None:
        """Changes on two branches, so that there is something to be merged."""
        for theirs, kind, table, number, text in steps:
            branch = source if theirs else into
            if kind == 0:
                self.update_text(name, branch, table, number, text)
            elif kind == 1:
                self.update_numbers(name, branch, table, number)
            elif kind == 2:
                self.delete_rows(name, branch, table, number)
            elif kind == 3:
                self.update_key(name, branch, table, number, -number)
            else:
                self.append(name, branch, table, [(number, text, None)])
            self.references_agree()
        self.merge(name, source, 0, into, take, squash)

    def bring(
        self,
        name: str,
        branch: str | None,
        take: Side,
        real: Callable[[Dataset], Outcome],
        modelled: Callable[[DatasetModel, str], Bringing | CommitModel | None],
    ) -> None:
        """Compare what is in conflict, settle all of it one way, and compare what comes of it."""

        def looked_at(known: DatasetModel) -> tuple[DatasetModel, Bringing | CommitModel | None]:
            found = modelled(known, branch or known.current)
            if isinstance(found, Bringing):
                found.merged()
            return known, found

        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always", MergeWarning)
            done = self.on(name, real, looked_at)
            if done is None:
                return
            (known, expected), found = done
            if isinstance(expected, Bringing):
                merged = self.settle(name, known, branch or known.current, take, expected, found)
                assert len(told) == (0 if merged is None else len(merged.doubtful))
                return
        assert (found and found.id) == (expected and self.ids[expected])
        if expected is not None:
            known.forward(branch or known.current, expected)

    def settle(
        self, name: str, known: DatasetModel, branch: str, take: Side, expected: Bringing, found: Outcome
    ) -> Merged | None:
        """Compare what is in conflict, and what comes of it once one side counts everywhere."""
        assert conflicts_of(found) == expected.merged().conflicts
        if take == "neither" and isinstance(found, MergeConflicts):
            found.abort()
            return None
        done = self.both(lambda: settled(found, take), lambda: expected.merged(take))
        if done is None:
            return None
        merged, made = done
        if made is not None:
            known.record(branch, self.as_made(name, made, merged.state), expected.also)
        else:
            assert expected.also is None
            assert merged.state.keys() == expected.ours.keys()
            assert all(table.is_like(expected.ours[t]) for t, table in merged.state.items())
        return merged

    def as_made(self, name: str, commit: Commit, state: State) -> State:
        """The merged state with its rows in the order that they got; they are the same rows."""
        found = tables_of(self.real(name), commit.id)
        assert found.keys() == state.keys()
        assert all(found[table].is_like(state[table]) for table in state)
        return found

    @rule(name=DATASETS, ref=REFS, kind=st.sampled_from(["branch", "tag"]), at=REFS, back=BACK)
    def make_ref(self, name: str, ref: str, kind: str, at: str, back: int) -> None:
        self.on(
            name,
            lambda dataset: getattr(dataset, kind)(ref, f"{at}~{back}"),
            lambda known: known.create_ref(ref, kind, at, back),
        )

    @rule(name=DATASETS, ref=REFS, times=st.integers(1, 3))
    def undo(self, name: str, ref: str, times: int) -> None:
        for _ in range(times):
            self.on(name, lambda dataset: dataset.undo(ref), lambda known: known.undo(ref))

    @rule(name=DATASETS, ref=REFS, times=st.integers(1, 3))
    def redo(self, name: str, ref: str, times: int) -> None:
        for _ in range(times):
            self.on(name, lambda dataset: dataset.redo(ref), lambda known: known.redo(ref))

    @rule()
    def reopen(self) -> None:
        self.opened.reopen()
        for known in [*self.model.living.values(), *(gone for _, gone in self.model.bin)]:
            known.current = "main"


def conflicts_of(found: Outcome) -> set[Conflict]:
    if not isinstance(found, MergeConflicts):
        return set()
    conflicts = {(c.kind, c.name, int(c.key["n"] or 0) if c.key else None, c.column) for c in found.conflicts}
    assert len(conflicts) == len(found)
    return conflicts


def settled(found: Outcome, take: Side) -> Commit | None:
    """Let one side count; None where nothing is left to be committed then."""
    if not isinstance(found, MergeConflicts):
        return found
    try:
        return found.resolve(take).commit()
    except InvalidInputError as error:
        found.abort()
        if "nothing left" in error.message:
            return None
        raise
