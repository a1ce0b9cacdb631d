"""The width formula: what a value counts when segments are sized, in bits so that sums are exact.

It depends on logical types and values alone, never on the layout of Arrow buffers, which differ by the way in: fixed
widths for fixed types, NULL or not; ``4 + byte length`` bytes for text and blobs; ``4 + sum of elements`` for lists and
maps; the sum of the children for structs. Columns are taken in their storage form
(:mod:`jupyter_datasets.store.forms`), ``as_text`` or not.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.errors import InternalError
from jupyter_datasets.store.logical import LogicalType, parse

Bits = npt.NDArray[np.int64]

_LENGTH = 32  # of the length before text, blobs and lists
_TEXTS = frozenset({"varchar", "json", "blob", "bit", "bignum"})
_LISTS = frozenset({"list", "array", "map"})
_FIXED = {
    "boolean": 1,
    "tinyint": 8,
    "utinyint": 8,
    "smallint": 16,
    "usmallint": 16,
    "integer": 32,
    "uinteger": 32,
    "float": 32,
    "date": 32,
    "enum": 32,
    "bigint": 64,
    "ubigint": 64,
    "double": 64,
    "time": 64,
    "time_ns": 64,
    "time with time zone": 64,
    "timestamp": 64,
    "timestamp_s": 64,
    "timestamp_ms": 64,
    "timestamp_ns": 64,
    "timestamp with time zone": 64,
    "timestamptz_ns": 64,
    "hugeint": 128,
    "uhugeint": 128,
    "uuid": 128,
    "interval": 128,
}


@lru_cache(maxsize=4096)
def fixed_bits(logical: str) -> int:
    """What every value of the type counts at least, in bits; NULL counts just this."""
    return _fixed(parse(logical))


def _fixed(node: LogicalType) -> int:
    if node.kind == "struct":
        return sum(_fixed(part) for _, part in node.parts)
    if node.kind == "decimal":
        return next(bits for digits, bits in ((4, 16), (9, 32), (18, 64), (38, 128)) if node.size <= digits)
    return _LENGTH if node.kind in _TEXTS or node.kind in _LISTS else _FIXED[node.kind]


def _is_fixed(node: LogicalType) -> bool:
    if node.kind == "struct":
        return all(_is_fixed(part) for _, part in node.parts)
    return node.kind not in _TEXTS and node.kind not in _LISTS


def total_bits(column: pa.Array | pa.ChunkedArray, logical: str) -> int:
    """What a column counts, in bits: at once for fixed types, from lengths for the others."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    return sum(_total(chunk, parse(logical)) for chunk in chunks)


def _total(array: pa.Array, node: LogicalType) -> int:
    if _is_fixed(node):
        return len(array) * _fixed(node)
    array = _bare(array)
    if node.kind in _TEXTS:
        return len(array) * _LENGTH + 8 * (pc.sum(_byte_lengths(array, node)).as_py() or 0)
    if node.kind == "struct":
        return sum(_total(child, part) for child, (_, part) in zip(array.flatten(), node.parts, strict=True))
    elements, inner = _elements(array, node)
    return len(array) * _LENGTH + _total(elements.flatten(), inner)


def row_bits(batch: pa.RecordBatch | pa.Table, logicals: Sequence[str]) -> Bits:
    """What each row counts, in bits.

    Parameters
    ----------
    batch
        Rows in their storage form.
    logicals
        The logical type of each column, in the batch's order.

    Returns
    -------
    numpy.ndarray
        int64, one value a row.
    """
    total = np.zeros(batch.num_rows, np.int64)
    for column, logical in zip(batch.columns, logicals, strict=True):
        total += _rows(_joined(column), parse(logical))
    return total


def _joined(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _rows(array: pa.Array, node: LogicalType) -> Bits:
    if _is_fixed(node):
        return np.full(len(array), _fixed(node), np.int64)
    array = _bare(array)
    if node.kind in _TEXTS:
        return 8 * _numbers(_byte_lengths(array, node)) + _LENGTH
    if node.kind == "struct":
        total = np.zeros(len(array), np.int64)
        for child, (_, part) in zip(array.flatten(), node.parts, strict=True):
            total += _rows(child, part)
        return total
    elements, inner = _elements(array, node)
    ends = np.cumsum(_numbers(pc.list_value_length(elements)))
    running = np.concatenate([np.zeros(1, np.int64), np.cumsum(_rows(elements.flatten(), inner))])
    return np.diff(running[ends], prepend=0) + _LENGTH


def _numbers(lengths: pa.Array) -> Bits:
    numbers: Bits = pc.fill_null(lengths, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def _bare(array: pa.Array) -> pa.Array:
    """The array without extension type and dictionary."""
    if isinstance(array.type, pa.BaseExtensionType):
        return _bare(array.storage)
    return array.dictionary_decode() if pa.types.is_dictionary(array.type) else array


def _byte_lengths(array: pa.Array, node: LogicalType) -> pa.Array:
    if pa.types.is_string_view(array.type) or pa.types.is_binary_view(array.type):
        array = array.cast(pa.large_binary())
    if node.kind in ("bit", "bignum") and not (pa.types.is_string(array.type) or pa.types.is_large_string(array.type)):
        raise InternalError(f"A column of type {node.text} must be measured in its storage form, as text.")
    return pc.binary_length(array)


def _elements(array: pa.Array, node: LogicalType) -> tuple[pa.Array, LogicalType]:
    """The array as lists, and the type of an element: maps are lists of structs."""
    if node.kind != "map":
        return array, node.parts[0][1]
    entry = pa.struct([("key", array.type.key_type), ("value", array.type.item_type)])
    return array.cast(pa.list_(entry)), LogicalType(text="", kind="struct", parts=node.parts)
