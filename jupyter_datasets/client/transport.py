"""What a client needs from wherever the store is: in this process, or behind a server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

import pyarrow as pa

from jupyter_datasets.client.housekeeping import Housekeeping
from jupyter_datasets.client.merges import Merges
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
    PutMode,
    RefInfo,
    RefKindName,
    RefMove,
    RowDiffPlan,
    ScanPlan,
    Version,
    VersionDiff,
)
from jupyter_datasets.services.versions.provenance import Claim, Direction, Lineage, Provenance
from jupyter_datasets.values import CommitId, DatasetId, ObjectHash, Page

Mode = PutMode


class Transport(Protocol):
    """One method per intention. ``dataset`` is an id or a name; errors are those of :mod:`jupyter_datasets.errors`."""

    @property
    def place(self) -> str:
        """Where the store is, for people."""

    def create_dataset(self, name: str, description: str, labels: Iterable[str]) -> Dataset:
        """Make a dataset."""

    def get_dataset(self, dataset: str) -> Dataset:
        """Find a dataset."""

    def list_datasets(self, cursor: str | None = None) -> Page[Dataset]:
        """Datasets by name."""

    def update_dataset(
        self,
        dataset: str,
        *,
        name: str | None = None,
        description: str | None = None,
        labels: Iterable[str] | None = None,
    ) -> Dataset:
        """Rename, describe, label."""

    def delete_dataset(self, dataset: str) -> Dataset:
        """Move into the bin."""

    def bin(self) -> Sequence[Dataset]:
        """What is in the bin."""

    def restore_dataset(self, dataset: str, name: str | None) -> Dataset:
        """Take out of the bin."""

    def resolve(self, dataset: str, ref: str) -> Commit:
        """The commit that a reference names."""

    def snapshot(self, named: Sequence[tuple[DatasetId, str]]) -> list[CommitId]:
        """The commits that references of several datasets name at one moment."""

    def log(
        self,
        dataset: str,
        ref: str,
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        where: LogFilter = EVERY,
    ) -> Page[Commit]:
        """Ancestors of a reference that a filter wants."""

    def graph(self, dataset: str, limit: int, cursor: str | None = None) -> Page[Commit]:
        """Ancestors of all references."""

    def refs(self, dataset: str) -> list[RefInfo]:
        """Branches and tags."""

    def overview(self, dataset: str, ref: str) -> Overview:
        """A dataset at a glance."""

    def create_ref(self, dataset: str, name: str, kind: RefKindName, at: str) -> RefInfo:
        """Make a branch or tag."""

    def delete_ref(self, dataset: str, name: str) -> RefInfo:
        """Delete a branch or tag."""

    def rename_ref(self, dataset: str, name: str, to: str) -> RefInfo:
        """Call a branch or tag otherwise."""

    def protect(self, dataset: str, branch: str, protected: bool) -> RefInfo:
        """Close a branch to direct commits, or open it."""

    def moves(self, dataset: str, ref: str) -> list[RefMove]:
        """The log of a reference's moves, oldest first."""

    def undo(self, dataset: str, ref: str) -> RefInfo:
        """Take back the last move of a reference."""

    def redo(self, dataset: str, ref: str) -> RefInfo:
        """Play it again."""

    def version(self, dataset: str, ref: str) -> Version:
        """Tables and files of a version."""

    def plan(self, dataset: str, ref: str, table: str) -> ScanPlan:
        """How to read a table."""

    def digest(self, dataset: str, ref: str, table: str) -> str:
        """What the rows of a table add up to, whatever their order."""

    def fetch(self, plan: ScanPlan) -> ScanPlan:
        """The plan with segments in files that this process can open."""

    def stream(
        self, plan: ScanPlan, columns: Sequence[str] | None = None, limit: int | None = None
    ) -> pa.RecordBatchReader | None:
        """Rows in their order from where the segments are; None where this process can open their files."""

    def open_file(self, dataset: str, ref: str, name: str) -> BinaryIO:
        """Read an attached file."""

    def holders(self, dataset: str, ref: str, name: str) -> Holders:
        """The versions that hold what an attached file holds."""

    def provenance(self, dataset: str, ref: str) -> Provenance | None:
        """What made a commit."""

    def lineage(self, dataset: str, ref: str, direction: Direction, depth: int) -> Lineage:
        """What a version was made from, and what was made from its dataset."""

    def diff(self, dataset: str, old: str, new: str) -> VersionDiff:
        """What differs between two versions."""

    def row_diff(self, dataset: str, old: str, new: str, table: str) -> RowDiffPlan:
        """The segments in which a table differs."""

    def begin_edit(self, dataset: str, branch: str) -> Edit:
        """Start an edit."""

    def put(
        self,
        edit: str,
        table: str,
        mode: Mode,
        schema: pa.Schema,
        batches: Iterable[pa.RecordBatch],
        key: tuple[str, ...] = (),
    ) -> tuple[str, ...]:
        """Append rows to a table or replace it by them."""

    def put_changes(
        self, edit: str, table: str, base: ObjectHash, schema: pa.Schema, batches: Iterable[pa.RecordBatch]
    ) -> tuple[str, ...]:
        """Change rows where they are; ``base`` is the root in whose plan they were looked up."""

    def edit_plan(self, edit: str, table: str) -> ScanPlan:
        """How to read a table as an edit has it by now."""

    def drop_table(self, edit: str, table: str) -> None:
        """Remove a table."""

    def rename_table(self, edit: str, table: str, name: str) -> None:
        """Rename a table."""

    def create_table(self, edit: str, table: str, declaration: TableDeclaration) -> None:
        """Make a table without rows."""

    def alter_table(self, edit: str, table: str, changes: Sequence[SchemaChange]) -> None:
        """Change what a table is declared to be."""

    def compact_table(self, edit: str, table: str) -> None:
        """Cut a table by rule again."""

    def attach(self, edit: str, name: str, path: Path, media_type: str) -> None:
        """Keep a file."""

    def detach(self, edit: str, name: str) -> None:
        """Remove a file."""

    def commit_edit(self, edit: str, message: str, claim: Claim | None = None) -> Commit | None:
        """Make the changes a commit, which tells what made it; None when they change nothing."""

    def abort_edit(self, edit: str) -> None:
        """Forget the changes."""

    def start_import(self, dataset: str, request: ImportRequest, *, create: bool = False) -> Job:
        """Queue the import of a file, perhaps into a dataset that is made for it."""

    def get_job(self, job: str) -> Job:
        """A job as it is now."""

    def list_jobs(self, status: JobStatus | None, dataset_id: DatasetId | None, limit: int) -> list[Job]:
        """Jobs, newest first."""

    def cancel_job(self, job: str) -> Job:
        """Ask a job to stop."""

    def retry_job(self, job: str) -> Job:
        """Run a job again that failed, was cancelled or lost: a new one."""

    def wait_job(self, job: str, timeout: float | None, on_progress: Callable[[Job], object] | None) -> Job:
        """Wait until a job has ended."""

    def own_jobs(self) -> list[Job]:
        """Jobs of this client that have not ended."""

    def doctor(self, rehash: str | None, on_progress: Callable[[int, int], object] | None) -> Report:
        """Check the store, and read a dataset's files again, or ``all``."""

    @property
    def merges(self) -> Merges:
        """Merging, reverting and cherry-picking."""

    @property
    def housekeeping(self) -> Housekeeping:
        """What is done to the store as a whole."""

    def close(self, *, wait: bool) -> None:
        """Let go of the store; running jobs are waited for, or cancelled."""
