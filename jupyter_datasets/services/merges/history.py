"""Where two lines of history were one."""

from __future__ import annotations

from heapq import heappop, heappush

from sqlalchemy import Connection

from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, DatasetId

_OURS, _THEIRS, _OLD = 1, 2, 4
_BOTH = _OURS | _THEIRS


def fork(connection: Connection, dataset_id: DatasetId, one: Commit, other: Commit) -> Commit | None:
    """The newest commit that both were made from step by step, a merge being a step of the branch that took it."""
    while one.id != other.id:
        older, newer = sorted((one, other), key=lambda each: each.seq)
        before = records.commit(connection, dataset_id, newer.parents[0]) if newer.parents else None
        if before is None:
            return None
        one, other = older, before
    return one


def common_ancestors(connection: Connection, dataset_id: DatasetId, ours: Commit, theirs: Commit) -> list[Commit]:
    """The commits that led to both and to no other such commit: one, several where histories cross, or none.

    Commits are looked at from the newest number to the oldest, which comes after all that it led to.
    """
    sides: dict[CommitId, int] = {}
    known: dict[CommitId, Commit] = {}
    waiting: list[tuple[int, CommitId]] = []

    def reach(commit: Commit, side: int) -> None:
        if commit.id not in sides:
            known[commit.id] = commit
            heappush(waiting, (-commit.seq, commit.id))
        sides[commit.id] = sides.get(commit.id, 0) | side

    reach(ours, _OURS)
    reach(theirs, _THEIRS)
    found = []
    while any(not sides[commit] & _OLD for _, commit in waiting):
        _, current = heappop(waiting)
        side = sides[current]
        if side == _BOTH:
            found.append(known[current])
        if side & _BOTH == _BOTH:
            side |= _OLD
        for parent in records.commits_of(connection, dataset_id, known[current].parents):
            reach(parent, side)
    return found
