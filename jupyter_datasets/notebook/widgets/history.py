"""The commits of a dataset and the graph that they form."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import traitlets
from ipywidgets import Widget, widget_serialization
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.client.history import Log
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.notebook.widgets.acting import Action, Actions
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation, Handler, Question
from jupyter_datasets.notebook.widgets.base import StaticFallback, script
from jupyter_datasets.notebook.widgets.diff import DiffView
from jupyter_datasets.notebook.widgets.merge import MergeReview
from jupyter_datasets.services.versions.models import Commit

_MOST, _MOST_STATIC = 10_000, 100  # commits


class _Commits(Question):
    """Which commits, counted from the newest."""

    offset: int = Field(ge=0, lt=1 << 53)
    limit: int = Field(ge=1, le=5000)


class _Selection(BaseModel):
    """What a view says when commits are selected."""

    model_config = ConfigDict(strict=True, frozen=True)

    ids: list[str] = Field(max_length=2)


class History(StaticFallback):
    """Commits to look through, drawn as a graph, and for a dataset what can be done with them.

    Parameters
    ----------
    shown
        A dataset, of which the newest 10,000 commits of all branches and tags are shown as they are when the widget is
        first seen, and after each action; or what ``flights.log()`` or ``flights.graph()`` gave.
    actions
        Whether a dataset can be worked with here: new branches and tags, check out, compare, revert, cherry-pick, undo.

    Attributes
    ----------
    selected
        The commits that are selected, at most two, the older choice first.
    below
        The :class:`DiffView` or :class:`MergeReview` that an action led to; None before that.
    """

    _esm = script("history.js")
    label = traitlets.Unicode().tag(sync=True)
    rows = traitlets.Int().tag(sync=True)
    actions = traitlets.Bool().tag(sync=True)
    current = traitlets.Unicode().tag(sync=True)
    revision = traitlets.Int().tag(sync=True)
    below = traitlets.Instance(Widget, allow_none=True).tag(sync=True, **widget_serialization)
    selected = traitlets.Tuple()

    def __init__(self, shown: Dataset | Log, *, actions: bool = True) -> None:
        self._source = shown
        self._known: Sequence[Commit] | None = None
        self._lock = threading.Lock()
        static = shown if isinstance(shown, Log) else shown.graph(_MOST_STATIC)
        super().__init__(static, label=f"History of {shown.name}", rows=len(static))
        handlers: dict[str, Handler] = {"commits": self._page, "refs": self._refs}
        if isinstance(shown, Dataset) and actions:
            self.actions, self.current = True, shown.current
            found = Actions(shown, self._find).all
            handlers |= {name: partial(self._act, shown, action) for name, action in found.items()}
        self._answering = Answering(self.send, handlers)
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    @property
    def _commits(self) -> Sequence[Commit]:
        found = self._known
        if found is None:
            found = self._source if isinstance(self._source, Log) else self._source.graph(_MOST)
            self._known = found
        return found

    def _find(self, id: str) -> Commit | None:
        return next((commit for commit in self._commits if commit.id == id), None)

    def _receive(self, content: Any) -> None:
        if isinstance(content, Mapping) and content.get("kind") == "select":
            self._select(content)
        else:
            self._answering.receive(content)

    def _select(self, content: Mapping[str, Any]) -> None:
        try:
            ids = _Selection.model_validate(content).ids
        except ValidationError:
            return
        found: dict[str, Commit] = {commit.id: commit for commit in self._commits if commit.id in ids}
        self.selected = tuple(found[id] for id in ids if id in found)

    def _page(self, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        wanted = _Commits.model_validate(message)
        known = self._commits
        end = wanted.offset + wanted.limit
        cancellation.check()
        page = [commit.model_dump(mode="json") for commit in known[wanted.offset : end]]
        return Answer(content={"commits": page, "more": end < len(known)})

    def _refs(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        refs = [] if isinstance(self._source, Log) else self._source.refs()
        return Answer(content={"refs": [ref.model_dump(mode="json") for ref in refs]})

    # ------------------------------------------------------------------------------------------------------- actions

    def _act(self, dataset: Dataset, action: Action, message: Mapping[str, Any], _: Cancellation) -> Answer:
        with self._lock:
            done = action(message)
            if done.shown is not None:
                self._show_below(done.shown)
            self.current = dataset.current
            if done.has_moved:
                self.refresh()
        return Answer(content={"said": done.said})

    def _show_below(self, shown: Diff | MergeConflicts) -> None:
        before = self.below
        if isinstance(shown, Diff):
            self.below = DiffView(shown)
        else:
            self.below = MergeReview(shown)
            self.below.observe(lambda _: self.refresh(), "commit")
        if before is not None:
            before.close()

    def refresh(self) -> None:
        """Have the views load the commits that there are now."""
        self._known = None
        self.revision += 1
