"""What tables are made of while a version is in the making: the store's segments, patches and pages, and new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.services.versions.models import SegmentInfo
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store import trees
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.patches import Patch, Piece
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.segments import SegmentWriter, Written
from jupyter_datasets.store.trees import Item, Pages, Tree
from jupyter_datasets.values import ObjectHash


@dataclass(kw_only=True, slots=True)
class Parts:
    """Finds the parts of tables, and keeps those that a draft makes.

    Attributes
    ----------
    staging
        Folder for new segments.
    staged
        Where new segments and files lie, by their hashes.
    """

    objects: Objects
    backend: LocalBackend
    staging: Path
    staged: dict[ObjectHash, Path] = field(init=False, default_factory=dict)
    pages: Pages = field(init=False)
    _patches: dict[ObjectHash, bytes] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.pages = Pages(self.objects.load)

    def segments(self, tree: Tree) -> list[Item]:
        """All segments of a tree."""
        return list(trees.segments(tree, self.pages))

    def path(self, name: ObjectHash) -> Path:
        """Where a segment lies."""
        return self.staged[name] if name in self.staged else self.backend.check(name)

    def pieces(self, items: Iterable[Item]) -> list[Piece]:
        """Segments as a reader takes them."""
        return pieces_of(self.plan(items))

    def plan(self, items: Iterable[Item]) -> list[SegmentInfo]:
        """Segments as they go to another process."""
        items = list(items)
        found = self._load([item.patch for item in items if item.patch])
        return [
            SegmentInfo(
                path="" if item.is_inline else str(self.path(item.hash)),
                rows=item.rows,
                bytes=item.bytes,
                patch=found[item.patch] if item.patch else None,
            )
            for item in items
        ]

    def keep(self, patch: Patch) -> tuple[ObjectHash, int]:
        """Keep a new patch: its hash and length."""
        data = patch.encode()
        name = hash_bytes(data)
        self._patches[name] = data
        return name, len(data)

    def write(self, root: TableRoot, batches: Iterable[pa.RecordBatch]) -> Written:
        """Cut rows in transfer form by a table's rule, and write them."""
        with SegmentWriter(schema=root.schema, cut=root.cut, k=root.k, staging=self.staging) as writer:
            return self.stage(writer.write(batches))

    def stage(self, written: Written) -> Written:
        """Remember where a writer's segments lie."""
        self.staged |= {item.hash: self.staging / item.hash for item in written.segments}
        return written

    def new_segments(self, tree: Tree) -> Iterator[Item]:
        """Segments under pages that were made here; the others were there before."""
        items = tree.items
        for _ in range(tree.level):
            items = tuple(i for item in items if item.hash in self.pages.made for i in self.pages.items(item.hash))
        yield from items

    def new_texts(self, tree: Tree) -> dict[ObjectHash, bytes]:
        """Pages and patches that were made here and that a tree uses."""
        texts: dict[ObjectHash, bytes] = {}
        self._collect(tree.items if tree.level else (), texts)
        for item in self.new_segments(tree):
            if item.patch in self._patches:
                texts[item.patch] = self._patches[item.patch]
        return texts

    def _collect(self, items: Sequence[Item], texts: dict[ObjectHash, bytes]) -> None:
        for item in items:
            if item.hash in self.pages.made and item.hash not in texts:
                texts[item.hash] = self.pages.made[item.hash]
                self._collect(self.pages.items(item.hash), texts)

    def _load(self, names: Sequence[ObjectHash]) -> dict[ObjectHash, bytes]:
        made = {name: self._patches[name] for name in names if name in self._patches}
        return made | self.objects.patches([name for name in names if name not in made])
