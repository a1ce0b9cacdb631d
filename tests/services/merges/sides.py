"""Two branches of a dataset with a table, to be changed and merged."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from jupyter_datasets.services.merges.models import MergeOutcome, MergeRequest, Resolution
from jupyter_datasets.services.versions.models import ScanPlan
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from tests.services.conftest import World


class Sides:
    """A table with a key on ``main`` and on ``fix``, to be changed and merged."""

    def __init__(self, world: World, rows: pa.Table, key: tuple[str, ...] = ("id",)) -> None:
        self.world = world
        edit = world.begin()
        world.put(edit, rows, mode="replace", key=key)
        world.edits.commit(world.me, edit)
        world.branch("fix")

    def alter(self, branch: str, *changes: Any) -> None:
        world, edit = self.world, self.world.begin(branch)
        world.edits.alter(world.me, edit, "trips", changes)
        assert world.edits.commit(world.me, edit) is not None

    def put(self, branch: str, rows: dict[str, Any], mode: str = "append") -> None:
        self.write(branch, table(rows), mode)

    def write(self, branch: str, rows: pa.Table, mode: str = "replace") -> None:
        edit = self.world.begin(branch)
        self.world.put(edit, rows, mode=mode)
        assert self.world.edits.commit(self.world.me, edit) is not None

    def set(self, branch: str, **cells: dict[int, Any]) -> None:
        """Change cells of rows, by column and ``id``."""
        found = [row | {name: at.get(row["id"], row[name]) for name, at in cells.items()} for row in self.rows(branch)]
        schema = self.arrow_schema(branch)
        self.write(branch, pa.Table.from_pylist(found, schema))

    def merge(self, *takes: str, source: str = "fix", into: str = "main") -> MergeOutcome:
        request = MergeRequest(source=source, into=into, resolutions=_answers(takes))
        return self.world.container.merges.merge(self.world.me, self.world.id, request)

    def revert(self, commit: str, *takes: str) -> MergeOutcome:
        world = self.world
        return world.container.merges.revert(world.me, world.id, commit, "main", "", _answers(takes))

    def plan(self, ref: str = "main") -> ScanPlan:
        return self.world.versions.plan(self.world.me, self.world.id, ref, "trips")

    def rows(self, ref: str = "main") -> list[dict[str, Any]]:
        return list(self._read(ref).to_pylist())

    def arrow_schema(self, ref: str = "main") -> pa.Schema:
        return self._read(ref).schema

    def fields(self, ref: str = "main") -> dict[str, str]:
        return {f.name: f.type for f in Schema.from_json(self.plan(ref).fields).fields}

    def _read(self, ref: str) -> pa.Table:
        plan = self.plan(ref)
        return OrderedReader(Schema.from_json(plan.fields)).table(pieces_of(plan.segments))


def _answers(takes: tuple[str, ...]) -> tuple[Resolution, ...]:
    return tuple(Resolution.model_validate({"take": take}) for take in takes)


def table(columns: dict[str, list[Any]]) -> pa.Table:
    """Columns by name, with INTEGER for whole numbers that fit."""
    return pa.table({name: column(values) for name, values in columns.items()})


def column(values: list[Any]) -> pa.Array:
    """With INTEGER for whole numbers that fit, as the table has it."""
    found = pa.array(values)
    small = found.type == pa.int64() and all(value is None or value < 2**31 for value in values)
    return found.cast(pa.int32()) if small else found
