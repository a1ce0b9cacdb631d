"""Segments that were never written, and a place for the pages over them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jupyter_datasets.store import trees
from jupyter_datasets.store.canonical import decode
from jupyter_datasets.store.trees import Item, Pages, Tree
from jupyter_datasets.values import ObjectHash


def item(number: int, *, ends: bool) -> Item:
    """A segment of its own hash, after which a page ends or not."""
    name = hashlib.sha256(str(number).encode()).hexdigest()[:-2] + ("20" if ends else "01")
    return Item(ObjectHash(name), number % 7 + 1, number % 1000)


class Shelf:
    """Pages that were stored, by hash; counts what is read."""

    def __init__(self) -> None:
        self.texts: dict[ObjectHash, bytes] = {}
        self.read: list[ObjectHash] = []

    def load(self, names: Sequence[ObjectHash]) -> Mapping[ObjectHash, Mapping[str, Any]]:
        self.read += names
        return {name: decode(self.texts[name]) for name in names}

    def pages(self) -> Pages:
        """A view that has read nothing yet."""
        self.read.clear()
        return Pages(self.load)

    def build(self, segments: Iterable[Item]) -> Tree:
        """The tree over these segments, its pages stored."""
        pages = self.pages()
        tree = trees.build(segments, pages)
        self.texts |= pages.made
        return tree

    def segments(self, tree: Tree) -> list[Item]:
        """What a tree lists, by stored pages alone."""
        return list(trees.segments(tree, self.pages()))

    def levels(self, tree: Tree) -> list[list[tuple[Item, ...]]]:
        """The pages of each level in order, those under the top first."""
        found, items = [], tree.items
        for _ in range(tree.level):
            pages = self.load([item.hash for item in items])
            found.append([trees.items_from_json(pages[item.hash]["items"]) for item in items])
            items = tuple(below for page in found[-1] for below in page)
        return found
