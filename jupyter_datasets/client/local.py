"""The transport for a store that is opened in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from jupyter_datasets.client.transport import Mode
from jupyter_datasets.container import Container
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import Job, JobStatus
from jupyter_datasets.services.versions.models import (
    Commit,
    Edit,
    RefInfo,
    RefKindName,
    RowDiffPlan,
    ScanPlan,
    Version,
    VersionDiff,
)
from jupyter_datasets.values import Actor, DatasetId, Page


class LocalTransport:
    """Calls the services as the local user. See :class:`jupyter_datasets.client.transport.Transport`."""

    def __init__(self, container: Container, on_close: Callable[[bool], None]) -> None:
        self._on_close: Callable[[bool], None] | None = on_close
        self._runner = container.runner
        self._datasets = container.datasets
        self._versions = container.versions
        self._edits = container.edits
        self._jobs = container.jobs
        self._imports = container.imports
        self._health = container.health
        self._actor = Actor.local()
        self.place = str(container.settings.store)

    def create_dataset(self, name: str, description: str, labels: Iterable[str]) -> Dataset:
        return self._datasets.create(self._actor, name, description, labels)

    def get_dataset(self, dataset: str) -> Dataset:
        return self._datasets.get(self._actor, dataset)

    def list_datasets(self, cursor: str | None = None) -> Page[Dataset]:
        return self._datasets.list(self._actor, cursor=cursor)

    def update_dataset(
        self,
        dataset: str,
        *,
        name: str | None = None,
        description: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Dataset:
        return self._datasets.update(self._actor, dataset, name=name, description=description, labels=labels)

    def delete_dataset(self, dataset: str) -> Dataset:
        return self._datasets.delete(self._actor, dataset)

    def bin(self) -> Sequence[Dataset]:
        return self._datasets.bin(self._actor)

    def restore_dataset(self, dataset: str, name: str | None) -> Dataset:
        return self._datasets.restore(self._actor, dataset, name)

    def resolve(self, dataset: str, ref: str) -> Commit:
        return self._versions.resolve(self._actor, dataset, ref)

    def log(self, dataset: str, ref: str, limit: int, cursor: str | None = None, offset: int = 0) -> Page[Commit]:
        return self._versions.log(self._actor, dataset, ref, limit, cursor, offset)

    def graph(self, dataset: str, limit: int, cursor: str | None = None) -> Page[Commit]:
        return self._versions.graph(self._actor, dataset, limit, cursor)

    def refs(self, dataset: str) -> list[RefInfo]:
        return self._versions.refs(self._actor, dataset)

    def create_ref(self, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        return self._versions.create_ref(self._actor, dataset, name, kind, at)

    def delete_ref(self, dataset: str, name: str) -> RefInfo:
        return self._versions.delete_ref(self._actor, dataset, name)

    def undo(self, dataset: str, ref: str) -> RefInfo:
        return self._versions.undo(self._actor, dataset, ref)

    def redo(self, dataset: str, ref: str) -> RefInfo:
        return self._versions.redo(self._actor, dataset, ref)

    def version(self, dataset: str, ref: str) -> Version:
        return self._versions.version(self._actor, dataset, ref)

    def plan(self, dataset: str, ref: str, table: str) -> ScanPlan:
        return self._versions.plan(self._actor, dataset, ref, table)

    def open_file(self, dataset: str, ref: str, name: str) -> BinaryIO:
        return self._versions.file(self._actor, dataset, ref, name).open("rb")

    def diff(self, dataset: str, old: str, new: str) -> VersionDiff:
        return self._versions.diff(self._actor, dataset, old, new)

    def row_diff(self, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        return self._versions.row_diff(self._actor, dataset, old, new, table)

    def begin_edit(self, dataset: str, branch: str) -> Edit:
        return self._edits.begin(self._actor, dataset, branch)

    def put(
        self,
        edit: str,
        table: str,
        mode: Mode,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        key: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        return self._edits.put(self._actor, edit, table, mode, schema, batches, key)

    def drop_table(self, edit: str, table: str) -> None:
        self._edits.drop(self._actor, edit, table)

    def rename_table(self, edit: str, table: str, name: str) -> None:
        self._edits.rename(self._actor, edit, table, name)

    def attach(self, edit: str, name: str, path: Path, media_type: str) -> None:
        self._edits.attach(self._actor, edit, name, path, media_type)

    def detach(self, edit: str, name: str) -> None:
        self._edits.detach(self._actor, edit, name)

    def commit_edit(self, edit: str, message: str) -> Commit | None:
        return self._edits.commit(self._actor, edit, message)

    def abort_edit(self, edit: str) -> None:
        self._edits.abort(self._actor, edit)

    def start_import(self, dataset: str, request: ImportRequest) -> Job:
        return self._imports.start(self._actor, dataset, request)

    def get_job(self, job: str) -> Job:
        return self._jobs.get(self._actor, job)

    def list_jobs(self, status: JobStatus | None, dataset_id: DatasetId | None, limit: int) -> list[Job]:
        return list(self._jobs.list(self._actor, status=status, dataset_id=dataset_id, limit=limit).items)

    def cancel_job(self, job: str) -> Job:
        return self._jobs.cancel(self._actor, job)

    def wait_job(self, job: str, timeout: float | None, on_progress: Callable[[Job], object] | None) -> Job:
        return self._runner.wait(job, timeout, on_progress)

    def own_jobs(self) -> list[Job]:
        return list(self._jobs.live.unfinished())

    def doctor(self, rehash: str | None, on_progress: Callable[[int, int], object] | None) -> Report:
        return self._health.check(self._actor, rehash, on_progress)

    def close(self, *, wait: bool) -> None:
        on_close, self._on_close = self._on_close, None
        if on_close:
            on_close(wait)
