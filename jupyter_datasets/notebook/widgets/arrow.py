"""Rows for browsers: how many a message holds, and their bytes."""

from __future__ import annotations

import pyarrow as pa

LONGEST = 1000  # characters of a text that is only looked at
MOST_ROWS, MOST_CELLS = 1000, 50_000


def to_stream(table: pa.Table) -> bytes:
    """An Arrow IPC stream without compression, which readers in browsers do not know."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    stream: bytes = sink.getvalue().to_pybytes()
    return stream
