"""Casts of plain texts by PyArrow, which is quicker than SQL and stricter by nature.

Whatever is the least unusual, be it a space, an exponent or a word for null, is left to the SQL of
:mod:`~jupyter_datasets.engine.fitting`. These casts accept nothing that those checks refuse.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

_SAFE_DIGITS = 15  # that any DOUBLE keeps
_HOUR_ALONE = (13, 14)  # lengths of 2026-01-31 12 and 2026-01-31T12Z, which the SQL does not know
_SMALL = 1e-300  # below, numbers lose digits and become zero

# The smallest integer whose text has so many characters; 0 has one.
_LEAST = pa.array([0, 0, *(10**n for n in range(1, 19))], pa.int64())


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
    lengths = pc.binary_length(texts)
    least = _LEAST.take(lengths)
    if pc.any(pc.less(values, 0)).as_py():
        # With a sign there is one digit less.
        unsigned = _LEAST.take(pc.subtract(lengths, 1))
        least = pc.if_else(pc.less(values, 0), unsigned, least)
        if _any_starts(texts, "-0"):
            return None
    # Leading zeros make a text longer than its number; a hexadecimal number starts with a zero without being one.
    shortest = pc.all(pc.greater_equal(pc.abs(values), least), min_count=0).as_py()
    return values if shortest and _count(pc.equal(values, 0)) == _count(pc.starts_with(texts, "0")) else None


def _sized(kind: pa.DataType) -> Callable[[pa.Array], pa.Array | None]:
    def cast(texts: pa.Array) -> pa.Array | None:
        values = _integers(texts)
        return None if values is None else values.cast(kind)

    return cast


def _doubles(texts: pa.Array) -> pa.Array | None:
    values = texts.cast(pa.float64())
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > _SAFE_DIGITS or not pc.all(pc.is_finite(values), min_count=0).as_py() or _any_starts(texts, "+"):
        return None
    small = pc.less(pc.abs(values), _SMALL)
    if pc.any(small).as_py() and pc.any(pc.match_substring(texts.filter(small), "e", ignore_case=True)).as_py():
        return None
    return None if _leading_zero(texts, "0") or _leading_zero(texts, "-0") else values


def _leading_zero(texts: pa.Array, zero: str) -> bool:
    starts = _count(pc.starts_with(texts, zero))
    return starts > 0 and starts != _count(pc.starts_with(texts, zero + ".")) + _count(pc.equal(texts, zero))


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


def _any_starts(texts: pa.Array, start: str) -> bool:
    return bool(pc.any(pc.starts_with(texts, start)).as_py())


def _count(which: pa.Array) -> int:
    return pc.sum(which).as_py() or 0


_CASTS: dict[pa.DataType, Callable[[pa.Array], pa.Array | None]] = {
    pa.bool_(): _booleans,
    pa.int64(): _integers,
    pa.float64(): _doubles,
    pa.date32(): _dates,
    pa.timestamp("us"): _timestamps,
    pa.timestamp("us", "UTC"): _timestamps_utc,
} | {kind: _sized(kind) for kind in (pa.int8(), pa.int16(), pa.int32(), pa.uint8(), pa.uint16(), pa.uint32())}
