"""Changes to a schema that leave every segment as it is: add, drop, rename, widen, describe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError
from jupyter_datasets.store import defaults, logical
from jupyter_datasets.store.schemas import Column, Field, Schema, may_become
from jupyter_datasets.values import check_text


def added(schema: Schema, column: Column, *, default: str | None, has_rows: bool) -> Schema:
    """With one more column, in which the rows there are have the default."""
    kind = logical.concrete(column.type)
    _check_free(schema, column.name)
    grown = schema.with_column(replace(column, name=_checked(column.name), type=kind))
    value = None if default is None else defaults.check_default(column.name, kind, default)
    return _with(grown, replace(grown.fields[-1], default=value, nullable=has_rows and value is None))


def dropped(schema: Schema, name: str) -> Schema:
    """Without a column; one is left."""
    field = schema.field(name)
    if len(schema.fields) == 1:
        raise InvalidInputError(
            f"Column {field.name!r} is the only one of the table.", next_step="Drop the whole table instead."
        )
    return replace(schema, fields=tuple(f for f in schema.fields if f.id != field.id))


def renamed(schema: Schema, name: str, to: str) -> Schema:
    """With another name for a column."""
    field = schema.field(name)
    _check_free(schema, to, but=field)
    return _with(schema, replace(field, name=_checked(to)))


def widened(schema: Schema, name: str, kind: str) -> Schema:
    """With a wider type for a column.

    Raises
    ------
    InvalidInputError
        With ``kind`` SCHEMA_MISMATCH: the type does not take every value exactly, or segments would have to be written
        anew for it.
    """
    field, wider = schema.field(name), logical.concrete(kind)
    logical.check_supported(field.name, wider)
    if not _widens(field, wider):
        raise _no_widening(field, wider)
    return _with(schema, field.widened(wider))


def described(schema: Schema, name: str, comment: str | None, unit: str | None) -> Schema:
    """With another comment or unit for a column; what is None stays."""
    field = schema.field(name)
    return _with(
        schema,
        replace(
            field,
            comment=field.comment if comment is None else check_text(comment, "The comment"),
            unit=field.unit if unit is None else check_text(unit, "The unit"),
        ),
    )


def required(schema: Schema, names: Iterable[str], *, value: bool) -> Schema:
    """With columns that must hold no null, or may."""
    for name in names:
        schema = _with(schema, replace(schema.field(name), required=value))
    return schema


def without_nulls(schema: Schema) -> Schema:
    """The schema once it is sure that no required field holds a null."""
    return replace(schema, fields=tuple(replace(f, nullable=f.nullable and not f.required) for f in schema.fields))


def misfits(schema: Schema, columns: Sequence[Column]) -> dict[str, str]:
    """How data differs from what a table takes as it is: by column, what is wrong with it."""
    known, given = {f.name: f for f in schema.fields}, {c.name: c for c in columns}
    found = {name: "is not in the table" for name in given if name not in known}
    found |= {name: "is missing" for name in known if name not in given}
    for name in known.keys() & given.keys():
        kind, other = known[name].type, given[name].type
        if logical.widen(kind, other) != kind:
            found[name] = f"is {other} and not {kind}"
    return {name: found[name] for name in (*known, *given) if name in found}


def evolved(schema: Schema, columns: Sequence[Column], *, has_rows: bool) -> Schema:
    """The schema when new rows join that may bring columns and wider types.

    Raises
    ------
    InvalidInputError
        With ``kind`` SCHEMA_MISMATCH: a type for which segments would have to be written anew, or text for numbers.
    """
    known = {f.name: f for f in schema.fields}
    for column in columns:
        if column.name not in known:
            schema = added(schema, column, default=None, has_rows=has_rows)
        else:
            schema = _joined(schema, known[column.name], column.type)
    return schema


def _joined(schema: Schema, known: Field, kind: str) -> Schema:
    wider = logical.widen(known.type, kind) or kind
    if wider != known.type and not may_become(known.type, wider):
        raise _no_widening(known, wider)
    return schema if wider == known.type else widened(schema, known.name, wider)


def evolution(old: Schema, new: Schema) -> list[str]:
    """What joining rows changed of a schema, in sentences."""
    before = {f.id: f for f in old.fields}
    return [
        f"Column {f.name!r} is new; the rows before have null there."
        if f.id not in before
        else f"Column {f.name!r} was {before[f.id].type}; it is {f.type} now, for the new rows' sake."
        for f in new.fields
        if f.id not in before or before[f.id].type != f.type
    ]


def _widens(field: Field, wider: str) -> bool:
    if field.as_text:  # there are numbers that only their text holds
        return wider == field.type
    # Its segments may hold decimals of several scales, whose texts differ.
    is_decimal = logical.parse(field.type).kind == "decimal"
    return logical.widens_to(field.type, wider) and not (is_decimal and wider == "VARCHAR")


def _no_widening(field: Field, wider: str) -> InvalidInputError:
    return InvalidInputError(
        f"Column {field.name!r} holds {field.type}, which cannot be widened to {wider} in place.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step="Add a column of that type and fill it with UPDATE, or replace the table by a query with a CAST.",
        details={"column": field.name, "expected": field.type, "found": wider},
    )


def _with(schema: Schema, field: Field) -> Schema:
    return replace(schema, fields=tuple(field if f.id == field.id else f for f in schema.fields))


def _check_free(schema: Schema, name: str, but: Field | None = None) -> None:
    taken = next((f for f in schema.fields if f.name.casefold() == name.casefold() and f != but), None)
    if taken is not None:
        raise AlreadyExistsError(
            f"There is a column {taken.name!r} already.",
            kind=ErrorKind.COLUMN_EXISTS,
            next_step="Choose another name.",
            details={"column": taken.name},
        )


def _checked(name: str) -> str:
    if not name:
        raise InvalidInputError("A column needs a name.", kind=ErrorKind.INVALID_NAME, next_step="Give it one.")
    return check_text(name, "The column's name")
