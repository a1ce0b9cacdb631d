"""Whether Arrow data that users hand over can be stored exactly; DuckDB would take more of it, altered in silence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from jupyter_datasets.errors import InvalidInputError

_INTERVAL = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanos", "<i8")])


def check(batch: pa.RecordBatch) -> None:
    """Refuse text that is not UTF-8, spans of time in part microseconds and dates in part days, at every depth.

    Raises
    ------
    InvalidInputError
        The message and ``details`` name the column.
    """
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            _check(column)
        except pa.ArrowInvalid as error:
            raise InvalidInputError(
                f"Column {name!r} cannot be stored exactly: {error}.",
                next_step="Mend the values, or convert the column: text to binary, spans of time to microseconds.",
                details={"column": name},
            ) from error


def _check(array: pa.Array) -> None:
    kind = array.type
    if any(test(kind) for test in (kinds.is_string, kinds.is_large_string, kinds.is_string_view, kinds.is_date64)):
        array.validate(full=True)
    elif kinds.is_duration(kind) and kind.unit == "ns":
        array.cast(pa.duration("us"))
    elif kinds.is_interval(kind):
        _check_interval(array)
    else:
        for part in _parts(array):
            _check(part)


def _parts(array: pa.Array) -> list[pa.Array]:
    kind = array.type
    if isinstance(kind, pa.BaseExtensionType):
        return [array.storage]
    if kinds.is_dictionary(kind):
        return [array.dictionary]
    if kinds.is_run_end_encoded(kind):
        return [array.values]
    if kinds.is_map(kind):
        # Keys and items of a slice are those of the whole array; a list's elements are its own.
        return [array.cast(pa.list_(pa.struct([("key", kind.key_type), ("value", kind.item_type)]))).flatten()]
    if kinds.is_struct(kind):
        return list(array.flatten())
    return [array.flatten()] if kinds.is_nested(kind) else []


def _check_interval(array: pa.Array) -> None:
    if not len(array):
        return
    values = np.frombuffer(array.buffers()[1], _INTERVAL)[array.offset : array.offset + len(array)]
    if np.any((values["nanos"] % 1000 != 0) & array.is_valid().to_numpy(zero_copy_only=False)):
        raise pa.ArrowInvalid("An interval holds a part of a microsecond")
