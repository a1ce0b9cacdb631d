"""A three-way merge of a few plain rows, written from its rules: what the real one must agree with.

Where one side left a table as it was, the other side's state counts; so it is with its key. Else rows are merged: with
a key per row and cell, without one by counting equal rows. Where both sides did the same, it is done once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from jupyter_datasets.errors import InvalidInputError

Row = tuple[int | None, str | None, int | None]
"""``n``, which is the key where there is one, then ``t`` and ``u``."""
Side = Literal["ours", "theirs", "neither"]
"""Which one settles conflicts; ``neither`` gives up where there are any."""
Conflict = tuple[str, str, int | None, str | None]
"""Kind, table, key, column."""


@dataclass(frozen=True)
class Table:
    """Rows in order.

    Attributes
    ----------
    root
        The hash of the real table's root, once it was committed: two roots may hold the same rows in other pieces.
    """

    rows: tuple[Row, ...]
    keyed: bool = False
    root: str = field(default="", compare=False)

    def numbers(self) -> list[int | None]:
        """The numbers of the rows."""
        return [row[0] for row in self.rows]

    def is_sound(self) -> bool:
        """Whether no key is null or there twice."""
        return not self.keyed or (None not in self.numbers() and len(set(self.numbers())) == len(self.rows))

    def check(self) -> None:
        """Refuse a key that is null or there twice."""
        if not self.is_sound():
            raise InvalidInputError("a key that is null or there twice")

    def is_like(self, other: Table) -> bool:
        """Whether the rows are the same, in whatever order."""
        return self.keyed == other.keyed and Counter(self.rows) == Counter(other.rows)


State = dict[str, Table]


@dataclass
class Merged:
    """The result, what was in conflict, and which tables without a key lost a row on both sides."""

    state: State
    conflicts: set[Conflict] = field(default_factory=set)
    doubtful: set[str] = field(default_factory=set)


def merge(base: State, ours: State, theirs: State, take: Side | None = None) -> Merged:
    """Merge all tables; what is in conflict becomes as ``take`` says, or else stays as ours has it.

    Raises
    ------
    InvalidInputError
        A table has a key now that its rows do not keep, and nothing is in conflict.
    """
    merged, broken = Merged(dict(ours)), False
    for name in dict.fromkeys((*sorted(base), *sorted(theirs))):
        sides = base.get(name), ours.get(name), theirs.get(name)
        found = _merge_table(name, *sides, take, merged)
        if found is None:
            merged.state.pop(name, None)
            continue
        broken = broken or (bool(take or not merged.conflicts) and not found.is_sound())
        merged.state[name] = found
    if broken and (take or not merged.conflicts):
        raise InvalidInputError("a key that is null or there twice")
    return merged


def _merge_table(
    name: str, base: Table | None, ours: Table | None, theirs: Table | None, take: Side | None, merged: Merged
) -> Table | None:
    if _same(theirs, base) or _same(theirs, ours):
        return ours
    if _same(ours, base):
        return theirs
    if base is None or ours is None or theirs is None:
        merged.conflicts.add(("table", name, None, None))
        return theirs if take == "theirs" else ours
    keyed = ours.keyed if ours.keyed != base.keyed else theirs.keyed
    if keyed and base.keyed:
        return _merge_keys(name, base, ours, theirs, take, merged)
    return Table(_merge_counts(name, base, ours, theirs, merged), keyed)


def _same(left: Table | None, right: Table | None) -> bool:
    if left is None or right is None:
        return left is right
    return left.root == right.root if left.root and right.root else left == right


def _merge_counts(name: str, base: Table, ours: Table, theirs: Table, merged: Merged) -> tuple[Row, ...]:
    before, mine, other = Counter(base.rows), Counter(ours.rows), Counter(theirs.rows)
    if mine == other:
        return ours.rows
    lost, gone = before - mine, before - other
    if lost & gone:
        merged.doubtful.add(name)
    rest = before - (lost | gone)  # the greater of the two counts
    return tuple((rest + (mine - before) + (other - before)).elements())


def _merge_keys(name: str, base: Table, ours: Table, theirs: Table, take: Side | None, merged: Merged) -> Table:
    before, mine, other = ({row[0]: row for row in side.rows} for side in (base, ours, theirs))
    rows = []
    for key in {**mine, **other}:
        row = _merge_row(
            before.get(key),
            mine.get(key),
            other.get(key),
            take,
            lambda kind, column, key=key: merged.conflicts.add((kind, name, key, column)),
        )
        if row is not None:
            rows.append(row)
    return Table(tuple(rows), keyed=True)


Clash = Callable[[str, str | None], None]


def _merge_row(base: Row | None, ours: Row | None, theirs: Row | None, take: Side | None, clash: Clash) -> Row | None:
    if theirs in (base, ours):
        return ours
    if ours == base:
        return theirs
    if ours is None or theirs is None:
        clash("row", None)
        return theirs if take == "theirs" else ours
    cells = []
    for i, column in ((1, "t"), (2, "u")):
        mine, other = ours[i], theirs[i]
        if base is not None and mine == base[i]:
            cells.append(other)
        elif mine == other or (base is not None and other == base[i]):
            cells.append(mine)
        else:
            clash("cell", column)
            cells.append(other if take == "theirs" else mine)
    return ours[0], *cells
