"""Where two lines of history were one: numbers grow along parents, so one pass down the numbers tells."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.records import Line
from jupyter_datasets.values import CommitId, DatasetId

_BLOCK, _LARGEST_BLOCK = 200, 20_000
_OURS, _THEIRS, _OLD = 1, 2, 4
_BOTH = _OURS | _THEIRS


def fork(connection: Connection, dataset_id: DatasetId, one: Commit, other: Commit) -> CommitId | None:
    """The newest commit that both were made from step by step, a merge being a step of the branch that took it."""
    if one.id == other.id:
        return one.id
    ends: set[str] = {one.id, other.id}
    for commit, parents, *_ in _past(connection, dataset_id, max(one.seq, other.seq)):
        if commit in ends:
            before = parents.split()[:1]
            ends = {*ends, *before} - {commit}
            if len(ends) == 1:
                return CommitId(before[0]) if before else None
    return None


def common_ancestors(connection: Connection, dataset_id: DatasetId, ours: Commit, theirs: Commit) -> list[CommitId]:
    """The commits that led to both and to no other such commit: one, several where histories cross, or none."""
    found = []
    waiting: dict[str, int] = {theirs.id: _THEIRS}
    waiting[ours.id] = waiting.get(ours.id, 0) | _OURS
    for commit, parents, *_ in _past(connection, dataset_id, max(ours.seq, theirs.seq)):
        side = waiting.pop(commit, 0)
        if side == _BOTH:
            found.append(CommitId(commit))
        if side & _BOTH == _BOTH:
            side |= _OLD
        if side:
            waiting |= {parent: waiting.get(parent, 0) | side for parent in parents.split()}
        if all(each & _OLD for each in waiting.values()):
            break
    return found


def _past(connection: Connection, dataset_id: DatasetId, seq: int) -> Iterator[Line]:
    """The commits of a dataset from a number down, read in blocks: few statements, however far somebody asks."""
    block = _BLOCK
    while seq > 0:
        first = max(1, seq - block + 1)
        yield from records.lines(connection, dataset_id, first, seq)
        seq, block = first - 1, min(2 * block, _LARGEST_BLOCK)
