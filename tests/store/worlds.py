"""A store without a catalog, and ways to put rows into it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import incoming, packs, patches, trees
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.store.commits import Content
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.objects import Objects
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.recounting import Recount
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import SegmentWriter, Written
from jupyter_datasets.store.trees import Item, Pages
from jupyter_datasets.values import ObjectHash, new_id


@dataclass(frozen=True, kw_only=True)
class Made:
    """Segments in a folder."""

    schema: Schema
    folder: Path
    written: Written

    @property
    def items(self) -> tuple[Item, ...]:
        return self.written.segments

    @property
    def paths(self) -> list[str]:
        return [str(self.folder / item.hash) for item in self.items]

    @property
    def pieces(self) -> list[Piece]:
        return [Piece(path=path, rows=item.rows) for path, item in zip(self.paths, self.items, strict=True)]


def write(rows: pa.Table, folder: Path, *, schema: Schema | None = None, k: int = 0) -> Made:
    """Write rows as users hand them over; cut by all columns."""
    columns = incoming.inspect(rows.schema).columns
    schema = schema or Schema.create(columns)
    return write_batches(incoming.conform(rows.to_batches(), rows.schema, columns, schema), schema, folder, k=k)


def write_batches(
    batches: Iterator[pa.RecordBatch], schema: Schema, folder: Path, *, k: int = 0, cut: Sequence[str] = ()
) -> Made:
    """Write rows in transfer form; cut by some columns, else by all."""
    target = folder / new_id()
    target.mkdir()
    ids = tuple(schema.field(name).id for name in cut or schema.names)
    with SegmentWriter(schema=schema, cut=ids, k=k, staging=target) as writer:
        return Made(schema=schema, folder=target, written=writer.write(batches))


def split(rows: pa.Table, sizes: Sequence[int]) -> Iterator[pa.RecordBatch]:
    """The rows in batches of these sizes, over and over."""
    start = 0
    for size in cycle(sizes):
        if start >= rows.num_rows:
            return
        yield from rows.slice(start, size).combine_chunks().to_batches()
        start += size


def counted(schema: Schema, pieces: Sequence[Piece]) -> str:
    """The digest of the rows that a reader gets, whatever is noted beside the segments."""
    rows = OrderedReader(schema, for_writer=True).table(pieces).combine_chunks().to_batches()
    inlined = [Piece(path=None, rows=r.num_rows, patch=patches.inline(schema, r)) for r in rows]
    return str(sum(map(Recount(schema).piece, inlined), Digest(schema.layout)))


class Store:
    """A local backend with an index in memory: drafts become versions by :meth:`commit`."""

    def __init__(self, folder: Path) -> None:
        self.backend = LocalBackend(folder)
        self.index: dict[ObjectHash, packs.Place] = {}
        self.objects = Objects(self.backend, self._locate)

    def _locate(self, hashes: Sequence[ObjectHash]) -> Mapping[ObjectHash, packs.Place]:
        return {name: self.index[name] for name in hashes if name in self.index}

    def draft(self, base: Content | None = None) -> Draft:
        """A draft on a version, or on nothing."""
        base = base or Content()
        return Draft.start(self.objects, self.backend, base, self.backend.new_staging())

    def rows(self, draft: Draft, table: pa.Table) -> Rows:
        """Rows as an edit keeps them."""
        return Rows(table.schema, table.to_batches(), draft.parts.staging)

    def commit(self, draft: Draft) -> Content:
        """Store what a draft made; its staging folder goes."""
        pack = packs.build(draft.new_texts(), {})
        self.backend.publish("objects", draft.new_files())
        self.backend.write("packs", pack.name, pack.data)
        self.backend.discard(draft.parts.staging)
        self.index |= pack.places
        return Content(tables=dict(draft.tables), files=dict(draft.files))

    def segments(self, content: Content, table: str) -> list[Item]:
        """The segments of a table, found through what lies on the disk."""
        tree = self.objects.root(content.tables[table]).tree
        return list(trees.segments(tree, Pages(Objects(self.backend, self._locate).load)))

    def pieces(self, content: Content, table: str) -> list[Piece]:
        """The segments of a table as a reader takes them."""
        parts = Parts(objects=self.objects, backend=self.backend, staging=Path())
        return parts.pieces(self.segments(content, table))
