"""What is done to branches and tags: each time within a unit of work, and written into the ref log."""

from __future__ import annotations

from sqlalchemy import Connection

from jupyter_datasets.catalog.unit_of_work import UnitOfWork
from jupyter_datasets.errors import AlreadyExistsError, ConflictError, DatasetsError, ErrorKind, InvalidInputError
from jupyter_datasets.services.versions import records, references, undoing
from jupyter_datasets.services.versions.events import RefMoved
from jupyter_datasets.services.versions.models import RefInfo, RefKindName, RefMove
from jupyter_datasets.services.versions.undoing import Reversal
from jupyter_datasets.values import MAIN, Actor, CommitId, DatasetId, Micros, check_ref_name, new_id, now


def create(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, name: str, kind: RefKindName, at: str) -> RefInfo:
    """A new branch or tag at a version."""
    check_ref_name(name)
    info = RefInfo(name=name, kind=kind, commit=references.resolve_id(uow.connection, dataset_id, at))
    if name == MAIN or not records.add_ref(uow.connection, dataset_id, info):  # main is there before it has a row
        raise _exists(name)
    log_move(uow, actor, dataset_id, info, "create", old=None, new=info.commit)
    return info


def delete(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, name: str) -> RefInfo:
    """Take a branch or tag away."""
    if name == MAIN:
        raise InvalidInputError("The branch 'main' cannot be deleted.", next_step="Delete the dataset instead.")
    info = references.get_ref(uow.connection, dataset_id, name)
    _remove(uow.connection, dataset_id, info)
    log_move(uow, actor, dataset_id, info, "delete", old=info.commit, new=None)
    return info


def rename(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, name: str, to: str) -> RefInfo:
    """Call a branch or tag otherwise. Each name keeps its own log, and so what ``name@{time}`` means.

    Merges in progress on a branch follow it.
    """
    if name == MAIN:
        raise InvalidInputError(
            "The branch 'main' cannot be renamed: it is what a dataset means where nothing else is said.",
            next_step=f"Make another branch there: branch({to!r}, at='main').",
        )
    old = references.get_ref(uow.connection, dataset_id, name)
    check_ref_name(to)
    new = old.model_copy(update={"name": to, "formerly": name})
    if to in (MAIN, name):
        raise _exists(to)
    _remove(uow.connection, dataset_id, old)
    if not records.add_ref(uow.connection, dataset_id, new):
        raise _exists(to)
    _follow(uow.connection, dataset_id, new)
    moment = now()
    log_move(uow, actor, dataset_id, old, "rename", old=old.commit, new=None, other=to, time=moment)
    log_move(uow, actor, dataset_id, new, "rename", old=None, new=new.commit, other=name, time=moment)
    return new


def protect(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, name: str, protected: bool) -> RefInfo:
    """Close a branch to direct commits, or open it again."""
    info = references.find_branch(uow.connection, dataset_id, name)
    if info.commit is None:
        raise references.unborn(info.name)
    if info.protected != protected:
        records.protect_ref(uow.connection, dataset_id, info.name, protected)
        action = undoing.PROTECTION[protected]
        log_move(uow, actor, dataset_id, info, action, old=info.commit, new=info.commit)
    return info.model_copy(update={"protected": protected})


def step(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, name: str, action: undoing.Step) -> RefInfo:
    """Undo or redo the last move of a branch or tag; under both names if that was a rename."""
    moves = records.moves(uow.connection, dataset_id, name)
    if not moves:
        references.get_ref(uow.connection, dataset_id, name)
    reversal = undoing.plan(moves, action, name)
    other = reversal.target.other
    if other is None:
        return _play(uow, actor, dataset_id, reversal, action)
    partner = undoing.plan_other(records.moves(uow.connection, dataset_id, other), action, reversal.target)
    going, coming = (reversal, partner) if reversal.vanishes else (partner, reversal)
    _play(uow, actor, dataset_id, going, action)
    info = _play(uow, actor, dataset_id, coming, action).model_copy(update={"formerly": going.ref})
    _follow(uow.connection, dataset_id, info)
    return info


def _follow(connection: Connection, dataset_id: DatasetId, info: RefInfo) -> None:
    if info.kind == "branch" and info.formerly is not None:
        records.rename_in_merges(connection, dataset_id, info.formerly, info.name)


def forward(
    uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, branch: str, old: CommitId | None, new: CommitId
) -> None:
    """Move a branch, protected or not, to a commit that has it among its ancestors."""
    info = RefInfo(name=branch, kind="branch", commit=new)
    moved = records.move_ref(uow.connection, dataset_id, branch, old, new, merging=True)
    if not moved and (old is not None or not records.add_ref(uow.connection, dataset_id, info)):
        raise _refusal(uow.connection, dataset_id, RefInfo(name=branch, kind="branch", commit=old))
    log_move(uow, actor, dataset_id, info, "merge", old=old, new=new)


def log_move(
    uow: UnitOfWork,
    actor: Actor,
    dataset_id: DatasetId,
    ref: RefInfo,
    action: str,
    *,
    old: CommitId | None,
    new: CommitId | None,
    target: str | None = None,
    other: str | None = None,
    time: Micros | None = None,
) -> None:
    """Write the ref log's entry and record the event, both part of the unit of work."""
    move = RefMove(
        id=new_id(),
        ref=ref.name,
        kind=ref.kind,
        action=action,
        old=old,
        new=new,
        target=target,
        other=other,
        actor=actor.id,
        time=now() if time is None else time,
    )
    records.add_move(uow.connection, dataset_id, move)
    uow.record(RefMoved(dataset_id=dataset_id, ref=ref.name, action=action, old=old, new=new))


def _play(uow: UnitOfWork, actor: Actor, dataset_id: DatasetId, reversal: Reversal, action: undoing.Step) -> RefInfo:
    if reversal.new is not None:
        references.check_there(uow.connection, dataset_id, reversal.new, reversal.ref)
    if not undoing.apply(uow.connection, dataset_id, reversal):
        raise _refusal(uow.connection, dataset_id, RefInfo(name=reversal.ref, kind=reversal.kind, commit=reversal.old))
    info = RefInfo(name=reversal.ref, kind=reversal.kind, commit=reversal.new)
    target = reversal.target
    log_move(uow, actor, dataset_id, info, action, old=reversal.old, new=reversal.new, target=target.id)
    return info


def _remove(connection: Connection, dataset_id: DatasetId, info: RefInfo) -> None:
    if not records.remove_ref(connection, dataset_id, info.name, info.commit):
        raise _refusal(connection, dataset_id, info)


def _refusal(connection: Connection, dataset_id: DatasetId, expected: RefInfo) -> DatasetsError:
    """Why a reference cannot be moved or taken away: it is protected, or not where it was expected."""
    actual = records.ref(connection, dataset_id, expected.name)
    if actual is not None and actual.protected:
        return references.closed(actual)
    return ConflictError(
        f"{expected.name!r} moved meanwhile.",
        next_step="Look at the log, then try again.",
        details={"ref": expected.name, "expected": expected.commit, "actual": actual and actual.commit},
    )


def _exists(name: str) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"There is a branch or tag {name!r} already.",
        kind=ErrorKind.REF_EXISTS,
        next_step="Choose another name; branches and tags share one name space.",
        details={"ref": name},
    )
