"""What the versions feature takes and gives."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions.declarations import CheckInfo
from jupyter_datasets.values import (
    CommitId,
    DatasetId,
    Micros,
    ObjectHash,
    moment_text,
    read_moment,
    short,
    to_datetime,
)

RefKindName = Literal["branch", "tag"]
PutMode = Literal["append", "insert", "replace"]
Blob = bytes  # a name of its own, because a field is called so


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
        return f"<Commit {self.short} #{self.seq} {self.message!r} by {self.author}, {moment_text(self.time)}{refs}>"

    __str__ = __repr__


class RefInfo(_Value):
    """A branch or tag.

    Attributes
    ----------
    commit
        None while a branch is unborn.
    protected
        Whether the branch takes no commits but merges.
    formerly
        In the answer to a call that renamed it, or took that back: what it was called until then.
    """

    name: str
    kind: RefKindName
    commit: CommitId | None
    protected: bool = False
    formerly: str | None = None

    def __repr__(self) -> str:
        protected = ", protected" if self.protected else ""
        return f"<{self.kind} {self.name!r} at {short(self.commit) if self.commit else 'no commit'}{protected}>"

    __str__ = __repr__


class RefMove(_Value):
    """One entry of the ref log: what made a branch or tag appear, move or go, or protected it.

    Attributes
    ----------
    target
        For an undo or redo: the id of the entry that it takes back or plays again.
    other
        For a rename, which has an entry of the same time under each name: the other one.
    """

    id: str
    ref: str
    kind: RefKindName
    action: str
    old: CommitId | None
    new: CommitId | None
    target: str | None
    other: str | None = None
    actor: str
    time: Micros


class LogFilter(_Value):
    """Which commits of a log are wanted; what is None does not matter.

    Attributes
    ----------
    table
        Those in which this table differs from the first parent: changed, added, dropped, or renamed from or to it.
    path
        Likewise the attached file of this name.
    author
        Those whose author's name holds this text, in whatever case.
    since, until
        Those made from the one moment to the other, both included.
    """

    table: str | None = None
    author: str | None = None
    since: Micros | None = None
    until: Micros | None = None
    path: str | None = None

    @classmethod
    def of(
        cls,
        *,
        table: str | None,
        author: str | None,
        since: str | date | None,
        until: str | date | None,
        path: str | None,
    ) -> Self:
        """A filter whose times are as people give them; a day alone counts whole."""
        return cls(
            table=table,
            author=author,
            since=None if since is None else read_moment(since),
            until=None if until is None else read_moment(until, last=True),
            path=path,
        )

    def __bool__(self) -> bool:
        return self != EVERY


EVERY = LogFilter()


class ColumnInfo(_Value):
    """A column of a table in a version.

    Attributes
    ----------
    nullable
        Whether some row holds a null.
    required
        Whether it is declared that none may.
    default
        Value, as text, of rows that do not say one; None for null.
    comment, unit
        What it means, and in what it is measured.
    """

    id: int
    name: str
    type: str
    nullable: bool
    required: bool = False
    default: str | None = None
    comment: str = ""
    unit: str = ""


class TableInfo(_Value):
    """A table in a version: its columns, what its rows are held to, and how much it holds (bytes as stored).

    Attributes
    ----------
    key
        Columns that tell rows apart.
    unique
        Other columns of which no two rows have the same values.
    checks
        What no row may make false.
    """

    name: str
    root: ObjectHash
    columns: tuple[ColumnInfo, ...]
    key: tuple[str, ...]
    unique: tuple[tuple[str, ...], ...] = ()
    checks: tuple[CheckInfo, ...] = ()
    rows: int
    bytes: int


class FileInfo(_Value):
    """An attached file in a version."""

    name: str
    hash: ObjectHash
    bytes: int
    media_type: str


class Holders(_Value):
    """Versions that hold something: how many there are, and the newest thousand of them."""

    count: int
    commits: tuple[Commit, ...]


class Version(_Value):
    """The content of a dataset at one commit."""

    dataset_id: DatasetId
    commit: Commit
    tables: tuple[TableInfo, ...]
    files: tuple[FileInfo, ...]


class Counts(_Value):
    """How many there are of each: commits ever made in the dataset; tables and files of the version shown."""

    commits: int
    branches: int
    tags: int
    tables: int
    files: int


class Overview(_Value):
    """A dataset at a glance.

    Attributes
    ----------
    refs
        All branches and tags by name.
    heads
        The commits that they are at, newest first; each names its branches and tags.
    version
        What was asked for; None while that is an unborn branch.
    bytes
        Size of that version's tables and files as they are stored.
    changes
        The last moves of branches and tags, newest first.
    """

    dataset: Dataset
    refs: tuple[RefInfo, ...]
    heads: tuple[Commit, ...]
    version: Version | None
    counts: Counts
    bytes: int
    changes: tuple[RefMove, ...]


class SegmentInfo(_Value):
    """One segment of a scan plan.

    Attributes
    ----------
    path
        A file that a reader on this machine may open; empty where the patch holds all rows.
    patch
        What changes the rows of the file, as :mod:`jupyter_datasets.store.patches` encodes it.
    """

    model_config = ConfigDict(frozen=True, ser_json_bytes="base64", val_json_bytes="base64")

    path: str
    rows: int
    bytes: int
    patch: Blob | None = None


class ScanPlan(_Value):
    """All a reader needs to read a table at a version; it names no object that needs looking up.

    Attributes
    ----------
    fields
        The root's schema in canonical form.
    key
        Ids of the fields that tell rows apart; empty without a key.
    edit
        The open edit whose state this is; ``commit`` is where that began then, empty on an unborn branch.
    segments
        In the order of rows.
    """

    dataset_id: DatasetId
    commit: CommitId
    table: str
    root: ObjectHash
    fields: dict[str, Any]
    key: tuple[int, ...] = ()
    edit: str | None = None
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


class RuleChange(_Value):
    """What rows are held to on one side only, or otherwise, in words such as ``UNIQUE (a, b)``."""

    kind: Literal["added", "removed", "changed"]
    old: str | None = None
    new: str | None = None


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
    rules
        Key, unique columns and checks that differ; new names of columns make no difference.
    same_rows
        Whether it is known, without reading any, that both sides hold the same rows, in whatever order.
    """

    kind: Literal["added", "removed", "changed", "renamed"]
    old_name: str | None
    new_name: str | None
    old_rows: int
    new_rows: int
    columns: tuple[ColumnChange, ...] = ()
    rules: tuple[RuleChange, ...] = ()
    same_rows: bool = False


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
