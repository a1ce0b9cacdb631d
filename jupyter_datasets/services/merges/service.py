"""Merge, revert and cherry-pick: what changed between two commits, done to a branch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.merges import problems, records
from jupyter_datasets.services.merges.attempts import Attempts, Change
from jupyter_datasets.services.merges.contents import Merging
from jupyter_datasets.services.merges.models import (
    Action,
    Merge,
    MergeOutcome,
    MergeRequest,
    MergeState,
    Problem,
    Resolution,
)
from jupyter_datasets.services.versions import moving, references
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.edits import EditService
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.open_store import OpenStore
from jupyter_datasets.values import Actor, CommitId, DatasetId, Role, check_offset, check_text, new_id, now, short

_MOST_ANSWERS = 10_000


@dataclass(frozen=True, kw_only=True, slots=True)
class _Open:
    """The draft of an edit in which a merge is worked out, with where its branch is, and what is to be done there."""

    draft: Draft
    edit: str
    head: CommitId | None
    change: Change


class MergeService:
    """Does to a branch what was done elsewhere.

    Where something is in conflict the branch stays as it is, and the merge is kept until it is committed or aborted.
    """

    def __init__(self, store: OpenStore, edits: EditService) -> None:
        self._database = store.database
        self._permissions = store.permissions
        self._datasets = store.datasets
        self._backend = store.backend
        self._edits = edits
        self._attempts = Attempts(store.database, store.objects)

    def merge(self, actor: Actor, dataset: str, request: MergeRequest) -> MergeOutcome:
        """Bring what led to a version into a branch, three-way from where the two were one.

        A branch that has nothing of its own since is moved there without a commit. A merge that is in progress goes on,
        with the answers that it has unless others are given.

        Raises
        ------
        ConflictError
            The branch moved meanwhile. Nothing was changed.
        InvalidInputError
            Nothing is in conflict, but what comes of it breaks a rule: ``details`` hold the table, the rule and the
            rows. Nothing was changed, and a merge that was in progress has the answers that it had.
        """
        found = self._writable(actor, dataset)
        with self._database.read() as connection:
            theirs = references.resolve(connection, found, request.source)
            branch = references.find_branch(connection, found, request.into).name
        message = request.message or f"Merge {request.source} into {branch}"
        merge = _new(actor, found, "merge", branch, request.source, theirs, message, request.resolutions)
        return self._begin(actor, merge.evolve(squash=request.squash))

    def revert(
        self, actor: Actor, dataset: str, commit: str, branch: str, message: str, resolutions: Sequence[Resolution] = ()
    ) -> MergeOutcome:
        """Take back on a branch what a commit changed; later changes stay."""
        found, done, name = self._one(actor, dataset, commit, branch)
        text = message or f"Revert {done.short}: {done.message}"
        return self._begin(actor, _new(actor, found, "revert", name, commit, done, text, resolutions))

    def cherry_pick(
        self, actor: Actor, dataset: str, commit: str, onto: str, message: str, resolutions: Sequence[Resolution] = ()
    ) -> MergeOutcome:
        """Do on a branch what a commit changed elsewhere."""
        found, done, name = self._one(actor, dataset, commit, onto)
        text = message or done.message
        return self._begin(actor, _new(actor, found, "cherry-pick", name, commit, done, text, resolutions))

    # ------------------------------------------------------------------------------------------- those in progress

    def in_progress(self, actor: Actor, dataset: str) -> list[Merge]:
        """Merges, reverts and cherry-picks that wait for answers, oldest first."""
        found = self._datasets.get(actor, dataset)
        with self._database.read() as connection:
            return records.of_dataset(connection, found.id)

    def state(self, actor: Actor, dataset: str, merge: str, skip: int = 0) -> MergeState:
        """Where a merge stands against the branch as it is now, with the answers so far.

        Parameters
        ----------
        skip
            How many of the conflicts that are left to pass over before the thousand that are told.
        """
        kept = self._kept(actor, dataset, merge)
        check_offset(skip)
        with self._open(actor, kept) as opened:
            found = self._worked_out(kept, opened, skip)
            return MergeState(
                merge=kept,
                head=opened.head,
                conflicts=tuple(found.conflicts),
                count=found.count,
                problems=_told(kept, found),
                warnings=tuple(found.warnings),
            )

    def answer(self, actor: Actor, dataset: str, merge: str, resolutions: Sequence[Resolution]) -> Merge:
        """Add answers behind those that there are; of several that fit a conflict the last counts."""
        kept = self._kept(actor, dataset, merge)
        if len(kept.resolutions) + len(resolutions) > _MOST_ANSWERS:
            raise InvalidInputError(
                f"A merge takes {_MOST_ANSWERS:,} answers.", next_step="Settle a column, a table or all of it at once."
            )
        return self._save(kept, kept.evolve(resolutions=(*kept.resolutions, *resolutions)))

    def take_back(self, actor: Actor, dataset: str, merge: str, last: int | None = None) -> Merge:
        """Take back the last answers, or all of them."""
        kept = self._kept(actor, dataset, merge)
        left = 0 if last is None else max(len(kept.resolutions) - last, 0)
        return self._save(kept, kept.evolve(resolutions=kept.resolutions[:left]))

    def refresh(self, actor: Actor, dataset: str, merge: str) -> Merge:
        """Let a merge go on from where its branch is now; the answers stay."""
        kept = self._kept(actor, dataset, merge)
        with self._database.read() as connection:
            head = references.find_branch(connection, kept.dataset_id, kept.branch).commit
        return self._save(kept, kept.evolve(ours=head))

    def commit(self, actor: Actor, dataset: str, merge: str) -> MergeOutcome:
        """Make the commit, and forget the merge; nothing is changed while a conflict is left.

        Raises
        ------
        ConflictError
            The branch moved since the merge was begun or refreshed: its conflicts may be others now.
        InvalidInputError
            What the answers come to breaks a rule. The merge stays in progress.
        """
        kept = self._kept(actor, dataset, merge)
        return self._carry_out(actor, kept, kept, seen=True)

    def abort(self, actor: Actor, dataset: str, merge: str) -> None:
        """Forget a merge; nothing of it stays."""
        self._forget(self._kept(actor, dataset, merge))

    # ------------------------------------------------------------------------------------------------------ helpers

    def _writable(self, actor: Actor, dataset: str) -> DatasetId:
        found = self._datasets.get(actor, dataset).id
        self._permissions.require(actor, found, Role.WRITE)
        return found

    def _one(self, actor: Actor, dataset: str, commit: str, branch: str) -> tuple[DatasetId, Commit, str]:
        """A commit that has a change of its own, and the branch where something is to be done with it."""
        found = self._writable(actor, dataset)
        with self._database.read() as connection:
            done = references.resolve(connection, found, commit)
            name = references.get_branch(connection, found, branch).name
        if len(done.parents) > 1:
            raise InvalidInputError(
                f"{done.short} is a merge: it has {len(done.parents)} parents, and so no one change of its own.",
                next_step="Name one of the commits that it merged, or undo the merge.",
            )
        return found, done, name

    def _kept(self, actor: Actor, dataset: str, merge: str) -> Merge:
        found = self._writable(actor, dataset)
        with self._database.read() as connection:
            kept = records.find(connection, found, merge)
        if kept is None:
            raise _over(merge)
        return kept

    def _save(self, kept: Merge, changed: Merge) -> Merge:
        changed = changed.evolve(updated=max(now(), kept.updated + 1))
        with self._database.begin() as uow:
            if not records.save(uow.connection, kept, changed):
                raise ConflictError(
                    f"The {kept} was changed by somebody else meanwhile.",
                    next_step="Look at it again, then repeat the change.",
                    details={"merge": kept.id},
                )
            uow.commit()
        return changed

    def _begin(self, actor: Actor, merge: Merge) -> MergeOutcome:
        with self._database.read() as connection:
            known = records.alike(connection, merge)
        if known is None:
            return self._carry_out(actor, merge)
        again = known.evolve(message=merge.message, squash=merge.squash)
        if merge.resolutions:
            return self._carry_out(actor, again.evolve(resolutions=merge.resolutions), known)
        return self._carry_out(actor, again, known, asks=True)

    @contextmanager
    def _open(self, actor: Actor, merge: Merge) -> Iterator[_Open]:
        """A draft of a merge's branch, forgotten again unless its edit is committed."""
        drafting = self._edits.draft(actor, merge.dataset_id, merge.branch, merging=merge.action == "merge")
        with drafting as (draft, edit):
            head = self._edits.find(actor, edit).base
            with self._database.read() as connection:
                change = self._attempts.change(connection, merge, head)
            yield _Open(draft=draft, edit=edit, head=head, change=change)

    def _worked_out(self, merge: Merge, opened: _Open, skip: int = 0) -> Merging:
        return self._attempts.carry_out(merge, opened.change, opened.head, opened.draft, skip)

    def _carry_out(
        self, actor: Actor, merge: Merge, known: Merge | None = None, *, seen: bool = False, asks: bool = False
    ) -> MergeOutcome:
        """Commit a merge, or keep it where something is in conflict.

        Parameters
        ----------
        known
            How it is kept, if it is in progress.
        seen
            Commit it only where the branch was when its conflicts were looked at.
        asks
            Keep it even if its answers settle all: whoever begins it again is to see them first.
        """
        with self._open(actor, merge) as opened:
            if seen and opened.head != merge.ours:
                raise _elsewhere(merge, opened.head)
            if opened.change.is_nothing:
                self._forget(known)
                return MergeOutcome(commit=None)
            if opened.change.forward:
                return MergeOutcome(commit=self._forward(actor, merge, opened))
            merging = self._worked_out(merge, opened)
            if merging.count or asks:
                return self._keep(merge, known, opened, merging)
            if merging.problems:
                first = merging.problems[0]
                raise problems.told(merge, first, kept=known is not None).error() from first
            return self._commit(actor, merge, known, opened, merging)

    def _commit(self, actor: Actor, merge: Merge, known: Merge | None, opened: _Open, merging: Merging) -> MergeOutcome:
        also, action = opened.change.also, merge.action

        def finish(connection: Connection) -> None:
            if not records.remove(connection, merge) and known is not None:
                raise _over(merge.id)

        commit = self._edits.commit(actor, opened.edit, merge.message, also=also, action=action, within=finish)
        if commit is None:
            self._forget(known)
        return MergeOutcome(commit=commit, warnings=tuple(merging.warnings))

    def _forward(self, actor: Actor, merge: Merge, opened: _Open) -> Commit:
        with self._backend.gate.writing(), self._database.begin() as uow:
            references.check_there(uow.connection, merge.dataset_id, merge.commit, short(merge.commit))
            moving.forward(uow, actor, merge.dataset_id, merge.branch, opened.head, merge.commit)
            records.remove(uow.connection, merge)
            uow.commit()
        with self._database.read() as connection:
            return references.resolve(connection, merge.dataset_id, f"commit:{merge.commit}")

    def _keep(self, merge: Merge, known: Merge | None, opened: _Open, merging: Merging) -> MergeOutcome:
        kept = merge.evolve(ours=opened.head)
        if known is None:
            with self._database.begin() as uow:
                records.add(uow.connection, kept)
                uow.commit()
        elif kept != known:
            kept = self._save(known, kept)
        return MergeOutcome(
            commit=None,
            merge=kept,
            conflicts=tuple(merging.conflicts),
            count=merging.count,
            problems=_told(kept, merging),
            warnings=tuple(merging.warnings),
        )

    def _forget(self, merge: Merge | None) -> None:
        if merge is not None:
            with self._database.begin() as uow:
                records.remove(uow.connection, merge)
                uow.commit()


