"""Changes to what a table is declared to be. Each gives another root over the same tree: no row is written anew."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import replace

from jupyter_datasets.engine import checks
from jupyter_datasets.errors import AlreadyExistsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions import constraints
from jupyter_datasets.services.versions.declarations import (
    AddCheck,
    AddColumn,
    AddUnique,
    AllowNulls,
    CheckDeclaration,
    ColumnDeclaration,
    DescribeColumn,
    DropCheck,
    DropColumn,
    DropUnique,
    RenameColumn,
    RequireColumns,
    SchemaChange,
    TableDeclaration,
    WidenColumn,
)
from jupyter_datasets.store import altering
from jupyter_datasets.store.roots import Check, TableRoot
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.segments import WRITER_ID
from jupyter_datasets.values import check_text, nearest

_LONGEST_NAME = 100  # characters of a check's


def empty_root(schema: Schema, key: tuple[str, ...] = ()) -> TableRoot:
    """A new table without rows: cut by its key, else by all its columns."""
    ids = tuple(schema.field(name).id for name in key)
    if len(set(ids)) != len(key):
        raise InvalidInputError("The key names a column twice.", details={"key": list(key)})
    return TableRoot(schema=schema, key=ids, cut=ids or tuple(f.id for f in schema.fields), writer=WRITER_ID)


def declared(table: TableDeclaration) -> TableRoot:
    """A table without rows, as it is declared."""
    schema = Schema(fields=())
    for column in table.columns:
        schema = _with_column(schema, column, has_rows=False)
    root = empty_root(schema, table.key)
    for columns in table.unique:
        root = _with_unique(root, columns)
    for check in table.checks:
        root = _with_check(root, check)
    return root


def altered(root: TableRoot, changes: Iterable[SchemaChange]) -> TableRoot:
    """A table after changes in turn; whether its rows keep what is declared now is for others to see."""
    for change in changes:
        root = _altered(root, change)
    return root


def _altered(root: TableRoot, change: SchemaChange) -> TableRoot:
    schema = root.schema
    match change:
        case AddColumn():
            return replace(root, schema=_with_column(schema, change, has_rows=root.rows > 0))
        case DropColumn():
            _check_unused(root, change.name)
            return replace(root, schema=altering.dropped(schema, change.name))
        case RenameColumn():
            return replace(root, schema=altering.renamed(schema, change.name, change.to))
        case WidenColumn():
            return replace(root, schema=altering.widened(schema, change.name, change.type))
        case DescribeColumn():
            return replace(root, schema=altering.described(schema, change.name, change.comment, change.unit))
        case RequireColumns():
            return replace(root, schema=altering.required(schema, change.names, value=True))
        case AllowNulls():
            return replace(root, schema=altering.required(schema, change.names, value=False))
        case AddUnique():
            return _with_unique(root, change.columns)
        case DropUnique():
            return _without_unique(root, change.columns)
        case AddCheck():
            return _with_check(root, change)
        case DropCheck():
            return _without_check(root, change.name)


def _with_column(schema: Schema, column: ColumnDeclaration, *, has_rows: bool) -> Schema:
    grown = altering.added(
        schema, Column(name=column.name, type=column.type), default=column.default, has_rows=has_rows
    )
    grown = altering.described(grown, column.name, column.comment, column.unit)
    return altering.required(grown, [column.name], value=True) if column.required else grown


def _check_unused(root: TableRoot, name: str) -> None:
    field = root.schema.field(name)
    if use := constraints.uses_of(root, frozenset({field.id})):
        key = use == "the key"
        raise InvalidInputError(
            f"Column {field.name!r} cannot be dropped: {use} names it.",
            kind=ErrorKind.COLUMN_IN_USE,
            next_step="Put the rows into a new table with another key." if key else "Drop that rule first.",
            details={"column": field.name},
        )


# --------------------------------------------------------------------------------------------------------------------
# Unique columns


def _ids(root: TableRoot, columns: Sequence[str]) -> tuple[int, ...]:
    ids = tuple(root.schema.field(name).id for name in columns)
    if len(set(ids)) != len(ids):
        raise InvalidInputError("The unique columns name one twice.", details={"columns": list(columns)})
    return ids


def _with_unique(root: TableRoot, columns: Sequence[str]) -> TableRoot:
    ids = _ids(root, columns)
    if set(ids) in (set(known) for known in (root.key, *root.unique)):
        raise _exists(f"Columns {', '.join(columns)} are unique already", ", ".join(columns))
    return replace(root, unique=(*root.unique, ids))


def _without_unique(root: TableRoot, columns: Sequence[str]) -> TableRoot:
    ids = set(_ids(root, columns))
    if ids not in (set(known) for known in root.unique):
        rules = [f"({', '.join(root.schema.names_of(known))})" for known in root.unique]
        raise NotFoundError(
            f"Columns {', '.join(columns)} are not declared unique.",
            kind=ErrorKind.CONSTRAINT_NOT_FOUND,
            next_step=f"Unique are {', '.join(rules)}." if rules else "No columns of the table are, but for its key.",
            details={"columns": list(columns)},
        )
    return replace(root, unique=tuple(known for known in root.unique if set(known) != ids))


# --------------------------------------------------------------------------------------------------------------------
# Checks


def _with_check(root: TableRoot, check: CheckDeclaration) -> TableRoot:
    found = checks.read(check.expression)
    checks.check_types(found, {f.name: f.type for f in root.schema.fields})
    _check_name(check.name)
    taken = {known.name.casefold() for known in root.checks}
    if check.name is not None and check.name.casefold() in taken:
        raise _exists(f"There is a check {check.name!r} already", check.name)
    name = check.name or _free_name(f"{found.columns[0]}_check" if found.columns else "check", taken)
    # The case of a name that was typed otherwise than the column's is mended here.
    births = {f.name: f.birth for f in root.schema.fields}
    return replace(root, checks=(*root.checks, Check(name=name, expression=found.renamed(births))))


def _check_name(name: str | None) -> None:
    if name is None:
        return
    check_text(name, "The check's name")
    if not name.strip() or len(name) > _LONGEST_NAME or any(unicodedata.category(c) == "Cc" for c in name):
        raise InvalidInputError(
            f"A check cannot have the name {name[:_LONGEST_NAME]!r}.",
            kind=ErrorKind.INVALID_NAME,
            next_step=f"A name has 1 to {_LONGEST_NAME} characters, and no line ends or other control characters.",
        )


def _free_name(base: str, taken: set[str]) -> str:
    name, number = base, 2
    while name.casefold() in taken:
        name, number = f"{base}_{number}", number + 1
    return name


def _without_check(root: TableRoot, name: str) -> TableRoot:
    left = tuple(check for check in root.checks if check.name.casefold() != name.casefold())
    if len(left) == len(root.checks):
        names = [check.name for check in root.checks]
        hints = nearest(name, names)
        raise NotFoundError(
            f"There is no check {name!r}.",
            kind=ErrorKind.CONSTRAINT_NOT_FOUND,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Checks: {', '.join(names) or 'none'}.",
            details={"check": name, "suggestions": hints},
        )
    return replace(root, checks=left)


def _exists(what: str, name: str) -> AlreadyExistsError:
    return AlreadyExistsError(
        f"{what}.",
        kind=ErrorKind.CONSTRAINT_EXISTS,
        next_step="Drop that one first, or choose another name.",
        details={"name": name},
    )
