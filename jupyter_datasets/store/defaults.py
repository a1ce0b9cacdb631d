"""Defaults of columns: texts whose value is the same inside a segment and outside of it."""

from __future__ import annotations

from functools import cache

import duckdb

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import forms, logical


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
        The text is no value of the type, or values of the type cannot be said as a text that segments take, too.
    """
    if logical.parse(kind).parts or not _is_same(kind):
        raise _refused(column, f"cannot be of type {kind}", "Add the column without one, then set it with UPDATE.")
    try:
        value = _one(f"CAST(CAST(? AS {kind}) AS VARCHAR)", text)
        _one(f"CAST(? AS {forms.storage_type(kind)})", value)
    except duckdb.Error as error:
        raise _refused(column, f"is {text!r}, which is no {kind}", "Give a value of the column's type.") from error
    return value


def recast(text: str | None, kind: str, wider: str) -> str | None:
    """The text of a default after its column was widened."""
    if text is None or kind == wider:
        return text
    return _one(f"CAST(CAST(CAST(? AS {kind}) AS {wider}) AS VARCHAR)", text)


def _is_same(kind: str) -> bool:
    """Whether a text cast to the storage form is the value's storage form."""
    return not any(leaf.kind in ("interval", "blob") for leaf in logical.parse(kind).leaves())


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
