"""The transport for a store that is opened in this process."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from jupyter_datasets.client.housekeeping import OnProgress
from jupyter_datasets.client.transport import Mode
from jupyter_datasets.container import Container
from jupyter_datasets.errors import InvalidInputError, StoreBusyError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.housekeeping.models import Backup, Collected
from jupyter_datasets.services.housekeeping.service import HousekeepingService
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import Job, JobStatus
from jupyter_datasets.services.merges.models import Merge, MergeOutcome, MergeRequest, MergeState, Resolution
from jupyter_datasets.services.merges.service import MergeService
from jupyter_datasets.services.versions.declarations import SchemaChange, TableDeclaration
from jupyter_datasets.services.versions.models import (
    EVERY,
    Commit,
    Edit,
    Holders,
    LogFilter,
    Overview,
    RefInfo,
    RefKindName,
    RefMove,
    RowDiffPlan,
    ScanPlan,
    Version,
    VersionDiff,
)
from jupyter_datasets.services.versions.provenance import Claim, Direction, Lineage, Provenance
from jupyter_datasets.values import Actor, CommitId, DatasetId, ObjectHash, Page


class LocalTransport:
    """Calls the services as the local user. See :class:`jupyter_datasets.client.transport.Transport`."""

    def __init__(self, container: Container, on_close: Callable[[bool], None]) -> None:
        self._container: Container | None = container
        self._on_close = on_close
        self._actor = Actor.local()
        self._process = os.getpid()
        self.place = str(container.settings.store)

    @property
    def _services(self) -> Container:
        if self._is_inherited:
            raise _forked(self._process)
        if self._container is None:
            raise InvalidInputError("The repository is closed.", next_step="Connect to it again.")
        return self._container

    def create_dataset(self, name: str, description: str, labels: Iterable[str]) -> Dataset:
        return self._services.datasets.create(self._actor, name, description, labels)

    def get_dataset(self, dataset: str) -> Dataset:
        return self._services.datasets.get(self._actor, dataset)

    def list_datasets(self, cursor: str | None = None) -> Page[Dataset]:
        return self._services.datasets.list(self._actor, cursor=cursor)

    def update_dataset(
        self,
        dataset: str,
        *,
        name: str | None = None,
        description: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Dataset:
        return self._services.datasets.update(self._actor, dataset, name=name, description=description, labels=labels)

    def delete_dataset(self, dataset: str) -> Dataset:
        return self._services.datasets.delete(self._actor, dataset)

    def bin(self) -> Sequence[Dataset]:
        return self._services.datasets.bin(self._actor)

    def restore_dataset(self, dataset: str, name: str | None) -> Dataset:
        return self._services.datasets.restore(self._actor, dataset, name)

    def resolve(self, dataset: str, ref: str) -> Commit:
        return self._services.versions.resolve(self._actor, dataset, ref)

    def snapshot(self, named: Sequence[tuple[DatasetId, str]]) -> list[CommitId]:
        return self._services.versions.snapshot(self._actor, named)

    def log(
        self,
        dataset: str,
        ref: str,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        where: LogFilter = EVERY,
    ) -> Page[Commit]:
        return self._services.versions.log(self._actor, dataset, ref, limit, cursor, offset, where)

    def graph(self, dataset: str, limit: int, cursor: str | None = None) -> Page[Commit]:
        return self._services.versions.graph(self._actor, dataset, limit, cursor)

    def refs(self, dataset: str) -> list[RefInfo]:
        return self._services.versions.refs(self._actor, dataset)

    def overview(self, dataset: str, ref: str) -> Overview:
        return self._services.versions.overview(self._actor, dataset, ref)

    def create_ref(self, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        return self._services.versions.create_ref(self._actor, dataset, name, kind, at)

    def delete_ref(self, dataset: str, name: str) -> RefInfo:
        return self._services.versions.delete_ref(self._actor, dataset, name)

    def rename_ref(self, dataset: str, name: str, to: str) -> RefInfo:
        return self._services.versions.rename_ref(self._actor, dataset, name, to)

    def protect(self, dataset: str, branch: str, protected: bool) -> RefInfo:
        return self._services.versions.protect(self._actor, dataset, branch, protected)

    def moves(self, dataset: str, ref: str) -> list[RefMove]:
        return self._services.versions.moves(self._actor, dataset, ref)

    def undo(self, dataset: str, ref: str) -> RefInfo:
        return self._services.versions.undo(self._actor, dataset, ref)

    def redo(self, dataset: str, ref: str) -> RefInfo:
        return self._services.versions.redo(self._actor, dataset, ref)

    def version(self, dataset: str, ref: str) -> Version:
        return self._services.versions.version(self._actor, dataset, ref)

    def plan(self, dataset: str, ref: str, table: str) -> ScanPlan:
        return self._services.versions.plan(self._actor, dataset, ref, table)

    def digest(self, dataset: str, ref: str, table: str) -> str:
        return self._services.versions.digest(self._actor, dataset, ref, table)

    def fetch(self, plan: ScanPlan) -> ScanPlan:
        return plan

    def stream(self, *_: object, **__: object) -> None:
        return None

    def open_file(self, dataset: str, ref: str, name: str) -> BinaryIO:
        return self._services.versions.file(self._actor, dataset, ref, name).open("rb")

    def holders(self, dataset: str, ref: str, name: str) -> Holders:
        return self._services.versions.holders(self._actor, dataset, ref, name)

    def provenance(self, dataset: str, ref: str) -> Provenance | None:
        return self._services.versions.provenance(self._actor, dataset, ref)

    def lineage(self, dataset: str, ref: str, direction: Direction, depth: int) -> Lineage:
        return self._services.versions.lineage(self._actor, dataset, ref, direction, depth)

    def diff(self, dataset: str, old: str, new: str) -> VersionDiff:
        return self._services.versions.diff(self._actor, dataset, old, new)

    def row_diff(self, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        return self._services.versions.row_diff(self._actor, dataset, old, new, table)

    def begin_edit(self, dataset: str, branch: str) -> Edit:
        return self._services.edits.begin(self._actor, dataset, branch)

    def put(
        self,
        edit: str,
        table: str,
        mode: Mode,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        key: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        return self._services.edits.put(self._actor, edit, table, mode, schema, batches, key)

    def put_changes(
        self, edit: str, table: str, base: ObjectHash, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> tuple[str, ...]:
        return self._services.edits.change_rows(self._actor, edit, table, base, schema, batches)

    def edit_plan(self, edit: str, table: str) -> ScanPlan:
        return self._services.edits.plan(self._actor, edit, table)

    def drop_table(self, edit: str, table: str) -> None:
        self._services.edits.drop(self._actor, edit, table)

    def rename_table(self, edit: str, table: str, name: str) -> None:
        self._services.edits.rename(self._actor, edit, table, name)

    def create_table(self, edit: str, table: str, declaration: TableDeclaration) -> None:
        self._services.edits.create(self._actor, edit, table, declaration)

    def alter_table(self, edit: str, table: str, changes: Sequence[SchemaChange]) -> None:
        self._services.edits.alter(self._actor, edit, table, changes)

    def compact_table(self, edit: str, table: str) -> None:
        self._services.edits.compact(self._actor, edit, table)

    def attach(self, edit: str, name: str, path: Path, media_type: str) -> None:
        self._services.edits.attach(self._actor, edit, name, path, media_type)

    def detach(self, edit: str, name: str) -> None:
        self._services.edits.detach(self._actor, edit, name)

    def commit_edit(self, edit: str, message: str, claim: Claim | None = None) -> Commit | None:
        return self._services.edits.commit(self._actor, edit, message, provenance=Provenance.of(claim))

    def abort_edit(self, edit: str) -> None:
        self._services.edits.abort(self._actor, edit)

    def start_import(self, dataset: str, request: ImportRequest, *, create: bool = False) -> Job:
        return self._services.imports.start(self._actor, dataset, request, create=create)

    def get_job(self, job: str) -> Job:
        return self._services.jobs.get(self._actor, job)

    def list_jobs(self, status: JobStatus | None, dataset_id: DatasetId | None, limit: int) -> list[Job]:
        return list(self._services.jobs.list(self._actor, status=status, dataset_id=dataset_id, limit=limit).items)

    def cancel_job(self, job: str) -> Job:
        return self._services.jobs.cancel(self._actor, job)

    def retry_job(self, job: str) -> Job:
        return self._services.imports.retry(self._actor, job)

    def wait_job(self, job: str, timeout: float | None, on_progress: Callable[[Job], object] | None) -> Job:
        return self._services.runner.wait(job, timeout, on_progress)

    def own_jobs(self) -> list[Job]:
        if self._container is None or self._is_inherited:
            return []
        return list(self._container.jobs.live.unfinished())

    def doctor(self, rehash: str | None, on_progress: Callable[[int, int], object] | None) -> Report:
        return self._services.health.check(self._actor, rehash, on_progress)

    @property
    def merges(self) -> LocalMerges:
        return LocalMerges(self._services.merges, self._actor)

    @property
    def housekeeping(self) -> LocalHousekeeping:
        return LocalHousekeeping(self._services.housekeeping, self._actor)

    def close(self, *, wait: bool) -> None:
        if self._is_inherited:
            return
        open_until_now, self._container = self._container, None
        if open_until_now:
            self._on_close(wait)

    @property
    def _is_inherited(self) -> bool:
        """Whether this is a forked child's copy, which has none of the threads and must leave all to the parent."""
        return self._process != os.getpid()


