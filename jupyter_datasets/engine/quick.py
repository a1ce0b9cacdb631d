"""Casts of plain texts by PyArrow, which is quicker than SQL and stricter by nature.

Whatever is the least unusual, be it a space, an exponent or a word for null, is left to the SQL of
:mod:`~jupyter_datasets.engine.fitting`. These casts accept nothing that those checks refuse.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

_SAFE_DIGITS = 15  # that any DOUBLE keeps
_HOUR_ALONE = (13, 14)  # lengths of 2026-01-31 12 and 2026-01-31T12Z, which the SQL does not know
_SMALL = 1e-300  # below, numbers lose digits and become zero

_ZERO, _MINUS, _POINT = b"0-."
_NUMBER_STARTS = np.zeros(256, np.bool_)
_NUMBER_STARTS[list(b"0123456789.")] = True


def quick_values(texts: pa.Array, wanted: pa.DataType) -> pa.Array | None:
    """The texts as values if all of them are usual, else None.

    Parameters
    ----------
    texts
        Texts and nulls.
    wanted
        Arrow type of the values.
    """
    cast = _CASTS.get(wanted)
    if cast is None:
        return None
    try:
        return cast(texts)
    except (pa.ArrowInvalid, pa.ArrowIndexError, pa.ArrowNotImplementedError):
        return None


def _integers(texts: pa.Array) -> pa.Array | None:
    values = texts.cast(pa.int64())
    lengths, first, second = _starts(texts, 2)
    # A leading zero; a hexadecimal number has one as well.
    padded = (first == _ZERO) & (lengths > 1) | (first == _MINUS) & (second == _ZERO)
    return None if padded.any() else values


def _sized(kind: pa.DataType) -> Callable[[pa.Array], pa.Array | None]:
    def cast(texts: pa.Array) -> pa.Array | None:
        values = _integers(texts)
        return None if values is None else values.cast(kind)

    return cast


def _doubles(texts: pa.Array) -> pa.Array | None:
    values = texts.cast(pa.float64())
    lengths, first, second, third = _starts(texts, 3)
    negative = first == _MINUS
    starts = np.where(negative, second, first)[lengths > 0]
    if lengths.max(initial=0) > _SAFE_DIGITS or not _NUMBER_STARTS[starts].all():
        return None
    padded = (first == _ZERO) & (lengths > 1) & (second != _POINT)
    padded |= negative & (second == _ZERO) & (lengths > 2) & (third != _POINT)
    return None if padded.any() or not _are_in_range(values, texts) else values


def _are_in_range(values: pa.Array, texts: pa.Array) -> bool:
    sizes = pc.abs(values)
    extremes = pc.min_max(sizes).as_py()
    if extremes["max"] is None:
        return True
    if not math.isfinite(extremes["max"]):
        return False
    return extremes["min"] >= _SMALL or not _has_exponents(texts)


def _has_exponents(texts: pa.Array) -> bool:
    ends, characters = _layout(texts)
    written = characters[ends[0] : ends[-1]].tobytes()
    return b"e" in written or b"E" in written


def _starts(texts: pa.Array, count: int) -> list[npt.NDArray[Any]]:
    """Lengths of the texts, and arrays of their first bytes, second bytes ...; beyond its end a text has any byte."""
    ends, characters = _layout(texts)
    return [np.diff(ends), *(characters.take(ends[:-1] + i, mode="clip") for i in range(count))]


def _layout(texts: pa.Array) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8]]:
    """Where each text ends, the start of the first before them; and the bytes of all, at least one."""
    _, places, data = texts.buffers()
    ends = np.frombuffer(places, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return ends, np.frombuffer(data if data and len(data) else b"\0", np.uint8)


def _dates(texts: pa.Array) -> pa.Array:
    return texts.cast(pa.date32())


def _timestamps(texts: pa.Array) -> pa.Array | None:
    return None if _hour_alone(texts) else texts.cast(pa.timestamp("us"))


def _timestamps_utc(texts: pa.Array) -> pa.Array | None:
    # Another zone would be forgotten.
    if _hour_alone(texts) or not pc.all(pc.ends_with(texts, "Z"), min_count=0).as_py():
        return None
    return texts.cast(pa.timestamp("us", "UTC"))


def _hour_alone(texts: pa.Array) -> bool:
    lengths = pc.is_in(pc.binary_length(texts), pa.array(_HOUR_ALONE, pa.int32()))
    return bool(pc.any(lengths).as_py())


def _booleans(texts: pa.Array) -> pa.Array | None:
    # PyArrow takes 0 and 1 as well, which are shorter.
    shortest = pc.min(pc.binary_length(texts)).as_py()
    return None if shortest is not None and shortest < len("true") else texts.cast(pa.bool_())


_CASTS: dict[pa.DataType, Callable[[pa.Array], pa.Array | None]] = {
    pa.bool_(): _booleans,
    pa.int64(): _integers,
    pa.float64(): _doubles,
    pa.date32(): _dates,
    pa.timestamp("us"): _timestamps,
    pa.timestamp("us", "UTC"): _timestamps_utc,
} | {kind: _sized(kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())}
