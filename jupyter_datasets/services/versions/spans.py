"""Where the rows looked for may be: ranges of whole numbers, which the footers of segments can rule out."""

from __future__ import annotations

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.store.footers import Span
from jupyter_datasets.store.schemas import Field, Schema

_WHOLE = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"})


def wanted(schema: Schema, ranges: Iterable[tuple[str, int | None, int | None]]) -> list[Span]:
    """Ranges of columns as a statement spells them; those of columns that hold no whole numbers say nothing."""
    whole = {f.name.casefold(): f for f in schema.fields if f.type in _WHOLE}
    found = [(whole.get(name.casefold()), least, most) for name, least, most in ranges]
    return [Span(id=f.id, column=f.birth, least=least, most=most) for f, least, most in found if f is not None]


def around(fields: Iterable[Field], values: pa.Table) -> list[Span]:
    """The ranges that hold some values, of which each column belongs to a field, in order."""
    return [
        Span(id=field.id, column=field.birth, least=ends["min"].as_py(), most=ends["max"].as_py())
        for field, column in zip(fields, values.columns, strict=True)
        if field.type in _WHOLE and pa.types.is_integer(column.type)
        for ends in [pc.min_max(column)]
    ]
