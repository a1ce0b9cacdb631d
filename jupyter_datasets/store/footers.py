"""What the footers of segments tell of the values inside; remembered, because segments never change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import pyarrow as pa
import pyarrow.parquet as pq

_REMEMBERED = 1 << 17  # pairs of a segment and a column, some 200 bytes each


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Whole numbers that a column may have, both ends included; None where it has no end.

    Attributes
    ----------
    id, column
        The field's id, and its name inside segments.
    """

    id: int
    column: str
    least: int | None = None
    most: int | None = None


def may_hold(path: str, spans: Iterable[Span]) -> bool:
    """Whether a segment may have such values; in doubt it may."""
    return all(_meets(path, span) for span in spans)


def _meets(path: str, span: Span) -> bool:
    found = _bounds(path, span.id, span.column)
    if found is None:
        return True
    least, most = found
    return (span.least is None or span.least <= most) and (span.most is None or least <= span.most)


@lru_cache(maxsize=_REMEMBERED)
def _bounds(path: str, id: int, column: str) -> tuple[int, int] | None:
    """The least and greatest whole number of a field; None where the footer tells neither."""
    try:
        footer = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return None  # who reads the rows says what is wrong
    # The path of a value inside a struct may be spelt like the name of a column.
    indices = [i for i in range(footer.num_columns) if footer.schema.column(i).path == column]
    if len(indices) != 1 or not _is_field(footer, id, column):
        return None
    told = [footer.row_group(group).column(indices[0]).statistics for group in range(footer.num_row_groups)]
    ends = [(each.min, each.max) for each in told if each is not None and each.has_min_max]
    if len(ends) < len(told) or not ends or not all(type(end) is int for pair in ends for end in pair):
        return None
    return min(least for least, _ in ends), max(most for _, most in ends)


def _is_field(footer: pq.FileMetaData, id: int, column: str) -> bool:
    """Whether the column is that field's, and not that of an earlier one of its name."""
    schema = footer.schema.to_arrow_schema()
    found = schema.field(column).metadata if column in schema.names else None
    return found is not None and found.get(b"PARQUET:field_id") == str(id).encode()
