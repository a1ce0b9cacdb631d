"""Arrow types in a Parquet file of which DuckDB would make something else: refused by name, not altered in silence."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.types as kinds

from jupyter_datasets.engine.failures import file_error
from jupyter_datasets.errors import ErrorKind

MICROSECONDS = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""How many there are in one unit of a span of time."""

DURATION_LIMIT = (2**63 - 1) // 1000
"""The longest span of time, in microseconds, that travels as an interval: Arrow counts its nanoseconds."""

_MAX_DIGITS = 38
_PERIOD = b"pandas.period"


def refuse_inexact(shown: Path, names: Sequence[str], fields: Sequence[pa.Field], declared: Container[int]) -> None:
    """Refuse columns that would be read as other values than they hold.

    Parameters
    ----------
    shown
        The file that the user knows.
    names, fields
        The columns as they are called, and as Arrow knows them.
    declared
        Positions for which the user gave a type: what is stored as a number may be read as one then.

    Raises
    ------
    FileContentError
        With ``kind`` UNSUPPORTED_TYPE; ``details``: ``file``, ``column``, ``type``.
    """
    for i, (name, field) in enumerate(zip(names, fields, strict=True)):
        for part in _parts(field):
            if step := _remedy(name, part, nested=part is not field, declared=i in declared):
                raise file_error(
                    shown,
                    f"holds the type {_shown(part)} in column {name!r}, which cannot be kept exactly",
                    ErrorKind.UNSUPPORTED_TYPE,
                    step,
                    column=name,
                    type=_shown(part),
                )


def _remedy(name: str, field: pa.Field, *, nested: bool, declared: bool) -> str | None:
    """What to do about a field that cannot be kept; None when it can."""
    if kinds.is_decimal(field.type) and field.type.precision > _MAX_DIGITS:
        return f"Write the file again with {name!r} as text, or with at most {_MAX_DIGITS} digits."
    if declared:
        return None
    if _is_period(field):
        return f"Write the file again with {name!r} as text or as timestamps; a type BIGINT for it takes the numbers."
    if nested and kinds.is_duration(field.type):
        return f"Write the file again with the spans of time in {name!r} as numbers or as columns of their own."
    return None


def _parts(field: pa.Field) -> Iterator[pa.Field]:
    """The field, and what lies in it at every depth."""
    yield field
    kind = field.type
    if kinds.is_dictionary(kind):
        yield pa.field(field.name, kind.value_type)
    elif kinds.is_nested(kind):
        for i in range(kind.num_fields):
            yield from _parts(kind.field(i))


def _is_period(field: pa.Field) -> bool:
    # An extension that this process does not know is its storage, with the name beside it.
    if isinstance(field.type, pa.ExtensionType):
        return bool(field.type.extension_name.encode() == _PERIOD)
    return (field.metadata or {}).get(b"ARROW:extension:name") == _PERIOD


def _shown(field: pa.Field) -> str:
    return "period" if _is_period(field) else str(field.type)