def _new(
    actor: Actor,
    dataset: DatasetId,
    action: Action,
    branch: str,
    source: str,
    commit: Commit,
    message: str,
    resolutions: Sequence[Resolution],
) -> Merge:
    moment = now()
    return Merge(
        id=new_id(),
        dataset_id=dataset,
        action=action,
        branch=branch,
        source=source,
        commit=commit.id,
        ours=None,
        message=check_text(message, "The message"),
        resolutions=tuple(resolutions),
        created_by=actor.name,
        created=moment,
        updated=moment,
    )


def _told(kept: Merge, merging: Merging) -> tuple[Problem, ...]:
    return tuple(problems.told(kept, error, kept=True) for error in merging.problems)


def _over(merge: str) -> NotFoundError:
    return NotFoundError(
        "That merge was committed or aborted already, or there never was one.",
        kind=ErrorKind.MERGE_NOT_FOUND,
        next_step="Look at those that are in progress: ds.merges(), or 'jupyter datasets merge DATASET --list'.",
        details={"merge": merge},
    )


def _elsewhere(merge: Merge, head: CommitId | None) -> ConflictError:
    return ConflictError(
        f"Branch {merge.branch!r} moved since the conflicts of the {merge} were looked at: there may be others now.",
        next_step="Refresh the merge and look again, then commit; its answers are kept.",
        details={"merge": merge.id, "ref": merge.branch, "expected": merge.ours, "actual": head},
    )
