"""Patches: a few rows that changed, kept beside their segment instead of writing it anew.

A patch says which rows of a segment are gone and which have other values. Rows that are appended, but too few for a
file, are a patch of no segment. A patch is an Arrow record batch inside a pack: the number of the row in the segment,
whether it is gone, and a column for each field, named by the field's id, in the form in which rows travel to a writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.store import forms
from jupyter_datasets.store.schemas import Schema

ROW, GONE = "row", "gone"
MOST_ROWS, MOST_BYTES = 256, 64 << 10
_PLACE = [pa.field(ROW, pa.uint32(), nullable=False), pa.field(GONE, pa.bool_(), nullable=False)]

Numbers = npt.NDArray[np.uint32]
Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Patch:
    """Rows in the order of their numbers, each number once."""

    batch: pa.RecordBatch

    @property
    def numbers(self) -> Numbers:
        """Which rows of the segment are gone or have other values."""
        return self.batch.column(ROW).to_numpy()  # type: ignore[no-any-return]  # PyArrow gives no types

    @property
    def gone(self) -> Flags:
        """Whether each of them is gone."""
        return self.batch.column(GONE).to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]  # as above

    @property
    def live(self) -> pa.RecordBatch:
        """Those that have other values."""
        return self.batch.filter(pa.array(~self.gone)) if self.lost else self.batch

    @property
    def lost(self) -> int:
        """How many rows are gone."""
        return int(self.gone.sum())

    def encode(self) -> bytes:
        """An Arrow IPC stream of one batch."""
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, self.batch.schema) as writer:
            writer.write_batch(self.batch)
        return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]  # as above

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Read what :meth:`encode` gave."""
        try:
            with pa.ipc.open_stream(data) as reader:
                return cls(reader.read_next_batch())
        except (pa.ArrowException, OSError, StopIteration) as error:
            raise DamagedObjectError(
                "A patch cannot be read.", next_step="Restore its pack from a copy of the store."
            ) from error

    def under(self, newer: Patch) -> Patch:
        """Both changes as one, where rows of the newer one win. Both have the columns of one schema."""
        kept = self.batch.filter(pa.array(~np.isin(self.numbers, newer.numbers)))
        both = pa.Table.from_batches([kept, newer.batch]).sort_by(ROW).combine_chunks()
        return Patch(both.to_batches()[0])


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What a reader needs of one item of a table.

    Attributes
    ----------
    path
        The segment's file; None where the patch holds all rows.
    rows
        With the patch applied.
    only
        Numbers of the rows that are wanted; all of them when None.
    """

    path: str | None
    rows: int
    patch: Patch | None = None
    only: Numbers | None = None


def make(schema: Schema, numbers: Numbers, gone: Flags, rows: pa.RecordBatch) -> Patch:
    """A patch from rows in transfer form, in the order of the schema's fields; those of rows that are gone are null."""
    order = np.argsort(numbers, kind="stable")
    place = [pa.array(numbers[order], pa.uint32()), pa.array(gone[order])]
    return Patch(pa.RecordBatch.from_arrays([*place, *rows.take(pa.array(order)).columns], schema=arrow_schema(schema)))


def inline(schema: Schema, rows: pa.RecordBatch) -> Patch:
    """Appended rows, in transfer form, as a patch of no segment."""
    place = [pa.array(np.arange(rows.num_rows, dtype=np.uint32)), pa.array(np.zeros(rows.num_rows, dtype=np.bool_))]
    return Patch(pa.RecordBatch.from_arrays([*place, *rows.columns], schema=arrow_schema(schema)))


def arrow_schema(schema: Schema) -> pa.Schema:
    """What a patch of today's columns looks like."""
    return pa.schema([*_PLACE, *(pa.field(str(f.id), forms.transfer_arrow_type(f.type)) for f in schema.fields)])


def is_small(batches: Sequence[pa.RecordBatch]) -> bool:
    """Whether rows are so few that a patch holds them better than a file."""
    rows, size = sum(b.num_rows for b in batches), sum(b.nbytes for b in batches)
    return bool(rows <= MOST_ROWS and size <= MOST_BYTES)


def apply(rows: pa.Table, patch: Patch, live: pa.Table) -> pa.Table:
    """The rows of a segment as the patch has them.

    Parameters
    ----------
    live
        The patch's rows that are not gone, in the form of ``rows``.
    """
    gone = patch.gone
    source = np.arange(rows.num_rows, dtype=np.int64)
    source[patch.numbers[~gone]] = rows.num_rows + np.arange(live.num_rows)
    kept = np.ones(rows.num_rows, dtype=np.bool_)
    kept[patch.numbers[gone]] = False
    return _taken(pa.concat_tables([rows, live]), source[kept])


_RUNS = 512  # above which copying is quicker than a chunk for each run


def _taken(rows: pa.Table, source: npt.NDArray[np.int64]) -> pa.Table:
    ends = np.flatnonzero(np.diff(source) != 1) + 1
    if ends.size > _RUNS:
        return rows.take(pa.array(source))
    starts = [0, *ends.tolist()]
    lengths = np.diff([*starts, source.size]).tolist()
    return pa.concat_tables([rows.slice(source[s], n) for s, n in zip(starts, lengths, strict=True) if n] or [rows[:0]])


def together(batches: Iterable[pa.RecordBatch]) -> list[pa.Table]:
    """Rows of several patches, in a table for each set of columns that there is."""
    groups: dict[pa.Schema, list[pa.RecordBatch]] = {}
    for batch in batches:
        groups.setdefault(batch.schema, []).append(batch)
    return [pa.Table.from_batches(group) for group in groups.values()]
