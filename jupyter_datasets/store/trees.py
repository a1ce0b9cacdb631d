"""The tree that lists a table's segments: pages cut by content, so that equal runs of segments share their pages.

An item is a segment (level 0) or a page of the level below, with the rows and bytes under it. A page ends once it has
8 items where the low 5 bits of the item's hash are zero, at the latest after 128. Levels are added until few enough
items are left for the root to hold them itself. A segment may have a patch; it moves no end of a page.

An item also tells the digest of its rows, as far as nobody has to read for it: see the module ``digests``.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, islice
from typing import Any

from jupyter_datasets.store import digests
from jupyter_datasets.store.canonical import FORMAT, encode, hash_bytes
from jupyter_datasets.values import ObjectHash

PAGE_MIN, PAGE_MAX, PAGE_MASK = 8, 128, 0x1F
ROOT_MAX = 32


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a page: a segment, or a page below, and how much is under it.

    Attributes
    ----------
    hash
        Of the segment's file or the page. Rows that are too few for a file are a patch alone, and this is its hash.
    rows
        With the patch applied.
    patch
        Hash of what replaces rows of the segment or takes them away; see :mod:`jupyter_datasets.store.patches`.
    digest
        Of the rows of the segment's file, without the patch, or of all rows below the page; empty where it is not
        known. It follows from the hash, and old items that do not tell it are equal to those that do.
    """

    hash: ObjectHash
    rows: int
    bytes: int
    patch: ObjectHash | None = None
    digest: str = field(default="", compare=False)

    @property
    def is_inline(self) -> bool:
        """Whether there is no file, because the patch holds all rows."""
        return self.patch == self.hash

    def to_json(self) -> list[Any]:
        """The line as canonical JSON holds it; what comes last and says nothing is left out."""
        line = [self.hash, self.rows, self.bytes]
        if self.digest:
            return [*line, self.patch or "", self.digest]
        return line if self.patch is None else [*line, self.patch]

    @classmethod
    def from_json(cls, hash: ObjectHash, rows: int, bytes: int, patch: str = "", digest: str = "") -> Item:
        """Read what :meth:`to_json` gave."""
        return cls(hash, rows, bytes, ObjectHash(patch) if patch else None, digest)


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

    @property
    def digest(self) -> str:
        """Of all rows; empty where the items do not tell it."""
        return _digest(self.items)

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
    return tuple(Item.from_json(*line) for line in lines)


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
        if name not in self._items:
            self.made[name] = text
            self._items[name] = tuple(items)
        return Item(name, sum(i.rows for i in items), sum(i.bytes for i in items), digest=_digest(items))


def _digest(items: Sequence[Item]) -> str:
    """That of all rows under some items, of which none has a patch; empty where one does, or does not tell its own."""
    if any(item.patch or not item.digest for item in items):
        return ""
    return digests.total([item.digest for item in items])


def build(segments: Iterable[Item], pages: Pages) -> Tree:
    """The tree over a sequence of segments; new pages are left in ``pages.made``."""
    return _settle(Tree(0, tuple(segments)), pages)


def segments(tree: Tree, pages: Pages) -> Iterator[Item]:
    """All segments in order."""
    items = tree.items
    for _ in range(tree.level):
        pages.prefetch([item.hash for item in items])
        items = tuple(below for item in items for below in pages.items(item.hash))
    yield from items


def backwards(tree: Tree, pages: Pages) -> Iterator[Item]:
    """All segments from the last to the first, of which only those that are asked for are looked up."""
    return _backwards(tree.level, tree.items, pages)


def _backwards(level: int, items: Sequence[Item], pages: Pages) -> Iterator[Item]:
    for item in reversed(items):
        if level:
            yield from _backwards(level - 1, pages.items(item.hash), pages)
        else:
            yield item


def replace_tail(tree: Tree, pages: Pages, drop: int, new: Sequence[Item]) -> Tree:
    """The tree without its last ``drop`` segments and with ``new`` ones behind; gives what :func:`build` would."""
    edge = list(islice(backwards(tree, pages), max(drop, 1)))[::-1]
    if not edge:
        return build(new, pages)
    first, *others = accumulate((item.rows for item in edge[:-1]), initial=tree.rows - sum(item.rows for item in edge))
    return splice(tree, pages, {first: (*edge[: len(edge) - drop], *new)} | dict.fromkeys(others, ()))


def splice(tree: Tree, pages: Pages, changes: Mapping[int, Sequence[Item]]) -> Tree:
    """The tree with other segments in some places; gives what :func:`build` would.

    Only the pages over those places are read and written, and those behind them until an end of a page is met again:
    the cost follows the change.

    Parameters
    ----------
    changes
        What takes the place of the segment that begins with the table's n-th row, by n.
    """
    nodes = list(_opened(tree.level, tree.items, 0, changes, sorted(changes), pages))
    for level in range(tree.level):
        nodes = _closed(nodes, level, pages)
    return _settle(Tree(tree.level, tuple(item for _, item in nodes)), pages)


_Node = tuple[int, Item]


def _opened(
    level: int, items: Iterable[Item], start: int, changes: Mapping[int, Sequence[Item]], at: list[int], pages: Pages
) -> Iterator[_Node]:
    """The changed tree from left to right: pages that no change is under as they are, all else down to segments."""
    for item in items:
        touched = bisect_left(at, start) < bisect_left(at, start + item.rows)
        if not touched:
            yield level, item
        elif level == 0:
            yield from ((0, new) for new in changes[start])
        else:
            yield from _opened(level - 1, pages.items(item.hash), start, changes, at, pages)
        start += item.rows


def _closed(nodes: Iterable[_Node], level: int, pages: Pages) -> list[_Node]:
    """The nodes of one level put into pages; a page that is not full takes what comes next, out of its own page."""
    waiting, done = deque(nodes), list[_Node]()
    while waiting:
        if waiting[0][0] > level:
            done.append(waiting.popleft())
            continue
        run: list[Item] = []
        while waiting and not _is_full(run):
            height, item = waiting.popleft()
            if height == level:
                run.append(item)
            else:
                waiting.extendleft((height - 1, below) for below in reversed(pages.items(item.hash)))
        done.append((level + 1, pages.add(level, run)))
    return done


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
    common = Counter(left.items) & Counter(right.items)
    return _subtract(left, common), _subtract(right, common)


def _subtract(tree: Tree, common: Counter[Item]) -> Tree:
    rest, kept = common.copy(), []
    for item in tree.items:
        if rest[item] > 0:
            rest[item] -= 1
        else:
            kept.append(item)
    return Tree(tree.level, tuple(kept))


def _expand(tree: Tree, pages: Pages) -> Tree:
    pages.prefetch([item.hash for item in tree.items])
    return Tree(tree.level - 1, tuple(i for item in tree.items for i in pages.items(item.hash)))


def _runs(items: Iterable[Item]) -> Iterator[list[Item]]:
    run: list[Item] = []
    for item in items:
        run.append(item)
        if _is_full(run):
            yield run
            run = []
    if run:
        yield run


def _is_full(run: Sequence[Item]) -> bool:
    ends = len(run) >= PAGE_MIN and int(run[-1].hash[-8:], 16) & PAGE_MASK == 0
    return ends or len(run) == PAGE_MAX
