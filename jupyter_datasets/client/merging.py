"""A merge, revert or cherry-pick whose conflicts wait for an answer."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Sequence
from typing import Any, TypeVar, get_args, overload

import pyarrow as pa
from pydantic import BaseModel, ValidationError

from jupyter_datasets.client import display, viewers
from jupyter_datasets.client.merges import Merges
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.models import Conflict, Merge, MergeOutcome, Problem, Resolution, Take
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import DatasetId, check_offset, nearest, short

_SHOWN = 10
_COLUMNS = ("table", "key", "column", "base", "ours", "theirs")
_NO_VALUES = (dict, set, frozenset, tuple, list, bytes)
_MERGES = ("id", "what", "commit", "begun", "by", "answers")


Model = TypeVar("Model", bound=BaseModel)


class MergeWarning(UserWarning):
    """A merge was made, and something about it should be looked at."""


class MergeConflicts:
    """A merge, revert or cherry-pick in progress: what both sides changed, each in its own way.

    Nothing was changed yet. The store keeps it with its answers until it is committed or aborted, so that it can be
    gone on with elsewhere and later: ``ds.merges()`` lists those that there are.

    Examples
    --------
    >>> found = flights.merge("fix")
    >>> found.resolve("theirs", column="dep_delay").resolve("ours", key=1234).commit()
    """

    def __init__(self, merges: Merges, merge: Merge, left: MergeOutcome | None = None) -> None:
        self._merges = merges
        self._merge = merge
        self._looked = left

    def __len__(self) -> int:
        return self._left.count

    @property
    def id(self) -> str:
        """UUIDv7 text."""
        return self._merge.id

    @property
    def merge(self) -> Merge:
        """What is to be done and where, the answers so far, who began it and when."""
        return self._merge

    @property
    def resolutions(self) -> tuple[Resolution, ...]:
        """The answers so far, of which the last that fits counts."""
        return self._merge.resolutions

    @property
    def conflicts(self) -> tuple[Conflict, ...]:
        """Those that are left, the first 1,000."""
        return self._left.conflicts

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What keeps the merge from being committed besides, such as rows that would break a rule."""
        return self._left.problems

    def rows(self, offset: int = 0) -> pa.Table:
        """One line for each conflict that is left: where it is, and the value on all three sides as text.

        Parameters
        ----------
        offset
            How many to pass over; a thousand are told from there on.
        """
        if not isinstance(offset, int):
            raise InvalidInputError(f"An offset is a number, and not {offset!r}.")
        found = self._state(check_offset(offset)).conflicts if offset else self.conflicts
        schema = pa.schema([(name, pa.string()) for name in _COLUMNS])
        return pa.Table.from_pylist([_line(conflict) for conflict in found], schema=schema)

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
        texts = None if key is None else _key_texts(key)
        answer = checked(Resolution, take=check_take(take), table=table, column=column, key=texts)
        return self._now(self._merges.answer(self._dataset, self.id, [answer]))

    def unresolve(self, *, all: bool = False) -> MergeConflicts:
        """Take back the last answer, or all of them."""
        return self._now(self._merges.take_back(self._dataset, self.id, None if all else 1))

    def refresh(self) -> MergeConflicts:
        """Go on from where the branch is now, with the answers kept; after it moved, nothing is committed before."""
        return self._now(self._merges.refresh(self._dataset, self.id))

    def commit(self) -> Commit | None:
        """Make the commit; the merge is over then.

        Returns
        -------
        Commit or None
            None where the answers leave nothing to be done.

        Raises
        ------
        ConflictError
            Something is in conflict still: ``rows()`` shows what is left. Or the branch moved since its conflicts were
            looked at: ``refresh()``, and look again. Nothing was changed.
        InvalidInputError
            What the answers come to breaks a rule: ``details`` hold the table, the rule and the rows. The merge stays
            in progress: answer otherwise, or mend the branch and ``refresh()``.
        """
        outcome = self._merges.commit(self._dataset, self.id)
        self._looked = outcome
        if outcome.count:
            raise ConflictError(
                f"{display.count(outcome.count, 'conflict')} left.",
                kind=ErrorKind.MERGE_CONFLICT,
                next_step="Look at those that are left, and settle them; nothing was changed.",
                details={"count": outcome.count},
            )
        warn(outcome)
        return outcome.commit

    def abort(self) -> None:
        """Forget the merge with its answers; nothing of it stays."""
        self._merges.abort(self._dataset, self.id)
        self._looked = MergeOutcome(commit=None)

    def review(self) -> object:
        """What shows the conflicts in a notebook, to be settled there."""
        return viewers.view("merge", self)

    @property
    def _dataset(self) -> DatasetId:
        return self._merge.dataset_id

    @property
    def _left(self) -> MergeOutcome:
        if self._looked is None:
            self._looked = self._state(0)
        return self._looked

    def _state(self, offset: int) -> MergeOutcome:
        found = self._merges.state(self._dataset, self.id, offset)
        return MergeOutcome(
            commit=None,
            conflicts=found.conflicts,
            count=found.count,
            problems=found.problems,
            warnings=found.warnings,
        )

    def _now(self, merge: Merge) -> MergeConflicts:
        self._merge, self._looked = merge, None
        return self

    def _rows(self) -> list[tuple[object, ...]]:
        return [tuple("" if v is None else v for v in _line(c).values()) for c in self.conflicts[:_SHOWN]]

    def _title(self) -> str:
        what = display.plain(str(self._merge))
        if not len(self):
            rest = " ".join(f"{each.message} {each.next_step}".rstrip() for each in self.problems)
            return f"{what}: no conflict is left. {display.plain(rest)}".rstrip()
        return f"{what}: {display.count(len(self), 'conflict')}. resolve(...) them, then commit(), or abort()."

    def table(self) -> str:
        """The first conflicts that are left, as a table of text."""
        return display.text_table(_COLUMNS, self._rows())

    def __repr__(self) -> str:
        title = self._title()
        return f"{title[:1].upper()}{title[1:]}\n{self.table()}"

    def _repr_html_(self) -> str:
        return display.html_table(_COLUMNS, self._rows(), self._title())


