"""A merge, revert or cherry-pick whose conflicts wait for an answer."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pyarrow as pa

from jupyter_datasets.client import display
from jupyter_datasets.errors import ConflictError, InvalidInputError
from jupyter_datasets.services.merges.models import Conflict, MergeOutcome, Resolution, Take
from jupyter_datasets.services.versions.models import Commit

_SHOWN = 10
_COLUMNS = ("table", "key", "column", "base", "ours", "theirs")
Attempt = Callable[[Sequence[Resolution]], MergeOutcome]


class MergeWarning(UserWarning):
    """A merge was made, and something about it should be looked at."""


class MergeConflicts:
    """What both sides changed, each in its own way. Nothing was changed yet, and nothing is kept but here.

    Examples
    --------
    >>> found = flights.merge("fix")
    >>> found.resolve("theirs", column="dep_delay").resolve("ours", key=1234).commit()
    """

    def __init__(self, attempt: Attempt, outcome: MergeOutcome) -> None:
        self._attempt = attempt
        self._first = outcome
        self._resolutions: list[Resolution] = []
        self._left = outcome

    def __len__(self) -> int:
        return self._left.count

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Those that are left, the first 1,000."""
        return self._left.conflicts

    def rows(self) -> pa.Table:
        """One line for each conflict that is left: where it is, and the value on all three sides as text."""
        schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
        return pa.Table.from_pylist([_line(conflict) for conflict in self.conflicts], schema=schema)

    def resolve(
        self, take: Take, *, table: str | None = None, column: str | None = None, key: Any = None
    ) -> MergeConflicts:
        """Settle conflicts: all of them, or those in a table, column or row. Of several answers the last counts.

        Parameters
        ----------
        take
            ``"ours"`` is the branch's own value, ``"theirs"`` the other one; for cells also ``"max"``, ``"min"``,
            ``"sum"`` (both changes added up) and ``"newest"`` (of the later commit).
        key
            Of the row: a value, or several in the key's order.
        """
        texts = None if key is None else tuple(map(str, key)) if isinstance(key, tuple | list) else (str(key),)
        self._resolutions.append(Resolution(take=take, table=table, column=column, key=texts))
        return self

    def commit(self) -> Commit:
        """Make the commit.

        Raises
        ------
        ConflictError
            Something is in conflict still. Nothing was changed; ``rows()`` shows what is left.
        """
        outcome = self._attempt(self._resolutions)
        if outcome.count:
            self._left = outcome
            raise ConflictError(
                f"{display.count(outcome.count, 'conflict')} left.",
                next_step="Look at rows(), and resolve(...) them; nothing was changed.",
                details={"count": outcome.count},
            )
        self._left = outcome.model_copy(update={"conflicts": (), "count": 0})
        warn(outcome)
        if outcome.commit is None:
            raise InvalidInputError("With these answers there is nothing left to commit.")
        return outcome.commit

    def abort(self) -> None:
        """Forget the answers; nothing else was ever kept."""
        self._resolutions.clear()
        self._left = self._first

    def _rows(self) -> list[tuple[object, ...]]:
        return [tuple("" if v is None else v for v in _line(c).values()) for c in self.conflicts[:_SHOWN]]

    def _title(self) -> str:
        return f"{display.count(len(self), 'conflict')}: resolve(...) them, then commit(). Nothing was changed yet."

    def table(self) -> str:
        """The first conflicts that are left, as a table of text."""
        return display.text_table(_COLUMNS, self._rows())

    def __repr__(self) -> str:
        return f"{self._title()}\n{self.table()}"

    def _repr_html_(self) -> str:
        return display.html_table(_COLUMNS, self._rows(), self._title())


def finish(attempt: Attempt, resolutions: Iterable[Resolution] = ()) -> Commit | MergeConflicts | None:
    """What an attempt comes to: a commit, conflicts to be settled, or None where there was nothing to do."""
    outcome = attempt(tuple(resolutions))
    if outcome.count:
        return MergeConflicts(attempt, outcome)
    warn(outcome)
    return outcome.commit


def warn(outcome: MergeOutcome) -> None:
    """Say what should be looked at."""
    for warning in outcome.warnings:
        python_warnings.warn(warning, MergeWarning, stacklevel=4)


def _line(conflict: Conflict) -> dict[str, str | None]:
    key = ", ".join(f"{name} = {value}" for name, value in conflict.key.items())
    where = conflict.name if conflict.kind in ("cell", "row") else f"{conflict.name} ({conflict.kind})"
    values = (where, key, conflict.column, conflict.base, conflict.ours, conflict.theirs)
    return dict(zip(_COLUMNS, values, strict=True))
