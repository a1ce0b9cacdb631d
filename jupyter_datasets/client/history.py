"""Commits, logs and the graph as users see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import overload

from jupyter_datasets.client import display
from jupyter_datasets.services.versions.models import Commit, RefInfo, RefKindName, RefMove
from jupyter_datasets.values import short

_MOVES = ("when", "what", "from", "to", "who")
_HEADERS = ("commit", "#", "when", "author", "message", "refs")


class Log(Sequence[Commit]):
    """Commits, newest first.

    Parameters
    ----------
    name
        The dataset's.
    filtered
        Whether there may be others besides.
    """

    def __init__(self, name: str, commits: Sequence[Commit], *, filtered: bool = False) -> None:
        self._name = name
        self._commits = tuple(commits)
        self._filtered = filtered

    @property
    def name(self) -> str:
        """The dataset's name."""
        return self._name

    @overload
    def __getitem__(self, index: int) -> Commit: ...
    @overload
    def __getitem__(self, index: slice) -> Log: ...
    def __getitem__(self, index: int | slice) -> Commit | Log:
        found = self._commits[index]
        return found if isinstance(found, Commit) else Log(self._name, found, filtered=self._filtered)

    def __len__(self) -> int:
        return len(self._commits)

    def rows(self) -> list[tuple[str, str, str, str, str, str]]:
        """One line a commit, for people."""
        return [
            (short(c.id), f"#{c.seq}", display.when(c.time), c.author, c.message, ", ".join(c.refs))
            for c in self._commits
        ]

    def __repr__(self) -> str:
        return display.text_table(_HEADERS, self.rows()) if self._commits else self._nothing()

    def _nothing(self) -> str:
        if self._filtered:
            return f"{self._name}: no such commits."
        return f"{self._name}: no commits yet. Import a file or add a table first."

    def _repr_html_(self) -> str:
        if not self._commits:
            return display.html_lines([repr(self)])
        return display.html_table(_HEADERS, self.rows(), self._name)


class Refs(Sequence[RefInfo]):
    """Branches and tags by name."""

    def __init__(self, refs: Sequence[RefInfo]) -> None:
        self._refs = tuple(refs)

    @overload
    def __getitem__(self, index: int) -> RefInfo: ...
    @overload
    def __getitem__(self, index: slice) -> Refs: ...
    def __getitem__(self, index: int | slice) -> RefInfo | Refs:
        found = self._refs[index]
        return found if isinstance(found, RefInfo) else Refs(found)

    def __len__(self) -> int:
        return len(self._refs)

    def __contains__(self, item: object) -> bool:
        return item in self._refs or any(r.name == item for r in self._refs)

    def kind(self, name: str) -> RefKindName | None:
        """Whether a name is that of a branch or of a tag; None when it is neither."""
        return next((ref.kind for ref in self._refs if ref.name == name), None)

    def rows(self) -> list[tuple[str, str, str]]:
        """One line a reference, for people."""
        return [(r.name, kind_of(r), short(r.commit) if r.commit else "no commits yet") for r in self._refs]

    def __repr__(self) -> str:
        return display.text_table(("name", "kind", "commit"), self.rows())

    def _repr_html_(self) -> str:
        return display.html_table(("name", "kind", "commit"), self.rows())


def kind_of(ref: RefInfo) -> str:
    """``tag``, ``branch`` or ``protected branch``."""
    return f"protected {ref.kind}" if ref.protected else ref.kind


class Moves(Sequence[RefMove]):
    """What moved one branch or tag, newest first.

    Parameters
    ----------
    log
        The moves, oldest first.
    """

    def __init__(self, log: Sequence[RefMove]) -> None:
        self._moves = tuple(reversed(log))

    @overload
    def __getitem__(self, index: int) -> RefMove: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[RefMove]: ...
    def __getitem__(self, index: int | slice) -> RefMove | Sequence[RefMove]:
        return self._moves[index]

    def __len__(self) -> int:
        return len(self._moves)

    def rows(self) -> list[tuple[str, str, str, str, str]]:
        """One line a move, for people; an undo names what it took back."""
        actions = {move.id: move.action for move in self._moves}
        return [(display.when(m.time), _said(m, actions), _place(m.old), _place(m.new), m.actor) for m in self._moves]

    def __repr__(self) -> str:
        return display.text_table(_MOVES, self.rows()) if self._moves else "No moves yet."

    def _repr_html_(self) -> str:
        return display.html_table(_MOVES, self.rows()) if self._moves else display.html_lines([repr(self)])


def _said(move: RefMove, actions: Mapping[str, str]) -> str:
    """``undo of commit``; a rename with the other name."""
    target = actions.get(move.target or "")
    of = f" of {target}" if target else ""
    other = f" {'to' if move.new is None else 'from'} {move.other}" if move.other else ""
    return f"{move.action}{of}{other}"


def _place(commit: str | None) -> str:
    return short(commit) if commit else ""


class Graph(Log):
    """The commits of all branches and tags, newest first, drawn as a graph: one lane a line of history."""

    def __repr__(self) -> str:
        if not self._commits:
            return self._nothing()
        return "\n".join(
            f"{lanes}  {short(c.id)} {display.plain(c.message)}{_named(c)}"
            for lanes, c in zip(draw_lanes(self._commits), self._commits, strict=True)
        )

    def _repr_html_(self) -> str:
        return display.html_preformatted(repr(self))


def _named(commit: Commit) -> str:
    return f"  ({', '.join(commit.refs)})" if commit.refs else ""


def draw_lanes(commits: Sequence[Commit]) -> Iterator[str]:
    """For each commit, newest first, the characters of its lanes: ``*`` is the commit, ``|`` a line passing by."""
    waiting: list[str | None] = []
    for commit in commits:
        here = [i for i, wanted in enumerate(waiting) if wanted == commit.id]
        if not here:
            waiting.append(commit.id)
            here = [len(waiting) - 1]
        yield " ".join("*" if i == here[0] else "|" if lane else " " for i, lane in enumerate(waiting)).rstrip()
        for i in here:
            waiting[i] = None
        for position, parent in zip([here[0], *range(len(waiting), len(waiting) + 2)], commit.parents, strict=False):
            if position < len(waiting):
                waiting[position] = parent
            else:
                waiting.append(parent)
        while waiting and waiting[-1] is None:
            waiting.pop()