class MergesInProgress(Sequence[MergeConflicts]):
    """Merges, reverts and cherry-picks that wait for answers, oldest first."""

    def __init__(self, merges: Sequence[MergeConflicts]) -> None:
        self._merges = tuple(merges)

    @overload
    def __getitem__(self, index: int) -> MergeConflicts: ...
    @overload
    def __getitem__(self, index: slice) -> MergesInProgress: ...
    def __getitem__(self, index: int | slice) -> MergeConflicts | MergesInProgress:
        found = self._merges[index]
        return found if isinstance(found, MergeConflicts) else MergesInProgress(found)

    def __len__(self) -> int:
        return len(self._merges)

    def rows(self) -> list[tuple[str, ...]]:
        """One line a merge, for people."""
        return [
            (m.id, str(m), short(m.commit), display.when(m.created), m.created_by, str(len(m.resolutions)))
            for m in (each.merge for each in self._merges)
        ]

    def __repr__(self) -> str:
        return display.text_table(_MERGES, self.rows(), whole=1) if self._merges else "No merges in progress."

    def _repr_html_(self) -> str:
        return display.html_table(_MERGES, self.rows()) if self._merges else display.html_lines([repr(self)])


def check_take(take: object) -> Take:
    """What settles a conflict; InvalidInputError when that is nothing which could."""
    known: dict[str, Take] = {each: each for each in get_args(Take)}
    if not isinstance(take, str) or take not in known:
        hints = nearest(take, known) if isinstance(take, str) else []
        raise InvalidInputError(
            f"{take!r} settles no conflict.",
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"One of {', '.join(known)} does.",
            details={"suggestions": hints},
        )
    return known[take]


def checked(model: type[Model], **values: Any) -> Model:
    """A model of these values; what they cannot be is an error of ours."""
    try:
        return model.model_validate(values)
    except ValidationError as error:
        wrong = error.errors()[0]
        name = ".".join(str(part) for part in wrong["loc"])
        raise InvalidInputError(f"The argument {name} cannot be {wrong['input']!r}: {wrong['msg']}.") from error


def _key_texts(key: object) -> tuple[str, ...]:
    """The values of a key as the texts that the store compares."""
    values = tuple(key) if isinstance(key, tuple | list) else (key,)
    for value in values:
        if value is None or isinstance(value, _NO_VALUES):
            raise InvalidInputError(
                f"A row's key cannot be {key!r}.",
                next_step="Give its value, or a tuple of several in the order of the key's columns.",
            )
    if not values:
        raise InvalidInputError("A row's key has at least one value.", next_step="Leave it out to mean every row.")
    return tuple(str(value).lower() if isinstance(value, bool) else str(value) for value in values)


def finish(merges: Merges, outcome: MergeOutcome) -> Commit | MergeConflicts | None:
    """What came of it for the user: a commit, conflicts to be settled, or None where there was nothing to do."""
    if outcome.merge is not None:
        return MergeConflicts(merges, outcome.merge, outcome)
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
