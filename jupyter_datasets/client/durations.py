"""Intervals as pandas and polars know them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jupyter_datasets.errors import ErrorKind, InvalidInputError

if TYPE_CHECKING:
    import polars as pl

_INTERVAL = pa.month_day_nano_interval()
_PARTS = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])


def plain_durations(table: pa.Table) -> pa.Table:
    """The same rows; intervals are durations in columns where none has months or days, whose length is not fixed."""
    for i, field in enumerate(table.schema):
        if field.type == _INTERVAL and (durations := _durations(table.column(i))) is not None:
            table = table.set_column(i, field.name, durations)
    return table


def to_polars(polars: Any, table: pa.Table) -> pl.DataFrame:
    """Rows as a polars DataFrame.

    Raises
    ------
    InvalidInputError
        With ``kind`` UNSUPPORTED_TYPE: a column holds intervals with months or days, which polars has not.
    """
    table = plain_durations(table)
    if left := [field.name for field in table.schema if field.type == _INTERVAL]:
        raise InvalidInputError(
            f"Column {left[0]!r} holds intervals of months or days, which polars does not have.",
            kind=ErrorKind.UNSUPPORTED_TYPE,
            next_step="Cast the column to VARCHAR in SQL, or take the rows as Arrow or pandas.",
            details={"column": left[0]},
        )
    frame: pl.DataFrame = polars.from_arrow(table)
    return frame


def _durations(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    chunks = [(_parts(chunk), chunk.is_null().to_numpy(zero_copy_only=False)) for chunk in column.chunks]
    if any(np.any(((parts["months"] != 0) | (parts["days"] != 0)) & ~null) for parts, null in chunks):
        return None
    # DuckDB's intervals are whole microseconds.
    arrays = [pa.array((parts["nanos"] // 1000).view("timedelta64[us]"), mask=null) for parts, null in chunks]
    return pa.chunked_array(arrays, pa.duration("us"))


def _parts(chunk: pa.Array) -> npt.NDArray[np.void]:
    whole = np.frombuffer(chunk.buffers()[1] or b"", _PARTS)
    return whole[chunk.offset : chunk.offset + len(chunk)]
