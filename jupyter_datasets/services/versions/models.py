"""What the versions feature takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.values import CommitId, DatasetId, Micros, ObjectHash, short, to_datetime

RefKindName = Literal["branch", "tag"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Commit(_Value):
    """One commit as it sits in a dataset.

    Attributes
    ----------
    id, parents
        64 hex digits each.
    seq
        The dataset's own sequence number, ``#n``; it grows along parents.
    time
        Microseconds UTC.
    refs
        Branches and tags that point here.
    """

    id: CommitId
    parents: tuple[CommitId, ...]
    seq: int
    author: str
    time: Micros
    message: str
    refs: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The first 12 hex digits."""
        return short(self.id)

    @property
    def when(self) -> datetime:
        """The time as a ``datetime`` with zone UTC."""
        return to_datetime(self.time)

    def __repr__(self) -> str:
        refs = f" ({', '.join(self.refs)})" if self.refs else ""
        return (
            f"<Commit {self.short} #{self.seq} {self.message!r} by {self.author}, {self.when:%Y-%m-%d %H:%M} UTC{refs}>"
        )

    __str__ = __repr__


class RefInfo(_Value):
    """A branch or tag; ``commit`` is None while a branch is unborn."""

    name: str
    kind: RefKindName
    commit: CommitId | None

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name!r} at {short(self.commit) if self.commit else 'no commit'}>"

    __str__ = __repr__


class RefMove(_Value):
    """One entry of the ref log: what made a branch or tag appear, move or go."""

    id: str
    ref: str
    kind: RefKindName
    action: str
    old: CommitId | None
    new: CommitId | None
    target: str | None
    actor: str
    time: Micros


class ColumnInfo(_Value):
    """A column of a table in a version."""

    id: int
    name: str
    type: str
    nullable: bool


class TableInfo(_Value):
    """A table in a version: its columns, and how much it holds (bytes as stored)."""

    name: str
    root: ObjectHash
    columns: tuple[ColumnInfo, ...]
    key: tuple[str, ...]
    rows: int
    bytes: int


class FileInfo(_Value):
    """An attached file in a version."""

    name: str
    hash: ObjectHash
    bytes: int
    media_type: str


class Version(_Value):
    """The content of a dataset at one commit."""

    dataset_id: DatasetId
    commit: Commit
    tables: tuple[TableInfo, ...]
    files: tuple[FileInfo, ...]


class SegmentInfo(_Value):
    """One segment of a scan plan: a file that a reader on this machine may open."""

    path: str
    rows: int
    bytes: int


class ScanPlan(_Value):
    """All a reader needs to read a table at a version; it names no object that needs looking up.

    Attributes
    ----------
    fields
        The root's schema in canonical form.
    segments
        In the order of rows.
    """

    dataset_id: DatasetId
    commit: CommitId
    table: str
    root: ObjectHash
    fields: dict[str, Any]
    segments: tuple[SegmentInfo, ...]
    rows: int


class Edit(_Value):
    """Changes in the making; ``base`` is the commit that they start from, None on an unborn branch."""

    id: str
    dataset_id: DatasetId
    branch: str
    base: CommitId | None


class ColumnChange(_Value):
    """A column that differs between two versions; matched by id, so a renamed one is one change."""

    kind: Literal["added", "removed", "changed"]
    old: ColumnInfo | None = None
    new: ColumnInfo | None = None


class TableDiff(_Value):
    """How a table differs.

    Attributes
    ----------
    kind
        Added, removed, changed, or renamed (the same content under another name).
    old_name, new_name
        Names on the two sides.
    old_rows, new_rows
        Rows of the whole table on the two sides.
    columns
        Columns that differ.
    """

    kind: Literal["added", "removed", "changed", "renamed"]
    old_name: str | None
    new_name: str | None
    old_rows: int
    new_rows: int
    columns: tuple[ColumnChange, ...] = ()


class FileDiff(_Value):
    """An attached file that differs."""

    kind: Literal["added", "removed", "changed"]
    name: str


class VersionDiff(_Value):
    """What differs between two commits, without looking at rows."""

    dataset_id: DatasetId
    old: Commit
    new: Commit
    tables: tuple[TableDiff, ...]
    files: tuple[FileDiff, ...]


class RowDiffPlan(_Value):
    """The segments in which two versions of a table differ; segments that both share are left out."""

    old: ScanPlan | None
    new: ScanPlan | None
