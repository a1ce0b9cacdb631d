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


@dataclass(frozen=True, kw_only=True, slots=True)
class Reversal:
    """The move to make; ``appears`` and ``vanishes`` say that the reference comes into being or goes."""

    ref: str
    kind: RefKindName
    old: CommitId | None
    new: CommitId | None
    appears: bool
    vanishes: bool
    target: str


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
    makes, removes = move.action == "create", move.action == "delete"
    if step == "undo":
        return Reversal(
            ref=ref, kind=move.kind, old=move.new, new=move.old, appears=removes, vanishes=makes, target=move.id
        )
    return Reversal(
        ref=ref, kind=move.kind, old=move.old, new=move.new, appears=makes, vanishes=removes, target=move.id
    )


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
        else:
            done.append(move)
            undone.clear()
    return done, undone
