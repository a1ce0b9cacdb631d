"""Imports: a file becomes the next version of a table, computed in a child process and committed here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from jupyter_datasets.errors import ConflictError, ErrorKind, NotFoundError
from jupyter_datasets.services.datasets.service import DatasetService
from jupyter_datasets.services.imports import options
from jupyter_datasets.services.imports.models import ImportRequest, ImportResult
from jupyter_datasets.services.imports.newborns import Newborns
from jupyter_datasets.services.jobs.models import Job, JobStatus
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.services.versions import keys
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.provenance import Provenance, SourceFile, plain
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.services.versions.schema_changes import empty_root
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.commits import AttachedFile
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import Written
from jupyter_datasets.store.trees import EMPTY, items_from_json
from jupyter_datasets.values import Actor, DatasetId, ObjectHash, Role, check_name, nearest

KIND = "import"
TASK = "jupyter_datasets.services.imports.tasks:import_file"


class ImportService:
    """Starts imports as jobs, makes their plans and commits what they wrote."""

    def __init__(
        self,
        permissions: PermissionService,
        datasets: DatasetService,
        edits: EditService,
        jobs: JobService,
        newborns: Newborns,
        backend: LocalBackend,
        settings: Settings,
    ) -> None:
        self._permissions = permissions
        self._datasets = datasets
        self._edits = edits
        self._jobs = jobs
        self._newborns = newborns
        self._backend = backend
        self._settings = settings

    def start(self, actor: Actor, dataset: str, request: ImportRequest, *, create: bool = False) -> Job:
        """Queue the import of a file that lies on this machine.

        Parameters
        ----------
        create
            Make the dataset if there is none of that name. It goes into the bin if no import into it succeeds.

        Raises
        ------
        NotFoundError
            With ``kind`` FILE_NOT_FOUND.
        InvalidInputError
            No file is read with such an option, or with that value of it.
        """
        step = "Check the path; it is taken from the folder in which the program runs."
        if create:
            _check(request, step)
            found, request = self._newborns.provide(actor, dataset, request)
            dataset = found.id
        return self._submit(actor, dataset, request, if_gone=step)

    def retry(self, actor: Actor, job_id: str) -> Job:
        """Queue an import again that failed, was cancelled or lost: a new job with the same request.

        Raises
        ------
        ConflictError
            With ``kind`` JOB_NOT_RETRYABLE: the job succeeded, or has not ended.
        NotFoundError
            The job, its dataset or its file is gone.
        """
        job = self._jobs.get(actor, job_id)
        _check_unsuccessful(job)
        step = "A file that was uploaded is kept until its job ends: import it anew."
        request = ImportRequest.model_validate(job.params)
        if request.new_dataset:
            _check(request, step)
            self._newborns.bring_back(actor, _dataset_id(job))
        return self._submit(actor, _dataset_id(job), request, if_gone=step, retry_of=job.id)

    def _submit(
        self, actor: Actor, dataset: str, request: ImportRequest, *, if_gone: str, retry_of: str | None = None
    ) -> Job:
        found = self._datasets.get(actor, dataset)
        self._permissions.require(actor, found.id, Role.WRITE)
        _check(request, if_gone)
        self._edits.check_open(actor, found.id, request.branch)
        title = f"Import {Path(request.path).name} into {found.name}.{request.table}"
        return self._jobs.submit(actor, KIND, found.id, title, request.model_dump(mode="json"), retry_of)

    def prepare(self, actor: Actor, job: Job) -> dict[str, Any]:
        """The task's plan: needs no look-ups, only the files that it names."""
        request = ImportRequest.model_validate(job.params)
        staging = self._backend.staging(job.id)
        with self._edits.draft(actor, _dataset_id(job), request.branch) as (draft, _):
            root = draft.root(request.table)
            if root is None and request.mode == "append" and draft.tables:
                raise _no_table(request, draft)
            if root is None and request.schema_mode == "strict":
                raise _nothing_to_fit(request)
            if root is not None:
                keys.check_same(root, request.key)
            tail = draft.tail(root) if root is not None and request.mode == "append" else []
            return {
                "path": request.path,
                "options": request.options,
                "table": request.table,
                "mode": request.mode,
                "schema_mode": request.schema_mode,
                "key": [f.name for f in keys.key_fields(root)] if root else list(request.key),
                "schema": root.schema.to_json() if root else None,
                "has_rows": root is not None and root.rows > 0,
                "cut": list(root.cut) if root else [],
                "unique": [list(ids) for ids in root.unique] if root else [],
                "checks": [[check.name, check.expression] for check in root.checks] if root else [],
                "k": root.k if root else 0,
                "tail": [segment.model_dump(mode="json") for segment in draft.parts.plan(tail)],
                "tail_rows": sum(item.rows for item in tail),
                "base": draft.tables.get(draft.find(request.table) or ""),
                "keep_original": request.keep_original,
                "staging": str(staging),
                "memory_mib": self._settings.memory_mib,
                "threads": self._settings.threads,
            }

    def finish(self, actor: Actor, job: Job, result: dict[str, Any]) -> dict[str, Any]:
        """Commit what the task wrote."""
        request = ImportRequest.model_validate(job.params)
        with self._edits.draft(actor, _dataset_id(job), request.branch) as (_, edit):
            self._edits.change(actor, edit, lambda draft: self._put(draft, request, result))
            message = request.message or f"Import {Path(request.path).name}"
            commit = self._edits.commit(actor, edit, message, provenance=_provenance(request, result))
        self.discard(job)
        warnings = [*_naming(request), *result["warnings"]]
        if commit is None:
            warnings.append("The file changes nothing: the version stays as it is.")
        return ImportResult(
            commit=commit.id if commit else None,
            table=request.table,
            rows=result["rows"],
            warnings=tuple(warnings),
        ).model_dump(mode="json")

    def discard(self, job: Job) -> None:
        """Remove what the job staged."""
        self._backend.discard_staging(job.id)

    def _put(self, draft: Draft, request: ImportRequest, result: dict[str, Any]) -> None:
        self._put_rows(draft, request, result)
        if original := result["original"]:
            staged = Path(result["staging"]) / original["staged"]
            draft.attach(Path(request.path).name, AttachedFile(**original["file"]), staged)

    def _put_rows(self, draft: Draft, request: ImportRequest, result: dict[str, Any]) -> None:
        root = draft.root(request.table)
        schema = Schema.from_json(result["schema"])
        written = Written(segments=items_from_json(result["segments"]), k=result["k"], nulls=frozenset(result["nulls"]))
        staging = Path(result["staging"])
        moved = draft.tables.get(draft.find(request.table) or "") != result["base"]
        if moved and request.mode == "append" and root is not None:
            rows = self._new_rows(schema, written, staging, result["tail_rows"])
            draft.append(request.table, rows, evolve=request.schema_mode == "evolve")
        elif moved:
            raise _changed_meanwhile(request)
        elif request.mode == "append" and root is not None:
            draft.put_written(request.table, replace(root, schema=schema), result["dropped"], written, staging)
        else:
            fresh = empty_root(schema, request.key) if root is None else replace(root, schema=schema, tree=EMPTY)
            draft.put_written(request.table, fresh, 0, written, staging)

    def _new_rows(self, schema: Schema, written: Written, staging: Path, skip: int) -> Rows:
        """The file's rows, read back from segments that begin with rows the table had when the task started."""
        reader = OrderedReader(schema)
        pieces = [Piece(path=str(self._segment(staging, item.hash)), rows=item.rows) for item in written.segments]
        return Rows(reader.arrow_schema, _skipping(reader.batches(pieces), skip), staging)

    def _segment(self, staging: Path, name: ObjectHash) -> Path:
        """Where a segment of the task lies: an attempt to commit that came too late has moved it."""
        staged = staging / name
        return staged if staged.exists() else self._backend.check(name)


