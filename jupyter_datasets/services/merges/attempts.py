"""What a merge, revert or cherry-pick comes to on a branch, worked out in a draft."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.merges import history
from jupyter_datasets.services.merges.contents import Merging
from jupyter_datasets.services.merges.models import Merge, Resolution
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.values import CommitId, DatasetId


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What happened between two commits, None being an empty dataset.

    Attributes
    ----------
    old
        Where it begins; several where histories cross, whose merge is the beginning.
    also
        A second parent of the commit to come.
    forward
        Whether the branch can be moved there without a commit, having nothing of its own since.
    """

    old: tuple[CommitId, ...]
    new: CommitId | None
    also: CommitId | None = None
    forward: bool = False

    @property
    def is_nothing(self) -> bool:
        """Whether it begins where it ends."""
        return self.old == (self.new,)


class Attempts:
    """Works out merges; changes nothing but drafts."""

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._objects = objects

    def change(self, connection: Connection, merge: Merge, head: CommitId | None) -> Change:
        """What a merge is to do on its branch, which is at ``head``."""
        commit = _commit(connection, merge.dataset_id, merge.commit)
        if merge.action == "merge":
            return _merging(connection, merge, head, commit)
        before = commit.parents[0] if commit.parents else None
        if merge.action == "revert":
            return Change(old=(commit.id,), new=before)
        return Change(old=(before,) if before else (), new=commit.id)

    def carry_out(self, merge: Merge, change: Change, head: CommitId | None, draft: Draft, skip: int = 0) -> Merging:
        """Make the change in a draft of the branch; it is of no use where conflicts or problems are left."""
        merging = Merging(
            draft=draft,
            base=self._base(merge.dataset_id, draft, change.old),
            theirs=self._content(change.new),
            theirs_is_newer=self._time(change.new) > self._time(head),
            resolutions=merge.resolutions,
            common=lambda side: self._common(merge.dataset_id, change.old, head if side == "ours" else change.new),
            skip=skip,
        )
        merging.merge()
        return merging

    def _base(self, dataset: DatasetId, draft: Draft, commits: Sequence[CommitId]) -> Content:
        """What several commits come to when they are merged in turn; in doubt the first of them counts."""
        if not commits:
            return Content()
        content = self._content(commits[0])
        for other in commits[1:]:
            with self._database.read() as connection:
                first, second = (_commit(connection, dataset, each) for each in (commits[0], other))
                common = history.common_ancestors(connection, dataset, first, second)
            between = draft.beside(content)
            Merging(
                draft=between,
                base=self._base(dataset, draft, common),
                theirs=self._content(other),
                theirs_is_newer=False,
                resolutions=(Resolution(take="ours"),),
                common=lambda _: None,
            ).merge()
            content = between.content
        return content

    def _common(self, dataset: DatasetId, old: Sequence[CommitId], side: CommitId | None) -> Content | None:
        """What there was when the lines of the beginning and of a side were one; None when nobody can tell."""
        if len(old) != 1 or side is None:
            return None
        with self._database.read() as connection:
            one, other = (_commit(connection, dataset, each) for each in (old[0], side))
            found = history.fork(connection, dataset, one, other)
        return None if found is None else self._content(found)

    def _content(self, commit: CommitId | None) -> Content:
        return Content() if commit is None else self._object(commit).content

    def _time(self, commit: CommitId | None) -> int:
        return 0 if commit is None else self._object(commit).time

    def _object(self, commit: CommitId) -> CommitObject:
        return self._objects.commit(commit)


def _merging(connection: Connection, merge: Merge, head: CommitId | None, theirs: Commit) -> Change:
    bases: list[CommitId] = []
    if head is not None:
        ours = _commit(connection, merge.dataset_id, head)
        bases = history.common_ancestors(connection, merge.dataset_id, ours, theirs)
    old = tuple(bases)
    forward = not merge.squash and old == (() if head is None else (head,))
    return Change(old=old, new=theirs.id, also=None if merge.squash else theirs.id, forward=forward)


def _commit(connection: Connection, dataset: DatasetId, commit: CommitId) -> Commit:
    found = records.commit(connection, dataset, commit)
    assert found is not None, "what a branch or a merge in progress names is kept"
    return found
