"""Columns of a table merged three ways: each is one field on every side that has it, and merged attribute by attribute.

Columns that were there when two lines of history were one are the same by their ids: one that was dropped is gone,
whatever is called so afterwards. Ids that were given later say nothing between lines that each added columns: those are
the same by id and birth name, or else by name. The merged table has the ids of ours; what theirs added gets ids that
ours never gave.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any, Literal

from jupyter_datasets.services.merges.models import Conflict
from jupyter_datasets.store import defaults, logical
from jupyter_datasets.store.schemas import Field, Schema
from jupyter_datasets.values import name_key

Side = Literal["ours", "theirs"]
_NOT_MERGED = frozenset({"id", "birth", "nullable", "type", "as_text", "nested", "default"})
_MERGED = tuple(each for each in dataclasses.fields(Field) if each.name not in _NOT_MERGED)


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One column through all three versions; None where one does not have it."""

    base: Field | None = None
    ours: Field | None = None
    theirs: Field | None = None

    @property
    def names(self) -> frozenset[str]:
        """What it is called on some side."""
        return frozenset(name_key(each.name) for each in (self.base, self.ours, self.theirs) if each)

    @property
    def name(self) -> str:
        """What ours calls it, or else another side."""
        return next(each.name for each in (self.ours, self.theirs, self.base) if each)


Settle = Callable[[Line], Side | None]
Touched = Callable[[Line, Sequence[Line]], bool]
Used = Callable[[Line], str | None]
Exact = Callable[[Line, str], bool]
Common = Callable[[Side], Schema | None]


