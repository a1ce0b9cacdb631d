"""The tree that lists a table's segments: pages cut by content, so that equal runs of segments share their pages.

An item is a segment (level 0) or a page of the level below, with the rows and bytes under it. A page ends once it has
8 items where the low 5 bits of the item's hash are zero, at the latest after 128. Levels are added until few enough
items are left for the root to hold them itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from jupyter_datasets.store.canonical import FORMAT, encode, hash_bytes
from jupyter_datasets.values import ObjectHash

PAGE_MIN, PAGE_MAX, PAGE_MASK = 8, 128, 0x1F
ROOT_MAX = 32


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page: a segment, or a page below, and how much is under it."""

    hash: ObjectHash
    rows: int
    bytes: int

    def to_json(self) -> list[Any]:
        """The line as canonical JSON holds it."""
        return [self.hash, self.rows, self.bytes]


@dataclass(frozen=True, slots=True)
class Tree:
    """The top of a tree: ``level`` 0 means that ``items`` are segments."""

    level: int
    items: tuple[Item, ...]

    @property
    def rows(self) -> int:
        """Rows of the whole table."""
        return sum(item.rows for item in self.items)

    @property
    def bytes(self) -> int:
        """Bytes of all segments, each counted as often as it is listed."""
        return sum(item.bytes for item in self.items)

    def to_json(self) -> dict[str, Any]:
        """The top as the table root holds it."""
        return {"level": self.level, "items": [item.to_json() for item in self.items]}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Tree:
        """Read what :meth:`to_json` gave."""
        return cls(value["level"], items_from_json(value["items"]))


EMPTY = Tree(0, ())
Load = Callable[[Sequence[ObjectHash]], Mapping[ObjectHash, Mapping[str, Any]]]


def items_from_json(lines: Iterable[Sequence[Any]]) -> tuple[Item, ...]:
    """Items from the lines of a page or root."""
    return tuple(Item(ObjectHash(h), rows, size) for h, rows, size in lines)


class Pages:
    """Pages of one store: those that exist, by ``load``, and those that this change makes, in ``made``."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.made: dict[ObjectHash, bytes] = {}
        self._items: dict[ObjectHash, tuple[Item, ...]] = {}

    def items(self, page: ObjectHash) -> tuple[Item, ...]:
        """What a page lists."""
        if page not in self._items:
            self.prefetch([page])
        return self._items[page]

    def prefetch(self, pages: Sequence[ObjectHash]) -> None:
        """Load several pages at once."""
        wanted = [page for page in pages if page not in self._items]
        if wanted:
            found = self._load(wanted)
            self._items |= {page: items_from_json(found[page]["items"]) for page in wanted}

    def add(self, level: int, items: Sequence[Item]) -> Item:
        """Make a page, and the item that stands for it one level up."""
        text = encode({"format": FORMAT, "kind": "page", "level": level, "items": [i.to_json() for i in items]})
        name = hash_bytes(text)
        self.made[name] = text
        self._items[name] = tuple(items)
        return Item(name, sum(i.rows for i in items), sum(i.bytes for i in items))


def build(segments: Iterable[Item], pages: Pages) -> Tree:
    """The tree over a sequence of segments; new pages are left in ``pages.made``."""
    level, items = 0, tuple(segments)
    while len(items) > ROOT_MAX:
        items = tuple(pages.add(level, run) for run in _runs(items))
        level += 1
    return Tree(level, items)


def segments(tree: Tree, pages: Pages) -> Iterator[Item]:
    """All segments in order."""
    items = tree.items
    for _ in range(tree.level):
        pages.prefetch([item.hash for item in items])
        items = tuple(below for item in items for below in pages.items(item.hash))
    yield from items


def last_segment(tree: Tree, pages: Pages) -> Item | None:
    """The last segment, read along one path."""
    if not tree.items:
        return None
    item = tree.items[-1]
    for _ in range(tree.level):
        item = pages.items(item.hash)[-1]
    return item


def replace_tail(tree: Tree, pages: Pages, drop: int, new: Sequence[Item]) -> Tree:
    """The tree without its last ``drop`` segments and with ``new`` ones behind; gives what :func:`build` would.

    Only the pages along the right edge are read and written: the cost follows the change.
    """
    levels: list[tuple[Item, ...]] = [tree.items]
    for _ in range(tree.level):
        levels.append(pages.items(levels[-1][-1].hash))
    levels.reverse()
    if drop > len(levels[0]):
        return build((*list(segments(tree, pages))[: -drop or None], *new), pages)
    added: tuple[Item, ...] = (*levels[0][: len(levels[0]) - drop], *new)
    for level, above in enumerate(levels[1:]):
        added = (*above[:-1], *(pages.add(level, run) for run in _runs(added)))
    return _settle(Tree(tree.level, added), pages)


def _settle(tree: Tree, pages: Pages) -> Tree:
    level, items = tree.level, tree.items
    while len(items) > ROOT_MAX:
        items = tuple(pages.add(level, run) for run in _runs(items))
        level += 1
    while level and PAGE_MIN * (len(items) - 1) < ROOT_MAX:
        below = _expand(Tree(level, items), pages)
        if len(below.items) > ROOT_MAX:
            break
        level, items = below.level, below.items
    return Tree(level, items)


def differing(old: Tree, new: Tree, pages: Pages) -> tuple[list[Item], list[Item]]:
    """The segments of each side that the other lacks, counted with their multiplicity; equal pages are skipped."""
    left, right = old, new
    while left.level or right.level:
        if left.level == right.level:
            left, right = _without_common(left, right)
        left, right = (
            _expand(left, pages) if left.level >= max(right.level, 1) else left,
            _expand(right, pages) if right.level >= max(left.level, 1) else right,
        )
    left, right = _without_common(left, right)
    return list(left.items), list(right.items)


def _without_common(left: Tree, right: Tree) -> tuple[Tree, Tree]:
    common = Counter(i.hash for i in left.items) & Counter(i.hash for i in right.items)
    return _subtract(left, common), _subtract(right, common)


def _subtract(tree: Tree, common: Counter[ObjectHash]) -> Tree:
    rest, kept = common.copy(), []
    for item in tree.items:
        if rest[item.hash] > 0:
            rest[item.hash] -= 1
        else:
            kept.append(item)
    return Tree(tree.level, tuple(kept))


def _expand(tree: Tree, pages: Pages) -> Tree:
    pages.prefetch([item.hash for item in tree.items])
    return Tree(tree.level - 1, tuple(i for item in tree.items for i in pages.items(item.hash)))


def _runs(items: Iterable[Item]) -> Iterator[list[Item]]:
    waiting = iter(items)
    while run := list(_run(waiting)):
        yield run


def _run(waiting: Iterator[Item]) -> Iterator[Item]:
    for count, item in enumerate(islice(waiting, PAGE_MAX), start=1):
        yield item
        if count >= PAGE_MIN and int(item.hash[-8:], 16) & PAGE_MASK == 0:
            return
