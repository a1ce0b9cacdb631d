"""The commits of a dataset and the graph that they form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import traitlets
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.history import Log
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation, Question
from jupyter_datasets.notebook.widgets.base import StaticFallback, script
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
    """Commits to look through, drawn as a graph.

    Parameters
    ----------
    shown
        A dataset, of which the newest 10,000 commits of all branches and tags are shown as they are when the widget is
        first seen; or what ``flights.log()`` or ``flights.graph()`` gave.

    Attributes
    ----------
    selected
        The commits that are selected, at most two, the older choice first.
    """

    _esm = script("history.js")
    label = traitlets.Unicode().tag(sync=True)
    rows = traitlets.Int().tag(sync=True)
    selected = traitlets.Tuple()

    def __init__(self, shown: Dataset | Log) -> None:
        self._source = shown
        static = shown if isinstance(shown, Log) else shown.graph(_MOST_STATIC)
        super().__init__(static, label=f"History of {shown.name}", rows=len(static))
        self._answering = Answering(self.send, {"commits": self._page, "refs": self._refs})
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))

    @cached_property
    def _commits(self) -> Sequence[Commit]:
        return self._source if isinstance(self._source, Log) else self._source.graph(_MOST)

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
        end = wanted.offset + wanted.limit
        commits = self._commits[wanted.offset : end]
        cancellation.check()
        page = [commit.model_dump(mode="json") for commit in commits]
        return Answer(content={"commits": page, "more": end < len(self._commits)})

    def _refs(self, message: Mapping[str, Any], _: Cancellation) -> Answer:
        del message
        refs = [] if isinstance(self._source, Log) else self._source.refs()
        return Answer(content={"refs": [ref.model_dump(mode="json") for ref in refs]})
