"""Conflicts to be settled: both sides beside what they began with."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Literal

import traitlets
from pydantic import Field

from jupyter_datasets.client import display
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation, Question
from jupyter_datasets.notebook.widgets.arrow import LONGEST
from jupyter_datasets.notebook.widgets.base import StaticFallback, script
from jupyter_datasets.services.merges.models import Conflict, Resolution, Take
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import name_key, short

_Scope = Literal["cell", "row", "column", "table", "all"]
_SIDES = ("ours", "theirs", "newest")


class _Conflicts(Question):
    """Which conflicts, in the order in which they became known."""

    offset: int = Field(ge=0, lt=1 << 53)
    limit: int = Field(ge=1, le=500)


class _Settle(Question):
    """What is taken for a conflict, or for all that are in the same row, column or table."""

    conflict: int = Field(ge=0)
    scope: _Scope
    take: Take


class MergeReview(StaticFallback):
    """The conflicts of a merge, revert or cherry-pick, to be settled one by one or many at once, and committed.

    Parameters
    ----------
    conflicts
        What ``flights.merge("fix")`` gave. The answers are its own: they are kept as those of ``resolve(...)`` are.

    Attributes
    ----------
    commit
        The commit that was made; None before that.
    """

    _esm = script("merge.js")
    state = traitlets.Dict().tag(sync=True)
    commit = traitlets.Instance(Commit, allow_none=True)

    def __init__(self, conflicts: MergeConflicts) -> None:
        self._source = conflicts
        self._seen = _Seen(conflicts)
        self._lock = threading.Lock()
        super().__init__(conflicts, state=self._told())
        ask = {"conflicts": self._page, "settle": self._settle, "undo": self._undo}
        do = {"refresh": self._refresh, "commit": self._commit, "abort": self._abort}
        answering = Answering(self.send, ask | do)
        self.on_msg(lambda _widget, content, _buffers: answering.receive(content))

    # ----------------------------------------------------------------------------------------------------- questions

    def _page(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        wanted = _Conflicts.model_validate(message)
        found = self._seen.conflicts[wanted.offset : wanted.offset + wanted.limit]
        return Answer(content={"conflicts": [_as_json(conflict) for conflict in found]})

    def _settle(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        wanted = _Settle.model_validate(message)
        with self._lock:
            self._check_is_open()
            if wanted.conflict >= len(self._seen.conflicts):
                raise InvalidInputError(f"There is no conflict {wanted.conflict}.")
            self._source.resolve(wanted.take, **_place(self._seen.conflicts[wanted.conflict], wanted.scope))
            return self._look_again()

    def _undo(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        with self._lock:
            self._check_is_open()
            self._source.unresolve()
            self._seen.add(self._source)  # what an answer of before the review had settled
            return self._look_again()

    def _refresh(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        with self._lock:
            self._check_is_open()
            self._seen = _Seen(self._source.refresh())
            return self._look_again(round=self.state["round"] + 1)

    def _commit(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        with self._lock:
            self._check_is_open()
            self.commit = self._source.commit()
            made = self.commit
            if made is None:
                return self._look_again(over="The answers leave nothing to be done: no commit was made.")
            return self._look_again(over=f"Committed as #{made.seq} {short(made.id)}: {made.message}")

    def _abort(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        with self._lock:
            self._check_is_open()
            self._source.abort()
            return self._look_again(over="The merge was given up. Nothing was changed.")

    # --------------------------------------------------------------------------------------------------------- state

    def _check_is_open(self) -> None:
        if self.state["over"]:
            raise InvalidInputError(f"This is over. {self.state['over']}")

    def _look_again(self, **more: object) -> Answer:
        self.state = {**self.state, **more} if "over" in more else {**self._told(), **more}
        return Answer()

    def _told(self) -> dict[str, Any]:
        """What the views are told: an answer for each conflict that they know of, and how many have none."""
        answers = self._seen.answers(self._source.resolutions)
        if "" not in answers and len(self._source):  # of more than are told at once these are the next
            self._seen.add(self._source)
            answers = self._seen.answers(self._source.resolutions)
        return {
            "title": display.plain(str(self._source.merge)),
            "answers": answers,
            "left": (self._seen.is_all and answers.count("")) or len(self._source),
            "given": len(self._source.resolutions),
            "round": self.state.get("round", 0),
            "over": "",
        }


class _Seen:
    """The conflicts that became known so far; each keeps its place."""

    def __init__(self, source: MergeConflicts) -> None:
        self.conflicts: list[Conflict] = []
        self.add(source)

    def add(self, source: MergeConflicts) -> None:
        known = {_where(conflict) for conflict in self.conflicts}
        self.conflicts += [conflict for conflict in source.conflicts if _where(conflict) not in known]
        self.is_all = len(source) <= len(source.conflicts)

    def answers(self, resolutions: tuple[Resolution, ...]) -> list[str]:
        """What is taken for each; empty where nothing settles it."""
        return [
            next((answer.take for answer in reversed(resolutions) if _settles(answer, conflict)), "")
            for conflict in self.conflicts
        ]


def _where(conflict: Conflict) -> tuple[object, ...]:
    return conflict.kind, conflict.name, tuple(conflict.key.values()), conflict.column


def _settles(answer: Resolution, conflict: Conflict) -> bool:
    """As the merge itself decides."""
    if answer.table is not None and name_key(answer.table) != name_key(conflict.name):
        return False
    if answer.key is not None and answer.key != tuple(conflict.key.values()):
        return False
    if answer.column is not None and name_key(answer.column) != name_key(conflict.column or ""):
        return False
    if conflict.kind != "cell":
        return answer.take in _SIDES
    return answer.take != "sum" or _are_numbers(conflict)


def _are_numbers(conflict: Conflict) -> bool:
    return all(_is_number(text) for text in (conflict.base, conflict.ours, conflict.theirs) if text is not None)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _place(conflict: Conflict, scope: _Scope) -> dict[str, Any]:
    """The arguments of ``resolve`` for a conflict and those about it."""
    if scope == "all":
        return {}
    place: dict[str, Any] = {"table": conflict.name}
    if scope in ("cell", "column") and conflict.column is not None:
        place["column"] = conflict.column
    if scope in ("cell", "row") and conflict.key:
        place["key"] = tuple(conflict.key.values())
    return place


def _as_json(conflict: Conflict) -> dict[str, Any]:
    """A conflict with its values cut to what can be looked at."""
    sides = {side: _shortened(getattr(conflict, side)) for side in ("base", "ours", "theirs")}
    key = [[name, _shortened(value)] for name, value in conflict.key.items()]
    found = {"kind": conflict.kind, "table": conflict.name, "column": conflict.column, "key": key}
    return {**found, **sides, "numbers": conflict.kind == "cell" and _are_numbers(conflict)}


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= LONGEST else f"{text[:LONGEST]}…"
