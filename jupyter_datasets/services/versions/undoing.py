"""Undo and redo of reference moves, read off the ref log: nothing else remembers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import Connection

from jupyter_datasets.errors import ConflictError, ErrorKind
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import RefInfo, RefKindName, RefMove
from jupyter_datasets.values import CommitId, DatasetId

Step = Literal["undo", "redo"]
PROTECTION = ("unprotect", "protect")
"""Actions in the log that move nothing, and that undo passes over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """The move to make of one reference.

    Attributes
    ----------
    appears, vanishes
        Whether the reference comes into being, or goes.
    target
        The move that is taken back or played again.
    """

    ref: str
    kind: RefKindName
    old: CommitId | None
    new: CommitId | None
    appears: bool
    vanishes: bool
    target: RefMove


def plan(moves: Sequence[RefMove], step: Step, ref: str) -> Reversal:
    """What an undo or redo of a reference does now.

    Raises
    ------
    ConflictError
        With ``kind`` NOTHING_TO_UNDO.
    """
    done, undone = _stacks(moves)
    stack = done if step == "undo" else undone
    if not stack:
        raise ConflictError(
            f"There is nothing to {step} on {ref!r}.",
            kind=ErrorKind.NOTHING_TO_UNDO,
            next_step="The log shows the moves there were.",
            details={"ref": ref},
        )
    move = stack[-1]
    makes = move.action == "create" or (move.other is not None and move.new is not None)
    removes = move.action == "delete" or (move.other is not None and move.new is None)
    if step == "undo":
        return Reversal(
            ref=ref, kind=move.kind, old=move.new, new=move.old, appears=removes, vanishes=makes, target=move
        )
    return Reversal(ref=ref, kind=move.kind, old=move.old, new=move.new, appears=makes, vanishes=removes, target=move)


def plan_other(moves: Sequence[RefMove], step: Step, target: RefMove) -> Reversal:
    """What that does under the other name of a rename.

    Parameters
    ----------
    moves
        Of the other name.
    target
        The rename's entry under the one name.

    Raises
    ------
    ConflictError
        The other name was used since.
    """
    assert target.other is not None, "called for a rename"
    done, undone = _stacks(moves)
    stack = done if step == "undo" else undone
    if not stack or (stack[-1].other, stack[-1].time) != (target.ref, target.time):
        raise ConflictError(
            f"{target.ref!r} and {target.other!r} are two names of one rename, and {target.other!r} was used since.",
            next_step=f"Undo what was done to {target.other!r} since, then try again.",
            details={"ref": target.ref, "other": target.other},
        )
    return plan(moves, step, target.other)


def apply(connection: Connection, dataset_id: DatasetId, step: Reversal) -> bool:
    """Make the move; False when the reference is not where the log left it."""
    if step.appears:
        return records.add_ref(connection, dataset_id, RefInfo(name=step.ref, kind=step.kind, commit=step.new))
    if step.vanishes:
        return records.remove_ref(connection, dataset_id, step.ref, step.old)
    return records.move_ref(connection, dataset_id, step.ref, step.old, step.new)


def _stacks(moves: Sequence[RefMove]) -> tuple[list[RefMove], list[RefMove]]:
    done: list[RefMove] = []
    undone: list[RefMove] = []
    for move in moves:
        if move.action == "undo":
            undone.append(done.pop())
        elif move.action == "redo":
            done.append(undone.pop())
        elif move.action not in PROTECTION:
            done.append(move)
            undone.clear()
    return done, undone
