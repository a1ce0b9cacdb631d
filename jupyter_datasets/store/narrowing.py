"""Values of a type that a column cannot take as a whole: each is taken that is one of the column's, exactly.

pandas turns whole numbers among which one is missing into floats, decimals too when it computes with them, and moments
into nanoseconds. So whole floats come to columns of integers as far as they are exact, others to decimals if their
shortest text fits the digits, and nanoseconds to coarser moments if nothing is cut off. NaN is null there.

Types that Arrow has no plain form of come back as we give them out: a UUID as text, a HUGEINT as a decimal.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms, logical
from jupyter_datasets.store.logical import LogicalType
from jupyter_datasets.store.schemas import Column, Field

_EXACT = {"FLOAT": 2**24, "DOUBLE": 2**53}  # whole numbers up to here are told apart
_EXACT_POWER = 22  # of ten: the greatest that a DOUBLE holds
_INTEGERS = frozenset({"bigint", "ubigint", "hugeint", "uhugeint"})  # a smaller one becomes a DOUBLE instead
_FINER = {"TIMESTAMP_NS": "TIMESTAMP", "TIMESTAMPTZ_NS": "TIMESTAMP WITH TIME ZONE"}
_COARSE = frozenset({"date", "timestamp_s", "timestamp_ms", "timestamp"})


def taken_as(known: str, given: str) -> str:
    """The type as which values of a given one join a column, if each of them turns out to be exact.

    It is the given type where the column's own, or one that it may become, takes all its values or none.
    """
    kind = logical.parse(known).kind
    if given in _EXACT and (kind in _INTEGERS or kind == "decimal"):
        return known
    if given in forms.public_types(known):
        return known
    if given == "TIMESTAMP_NS" and kind in _COARSE - {"date"}:
        return _FINER[given]
    if known == "TIMESTAMP_NS" and logical.parse(given).kind in _COARSE:
        return known
    return known if _FINER.get(given) == known else given


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """A column whose values come in another type than its own.

    Attributes
    ----------
    name, given
        As what it comes.
    field
        What it becomes.
    value
        SQL for a value in the column's type.
    holds
        SQL that is true for a value, other than null, which the column holds exactly.
    """

    name: str
    given: str
    field: Field
    value: str
    holds: str

    @classmethod
    def find(cls, name: str, given: str, field: Field) -> Self | None:
        """The narrowing of a column, if its values need one."""
        if given == field.type or taken_as(field.type, given) != field.type:
            return None
        own, kind = quote_name(name), logical.parse(field.type)
        if given in forms.public_types(field.type):
            value, holds = f"CAST({own} AS {field.type})", f"TRY_CAST({own} AS {field.type}) IS NOT NULL"
        elif given not in _EXACT:
            value, holds = _moment(own, given, field.type)
        elif kind.kind == "decimal":
            value, holds = _decimal(own, given, kind)
        else:
            value, holds = _whole(own, given, field.type)
        return cls(name=name, given=given, field=field, value=value, holds=holds)


def _moment(own: str, given: str, kind: str) -> tuple[str, str]:
    kept = f"epoch_ns({own}) % 1000 = 0" if given in _FINER else "true"
    return f"CAST({own} AS {kind})", f"TRY_CAST({own} AS {kind}) IS NOT NULL AND {kept}"


def _whole(own: str, given: str, kind: str) -> tuple[str, str]:
    cast = f"TRY_CAST({own} AS {kind})"
    kept = f"{own} = trunc({own}) AND abs({own}) <= {_EXACT[given]} AND {cast} IS NOT NULL"
    return f"CASE WHEN isnan({own}) THEN NULL ELSE {cast} END", f"isnan({own}) OR ({kept})"


def _decimal(own: str, given: str, kind: LogicalType) -> tuple[str, str]:
    """A float is the decimal of its shortest text, which is the only one with 15 digits that gives the float again."""
    text, near = f"CAST({own} AS VARCHAR)", f"TRY_CAST({own} AS {kind.text})"
    is_short = given == "DOUBLE" and kind.scale <= _EXACT_POWER
    is_near = f"abs({own}) < 1e{15 - kind.scale} AND CAST({near} AS DOUBLE) = {own}" if is_short else "false"
    mantissa, power = (f"split_part({text}, 'e', {part})" for part in (1, 2))
    digits = f"strlen(rtrim(split_part({mantissa}, '.', 2), '0')) - coalesce(TRY_CAST({power} AS INTEGER), 0)"
    cast = f"TRY_CAST({text} AS {kind.text})"
    return (
        f"CASE WHEN isnan({own}) THEN NULL WHEN {is_near} THEN {near} ELSE {cast} END",
        f"CASE WHEN isnan({own}) OR ({is_near}) THEN true ELSE {cast} IS NOT NULL AND {digits} <= {kind.scale} END",
    )


def columns(given: Sequence[Column], types: Sequence[str], fields: Sequence[Field]) -> list[Narrowing]:
    """The narrowings of a table's columns.

    Parameters
    ----------
    given, types
        What comes, and the types that it has as yet.
    fields
        The table's.
    """
    known = {f.name: f for f in fields}
    found = (
        Narrowing.find(column.name, kind, known[column.name])
        for column, kind in zip(given, types, strict=True)
        if column.name in known
    )
    return [each for each in found if each is not None]


def check(connection: duckdb.DuckDBPyConnection, rows: pa.Table, narrowings: Sequence[Narrowing], before: int) -> None:
    """Refuse rows, which the connection knows as ``arriving``, of which a column does not hold a value.

    Parameters
    ----------
    before
        How many rows came earlier.

    Raises
    ------
    InvalidInputError
        Names the first such row, counted from 1, with its column and value.
    """
    tests = ", ".join(
        f"{quote_name(each.name)} IS NOT NULL AND NOT ({each.holds}) AS f{place}"
        for place, each in enumerate(narrowings)
    )
    failing = connection.sql(f"SELECT {tests} FROM arriving").to_arrow_table()
    found = [(pc.index(column, True).as_py(), each) for column, each in zip(failing.columns, narrowings, strict=True)]
    refused = [(row, each) for row, each in found if row >= 0]
    if refused:
        row, narrowing = min(refused, key=lambda each: each[0])
        text = rows.column(narrowing.name).slice(row, 1).cast(pa.string())[0].as_py()
        raise _refusal(narrowing, before + row + 1, text)


def _refusal(narrowing: Narrowing, row: int, text: str) -> InvalidInputError:
    field = narrowing.field
    return InvalidInputError(
        f"Column {field.name!r} holds {field.type}; {text} in row {row:,} is not exactly one.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step=f"Round, convert or mend the values first, or put them into a new column of type {narrowing.given}.",
        details={"column": field.name, "row": row, "value": text, "expected": field.type, "found": narrowing.given},
    )
