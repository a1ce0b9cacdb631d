"""Statements that make a table or change its columns: CREATE TABLE with columns, ALTER TABLE."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlglot
from sqlglot import exp

from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.statements import ALTER_FORMS, Statement
from jupyter_datasets.errors import ErrorKind, StatementError

SCHEMA_VERBS = frozenset({"ALTER", "CREATE"})
_CREATE = (
    "Write CREATE TABLE t (column TYPE [NOT NULL] [DEFAULT value] [PRIMARY KEY | UNIQUE | CHECK (...)], ...); for the "
    "rows of a query, edit['t'].replace(repo.sql('SELECT ...'))."
)
Values = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class SchemaStatement:
    """What a statement says, in plain values.

    Attributes
    ----------
    target
        The name of the table as written, one part or two.
    declaration
        Of a table that is to be made: its columns, key, unique columns and checks.
    changes
        Of one that there is, each with what it does as ``do``.
    rename
        What that one is to be called.
    """

    target: tuple[str, ...]
    declaration: Values | None = None
    changes: list[Values] = field(default_factory=list)
    rename: str | None = None


def read_schema(statement: Statement) -> SchemaStatement | None:
    """Read a statement that makes or alters a table; None for any other.

    Raises
    ------
    StatementError
        It does what cannot be done here.
    """
    if statement.verb not in SCHEMA_VERBS:
        return None
    step = _CREATE if statement.verb == "CREATE" else ALTER_FORMS
    try:
        tree = sqlglot.parse_one(statement.text, dialect="duckdb")
        found = _created(tree) if isinstance(tree, exp.Create) else _altered(tree)
    except (sqlglot.errors.SqlglotError, _Refusal) as error:
        what = str(error) if isinstance(error, _Refusal) else "This statement cannot be read"
        raise _refused(statement.text, what, step) from error
    return found


class _Refusal(Exception):
    """What cannot be done here; it never leaves this module."""


def _created(tree: exp.Create) -> SchemaStatement:
    schema = tree.this
    more = ("replace", "exists", "properties", "expression")
    if tree.kind != "TABLE" or not isinstance(schema, exp.Schema) or any(tree.args.get(name) for name in more):
        raise _Refusal("Only CREATE TABLE with columns is supported")
    table = _Declared()
    for part in schema.expressions:
        table.take(part)
    return SchemaStatement(target=_target(schema.this), declaration=table.values())


class _Declared:
    """Collects what the parts of a CREATE TABLE declare."""

    def __init__(self) -> None:
        self.columns: list[Values] = []
        self.key: list[str] = []
        self.unique: list[list[str]] = []
        self.checks: list[Values] = []

    def values(self) -> Values:
        return {"columns": self.columns, "key": self.key, "unique": self.unique, "checks": self.checks}

    def take(self, part: exp.Expr, name: str | None = None) -> None:
        if isinstance(part, exp.ColumnDef):
            self._column(part)
        elif isinstance(part, exp.Constraint):
            for inner in part.expressions:
                self.take(inner, part.name)
        elif isinstance(part, exp.PrimaryKey):
            self._set_key([each.name for each in part.expressions])
        elif isinstance(part, exp.UniqueColumnConstraint) and isinstance(part.this, exp.Schema):
            self.unique.append([each.name for each in part.this.expressions])
        elif isinstance(part, exp.CheckColumnConstraint):
            self.checks.append(_check(part, name))
        else:
            raise _Refusal(f"{_sql(part)} is not supported")

    def _column(self, part: exp.ColumnDef) -> None:
        column = _column(part)
        for constraint in part.args.get("constraints") or ():
            kind = constraint.kind
            if isinstance(kind, exp.PrimaryKeyColumnConstraint):
                self._set_key([part.name])
            elif isinstance(kind, exp.UniqueColumnConstraint):
                self.unique.append([part.name])
            elif isinstance(kind, exp.CheckColumnConstraint):
                self.checks.append(_check(kind, constraint.name or None))
        self.columns.append(column)

    def _set_key(self, names: list[str]) -> None:
        if self.key and self.key != names:
            raise _Refusal("A table has one PRIMARY KEY")
        self.key = names


def _column(part: exp.ColumnDef) -> Values:
    if part.args.get("kind") is None:
        raise _Refusal(f"Column {part.name} has no type")
    column: Values = {"name": part.name, "type": _sql(part.args["kind"])}
    for constraint in part.args.get("constraints") or ():
        kind = constraint.kind
        if isinstance(kind, exp.NotNullColumnConstraint):
            column["required"] = not kind.args.get("allow_null")
        elif isinstance(kind, exp.DefaultColumnConstraint):
            column["default"] = _value(kind.this)
        elif isinstance(kind, exp.CommentColumnConstraint):
            column["comment"] = kind.name
        elif not isinstance(
            kind, exp.PrimaryKeyColumnConstraint | exp.UniqueColumnConstraint | exp.CheckColumnConstraint
        ):
            raise _Refusal(f"{_sql(constraint)} is not supported")
    return column


def _check(part: exp.CheckColumnConstraint, name: str | None) -> Values:
    return {"expression": _sql(part.this), "name": name}


def _value(node: exp.Expr) -> str | None:
    """The text of a value that is said outright."""
    if isinstance(node, exp.Cast):
        node = node.this
    if isinstance(node, exp.Neg) and isinstance(node.this, exp.Literal) and not node.this.is_string:
        return f"-{node.this.name}"
    if isinstance(node, exp.Null):
        return None
    if not isinstance(node, exp.Literal | exp.Boolean):
        raise _Refusal(f"DEFAULT {_sql(node)} is no value")
    return _sql(node).lower() if isinstance(node, exp.Boolean) else node.name


def _altered(tree: exp.Expr) -> SchemaStatement:
    actions: list[exp.Expr] = tree.args.get("actions") or []
    more = ("exists", "options")
    if not isinstance(tree, exp.Alter) or tree.kind != "TABLE" or len(actions) != 1 or any(map(tree.args.get, more)):
        raise _Refusal("This is not supported")
    action, target = actions[0], _target(tree.this)
    if isinstance(action, exp.AlterRename):
        return SchemaStatement(target=target, rename=action.this.name)
    return SchemaStatement(target=target, changes=list(_changes(action)))


def _changes(action: exp.Expr) -> Iterator[Values]:
    if isinstance(action, exp.ColumnDef) and not action.args.get("exists"):
        yield from _added(action)
    elif isinstance(action, exp.Drop) and action.kind == "COLUMN" and not action.args.get("exists"):
        yield from ({"do": "drop_column", "name": each.name} for each in action.args["tables"])
    elif isinstance(action, exp.RenameColumn):
        yield {"do": "rename_column", "name": action.this.name, "to": action.args["to"].name}
    elif isinstance(action, exp.AlterColumn):
        yield _column_change(action.name, action.args)
    else:
        raise _Refusal("This is not supported")


def _added(action: exp.ColumnDef) -> Iterator[Values]:
    yield {"do": "add_column", **_column(action)}
    for constraint in action.args.get("constraints") or ():
        if isinstance(constraint.kind, exp.UniqueColumnConstraint):
            yield {"do": "add_unique", "columns": [action.name]}
        elif isinstance(constraint.kind, exp.CheckColumnConstraint):
            yield {"do": "add_check", **_check(constraint.kind, constraint.name or None)}
        elif isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
            raise _Refusal("A key is given to a table when it is made")


def _column_change(name: str, said: Mapping[str, Any]) -> Values:
    if said.get("dtype") and not said.get("using"):
        return {"do": "widen_column", "name": name, "type": _sql(said["dtype"])}
    if said.get("allow_null") is not None:
        return {"do": "allow_nulls" if said["allow_null"] else "require_columns", "names": [name]}
    raise _Refusal("This is not supported")


def _target(table: exp.Expr) -> tuple[str, ...]:
    if not isinstance(table, exp.Table) or table.args.get("catalog"):
        raise _Refusal("What is named is no table of a dataset")
    return tuple(part.name for part in (table.args.get("db"), table.this) if part)


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")


def _refused(text: str, what: str, next_step: str) -> StatementError:
    return statement_error(what, text=text, kind=ErrorKind.STATEMENT_REFUSED, next_step=next_step)
