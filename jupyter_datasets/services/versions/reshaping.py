"""What changes do to a table's segments: rows behind them, other values in some rows, all of them cut by rule again.

A table is in canonical form when all its segments are files cut by rule, without patches. Small changes leave it: rows
that are appended become tails behind the segments, changed rows become patches. Tails are cut together, and a segment
is written anew, before they slow down reading; :func:`compact` does all of that at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, chain, islice

import numpy as np
import pyarrow as pa

from jupyter_datasets.services.versions.parts import Parts
from jupyter_datasets.store import patches, trees
from jupyter_datasets.store.patches import Flags, Numbers, Patch
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.segments import WRITER_ID, SegmentWriter
from jupyter_datasets.store.trees import Item

MOST_TAILS = 16
_PATCHED_ROWS, _PATCHED_SHARE = 16, 0.02  # a segment with more of its rows changed is written anew
_PATCHED_BYTES = 64 << 10  # or an eighth of the segment


@dataclass(frozen=True, kw_only=True, slots=True)
class RowChanges:
    """Changes to rows of one segment: their numbers there, whether each goes, and new values in transfer form.

    Values of rows that go are null. No number comes twice.
    """

    numbers: Numbers
    gone: Flags
    values: pa.RecordBatch


# --------------------------------------------------------------------------------------------------------------------
# Rows behind others


def append(parts: Parts, root: TableRoot, rows: Iterable[pa.RecordBatch]) -> TableRoot:
    """A table with rows behind those that it has. The rows are in transfer form and have the root's schema."""
    waiting, few = iter(rows), list[pa.RecordBatch]()
    while patches.is_small(few) and (batch := next(waiting, None)) is not None:
        few.append(batch)
    if patches.is_small(few):
        return _settled(parts, _with_inline(parts, root, _one(few))) if few else root
    coming = chain(few, waiting)
    if root.k == 0:
        return _rewritten(parts, root, chain(_batches(parts, root, parts.segments(root.tree)), coming))
    return _joined(parts, root, coming)


def tail(parts: Parts, root: TableRoot) -> list[Item]:
    """The segments that many rows behind them cut anew: the last one and the tails, or all while there is no k."""
    return parts.segments(root.tree) if root.k == 0 else _last(parts, root, root.tails + 1)


def _with_inline(parts: Parts, root: TableRoot, rows: pa.RecordBatch) -> TableRoot:
    nulls = frozenset(f.id for f, column in zip(root.schema.fields, rows.columns, strict=True) if column.null_count)
    tree = trees.replace_tail(root.tree, parts.pages, 0, [_inline(parts, root.schema, rows)])
    return replace(root, schema=root.schema.with_nulls(nulls), tree=tree, tails=root.tails + 1)


def _joined(parts: Parts, root: TableRoot, rows: Iterable[pa.RecordBatch]) -> TableRoot:
    """With rows that need files: a tail while they are fewer than a segment, else cut together with the end."""
    written = parts.write(root, rows)
    new = written.segments
    tree = trees.replace_tail(root.tree, parts.pages, 0, new)
    grown = replace(root, schema=root.schema.with_nulls(written.nulls), tree=tree, tails=root.tails + len(new))
    if len(new) == 1 and new[0].rows < _smallest(root):
        return _settled(parts, grown)
    return _tails_cut(parts, grown, len(new) - 1)


def _settled(parts: Parts, root: TableRoot) -> TableRoot:
    """The table with its tails cut together, where they are too many or enough for a segment."""
    loose = _last(parts, root, root.tails)
    enough = root.k > 0 and sum(item.rows for item in loose) >= _smallest(root)
    if enough:
        return _tails_cut(parts, root, 0)
    if len(loose) < MOST_TAILS:
        return root
    if root.k == 0:
        return _rewritten(parts, root, _batches(parts, root, parts.segments(root.tree)))
    rows = list(_batches(parts, root, loose))
    new = [_inline(parts, root.schema, _one(rows))] if patches.is_small(rows) else parts.write(root, rows).segments
    return replace(root, tree=trees.replace_tail(root.tree, parts.pages, len(loose), new), tails=1)


def _tails_cut(parts: Parts, root: TableRoot, settled: int) -> TableRoot:
    """The table with its last segment and its tails cut by rule, as the last ``settled`` ones are among themselves."""
    window = _last(parts, root, root.tails + 1)
    changes = _cut_anew(parts, root, window, range(len(window) - settled))
    new = [item for place, old in enumerate(window) for item in changes.get(place, [old])]
    return replace(root, tree=trees.replace_tail(root.tree, parts.pages, len(window), new), tails=0, writer=WRITER_ID)


# --------------------------------------------------------------------------------------------------------------------
# Rows among others


def change(parts: Parts, root: TableRoot, changes: Mapping[int, RowChanges]) -> TableRoot:
    """A table with other values in some rows, or without them.

    Parameters
    ----------
    changes
        By the place of the segment in the table.
    """
    items = parts.segments(root.tree)
    touched = sorted(changes)
    new = {p: _patched(parts, root, items[p], changes[p]) for p in touched}
    lost = sum(1 for p in touched if p >= len(items) - root.tails and not new[p])
    nulls = _nulls(root.schema, changes.values())
    patched = replace(_spliced(parts, root, items, new), schema=root.schema.with_nulls(nulls), tails=root.tails - lost)
    heavy = {item for found in new.values() for item in found if _is_heavy(parts, item)}
    return _recut(parts, patched, heavy) if heavy else patched


def compact(parts: Parts, root: TableRoot) -> TableRoot:
    """A table of the same rows in canonical form; the table itself where it has that."""
    items = parts.segments(root.tree)
    loose = items[len(items) - root.tails - 1 if root.tails < len(items) else 0 :] if root.tails else []
    dirty = {item for item in items if item.patch} | set(loose)
    return _recut(parts, replace(root, tails=0), dirty) if dirty else root


