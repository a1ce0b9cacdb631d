"""Where a version comes from and what became of it, as users see it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from jupyter_datasets.client import display
from jupyter_datasets.services.versions.provenance import Direction, LineageEdge, LineageNode
from jupyter_datasets.services.versions.provenance import Lineage as LineageModel
from jupyter_datasets.values import short

_ABOVE, _BELOW = "made from", "used by"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Branch:
    """A line of the tree, and those below it."""

    text: str
    branches: tuple[_Branch, ...] = ()

    def lines(self) -> Iterator[str]:
        """The tree as text."""
        yield self.text
        for branch in self.branches:
            last = branch is self.branches[-1]
            first, *rest = branch.lines()
            yield ("└─ " if last else "├─ ") + first
            yield from (("   " if last else "│  ") + line for line in rest)

    def html(self) -> str:
        """The tree as nested lists."""
        below = "".join(f"<li>{branch.html()}</li>" for branch in self.branches)
        return f"<bdi>{escape(self.text)}</bdi>" + (f"<ul>{below}</ul>" if below else "")


class Lineage:
    """What a version was made from, and what was made from its dataset; shows itself as a tree.

    Parameters
    ----------
    model
        As the store gives it.
    direction
        What was asked for.
    """

    def __init__(self, model: LineageModel, direction: Direction = "both") -> None:
        self.model = model
        self._direction = direction

    @property
    def nodes(self) -> tuple[LineageNode, ...]:
        """The versions; the first is the one that was asked for."""
        return self.model.nodes

    @property
    def edges(self) -> tuple[LineageEdge, ...]:
        """Which was made from which; ``source`` and ``target`` are positions in :attr:`nodes`."""
        return self.model.edges

    @property
    def cut(self) -> bool:
        """Whether there is more than is told."""
        return self.model.cut

    @property
    def inputs(self) -> list[LineageNode]:
        """The versions that went into it directly."""
        return [self.nodes[edge.source] for edge in self._beside(0, _ABOVE)]

    @property
    def outputs(self) -> list[LineageNode]:
        """The versions that its dataset went into directly."""
        return [self.nodes[edge.target] for edge in self._beside(0, _BELOW)]

    def __len__(self) -> int:
        return len(self.edges)

    def __repr__(self) -> str:
        return "\n".join(line for tree in self._trees() for line in tree.lines())

    def _repr_html_(self) -> str:
        return "<div>" + "".join(f"<div>{tree.html()}</div>" for tree in self._trees()) + "</div>"

    def _trees(self) -> Iterator[_Branch]:
        first = self.nodes[0]
        message = f"  {first.commit.message}" if first.commit else ""
        yield _Branch(text=display.plain(f"{first}{message}"))
        for side, other in ((_ABOVE, "down"), (_BELOW, "up")):
            if self._direction != other:
                branches = tuple(self._branches(0, side, {0}))
                yield _Branch(text=f"{side}:" if branches else f"{side}: nothing that was recorded", branches=branches)
        if self.cut:
            yield _Branch(text="There is more: ask for a greater depth.")

    def _branches(self, place: int, side: str, shown: set[int]) -> Iterator[_Branch]:
        for edge in self._beside(place, side):
            end = edge.source if side == _ABOVE else edge.target
            text = display.plain(self._text(edge, side))
            if end in shown:
                yield _Branch(text=f"{text} (see above)")
                continue
            shown.add(end)
            yield _Branch(text=text, branches=tuple(self._branches(end, side, shown)))

    def _beside(self, place: int, side: str) -> Sequence[LineageEdge]:
        return [edge for edge in self.edges if (edge.target if side == _ABOVE else edge.source) == place]

    def _text(self, edge: LineageEdge, side: str) -> str:
        tables = f" ({', '.join(edge.tables)})" if edge.tables else ""
        by = f" by {edge.made_by}" if edge.made_by else ""
        if side == _ABOVE:
            into = f" in {short(edge.through)}" if edge.through else ""
            return f"{self._name(edge.source)}{tables}, read{by}{into}"
        what = f" {short(edge.read)}" if edge.read else ""
        return f"{self._name(edge.target)}, which read{what}{tables}{by}"

    def _name(self, place: int) -> str:
        node = self.nodes[place]
        return f"{node} (deleted)" if node.state == "gone" and node.dataset else str(node)