@dataclass(kw_only=True, slots=True)
class Columns:
    """Merges the columns of a table.

    Attributes
    ----------
    table
        What it is called.
    settle
        Which side counts where both changed a column; None when nothing says so.
    touched
        Whether the side that still has a column changed values in it; the other lines are columns that all three have.
    used
        What names a column among the rules that the side which still has it added, for people; None when nothing does.
    exact
        Whether every value of a column, on all sides, is the same one in another type.
    common
        The table as it was where the lines of the base and a side were one; None when nobody can tell.
    conflicts
        What nothing settles.
    clashes
        Whether columns are left that cannot be in one table.
    """

    table: str
    base: Schema
    ours: Schema
    theirs: Schema
    settle: Settle
    touched: Touched
    used: Used
    exact: Exact
    common: Common
    conflicts: list[Conflict] = field(init=False, default_factory=list)
    clashes: bool = field(init=False, default=False)
    _next_id: int = field(init=False)
    _same: Mapping[Side, Mapping[int, Field]] = field(init=False)

    def __post_init__(self) -> None:
        self._next_id = max(self.ours.next_id, self.theirs.next_id)
        self._same = {"ours": self._matched("ours"), "theirs": self._matched("theirs")}

    def merge(self) -> tuple[Schema, list[Line]]:
        """The merged schema, and for each of its fields where it comes from."""
        found = [(line, merged) for line in self._in_order() if (merged := self._field(line))]
        found = self._with_names(found)
        found = list(self._with_births(found))
        return Schema(fields=tuple(f for _, f in found), next_id=self._next_id), [line for line, _ in found]

    # ------------------------------------------------------------------------------------------------------ helpers

    def _lines(self) -> Iterator[Line]:
        own, other = self._same["ours"], self._same["theirs"]
        for known in self.base.fields:
            yield Line(base=known, ours=own.get(known.id), theirs=other.get(known.id))
        added = [f for f in self.ours.fields if f not in own.values()]
        coming = {name_key(f.name): f for f in self.theirs.fields if f not in other.values()}
        for new in added:
            twin = coming.get(name_key(new.name))
            if twin and self._are_one(new, twin):
                del coming[name_key(new.name)]
                yield Line(ours=new, theirs=twin)
            else:
                yield Line(ours=new)
        for new in coming.values():
            yield Line(theirs=new)

    def _matched(self, side: Side) -> dict[int, Field]:
        """The fields of a side that those of the base became, by the base's ids."""
        fields = self._fields(side)
        by_id = {(f.id, f.birth): f for f in fields}
        found = {f.id: by_id[f.id, f.birth] for f in self.base.fields if (f.id, f.birth) in by_id}
        left = {name_key(f.name): f for f in fields if f not in found.values()}
        named = {
            f.id: left[name_key(f.name)] for f in self.base.fields if f.id not in found and name_key(f.name) in left
        }
        known = self._first_own_id(side) if named else 0
        return found | {number: f for number, f in named.items() if min(number, f.id) >= known}

    def _first_own_id(self, side: Side) -> int:
        """Below it an id is one field's, in the base and on a side; 0 when the table was made anew on one of them."""
        common = self.common(side)
        if common is None:
            return 0
        known = {(f.id, f.birth) for f in common.fields}
        both = (*self.base.fields, *self._fields(side))
        return common.next_id if all(f.id >= common.next_id or (f.id, f.birth) in known for f in both) else 0

    def _fields(self, side: Side) -> tuple[Field, ...]:
        return (self.ours if side == "ours" else self.theirs).fields

    def _are_one(self, ours: Field, theirs: Field) -> bool:
        """Whether two columns of one name are the same addition, and neither is an older one that came back."""
        if _added_as(ours) != _added_as(theirs):
            return False
        return ours.id >= self._first_own_id("ours") and theirs.id >= self._first_own_id("theirs")

    def _in_order(self) -> list[Line]:
        """The lines in the order of ours, or of theirs where only that put columns elsewhere; then the others."""
        leads: Side = "theirs" if self._rearranges("theirs") and not self._rearranges("ours") else "ours"
        order = {f.id: place for place, f in enumerate(self._fields(leads))}

        def place(line: Line) -> int:
            own: Field | None = getattr(line, leads)
            return order[own.id] if own else len(order)

        return sorted(self._lines(), key=place)

    def _rearranges(self, side: Side) -> bool:
        """Whether columns of the base are in another order there, or new ones before them."""
        places = {f.id: place for place, f in enumerate(self._fields(side))}
        same = self._same[side]
        found = [places[same[f.id].id] for f in self.base.fields if f.id in same]
        return found != sorted(found) or sorted(found) != list(range(len(found)))

    def _field(self, line: Line) -> Field | None:
        if line.ours and line.theirs:
            return self._both(line, line.ours, line.theirs)
        one = line.ours or line.theirs
        if one is None or (line.base and not self._is_kept(line, line.base, one)):
            return None
        return one if line.ours else self._coming(one)

    def _is_kept(self, line: Line, base: Field, one: Field) -> bool:
        """Whether a column stays that one side dropped."""
        use = self.used(line)
        if not use and _plain(one) == _plain(base) and not self.touched(line, self._in_all()):
            return False
        side = self._side(line, ours=_told(line.ours, base, use), theirs=_told(line.theirs, base, use))
        return (side == "ours") == (line.ours is not None)

    def _in_all(self) -> list[Line]:
        return [line for line in self._lines() if line.base and line.ours and line.theirs]

    def _coming(self, theirs: Field) -> Field:
        """A field of theirs under ids that ours never gave; rows of ours have its default."""
        nullable = theirs.nullable or theirs.default is None
        if min((theirs.id, *theirs.nested)) >= self.ours.next_id:
            return replace(theirs, nullable=nullable)
        first, count = self._next_id, 1 + len(theirs.nested)
        self._next_id += count
        return replace(theirs, id=first, nested=tuple(range(first + 1, first + count)), nullable=nullable)

    def _both(self, line: Line, ours: Field, theirs: Field) -> Field:
        base = line.base or Field(id=0, name=theirs.name, birth="", type="")
        chosen = {each.name: _three_way(each.name, base, ours, theirs) for each in _MERGED}
        chosen["type"] = self._type_of(line, ours, theirs)
        disputed = [name for name, side in chosen.items() if side is None]
        if disputed:
            side = self._side(
                line, base=_said(line.base, disputed), ours=_said(ours, disputed), theirs=_said(theirs, disputed)
            )
            chosen |= dict.fromkeys(disputed, side)
        values = {each.name: getattr(theirs if chosen[each.name] == "theirs" else ours, each.name) for each in _MERGED}
        nullable = any(each.nullable for each in (line.base, ours, theirs) if each)
        typed = _typed(ours, theirs) if chosen["type"] == "theirs" else ours
        return replace(typed, **values, nullable=nullable)

    def _type_of(self, line: Line, ours: Field, theirs: Field) -> Side | None:
        """Whose type counts, if the values of all sides are the same ones in it."""
        side = _type_of(line.base, ours, theirs)
        return side if side and self.exact(line, (theirs if side == "theirs" else ours).type) else None

    def _side(self, line: Line, *, base: str | None = None, ours: str | None, theirs: str | None) -> Side:
        """The side that counts; for the time being ours, where nothing tells."""
        side = self.settle(line)
        if side is None:
            self.conflicts.append(
                Conflict(kind="column", name=self.table, column=line.name, base=base, ours=ours, theirs=theirs)
            )
        return side or "ours"

    def _with_names(self, found: list[tuple[Line, Field]]) -> list[tuple[Line, Field]]:
        """With one of two columns that came to have one name called otherwise, or left out."""
        for one, other in combinations(list(found), 2):
            if name_key(one[1].name) != name_key(other[1].name):
                continue
            own, theirs = (one, other) if one[0].ours and one[0].ours.name == one[1].name else (other, one)
            both_new = own[0].base is None and theirs[0].base is None
            told = [_said_new(f) if both_new else f.name for f in (own[1], theirs[1])]
            side = self._side(_together(own[0], theirs[0]), ours=told[0], theirs=told[1])
            loser = theirs if side == "ours" else own
            found = [each for pair in found for each in ([pair] if pair is not loser else _renamed(loser, side))]
        names = [name_key(f.name) for _, f in found]
        self.clashes = len(set(names)) < len(names)
        return found

    def _with_births(self, found: Sequence[tuple[Line, Field]]) -> Iterator[tuple[Line, Field]]:
        """With births that tell fields apart; those of ours stay, for its rows and checks go by them."""
        taken = {f.birth.casefold() for line, f in found if line.ours} | {logical.FIELD_ID}
        for line, merged in found:
            birth, number = merged.birth, 2
            while not line.ours and birth.casefold() in taken:
                birth, number = f"{merged.birth}_{number}", number + 1
            taken.add(birth.casefold())
            yield line, replace(merged, birth=birth)