class LocalMerges:
    """Calls the service as the local user. See :class:`jupyter_datasets.client.merges.Merges`."""

    def __init__(self, service: MergeService, actor: Actor) -> None:
        self._service = service
        self._actor = actor

    def merge(self, dataset: str, request: MergeRequest) -> MergeOutcome:
        return self._service.merge(self._actor, dataset, request)

    def revert(self, dataset: str, commit: str, branch: str, message: str) -> MergeOutcome:
        return self._service.revert(self._actor, dataset, commit, branch, message)

    def cherry_pick(self, dataset: str, commit: str, onto: str, message: str) -> MergeOutcome:
        return self._service.cherry_pick(self._actor, dataset, commit, onto, message)

    def in_progress(self, dataset: str) -> Sequence[Merge]:
        return self._service.in_progress(self._actor, dataset)

    def state(self, dataset: str, merge: str, skip: int = 0) -> MergeState:
        return self._service.state(self._actor, dataset, merge, skip)

    def answer(self, dataset: str, merge: str, resolutions: Sequence[Resolution]) -> Merge:
        return self._service.answer(self._actor, dataset, merge, resolutions)

    def take_back(self, dataset: str, merge: str, last: int | None) -> Merge:
        return self._service.take_back(self._actor, dataset, merge, last)

    def refresh(self, dataset: str, merge: str) -> Merge:
        return self._service.refresh(self._actor, dataset, merge)

    def commit(self, dataset: str, merge: str) -> MergeOutcome:
        return self._service.commit(self._actor, dataset, merge)

    def abort(self, dataset: str, merge: str) -> None:
        self._service.abort(self._actor, dataset, merge)


class LocalHousekeeping:
    """Calls the service as the local user. See :class:`jupyter_datasets.client.housekeeping.Housekeeping`."""

    def __init__(self, service: HousekeepingService, actor: Actor) -> None:
        self._service = service
        self._actor = actor

    def fsck(self, dataset: str | None, *, repair: bool, on_progress: OnProgress | None) -> Report:
        return self._service.fsck(self._actor, dataset, repair=repair, on_progress=on_progress)

    def gc(self, *, dry_run: bool, grace_hours: float) -> Collected:
        return self._service.gc(self._actor, dry_run=dry_run, grace_hours=grace_hours)

    def empty_bin(self, older_than_days: float) -> tuple[str, ...]:
        return self._service.empty_bin(self._actor, older_than_days)

    def back_up(self, folder: Path, *, links: bool, on_progress: OnProgress | None) -> Backup:
        return self._service.back_up(self._actor, folder, links=links, on_progress=on_progress)


def _forked(parent: int) -> StoreBusyError:
    return StoreBusyError(
        f"Process {parent} opened the store, and this one was forked from it: they cannot share it.",
        next_step="Connect to the store after forking, or start workers with the 'spawn' method.",
        details={"pid": parent, "program": None},
    )
