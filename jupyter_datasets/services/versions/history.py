"""Walks through history: numbers grow along parents, so ancestors come up in one pass down the numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, takewhile

from sqlalchemy import Connection

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions import records, touched
from jupyter_datasets.services.versions.models import EVERY, Commit, LogFilter, RefInfo
from jupyter_datasets.services.versions.records import Line
from jupyter_datasets.values import (
    CommitId,
    DatasetId,
    Page,
    check_file_name,
    check_limit,
    check_name,
    check_offset,
    check_text,
)

_BLOCK, _LARGEST_BLOCK = 200, 20_000
Fetch = Callable[[int, int], Sequence[Line]]


class History:
    """What leads to some commits of a dataset, themselves included, newest first.

    Parameters
    ----------
    refs
        The dataset's branches and tags, which commits are to name.
    load
        Reads commits from the store, for those of which the catalog does not say what they touch.

    Attributes
    ----------
    learnt
        What was found out of such commits, to be written down.
    """

    def __init__(
        self, connection: Connection, dataset_id: DatasetId, refs: Sequence[RefInfo], load: touched.Load
    ) -> None:
        self._whole: Fetch = partial(records.whole_lines, connection, dataset_id)
        self._lean: Fetch = partial(records.lines, connection, dataset_id)
        self._candidates = partial(records.candidates, connection, dataset_id)
        self._newest = partial(records.newest_seq, connection, dataset_id)
        self._refs = refs
        self._load = load
        self.learnt: dict[CommitId, str] = {}

    def page(
        self,
        heads: Sequence[Commit],
        limit: int,
        cursor: str | None = None,
        offset: int = 0,
        where: LogFilter = EVERY,
    ) -> Page[Commit]:
        """The next commits that a filter wants, from the heads, or from where a cursor stands, on.

        A cursor holds the next number and the commits still to be met, so a page costs the same however deep it lies.
        An offset is walked over; behind a cursor it counts for nothing.
        """
        limit, offset, where = check_limit(limit), check_offset(offset), check_filter(where)
        seq, wanted = self._start(heads, cursor)
        if offset and cursor is None:
            seq = self._skip(seq, wanted, offset, where)
        block = max(limit, _BLOCK)
        walk = self._matching(seq, wanted, where, block) if where else _down(self._whole, seq, wanted, block)
        lines = list(islice(walk, limit))
        more = len(lines) == limit and bool(wanted)
        return Page(
            items=named(records.to_commits(lines), self._refs),
            cursor=json.dumps([lines[-1][2] - 1, sorted(wanted)]) if more else None,
        )

    def _start(self, heads: Sequence[Commit], cursor: str | None) -> tuple[int, set[str]]:
        highest = max((c.seq for c in heads), default=0)
        if cursor is None:
            return highest, {c.id for c in heads}
        seq, wanted = _read_cursor(cursor)
        # The heads may have moved back since; and a cursor of others' making holds whatever number.
        return seq if seq <= highest else min(seq, self._newest()), wanted

    def _skip(self, seq: int, wanted: set[str], offset: int, where: LogFilter) -> int:
        """Walk over the first commits; the number behind them."""
        block = _LARGEST_BLOCK
        walk = self._matching(seq, wanted, where, block) if where else _down(self._lean, seq, wanted, block)
        for line in islice(walk, offset):
            seq = line[2] - 1
        return seq

    def _matching(self, seq: int, wanted: set[str], where: LogFilter, block: int) -> Iterator[Line]:
        found: dict[str, Line] = {}

        def fetch(first: int, last: int) -> Sequence[Line]:
            found.clear()
            found.update((line[0], line) for line in self._wanted(first, last, where))
            return self._lean(first, last)

        for line in _down(fetch, seq, wanted, block):
            if line[0] in found:
                yield found[line[0]]

    def _wanted(self, first: int, last: int, where: LogFilter) -> Iterator[Line]:
        """The commits between two numbers that a filter wants, whether they are ancestors or not."""
        lines, texts = self._candidates(first, last, where), touched.wanted(where)
        unknown = [line[0] for line in lines if line[-1] is None] if texts else []
        learnt = touched.look(unknown, self._load) if unknown else {}
        self.learnt |= learnt
        for line in lines:
            touches = learnt.get(line[0]) or line[-1] or ""
            if all(text in touches for text in texts):
                yield line


def named(commits: Iterable[Commit], refs: Iterable[RefInfo]) -> list[Commit]:
    """The commits with the branches and tags that point at them."""
    names: dict[str | None, list[str]] = {}
    for ref in refs:
        names.setdefault(ref.commit, []).append(ref.name)
    return [c.model_copy(update={"refs": tuple(names[c.id])}) if c.id in names else c for c in commits]


def ancestors(connection: Connection, dataset_id: DatasetId, head: Commit, least: int) -> Iterator[CommitId]:
    """A commit and what led to it, newest first, down to a number; looked up as far as somebody asks."""
    lean = partial(records.lines, connection, dataset_id)
    lines = takewhile(lambda line: line[2] >= least, _down(lean, head.seq, {head.id}, _BLOCK))
    return (CommitId(line[0]) for line in lines)


def check_filter(where: LogFilter) -> LogFilter:
    """The filter with its names as the store spells them, or an error that says what no name can be."""
    return LogFilter(
        table=None if where.table is None else check_name(where.table, "table"),
        path=None if where.path is None else check_file_name(where.path),
        author=None if where.author is None else check_text(where.author, "The author"),
        since=where.since,
        until=where.until,
    )


def _down(fetch: Fetch, seq: int, wanted: set[str], block: int) -> Iterator[Line]:
    """Yield wanted commits by falling number; ``wanted`` is kept up to date for the caller."""
    while wanted and seq > 0:
        first = max(1, seq - block + 1)
        for line in fetch(first, seq):
            if line[0] in wanted:
                wanted.discard(line[0])
                wanted.update(line[1].split())
                yield line
        seq, block = first - 1, max(block, min(2 * block, _LARGEST_BLOCK))


def _read_cursor(cursor: str) -> tuple[int, set[str]]:
    try:
        seq, wanted = json.loads(cursor)
        return int(seq), {str(c) for c in wanted}
    except (ValueError, TypeError, OverflowError) as error:
        raise InvalidInputError(f"{cursor!r} is not a cursor that a log gave.") from error
