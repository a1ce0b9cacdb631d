"""Defaults of columns: texts whose value is the same inside a segment and outside of it."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import cache

import duckdb

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_text
from jupyter_datasets.store import forms, logical

_FLOATS = {"float", "double"}
_INTEGERS = {f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")}
_NUMBERS = {*_INTEGERS, "integer", "uinteger", "bignum", "decimal", *_FLOATS}
_DAYS = {"date", "timestamp_s", "timestamp_ms"}
_MICROS = {"time", "time with time zone", "timestamp", "timestamp with time zone"}
_FINER = re.compile(r"\.[0-9]{6}[0-9]*[1-9]")  # than a microsecond


@cache
def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": "false"})
    forms.configure(database)
    return database


def check_default(column: str, kind: str, text: str) -> str:
    """The text of a default as DuckDB writes it.

    Raises
    ------
    InvalidInputError
        The text is no value that the type holds exactly, or values of the type cannot be said as a text that segments
        take, too.
    """
    if logical.parse(kind).parts or not _is_same(kind):
        raise _refused(column, f"cannot be of type {kind}", "Add the column without one, then set it with UPDATE.")
    try:
        value = _one(f"CAST(CAST(? AS {kind}) AS VARCHAR)", text)
        _one(f"CAST(? AS {forms.storage_type(kind)})", value)
    except duckdb.Error as error:
        raise _refused(column, f"is {text!r}, which is no {kind}", "Give a value of the column's type.") from error
    if not _is_exact(kind, text, value):
        step = "Give a value that it holds, or the column a type that holds this one."
        raise _refused(column, f"is {text!r}, which {kind} cannot hold exactly", step)
    return value


def recast(text: str | None, kind: str, wider: str) -> str | None:
    """The text of a default after its column was widened."""
    if text is None or kind == wider:
        return text
    return _one(f"CAST(CAST(CAST(? AS {kind}) AS {wider}) AS VARCHAR)", text)


def _is_same(kind: str) -> bool:
    """Whether a text cast to the storage form is the value's storage form."""
    return not any(leaf.kind in ("interval", "blob") for leaf in logical.parse(kind).leaves())


def _is_exact(kind: str, text: str, value: str) -> bool:
    """Whether a value of a type is what its text said, and not rounded or cut."""
    node = logical.parse(kind)
    if node.kind in _NUMBERS:
        return _is_same_number(text, value, is_float=node.kind in _FLOATS)
    if node.kind in _DAYS:
        both = f"CAST({quote_text(value)} AS TIMESTAMP) IS NOT DISTINCT FROM TRY_CAST(? AS TIMESTAMP)"
        return _one(f"CAST({both} AS VARCHAR)", text) == "true"
    return node.kind not in _MICROS or not _FINER.search(text)


def _is_same_number(text: str, value: str, *, is_float: bool) -> bool:
    try:
        said, kept = Decimal(text), Decimal(value)
    except InvalidOperation:  # DuckDB's other spellings, such as 0xff, are of whole numbers
        return True
    if is_float and said.is_finite() and kept.is_finite() and said % 1:
        return True  # the nearest binary fraction is what everybody means
    return said == kept or (said.is_nan() and kept.is_nan())


def _one(sql: str, text: str) -> str:
    with _database().cursor() as cursor:
        row = cursor.execute(f"SELECT {sql}", [text]).fetchone()
    assert row is not None
    return str(row[0])


def _refused(column: str, why: str, step: str) -> InvalidInputError:
    return InvalidInputError(
        f"The default of column {column!r} {why}.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step=step,
        details={"column": column},
    )
