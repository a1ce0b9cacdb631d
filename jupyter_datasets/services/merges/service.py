"""Merge, revert and cherry-pick: what changed between two commits, done to a branch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.merges import contents, history
from jupyter_datasets.services.merges.models import MergeOutcome, MergeRequest, Resolution
from jupyter_datasets.services.versions import moving, records, references
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.store.commits import CommitObject, Content
from jupyter_datasets.values import Actor, CommitId, DatasetId, Role, check_text, short


@dataclass(frozen=True, kw_only=True, slots=True)
class _Change:
    """What happened between two commits, None being an empty dataset, and how to tell of it.

    Attributes
    ----------
    old
        Where it begins; several where histories cross, whose merge is the beginning.
    """

    old: tuple[Commit, ...]
    new: CommitId | None
    message: str
    action: str
    also: CommitId | None = None


class MergeService:
    """Does to a branch what was done elsewhere. Nothing is changed while something is in conflict."""

    def __init__(self, store: OpenStore, edits: EditService) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._objects = store.objects
        self._backend = store.backend
        self._edits = edits

    def merge(self, actor: Actor, dataset: str, request: MergeRequest) -> MergeOutcome:
        """Bring what led to a version into a branch, three-way from where the two were one.

        A branch that has nothing of its own since is moved there without a commit.

        Raises
        ------
        ConflictError
            The branch moved meanwhile. Nothing was changed.
        """
        found = self._writable(actor, dataset)
        with self._database.read() as connection:
            theirs = references.resolve(connection, found, request.source)
            branch = references.find_branch(connection, found, request.into)
            ours = None if branch.commit is None else records.commit(connection, found, branch.commit)
            bases = [] if ours is None else history.common_ancestors(connection, found, ours, theirs)
        if [base.id for base in bases] == [theirs.id]:
            return MergeOutcome(commit=None)
        if not request.squash and (ours is None or [base.id for base in bases] == [ours.id]):
            return MergeOutcome(commit=self._forward(actor, found, branch.name, ours, theirs))
        change = _Change(
            old=tuple(bases),
            new=theirs.id,
            message=request.message or f"Merge {request.source} into {branch.name}",
            action="merge",
            also=None if request.squash else theirs.id,
        )
        return self._carry_out(actor, dataset, branch.name, change, request.resolutions)

    def revert(
        self, actor: Actor, dataset: str, commit: str, branch: str, message: str, resolutions: Sequence[Resolution]
    ) -> MergeOutcome:
        """Take back on a branch what a commit changed; later changes stay."""
        done, before = self._with_parent(actor, dataset, commit)
        text = message or f"Revert {short(done.id)}: {done.message}"
        change = _Change(old=(done,), new=None if before is None else before.id, message=text, action="revert")
        return self._carry_out(actor, dataset, branch, change, resolutions)

    def cherry_pick(
        self, actor: Actor, dataset: str, commit: str, onto: str, message: str, resolutions: Sequence[Resolution]
    ) -> MergeOutcome:
        """Do on a branch what a commit changed elsewhere."""
        done, before = self._with_parent(actor, dataset, commit)
        old = (before,) if before else ()
        change = _Change(old=old, new=done.id, message=message or done.message, action="cherry-pick")
        return self._carry_out(actor, dataset, onto, change, resolutions)

    # ------------------------------------------------------------------------------------------------------ helpers

    def _writable(self, actor: Actor, dataset: str) -> DatasetId:
        found = self._datasets.get(actor, dataset).id
        self._permissions.require(actor, found, Role.WRITE)
        return found

    def _with_parent(self, actor: Actor, dataset: str, commit: str) -> tuple[Commit, Commit | None]:
        found = self._writable(actor, dataset)
        with self._database.read() as connection:
            done = references.resolve(connection, found, commit)
            before = records.commits_of(connection, found, done.parents[:1])
        if len(done.parents) > 1:
            raise InvalidInputError(
                f"{done.short} is a merge: it has {len(done.parents)} parents, and so no one change of its own.",
                next_step="Name one of the commits that it merged, or undo the merge.",
            )
        return done, before[0] if before else None

    def _forward(self, actor: Actor, dataset: DatasetId, branch: str, ours: Commit | None, theirs: Commit) -> Commit:
        with self._backend.gate.writing(), self._database.begin() as uow:
            references.check_there(uow.connection, dataset, theirs.id, theirs.short)
            moving.forward(uow, actor, dataset, branch, None if ours is None else ours.id, theirs.id)
            uow.commit()
        return theirs

    def _carry_out(
        self, actor: Actor, dataset: str, branch: str, change: _Change, resolutions: Sequence[Resolution]
    ) -> MergeOutcome:
        message = check_text(change.message, "The message")
        with self._edits.draft(actor, dataset, branch, merging=change.action == "merge") as (draft, edit):
            begun = self._edits.find(actor, edit)
            ours = begun.base
            merging = contents.Merging(
                draft=draft,
                base=self._base(begun.dataset_id, draft, change.old),
                theirs=self._content(change.new),
                theirs_is_newer=self._time(change.new) > self._time(ours),
                resolutions=resolutions,
            )
            merging.merge()
            if merging.count:
                return MergeOutcome(
                    commit=None,
                    conflicts=tuple(merging.conflicts[: contents.MOST_CONFLICTS]),
                    count=merging.count,
                    warnings=tuple(merging.warnings),
                )
            commit = self._edits.commit(actor, edit, message, also=change.also, action=change.action)
            return MergeOutcome(commit=commit, warnings=tuple(merging.warnings))

    def _base(self, dataset: DatasetId, draft: Draft, commits: Sequence[Commit]) -> Content:
        """What several commits come to when they are merged in turn; in doubt the first of them counts."""
        if not commits:
            return Content()
        content = self._content(commits[0].id)
        for other in commits[1:]:
            with self._database.read() as connection:
                common = history.common_ancestors(connection, dataset, commits[0], other)
            between = draft.beside(content)
            contents.Merging(
                draft=between,
                base=self._base(dataset, draft, common),
                theirs=self._content(other.id),
                theirs_is_newer=False,
                resolutions=(Resolution(take="ours"),),
            ).merge()
            content = between.content
        return content

    def _content(self, commit: CommitId | None) -> Content:
        return Content() if commit is None else self._object(commit).content

    def _time(self, commit: CommitId | None) -> int:
        return 0 if commit is None else self._object(commit).time

    def _object(self, commit: CommitId) -> CommitObject:
        return self._objects.commit(commit)