def _provenance(request: ImportRequest, result: dict[str, Any]) -> Provenance:
    original = result["original"]
    file = SourceFile(
        name=plain(Path(request.path).name),
        sha256=original["file"]["hash"] if original else None,
        options={name: value for name, value in request.options.items() if value is not None},
        **result["stamp"],
    )
    return Provenance.of_import(request.claim, file)


def _check_unsuccessful(job: Job) -> None:
    if job.status.ended and job.status is not JobStatus.SUCCEEDED:
        return
    said = "has succeeded" if job.status.ended else f"is {job.status}"
    raise ConflictError(
        f"{job.title}: the job {said}, and only one that failed, was cancelled or lost can run again.",
        kind=ErrorKind.JOB_NOT_RETRYABLE,
        next_step="Import the file anew." if job.status.ended else "Wait for it, or cancel it first.",
        details={"job": job.id, "status": job.status.value},
    )


def _check(request: ImportRequest, if_gone: str) -> None:
    check_name(request.table, "table")
    options.check(request.options)
    if not Path(request.path).exists():
        raise _no_file(request.path, if_gone)


def _no_file(path: str, step: str) -> NotFoundError:
    return NotFoundError(
        f"There is no file {path!r}.", kind=ErrorKind.FILE_NOT_FOUND, next_step=step, details={"file": path}
    )


def _no_table(request: ImportRequest, draft: Draft) -> NotFoundError:
    hints = nearest(request.table, draft.tables)
    close = f"Did you mean {' or '.join(map(repr, hints))}? " if hints else ""
    return NotFoundError(
        f"There is no table {request.table!r} to append to on branch {request.branch!r}.",
        kind=ErrorKind.TABLE_NOT_FOUND,
        next_step=f"{close}Leave --append (mode='append') out to make it.",
        details={"table": request.table, "suggestions": hints},
    )


def _nothing_to_fit(request: ImportRequest) -> NotFoundError:
    return NotFoundError(
        f"There is no table {request.table!r} on branch {request.branch!r} to which the file could be held.",
        kind=ErrorKind.TABLE_NOT_FOUND,
        next_step="Leave --schema strict (schema='strict') out, or create the table first.",
        details={"table": request.table},
    )


def _changed_meanwhile(request: ImportRequest) -> ConflictError:
    return ConflictError(
        f"Table {request.table!r} was changed while {Path(request.path).name} was read.",
        next_step="Nothing was changed. Look at the log, then import the file again.",
        details={"table": request.table, "ref": request.branch},
    )


def _skipping(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        if rows < batch.num_rows:
            yield batch.slice(rows)
        rows = max(0, rows - batch.num_rows)


def _naming(request: ImportRequest) -> list[str]:
    if request.renamed_from is None:
        return []
    return [f"The table is called {request.table!r}: {request.renamed_from!r} is no valid name."]


def _dataset_id(job: Job) -> DatasetId:
    assert job.dataset_id is not None, "an import belongs to a dataset"
    return DatasetId(job.dataset_id)
