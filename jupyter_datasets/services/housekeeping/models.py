"""What housekeeping gives."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from jupyter_datasets.values import MAIN, Micros, moment_text

GRACE_HOURS = 24.0
BIN_DAYS = 30.0
Kind = Literal["commits", "packs", "objects"]
Reason = Literal["branch", "tag", "undo", "bin", "edit", "merge"]
_RANKS: tuple[Reason, ...] = ("branch", "tag", "edit", "merge", "undo", "bin")
_WORDS = {
    "branch": "branch {name} of {dataset}",
    "tag": "tag {name} of {dataset}",
    "undo": "what may be undone on {name} of {dataset}",
    "bin": "{dataset}, which is in the bin",
    "edit": "an edit that is open",
    "merge": "a merge in progress on {name} of {dataset}",
}


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Keeper(_Value):
    """What keeps commits from being collected: a reference, a move that may be undone, an open edit or merge."""

    reason: Reason
    dataset: str = ""
    name: str = ""

    @property
    def rank(self) -> tuple[int, bool, str, str]:
        """Order by strength: who comes first is told to keep what several need."""
        return _RANKS.index(self.reason), self.name != MAIN, self.dataset, self.name

    def __str__(self) -> str:
        return _WORDS[self.reason].format(dataset=self.dataset, name=self.name)


class Thing(_Value):
    """Something that can be collected: a commit, a pack, or a segment or attached file (``"objects"``)."""

    kind: Kind
    name: str


class Kept(_Value):
    """What one keeper needs and none before it does.

    Attributes
    ----------
    commits, files, bytes
        How many commits; segments, attached files and packs; and bytes on disk.
    """

    keeper: Keeper
    commits: int
    files: int
    bytes: int


class Going(_Value):
    """Something that nothing keeps.

    Attributes
    ----------
    bytes
        On disk; 0 for a commit, which lies in a pack.
    since
        From when on it is condemned; None when it is too young for that, or was not condemned before this run.
    """

    kind: Kind
    name: str
    bytes: int
    since: Micros | None = None


class Collected(_Value):
    """What a collection did, or would do.

    Attributes
    ----------
    dry_run
        Whether nothing was changed.
    kept
        Who keeps what.
    deleted
        What was condemned by an earlier run, is not needed still, and has gone now.
    condemned
        What nothing needs, and that goes with a run after the grace.
    young
        How many files nothing names that are younger than the grace: somebody may be about to.
    pardoned
        How many condemned things are needed again.
    why
        For a dry run: who keeps each segment, attached file and pack.
    """

    dry_run: bool
    grace_hours: float
    kept: tuple[Kept, ...]
    deleted: tuple[Going, ...]
    condemned: tuple[Going, ...]
    young: int = 0
    pardoned: int = 0
    why: dict[str, str] = {}

    @property
    def bytes(self) -> int:
        """How many bytes on disk were freed, or would be."""
        return sum(thing.bytes for thing in self.deleted)

    def __repr__(self) -> str:
        would = "would be " if self.dry_run else ""
        lines = [f"{k.bytes:>15,} bytes  {k.files:>7,} files  {k.commits:>7,} commits  {k.keeper}" for k in self.kept]
        lines.append(f"{would}deleted: {_sum(self.deleted)}")
        lines.append(f"{would}condemned, to be deleted after {self.grace_hours:g} hours: {_sum(self.condemned)}")
        lines += [f"left alone, being younger than that: {self.young:,} files"] if self.young else []
        return "\n".join(line[:1].upper() + line[1:] for line in lines)

    __str__ = __repr__


def _sum(things: tuple[Going, ...]) -> str:
    files = [thing for thing in things if thing.kind != "commits"]
    size = sum(thing.bytes for thing in files)
    return f"{len(things) - len(files):,} commits, {len(files):,} files, {size:,} bytes"


class Backup(_Value):
    """A copy of a store.

    Attributes
    ----------
    path
        The folder.
    time
        Whose state it holds, in microseconds UTC.
    store
        The content of the store's ``format.json``.
    datasets, commits, refs
        How many its catalog names.
    files, bytes
        Segments, attached files and packs in it.
    new_files, new_bytes, linked
        What this run added, and how many of those are further names of the store's own files.
    """

    path: str
    time: Micros
    store: dict[str, Any]
    datasets: int
    commits: int
    refs: int
    files: int
    bytes: int
    new_files: int
    new_bytes: int
    linked: int

    def __repr__(self) -> str:
        return (
            f"{self.path}: {self.datasets:,} datasets, {self.commits:,} commits as of {moment_text(self.time)}; "
            f"{self.files:,} files, {self.bytes:,} bytes, new {self.new_files:,} ({self.new_bytes:,} bytes)"
        )

    __str__ = __repr__


class Rebuilt(_Value):
    """What a lost catalog was made of.

    Attributes
    ----------
    datasets, commits, branches
        How many are back.
    export
        The copy of the catalog that it started from; empty without one.
    lost
        What could not be brought back, in sentences.
    """

    datasets: int
    commits: int
    branches: int
    export: str = ""
    lost: tuple[str, ...] = ()

    def __repr__(self) -> str:
        start = f" from {self.export} and the packs" if self.export else " from the packs"
        told = f"Built anew{start}: {self.datasets:,} datasets, {self.branches:,} branches, {self.commits:,} commits."
        return "\n".join([told, *self.lost])

    __str__ = __repr__
