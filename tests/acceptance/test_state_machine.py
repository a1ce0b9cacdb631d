"""The store agrees with a plain model, whatever is done to it in whatever order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from tests.acceptance.machine import DATASETS, REFS, Opened
from tests.acceptance.merge_rules import MergeRules
from tests.acceptance.model import DatasetModel


class StoreRules(MergeRules):
    """All that can be done: also to datasets and references as such."""

    datasets = ("one", "one", "one", "two")
    tables = ("a", "a", "b", "b", "c")
    refs = ("main", "main", "main", "fix", "fix", "v1", "mend")

    @rule(name=DATASETS)
    def create_dataset(self, name: str) -> None:
        self.create(name)

    @rule(name=DATASETS)
    def delete(self, name: str) -> None:
        self.both(lambda: self.real(name).delete(), lambda: self.model.delete(name))

    @rule(name=DATASETS)
    def restore(self, name: str) -> None:
        self.both(lambda: self.repo.restore(self.prefix + name), lambda: self.model.restore(name))

    @rule()
    def empty_bin(self) -> None:
        self.repo.empty_bin(0)
        self.model.bin.clear()

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

    def teardown(self) -> None:
        """Also of what is in the bin."""
        for name in set(self.datasets):
            if name not in self.model.living and any(gone == name for gone, _ in self.model.bin):
                self.restore(name)
        super().teardown()


def run(machine: type[MergeRules], folder: Path, *, examples: int, steps: int) -> None:
    opened = Opened(folder / "store")
    try:
        run_state_machine_as_test(
            lambda: machine(opened),
            settings=settings(
                max_examples=examples,
                stateful_step_count=steps,
                deadline=None,
                database=None,
                derandomize=examples < 100,
                suppress_health_check=list(HealthCheck),
            ),
        )
    finally:
        opened.repo.close()
    assert sorted((folder / "store" / "staging").iterdir()) == []


@pytest.mark.parametrize(("machine", "examples"), [(MergeRules, 4), (StoreRules, 6)])
def test_a_store_agrees_with_a_plain_model(tmp_path: Path, machine: type[MergeRules], examples: int) -> None:
    run(machine, tmp_path, examples=examples, steps=25)


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("machine", [MergeRules, StoreRules])
def test_a_store_agrees_with_a_plain_model_for_long(tmp_path: Path, machine: type[MergeRules]) -> None:
    run(machine, tmp_path, examples=250, steps=60)
