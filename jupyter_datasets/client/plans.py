"""How to read tables at commits: asked for once, and remembered between queries."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_datasets.client.tables import default_table
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import Scan
from jupyter_datasets.errors import NotFoundError
from jupyter_datasets.services.datasets.models import Dataset as DatasetModel
from jupyter_datasets.services.versions.models import RowDiffPlan
from jupyter_datasets.services.versions.scans import scan_of
from jupyter_datasets.services.versions.sides import Sides
from jupyter_datasets.store.reading import check_segments
from jupyter_datasets.values import CommitId, DatasetId, name_key

_REMEMBERED = 64
_Key = tuple[DatasetId, CommitId, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Plan:
    """A scan, the table's name, and the time stamps that its files had when they were known to be sound."""

    scan: Scan
    table: str
    stamps: tuple[int, ...]

    @property
    def is_sound(self) -> bool:
        return _stamps(self.scan.paths) == self.stamps


class Plans:
    """Remembers the plans used last. Safe to use from many threads."""

    def __init__(self, transport: Transport, engine: Engine) -> None:
        self._transport = transport
        self._engine = engine
        self._lock = threading.Lock()
        self._plans: OrderedDict[_Key, _Plan] = OrderedDict()

    def scan(self, dataset: DatasetModel, commit: CommitId, table: str | None) -> Scan:
        """How to read a table at a commit; None stands for the dataset's default table.

        Raises
        ------
        NotFoundError, InvalidInputError
            There is no such table, or no default one.
        DamagedObjectError
            A file of the table is missing or was altered.
        """
        key = (dataset.id, commit, name_key(table or ""))
        plan = self._recall(key)
        if plan is None:
            name = table or self._default_table(dataset, commit)
            scan = scan_of(self._transport.fetch(self._transport.plan(dataset.id, commit, name)))
            plan = _Plan(scan=scan, table=name, stamps=_stamps(scan.paths))
            self._remember(key, plan)
        return plan.scan

    def table_name(self, dataset: DatasetModel, commit: CommitId, table: str | None) -> str:
        """What a table is called for which there was a plan just now."""
        with self._lock:
            plan = self._plans.get((dataset.id, commit, name_key(table or "")))
        return plan.table if plan else table or dataset.default_table

    def changes(self, dataset: DatasetModel, old: CommitId, new: CommitId, table: str | None) -> Sides:
        """How to compare a table at two commits; None stands for the dataset's default table."""
        return sides_of(self._transport, dataset.id, old, new, table or self._default_table(dataset, new))

    def check(self, scan: Scan) -> None:
        """Have the files of a scan looked at again; raises DamagedObjectError when one is not as it should be."""
        with self._lock:
            found = [(key, plan.table) for key, plan in self._plans.items() if plan.scan is scan]
        for (dataset_id, commit, _), table in found:  # tells the versions, too, that a damaged file belongs to
            self._transport.plan(dataset_id, commit, table)
        check_segments(scan.paths)

    def table_names(self, dataset: DatasetModel, ref: str) -> Sequence[str]:
        """The tables at a reference; none where it names no version."""
        try:
            return [table.name for table in self._transport.version(dataset.id, ref).tables]
        except NotFoundError:
            return []

    def _default_table(self, dataset: DatasetModel, commit: CommitId) -> str:
        tables = self._transport.version(dataset.id, commit).tables
        return default_table(dataset, [table.name for table in tables])

    def _recall(self, key: _Key) -> _Plan | None:
        with self._lock:
            plan = self._plans.get(key)
            if plan is not None:
                self._plans.move_to_end(key)
        return plan if plan is not None and plan.is_sound else None

    def _remember(self, key: _Key, plan: _Plan) -> None:
        with self._lock:
            self._plans[key] = plan
            self._plans.move_to_end(key)
            if len(self._plans) > _REMEMBERED:
                self._plans.popitem(last=False)


def sides_of(transport: Transport, dataset: DatasetId, old: CommitId, new: CommitId, table: str) -> Sides:
    """What a table has at one commit and lacks at the other, with all that reading it takes."""
    plan = transport.row_diff(dataset, old, new, table)
    fetched = [None if side is None else transport.fetch(side) for side in (plan.old, plan.new)]
    return Sides.of(RowDiffPlan(old=fetched[0], new=fetched[1]))


def _stamps(files: Sequence[str]) -> tuple[int, ...]:
    """When each file was written last, in nanoseconds; 0 for one that is gone."""
    return tuple(map(_stamp, files))


def _stamp(file: str) -> int:
    try:
        return os.stat(file).st_mtime_ns
    except OSError:
        return 0
