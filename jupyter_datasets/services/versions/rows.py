"""Rows that can be read more than once: in memory while they are few, in a staging folder when they are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from jupyter_datasets.store.backends import translated_io
from jupyter_datasets.values import new_id

_IN_MEMORY = 32 << 20


class Rows:
    """Arrow batches of one schema.

    Parameters
    ----------
    schema
        Of every batch.
    batches
        Read once, here.
    staging
        Folder for the file that is made when the rows pass 32 MiB.
    """

    def __init__(self, schema: pa.Schema, batches: Iterable[pa.RecordBatch], staging: Path) -> None:
        self.schema = schema
        self.count = 0
        self._file: Path | None = None
        self._kept: list[pa.RecordBatch] = []
        self._take(iter(batches), staging)

    def batches(self) -> Iterator[pa.RecordBatch]:
        """All rows in order."""
        yield from self._kept
        if self._file is not None:
            with pa.memory_map(str(self._file)) as source, pa.ipc.open_stream(source) as reader:
                yield from reader

    def _take(self, batches: Iterator[pa.RecordBatch], staging: Path) -> None:
        size = 0
        for batch in batches:
            self._kept.append(batch)
            self.count += batch.num_rows
            size += batch.nbytes
            if size > _IN_MEMORY:
                self._spill(batches, staging / f"{new_id()}.rows")
                return

    def _spill(self, batches: Iterator[pa.RecordBatch], file: Path) -> None:
        with translated_io("keeping the rows of an edit"), pa.ipc.new_stream(str(file), self.schema) as writer:
            for batch in batches:
                writer.write_batch(batch)
                self.count += batch.num_rows
        self._file = file
