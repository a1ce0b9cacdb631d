"""What reading a file found out, and had to repair, for the people who wait for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from jupyter_datasets.engine.failures import unknown_column


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnType:
    """A column of a file: its name, unique without regard to case, and its type in DuckDB's spelling."""

    name: str
    type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Widening:
    """A column that did not hold the type it was first read with.

    Attributes
    ----------
    before, after
        The types.
    row
        Number of the first row that did not fit; the line with the names is row 1.
    value
        Its text.
    """

    before: str
    after: str
    row: int
    value: str


@dataclass(kw_only=True, slots=True)
class FileReport:
    """Grows while a file is read.

    Attributes
    ----------
    notes
        Sentences about the file as a whole.
    renamed
        Columns whose names were empty or doubled: from position, counted from 1, to the name they have now.
    widened
        Columns that were widened, by name.
    nulls
        How many values of a column were a word taken for null; by column and word.
    """

    notes: list[str] = field(default_factory=list)
    renamed: dict[int, str] = field(default_factory=dict)
    widened: dict[str, Widening] = field(default_factory=dict)
    nulls: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def warnings(self) -> list[str]:
        """Everything worth telling, in sentences."""
        return [*self.notes, *map(_renaming, self.renamed.items()), *self.widenings(), *map(_null, self.nulls.items())]

    def widenings(self) -> list[str]:
        """The sentences about widened columns."""
        return [
            f"Column {name!r} was read as {w.before} until row {w.row} held {w.value!r}; it is {w.after} now."
            for name, w in self.widened.items()
        ]

    def restarted(self) -> FileReport:
        """A report for reading the same file again: what was counted is forgotten."""
        return FileReport(notes=list(self.notes), renamed=dict(self.renamed), widened=dict(self.widened))


def types_by_position(names: Sequence[str], types: Mapping[str, str]) -> dict[int, str]:
    """Types that are given by name, for those of the columns that have one. Case makes no difference."""
    places = {name.casefold(): i for i, name in enumerate(names)}
    return {places[name.casefold()]: kind for name, kind in types.items() if name.casefold() in places}


def declared_by_position(shown: Path, names: Sequence[str], types: Mapping[str, str]) -> dict[int, str]:
    """The same for types that the user declared: each must be for a column of the file."""
    found = types_by_position(names, types)
    known = {name.casefold() for name in names}
    if unknown := [name for name in types if name.casefold() not in known]:
        raise unknown_column(shown, unknown[0], names)
    return found


def _renaming(change: tuple[int, str]) -> str:
    return f"The name of column {change[0]} was empty or taken; it is {change[1]!r} now."


def _null(found: tuple[tuple[str, str], int]) -> str:
    (column, word), count = found
    what = f"{word!r} was" if word else "an empty text in quotes was"
    return f"In column {column!r} {what} taken for null {count:,} time{'s' if count > 1 else ''}."