def fits(old: Field, new: Field) -> bool:
    """Whether segments that hold the old field can be read as the new one."""
    if old.type == new.type:
        return old.as_text == new.as_text
    return not new.as_text and logical.widens_to(old.type, new.type)


def _plain(known: Field) -> Field:
    return replace(known, id=0, birth="", nested=(), nullable=False, default=None)


def _three_way(attribute: str, base: Field, ours: Field, theirs: Field) -> Side | None:
    own, other = getattr(ours, attribute), getattr(theirs, attribute)
    return _changed_by(getattr(base, attribute), own, other)


def _changed_by(base: Any, ours: Any, theirs: Any) -> Side | None:
    """Whose value counts; None where both changed it in their own ways."""
    if theirs in (base, ours):
        return "ours"
    return "theirs" if ours == base else None


def _type_of(base: Field | None, ours: Field, theirs: Field) -> Side | None:
    """Whose type counts; of two wider ones the one that takes the other's values."""
    before, own, other = (each and (each.type, each.as_text) for each in (base, ours, theirs))
    side = _changed_by(before, own, other)
    if side is None and fits(theirs, ours):
        return "ours"
    return "theirs" if side is None and fits(ours, theirs) else side


def _typed(ours: Field, theirs: Field) -> Field:
    """Ours with the type of theirs; without its default where its rows must be written anew."""
    default = defaults.recast(ours.default, ours.type, theirs.type) if fits(ours, theirs) else None
    return replace(ours, type=theirs.type, as_text=theirs.as_text, nested=theirs.nested, default=default)


def _told(side: Field | None, base: Field, use: str | None) -> str:
    if side is None:
        return "dropped"
    changed = [
        name for name in ("type", *(each.name for each in _MERGED)) if getattr(side, name) != getattr(base, name)
    ]
    return _said(side, changed) or (f"named by {use}" if use else "values changed")


def _added_as(added: Field) -> tuple[str, bool, str | None]:
    return added.type, added.as_text, added.default


def _said_new(added: Field) -> str:
    return f"type {added.type}" if added.default is None else f"type {added.type}, default {added.default}"


def _said(known: Field | None, attributes: Sequence[str]) -> str | None:
    return None if known is None else ", ".join(f"{name} {getattr(known, name)}" for name in attributes)


def _together(ours: Line, theirs: Line) -> Line:
    return Line(ours=ours.ours or ours.theirs, theirs=theirs.theirs or theirs.ours)


def _renamed(pair: tuple[Line, Field], winner: Side) -> list[tuple[Line, Field]]:
    """The column under the name that it has on the side that counts; nothing where that side has no such column."""
    line, merged = pair
    known = line.ours if winner == "ours" else line.theirs
    return [(line, replace(merged, name=known.name))] if known else []
