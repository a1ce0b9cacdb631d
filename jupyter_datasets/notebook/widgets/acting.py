"""What is done to a dataset from its history: each action is checked, carried out and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from jupyter_datasets.client import display
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.notebook.widgets.answering import Question
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.values import short

_Id = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
_Name = Annotated[str, Field(min_length=1, max_length=200)]


class _Named(Question):
    commit: _Id
    name: _Name


class _Checkout(Question):
    ref: _Name


class _Repeat(Question):
    commit: _Id
    message: str = Field(default="", max_length=10_000)


class _Compare(Question):
    commits: list[_Id] = Field(min_length=1, max_length=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What came of an action.

    Attributes
    ----------
    said
        For people.
    shown
        What they look at next.
    has_moved
        Whether branches, tags or commits are others now.
    """

    said: str
    shown: Diff | MergeConflicts | None = None
    has_moved: bool = True


Action = Callable[[Mapping[str, Any]], Done]


class Actions:
    """The actions on a dataset by their names.

    Parameters
    ----------
    find
        Gives a commit by its id, if it is among those that are shown.
    """

    def __init__(self, dataset: Dataset, find: Callable[[str], Commit | None]) -> None:
        self._dataset = dataset
        self._find = find

    @property
    def all(self) -> dict[str, Action]:
        """Each takes a message, and raises what the dataset or pydantic raises."""
        return {
            "branch": self._branch,
            "tag": self._tag,
            "checkout": self._checkout,
            "compare": self._compare,
            "revert": self._revert,
            "cherry-pick": self._cherry_pick,
            "undo": self._undo,
            "reload": lambda _: Done(said=""),
        }

    def _branch(self, message: Mapping[str, Any]) -> Done:
        wanted = _Named.model_validate(message)
        made = self._dataset.branch(wanted.name, at=wanted.commit)
        return Done(said=f"Branch {display.plain(made.name)} begins at {short(wanted.commit)}.")

    def _tag(self, message: Mapping[str, Any]) -> Done:
        wanted = _Named.model_validate(message)
        made = self._dataset.tag(wanted.name, at=wanted.commit)
        return Done(said=f"Tag {display.plain(made.name)} marks {short(wanted.commit)}.")

    def _checkout(self, message: Mapping[str, Any]) -> Done:
        wanted = _Checkout.model_validate(message)
        commit = self._dataset.checkout(wanted.ref)
        name = short(wanted.ref) if wanted.ref == commit.id else display.plain(wanted.ref)
        return Done(said=f"{name} is checked out here. Nothing was changed for others.")

    def _compare(self, message: Mapping[str, Any]) -> Done:
        first, *others = _Compare.model_validate(message).commits
        diff = self._of_two(first, others[0]) if others else self._with_current(first)
        return Done(said="", shown=diff, has_moved=False)

    def _of_two(self, first: str, second: str) -> Diff:
        """The older one comes first."""
        ages = {id: found.seq for id in (first, second) if (found := self._find(id))}
        old, new = sorted((first, second), key=lambda id: ages.get(id, 0))
        return self._dataset.diff(old, new)

    def _with_current(self, commit: str) -> Diff:
        """From the commit to what is checked out; where it is that itself, from its parent to it."""
        current = self._dataset.current
        is_current = self._dataset[current].commit.id == commit
        return self._dataset.diff(current) if is_current else self._dataset.diff(commit, current)

    def _revert(self, message: Mapping[str, Any]) -> Done:
        wanted = _Repeat.model_validate(message)
        made = self._dataset.revert(wanted.commit, message=wanted.message)
        return self._made(made, "What it changed is changed back already.")

    def _cherry_pick(self, message: Mapping[str, Any]) -> Done:
        wanted = _Repeat.model_validate(message)
        made = self._dataset.cherry_pick(wanted.commit, message=wanted.message)
        return self._made(made, f"{display.plain(self._dataset.current)} has all of it already.")

    def _made(self, made: Commit | MergeConflicts | None, otherwise: str) -> Done:
        if made is None:
            return Done(said=otherwise, has_moved=False)
        if isinstance(made, MergeConflicts):
            found = display.count(len(made), "conflict")
            return Done(said=f"{found}: settle below, or in Python by merges().", shown=made, has_moved=False)
        return Done(said=f"Committed as #{made.seq} {made.short}: {display.plain(made.message)}")

    def _undo(self, message: Mapping[str, Any]) -> Done:
        Question.model_validate(message)
        ref = self._dataset.undo()
        where = short(ref.commit) if ref.commit else "nothing"
        return Done(said=f"{display.plain(ref.name)} points to {where} again. In Python redo() brings the move back.")
