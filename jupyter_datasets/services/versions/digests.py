"""Digests of tables: what the tree tells is added up, and only the rest is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from jupyter_datasets.errors import InternalError
from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.store import trees
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.recounting import Recount
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.trees import Item, Pages, Tree

PiecesOf = Callable[[Sequence[Item]], Iterable[Piece]]


class Digests:
    """Digests of rows as the columns of one schema.

    Parameters
    ----------
    pieces
        Gives segments as a reader takes them.
    """

    def __init__(self, schema: Schema, pages: Pages, pieces: PiecesOf) -> None:
        self._recount = Recount(schema)
        self._pages = pages
        self._pieces = pieces

    def of(self, tree: Tree) -> Digest:
        """That of all rows. Read are segments that have a patch or other columns, or were written without a digest."""
        total, items = Digest(self._recount.layout), list(tree.items)
        for level in range(tree.level, -1, -1):
            total = sum(filter(None, map(self._told, items)), total)
            items = [item for item in items if self._told(item) is None]
            if level:
                items = list(self._below(items))
        return sum((self._recount.piece(p, i.digest) for i, p in zip(items, self._pieces(items), strict=True)), total)

    def _told(self, item: Item) -> Digest | None:
        """That of all rows of an item, where it tells it."""
        if item.patch or not item.digest:
            return None
        digest = Digest.parse(item.digest)
        return digest if digest.layout == self._recount.layout else None

    def _below(self, items: Sequence[Item]) -> Iterator[Item]:
        self._pages.prefetch([item.hash for item in items])
        for item in items:
            yield from self._pages.items(item.hash)


def check_kept(table: str, before: TableRoot, after: TableRoot, parts: Parts) -> None:
    """Raise :class:`InternalError` unless a table holds the rows that it held, in whatever segments.

    Both have the same columns. Of segments that both have nothing is read.
    """
    digests = Digests(after.schema, parts.pages, parts.pieces)
    held, holds = (digests.of(Tree(0, tuple(items))) for items in trees.differing(before.tree, after.tree, parts.pages))
    if held != holds:
        raise InternalError(
            f"The rows of table {table!r} would not be the same ones in their new segments. Nothing was changed.",
            next_step="Look for damage with 'jupyter datasets fsck'; if there is none, please report this.",
            details={"table": table, "expected": str(held), "found": str(holds)},
        )
