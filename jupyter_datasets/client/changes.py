"""The rows in which a table differs, a line each, computed once and looked at in pages."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import duckdb
import pyarrow as pa

from jupyter_datasets.client.texts import cut
from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.services.versions.sides import Sides
from jupyter_datasets.values import check_limit, check_offset

ChangeKind = Literal["added", "removed", "changed"]
KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)

MOST_CHANGES = 100_000
"""How many rows that differ are looked at."""

_LINES = '"jd lines"'


@dataclass(frozen=True, kw_only=True, slots=True)
class Outline:
    """What there is to page through.

    Attributes
    ----------
    columns
        Names and types of the columns that both versions have.
    key
        Places of the columns that tell rows apart; none where a changed row is one removed and one added.
    changed
        Places of the columns in which changed rows differ.
    counts
        How many lines there are of each kind.
    is_cut
        Whether more rows differ than are kept.
    """

    columns: tuple[tuple[str, str], ...]
    key: tuple[int, ...]
    changed: tuple[int, ...]
    counts: dict[ChangeKind, int]
    is_cut: bool


class ChangedRows:
    """Lines in a temporary table of a connection of its own; safe to use from many threads.

    Parameters
    ----------
    ask
        Gives the two sides.
    most
        How many lines are kept.
    """

    def __init__(self, engine: Engine, ask: Callable[[], Sides], most: int = MOST_CHANGES) -> None:
        self._ask = ask
        self._most = most
        self._connection = engine.cursor()
        self._lock = threading.Lock()
        self._cancelled = threading.Event()

    def read(self) -> Outline:
        """Compare the versions; to be called once, and before any page is asked for.

        Raises
        ------
        InvalidInputError
            The two share no column.
        StatementError
            With kind STATEMENT_INTERRUPTED: it was cancelled.
        """
        sides = self._ask()
        with self._lock:
            self._check()
            try:
                text = sides.comparison(self._connection).changes()
                self._connection.execute(f"CREATE TEMP TABLE {_LINES} AS {text} LIMIT {self._most + 1:d}")
                return self._outline(sides)
            except duckdb.InterruptException as error:
                raise _interrupted() from error

    def cancel(self) -> None:
        """Have the reading end at once with an error, or not begin."""
        self._cancelled.set()
        self._connection.interrupt()

    def page(
        self,
        offset: int,
        limit: int,
        kinds: Collection[ChangeKind] = KINDS,
        columns: Sequence[int] = (),
        longest: int | None = None,
    ) -> pa.Table:
        """Some lines as exact texts, always in the same order.

        Parameters
        ----------
        offset, limit
            How many lines of the kinds to pass over, and how many to give at most.
        kinds
            Which lines.
        columns
            Places of the columns wanted.
        longest
            Characters of a text; one that is longer is cut, and ends with "…". None for no limit.

        Returns
        -------
        pyarrow.Table
            ``kind``; ``places`` of all columns in which a changed row differs, as ``1,4``; then for each
            column wanted ``v<place>``, and ``b<place>``: the value before where it differs.
        """
        wanted = ", ".join(["kind", "array_to_string(cells, ',') AS places", *(_texts(c, longest) for c in columns)])
        names = [kind for kind in KINDS if kind in kinds]
        query = (
            f"SELECT {wanted} FROM {_LINES} l WHERE rowid < {self._most:d} AND list_contains($kinds, kind) "
            "ORDER BY rowid LIMIT $limit OFFSET $offset"
        )
        bound = {"kinds": names, "limit": check_limit(limit), "offset": check_offset(offset)}
        with self._lock:
            return self._connection.sql(query, params=bound).to_arrow_table()

    def _check(self) -> None:
        if self._cancelled.is_set():
            raise _interrupted()

    def _outline(self, sides: Sides) -> Outline:
        kept = f"FROM {_LINES} WHERE rowid < {self._most:d}"
        counts = dict(self._connection.execute(f"SELECT kind, count(*) {kept} GROUP BY kind").fetchall())
        changed = self._connection.execute(f"SELECT DISTINCT unnest(cells) AS place {kept} ORDER BY place").fetchall()
        [(total,)] = self._connection.execute(f"SELECT count(*) FROM {_LINES}").fetchall()
        return Outline(
            columns=tuple(sides.new.columns),
            key=tuple(sides.columns.index(name) for name in sides.key),
            changed=tuple(place for (place,) in changed),
            counts={kind: counts.get(kind, 0) for kind in KINDS},
            is_cut=total > self._most,
        )


def _texts(place: int, longest: int | None) -> str:
    now = f"CAST(l.v{place:d} AS VARCHAR)"
    before = f"CASE WHEN list_contains(l.cells, {place:d}) THEN CAST(l.b{place:d} AS VARCHAR) END"
    return f"{cut(now, longest)} AS v{place:d}, {cut(before, longest)} AS b{place:d}"


def _interrupted() -> StatementError:
    return StatementError("The comparison was cancelled.", kind=ErrorKind.STATEMENT_INTERRUPTED)
