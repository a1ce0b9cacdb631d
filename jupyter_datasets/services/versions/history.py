"""Walks through history: numbers grow along parents, so ancestors come up in one pass down the numbers."""

from __future__ import annotations

import json
from collections.abc import Iterator

from sqlalchemy import Connection

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import CommitId, DatasetId, Page

_BLOCK = 200


def page(
    connection: Connection, dataset_id: DatasetId, heads: list[Commit], limit: int, cursor: str | None
) -> Page[Commit]:
    """The next commits, newest first, that the heads or the cursor lead to.

    The cursor holds the next number and the commits still to be met, so a page costs the same however deep it lies.
    """
    if cursor is None:
        seq, wanted = max((c.seq for c in heads), default=0), {c.id for c in heads}
    else:
        seq, wanted = _read_cursor(cursor)
        seq = min(seq, records.newest_seq(connection, dataset_id))  # whatever number a cursor of others' making holds
    items: list[Commit] = []
    for commit in _down(connection, dataset_id, seq, wanted, limit):
        items.append(commit)
        if len(items) == limit:
            break
    more = bool(items) and len(items) == limit and bool(wanted)
    named = records.names_by_commit(connection, dataset_id) if items else {}
    return Page(
        items=[c.model_copy(update={"refs": tuple(named[c.id])}) if c.id in named else c for c in items],
        cursor=json.dumps([items[-1].seq - 1, sorted(wanted)]) if more else None,
    )


def skip(connection: Connection, dataset_id: DatasetId, heads: list[Commit], offset: int) -> str | None:
    """The cursor that stands behind the first ``offset`` commits; None when history is shorter."""
    seq, wanted = max((c.seq for c in heads), default=0), {c.id for c in heads}
    for left, commit in zip(range(offset - 1, -1, -1), _down(connection, dataset_id, seq, wanted, 5000), strict=False):
        if left == 0:
            return json.dumps([commit.seq - 1, sorted(wanted)]) if wanted else None
    return None


def _down(
    connection: Connection, dataset_id: DatasetId, seq: int, wanted: set[CommitId], block: int
) -> Iterator[Commit]:
    """Yield wanted commits by falling number; ``wanted`` is kept up to date for the caller."""
    while wanted and seq > 0:
        first = max(1, seq - max(block, _BLOCK) + 1)
        for commit in records.commits_between(connection, dataset_id, first, seq):
            if commit.id in wanted:
                wanted.discard(commit.id)
                wanted.update(commit.parents)
                yield commit
        seq = first - 1


def _read_cursor(cursor: str) -> tuple[int, set[CommitId]]:
    try:
        seq, wanted = json.loads(cursor)
        return int(seq), {CommitId(str(c)) for c in wanted}
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError(f"{cursor!r} is not a cursor that a log gave.") from error
