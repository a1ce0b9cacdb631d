"""The transport for a store behind a server."""

from __future__ import annotations

import mimetypes
import time
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, Self

import pyarrow as pa

from jupyter_datasets.client import remote
from jupyter_datasets.client.answers import Committed, Listing, MadeBy, Repairs, RowDigest, Snapshot, VersionInfo
from jupyter_datasets.client.housekeeping import RemoteHousekeeping
from jupyter_datasets.client.merges import RemoteMerges
from jupyter_datasets.client.nearby import is_here
from jupyter_datasets.client.rest import Rest, part, pieces
from jupyter_datasets.client.transport import Mode
from jupyter_datasets.errors import DatasetsError, ErrorKind, NotFoundError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.health.models import Report
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import Job, JobStatus
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
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.values import CommitId, DatasetId, Micros, ObjectHash, Page, to_datetime
from jupyter_datasets.wire import ARROW_STREAM, arrow_to_bytes

_LOOKS = (0.02, 0.05, 0.1, 0.2)  # seconds between two looks at a job; the last one stays


class HttpTransport:
    """Asks a server. See :class:`jupyter_datasets.client.transport.Transport`.

    Parameters
    ----------
    url
        Of the server, with its base URL.
    token
        What it lets in.
    near
        Whether the store's files may be read here; found out when None.
    """

    def __init__(self, url: str, token: str | None = None, *, near: bool | None = None) -> None:
        self._rest = Rest(url, token)
        self._downloads = remote.Downloads(self._rest)
        self._edits: dict[str, str] = {}
        self._jobs: list[str] = []
        self.closed = False
        if near is not None:
            self._near = near
        self.place = self._rest.url

    @classmethod
    def reach(cls, url: str, token: str | None) -> Self:
        """The transport to a server that answers, serves datasets and lets this client in; else an error."""
        transport = cls(url, token)
        try:
            transport._about()
        except BaseException:
            transport.close(wait=False)
            raise
        return transport

    def _about(self) -> VersionInfo:
        return self._rest.get(VersionInfo, "/version")

    @cached_property
    def _near(self) -> bool:
        """Whether the store is a folder that this process can read."""
        self._rest.send("GET", "/health/ready")
        store = self._about().store
        return store is not None and is_here(Path(store.path), store.fingerprint)

    # ----------------------------------------------------------------------------------------------------- datasets

    def create_dataset(self, name: str, description: str, labels: Iterable[str]) -> Dataset:
        return self._rest.post(Dataset, "/datasets", name=name, description=description, labels=_labels(labels))

    def get_dataset(self, dataset: str) -> Dataset:
        return self._rest.get(Dataset, _path(dataset))

    def list_datasets(self, cursor: str | None = None) -> Page[Dataset]:
        return self._rest.get(Listing[Dataset], "/datasets", cursor=cursor).page

    def update_dataset(
        self,
        dataset: str,
        *,
        name: str | None = None,
        description: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Dataset:
        changes = {"name": name, "description": description, "labels": None if labels is None else _labels(labels)}
        return self._rest.call(Dataset, "PUT", _path(dataset), json=changes)

    def delete_dataset(self, dataset: str) -> Dataset:
        return self._rest.call(Dataset, "DELETE", _path(dataset))

    def bin(self) -> Sequence[Dataset]:
        return self._rest.get(Listing[Dataset], "/datasets", bin=True).items

    def restore_dataset(self, dataset: str, name: str | None) -> Dataset:
        return self._rest.post(Dataset, _path(dataset, "restore"), name=name)

    # ----------------------------------------------------------------------------------------------------- versions

    def resolve(self, dataset: str, ref: str) -> Commit:
        return self._rest.get(Commit, _path(dataset, "commits", ref))

    def snapshot(self, named: Sequence[tuple[DatasetId, str]]) -> list[CommitId]:
        of = [{"dataset": dataset, "ref": ref} for dataset, ref in named]
        return list(self._rest.call(Snapshot, "POST", "/snapshot", safe=True, json={"of": of}).commits)

    def log(
        self,
        dataset: str,
        ref: str,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        where: LogFilter = EVERY,
    ) -> Page[Commit]:
        times = {"since": _as_text(where.since), "until": _as_text(where.until)}
        query = where.model_dump() | times | {"ref": ref, "limit": limit, "cursor": cursor, "offset": offset}
        return self._rest.call(Listing[Commit], "GET", _path(dataset, "commits"), query=query).page

    def graph(self, dataset: str, limit: int, cursor: str | None = None) -> Page[Commit]:
        return self._rest.get(Listing[Commit], _path(dataset, "graph"), limit=limit, cursor=cursor).page

    def refs(self, dataset: str) -> list[RefInfo]:
        return list(self._rest.get(Listing[RefInfo], _path(dataset, "refs")).items)

    def overview(self, dataset: str, ref: str) -> Overview:
        return self._rest.get(Overview, _path(dataset, "overview"), ref=ref)

    def create_ref(self, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        return self._rest.post(RefInfo, _path(dataset, "refs"), name=name, kind=kind, at=at)

    def delete_ref(self, dataset: str, name: str) -> RefInfo:
        return self._rest.call(RefInfo, "DELETE", _path(dataset, "refs", name))

    def rename_ref(self, dataset: str, name: str, to: str) -> RefInfo:
        return self._rest.call(RefInfo, "PUT", _path(dataset, "refs", name), json={"name": to})

    def protect(self, dataset: str, branch: str, protected: bool) -> RefInfo:
        return self._rest.call(RefInfo, "PUT", _path(dataset, "refs", branch), json={"protected": protected})

    def moves(self, dataset: str, ref: str) -> list[RefMove]:
        return list(self._rest.get(Listing[RefMove], _path(dataset, "moves"), ref=ref).items)

    def undo(self, dataset: str, ref: str) -> RefInfo:
        return self._rest.post(RefInfo, _path(dataset, "undo"), ref=ref)

    def redo(self, dataset: str, ref: str) -> RefInfo:
        return self._rest.post(RefInfo, _path(dataset, "redo"), ref=ref)

    def version(self, dataset: str, ref: str) -> Version:
        return self._rest.get(Version, _path(dataset, "version"), ref=ref)

    def holders(self, dataset: str, ref: str, name: str) -> Holders:
        return self._rest.get(Holders, _path(dataset, "files", name, "versions"), ref=ref)

    def provenance(self, dataset: str, ref: str) -> Provenance | None:
        return self._rest.get(MadeBy, _path(dataset, "provenance"), ref=ref).provenance

    def lineage(self, dataset: str, ref: str, direction: Direction, depth: int) -> Lineage:
        return self._rest.get(Lineage, _path(dataset, "lineage"), ref=ref, direction=direction, depth=depth)

    def diff(self, dataset: str, old: str, new: str) -> VersionDiff:
        return self._rest.get(VersionDiff, _path(dataset, "diff"), old=old, new=new)

    # --------------------------------------------------------------------------------------------------------- data

    def plan(self, dataset: str, ref: str, table: str) -> ScanPlan:
        return self._rest.get(ScanPlan, _path(dataset, "scan"), ref=ref, table=table)

    def digest(self, dataset: str, ref: str, table: str) -> str:
        return self._rest.get(RowDigest, _path(dataset, "tables", table, "digest"), ref=ref).digest

    def row_diff(self, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        return self._rest.get(RowDiffPlan, _path(dataset, "diff", table, "scan"), old=old, new=new)

    def fetch(self, plan: ScanPlan) -> ScanPlan:
        return plan if self._near else self._downloads.fetch(plan)

    def stream(
        self, plan: ScanPlan, columns: Sequence[str] | None = None, limit: int | None = None
    ) -> pa.RecordBatchReader | None:
        if self._near or (columns is not None and not columns):
            return None
        schema = OrderedReader(Schema.from_json(plan.fields), columns).arrow_schema
        query = {"ref": plan.commit, "limit": limit, "columns": columns}
        path = _path(plan.dataset_id, "tables", plan.table, "data")
        return pa.RecordBatchReader.from_batches(schema, remote.rows(self._rest, path, query, ARROW_STREAM))

    def open_file(self, dataset: str, ref: str, name: str) -> BinaryIO:
        return remote.file(self._rest, _path(dataset, "files", name), {"ref": ref})

    # -------------------------------------------------------------------------------------------------------- edits

    def begin_edit(self, dataset: str, branch: str) -> Edit:
        edit = self._rest.post(Edit, _path(dataset, "edits"), ref=branch)
        self._edits[edit.id] = _path(edit.dataset_id, "edits", edit.id)
        return edit

    def put(
        self,
        edit: str,
        table: str,
        mode: Mode,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        key: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        return self._rest.call(
            Repairs,
            "PUT",
            self._edit(edit, "tables", table),
            query={"mode": mode, "key": key},
            content=pieces(arrow_to_bytes(schema, batches)),
            headers={"Content-Type": ARROW_STREAM},
        ).warnings

    def put_changes(
        self, edit: str, table: str, base: ObjectHash, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> tuple[str, ...]:
        return self._rest.call(
            Repairs,
            "PUT",
            self._edit(edit, "tables", table),
            query={"mode": "changes", "base": base},
            content=pieces(arrow_to_bytes(schema, batches)),
            headers={"Content-Type": ARROW_STREAM},
        ).warnings

    def edit_plan(self, edit: str, table: str) -> ScanPlan:
        return self._rest.get(ScanPlan, self._edit(edit, "tables", table, "scan"))

    def drop_table(self, edit: str, table: str) -> None:
        self._rest.send("DELETE", self._edit(edit, "tables", table))

    def rename_table(self, edit: str, table: str, name: str) -> None:
        self._rest.send("POST", self._edit(edit, "tables", table, "rename"), json={"name": name})

    def create_table(self, edit: str, table: str, declaration: TableDeclaration) -> None:
        json = declaration.model_dump(mode="json")
        self._rest.send("PUT", self._edit(edit, "tables", table, "declaration"), json=json)

    def alter_table(self, edit: str, table: str, changes: Sequence[SchemaChange]) -> None:
        json = {"changes": [change.model_dump(mode="json") for change in changes]}
        self._rest.send("POST", self._edit(edit, "tables", table, "schema"), json=json)

    def compact_table(self, edit: str, table: str) -> None:
        self._rest.send("POST", self._edit(edit, "tables", table, "compact"))

    def attach(self, edit: str, name: str, path: Path, media_type: str) -> None:
        remote.check_file(path)
        kind = media_type or mimetypes.guess_type(path.name)[0] or remote.BYTES
        with path.open("rb") as file:
            self._rest.send(
                "PUT",
                self._edit(edit, "files", name),
                query={"media_type": kind},
                content=pieces(iter(lambda: file.read(1 << 20), b"")),
                headers={"Content-Type": remote.BYTES},
            )

    def detach(self, edit: str, name: str) -> None:
        self._rest.send("DELETE", self._edit(edit, "files", name))

    def commit_edit(self, edit: str, message: str, claim: Claim | None = None) -> Commit | None:
        path = self._edit(edit, "commit")
        self._edits.pop(edit, None)
        return self._rest.post(Committed, path, message=message, claim=_as_json(claim)).commit

    def abort_edit(self, edit: str) -> None:
        path = self._edit(edit)
        self._edits.pop(edit, None)
        self._rest.send("DELETE", path)

    def _edit(self, edit: str, *rest: str) -> str:
        # An edit that ended has no path any more; the server says so whatever dataset is named.
        return self._edits.get(edit, _path("-", "edits", edit)) + "".join(f"/{part(each)}" for each in rest)

    # --------------------------------------------------------------------------------------------------------- jobs

    def start_import(self, dataset: str, request: ImportRequest, *, create: bool = False) -> Job:
        path = Path(request.path)
        remote.check_file(path)
        if self._near:
            try:
                return self._submit(dataset, request, create, {"path": request.path})
            except NotFoundError as error:  # the server may see the store, but not this file
                if error.kind is not ErrorKind.FILE_NOT_FOUND:
                    raise
        if not create:
            self.get_dataset(dataset)
        return self._submit(dataset, request, create, {"upload": remote.send_file(self._rest, path)})

    def _submit(self, dataset: str, request: ImportRequest, create: bool, source: dict[str, str]) -> Job:
        same = request.model_dump(mode="json", include={"mode", "key", "options", "message", "keep_original"})
        same |= {"table": None if request.renamed_from else request.table, "ref": request.branch}
        same |= {"schema": request.schema_mode}
        same |= {"claim": _as_json(request.claim)}
        return self._own(self._rest.post(Job, "/jobs", dataset=dataset, create=create, source=source, **same))

    def _own(self, job: Job) -> Job:
        self._jobs.append(job.id)
        return job

    def get_job(self, job: str) -> Job:
        return self._rest.get(Job, f"/jobs/{part(job)}")

    def list_jobs(self, status: JobStatus | None, dataset_id: DatasetId | None, limit: int) -> list[Job]:
        query = {"status": status and status.value, "dataset": dataset_id, "limit": limit}
        return list(self._rest.get(Listing[Job], "/jobs", **query).items)

    def cancel_job(self, job: str) -> Job:
        return self._rest.call(Job, "POST", f"/jobs/{part(job)}/cancel")

    def retry_job(self, job: str) -> Job:
        return self._own(self._rest.call(Job, "POST", f"/jobs/{part(job)}/retry"))

    def wait_job(self, job: str, timeout: float | None, on_progress: Callable[[Job], object] | None) -> Job:
        deadline = None if timeout is None else time.monotonic() + timeout
        looks, seen = iter(_LOOKS), None
        while True:
            found = self.get_job(job)
            if on_progress and found != seen:
                on_progress(found)
            seen = found
            left = _LOOKS[-1] if deadline is None else deadline - time.monotonic()
            if found.status.ended or left <= 0:
                return found
            time.sleep(min(left, next(looks, _LOOKS[-1])))

    def own_jobs(self) -> list[Job]:
        if self.closed:
            return []
        try:
            found = [self.get_job(job) for job in self._jobs]
        except DatasetsError:  # the server is gone, and its jobs with it
            return []
        self._jobs = [job.id for job in found if not job.status.ended]
        return [job for job in found if not job.status.ended]

    # ----------------------------------------------------------------------------------------------------- the rest

    def doctor(self, rehash: str | None, on_progress: Callable[[int, int], object] | None) -> Report:  # noqa: ARG002  # an answer has no progress
        return self._rest.get(Report, "/health/check", rehash=rehash)

    @property
    def merges(self) -> RemoteMerges:
        return RemoteMerges(self._rest)

    @property
    def housekeeping(self) -> RemoteHousekeeping:
        return RemoteHousekeeping(self._rest)

    def close(self, *, wait: bool) -> None:
        if self.closed:
            return
        for job in () if wait else self.own_jobs():
            self.cancel_job(job.id)
        self.closed = True
        self._rest.close()
        self._downloads.close()


def _path(dataset: str, *rest: str) -> str:
    return "".join(f"/{part(each)}" for each in ("datasets", dataset, *rest))


def _as_json(claim: Claim | None) -> dict[str, Any] | None:
    return None if claim is None else claim.model_dump(mode="json", exclude_defaults=True)


def _as_text(moment: Micros | None) -> str | None:
    return None if moment is None else to_datetime(moment).isoformat()


def _labels(labels: Iterable[str]) -> list[str]:
    return [labels] if isinstance(labels, str) else list(labels)
