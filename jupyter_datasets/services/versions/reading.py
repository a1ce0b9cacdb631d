"""Rows by a scan plan, in their order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pyarrow as pa

from jupyter_datasets.services.versions.models import ScanPlan, SegmentInfo
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema

BATCH_ROWS = 65_536


def span(plan: ScanPlan, offset: int, limit: int | None) -> tuple[tuple[SegmentInfo, ...], int, int]:
    """The segments that hold some rows of a table.

    Returns
    -------
    tuple
        The segments, how many rows of the first one come before, and how many rows are wanted.
    """
    start = min(offset, plan.rows)
    end = plan.rows if limit is None else min(start + limit, plan.rows)
    found: list[SegmentInfo] = []
    before = skip = 0
    for segment in plan.segments:
        if before < end and before + segment.rows > start:
            skip = skip if found else start - before
            found.append(segment)
        before += segment.rows
    return tuple(found), skip, end - start


def read(
    plan: ScanPlan, columns: Sequence[str] | None = None, offset: int = 0, limit: int | None = None
) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    """Rows of a table as batches of at most 65,536 rows, and their schema.

    Parameters
    ----------
    columns
        Names of the columns wanted, in the order wanted; all of them when None.
    offset, limit
        How many rows to pass over, and how many to give at most.
    """
    reader = OrderedReader(Schema.from_json(plan.fields), columns)
    segments, skip, wanted = span(plan, offset, limit)
    tables = reader.tables(pieces_of(segments))
    return reader.arrow_schema, _cut(tables, skip, wanted)


def _cut(tables: Iterator[pa.Table], skip: int, wanted: int) -> Iterator[pa.RecordBatch]:
    for table in tables:
        part = table.slice(skip, wanted)
        yield from part.to_batches(max_chunksize=BATCH_ROWS)
        wanted -= part.num_rows
        skip = 0
