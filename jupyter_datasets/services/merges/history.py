"""Where two lines of history were one."""

from __future__ import annotations

from heapq import heappop, heappush

from sqlalchemy import Connection

from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, DatasetId

_OURS, _THEIRS = 1, 2


def common_ancestor(connection: Connection, dataset_id: DatasetId, ours: Commit, theirs: Commit) -> Commit | None:
    """The newest commit that led to both; None when no commit did. Of several it is the one with the highest number."""
    sides: dict[CommitId, int] = {}
    waiting: list[tuple[int, CommitId]] = []
    known = {ours.id: ours, theirs.id: theirs}

    def reach(commit: Commit, side: int) -> None:
        if commit.id not in sides:
            heappush(waiting, (-commit.seq, commit.id))
        sides[commit.id] = sides.get(commit.id, 0) | side

    reach(ours, _OURS)
    reach(theirs, _THEIRS)
    while waiting:
        _, current = heappop(waiting)
        if sides[current] == _OURS | _THEIRS:
            return known[current]
        for parent in records.commits_of(connection, dataset_id, known[current].parents):
            known[parent.id] = parent
            reach(parent, sides[current])
    return None