def _patched(parts: Parts, root: TableRoot, item: Item, rows: RowChanges) -> list[Item]:
    """The segment with its patch, or nothing where no row is left."""
    newer = patches.make(root.schema, rows.numbers, rows.gone, rows.values)
    piece = parts.pieces([item])[0]
    patch = newer if piece.patch is None else _of_today(root.schema, piece.patch).under(newer)
    if item.is_inline:
        live = patch.live
        return [_inline(parts, root.schema, live.select(live.schema.names[2:]))] if live.num_rows else []
    before, lost = piece.patch.lost if piece.patch else 0, patch.lost
    left = item.rows + before - lost
    if not left:
        return []
    name, size = parts.keep(patch)
    base = item.bytes - (len(piece.patch.encode()) if piece.patch else 0)
    return [replace(item, rows=left, bytes=base + size, patch=name)]


def _is_heavy(parts: Parts, item: Item) -> bool:
    """Whether so much of a segment changed that it is better written anew."""
    patch = parts.pieces([item])[0].patch
    if patch is None or item.is_inline:
        return False
    rows, size = patch.batch.num_rows, patch.batch.nbytes
    total = item.rows + patch.lost
    return bool(rows > max(_PATCHED_ROWS, _PATCHED_SHARE * total) or size > max(_PATCHED_BYTES, item.bytes // 8))


def _of_today(schema: Schema, patch: Patch) -> Patch:
    """A patch with the columns that the table has by now."""
    if patch.batch.schema == patches.arrow_schema(schema):
        return patch
    live = OrderedReader(schema, for_writer=True).live_rows(patch).combine_chunks()
    source = pa.array(np.cumsum(~patch.gone) - 1, pa.int64(), mask=patch.gone)
    return patches.make(schema, patch.numbers, patch.gone, _one(live.take(source).to_batches()))


def _nulls(schema: Schema, changes: Iterable[RowChanges]) -> frozenset[int]:
    """Ids of the fields in which a row that stays has a null."""
    found = set[int]()
    for rows in changes:
        live = rows.values.filter(pa.array(~rows.gone))
        found |= {f.id for f, column in zip(schema.fields, live.columns, strict=True) if column.null_count}
    return frozenset(found)


# --------------------------------------------------------------------------------------------------------------------
# Cutting


def _recut(parts: Parts, root: TableRoot, dirty: set[Item]) -> TableRoot:
    items = parts.segments(root.tree)
    if root.k == 0:
        return _rewritten(parts, root, _batches(parts, root, items))
    cut = items[: len(items) - root.tails]
    changes = _cut_anew(parts, root, cut, [place for place, item in enumerate(cut) if item in dirty])
    return replace(_spliced(parts, root, items, changes), writer=WRITER_ID)


def _cut_anew(parts: Parts, root: TableRoot, items: Sequence[Item], places: Iterable[int]) -> dict[int, list[Item]]:
    """What takes the place of segments: they are cut from their start on until an old end is met again.

    Where a column was dropped by which they were cut, no old end may ever be met: there any will do.
    """
    same_rule = set(root.cut) <= {f.id for f in root.schema.fields}
    changes: dict[int, list[Item]] = {}
    for place in places:
        if place in changes:
            continue
        reader = OrderedReader(root.schema, for_writer=True)
        with SegmentWriter(schema=root.schema, cut=root.cut, k=root.k, staging=parts.staging) as writer:
            for stop in range(place, len(items)):
                for batch in reader.batches(parts.pieces(items[stop : stop + 1])):
                    writer.add(batch)
                rows = sum(item.rows for item in items[place : stop + 1])
                if writer.is_at_end() or not (same_rule or rows < _smallest(root)):
                    break
            new = parts.stage(writer.finish()).segments
        changes |= {inner: [] for inner in range(place + 1, stop + 1)} | {place: list(new)}
    return changes


def _rewritten(parts: Parts, root: TableRoot, rows: Iterable[pa.RecordBatch]) -> TableRoot:
    written = parts.write(root, rows)
    tree = trees.build(written.segments, parts.pages)
    schema = root.schema.with_nulls(written.nulls)
    return replace(root, schema=schema, k=written.k, tree=tree, tails=0, writer=WRITER_ID)


def _spliced(parts: Parts, root: TableRoot, items: Sequence[Item], changes: Mapping[int, Sequence[Item]]) -> TableRoot:
    starts = list(accumulate((item.rows for item in items), initial=0))
    return replace(root, tree=trees.splice(root.tree, parts.pages, {starts[p]: new for p, new in changes.items()}))


def _inline(parts: Parts, schema: Schema, rows: pa.RecordBatch) -> Item:
    name, size = parts.keep(patches.inline(schema, rows))
    return Item(name, rows.num_rows, size, name)


def _batches(parts: Parts, root: TableRoot, items: Iterable[Item]) -> Iterable[pa.RecordBatch]:
    return OrderedReader(root.schema, for_writer=True).batches(parts.pieces(items))


def _one(batches: Sequence[pa.RecordBatch]) -> pa.RecordBatch:
    table = pa.Table.from_batches(batches).combine_chunks()
    return (table.to_batches() or [pa.RecordBatch.from_pylist([], schema=table.schema)])[0]


def _last(parts: Parts, root: TableRoot, count: int) -> list[Item]:
    return list(islice(trees.backwards(root.tree, parts.pages), count))[::-1]


def _smallest(root: TableRoot) -> int:
    """Rows of the smallest segment that is cut by rule."""
    return 1 << (root.k - 1)
