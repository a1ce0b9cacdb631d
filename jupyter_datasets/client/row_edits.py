"""Changes to rows inside an edit: statements and keys are turned into queries, run here, and sent as change sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.client import declaring
from jupyter_datasets.client.names import Stored
from jupyter_datasets.client.sql import Queries
from jupyter_datasets.client.tables import default_table
from jupyter_datasets.client.transport import Mode, Transport
from jupyter_datasets.engine import edit_statements, key_statements
from jupyter_datasets.engine.edit_statements import TARGET, Changes, Column, EditStatement
from jupyter_datasets.engine.schema_statements import SchemaStatement, read_schema
from jupyter_datasets.engine.statements import parse
from jupyter_datasets.engine.table_names import TableName
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError, StatementError
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions import spans
from jupyter_datasets.services.versions.declarations import TableDeclaration
from jupyter_datasets.services.versions.models import Edit, ScanPlan
from jupyter_datasets.services.versions.scans import scan_of
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import altering, incoming
from jupyter_datasets.store.footers import Span
from jupyter_datasets.store.schemas import Field, Schema
from jupyter_datasets.values import name_key, nearest

_ROWS = "jd rows"
_GIVEN = f"py.{quote_name(_ROWS)}"


class RowEdits:
    """Changes rows of the tables of an open edit; each change sees those before it.

    Parameters
    ----------
    transport
        Where the dataset is.
    queries
        What statements are run with.
    dataset, edit
        What is changed.
    notes
        Takes what was done besides, for people.
    """

    def __init__(self, transport: Transport, queries: Queries, dataset: Dataset, edit: Edit, notes: list[str]) -> None:
        self._transport = transport
        self._queries = queries
        self._dataset = dataset
        self._edit = edit
        self._notes = notes

    def run(self, query: str, params: Mapping[str, Any], tables: Mapping[str, Any]) -> int:
        """Carry out a statement that changes data or a table; gives how many rows changed, went or came."""
        parsed = parse(query)
        if (schema := read_schema(parsed)) is not None:
            self._declare(schema)
            return 0
        statement = edit_statements.read_edit(parsed)
        return self._carry_out(statement, self._plan(statement.target), params, tables)

    def _declare(self, statement: SchemaStatement) -> None:
        """Make a table, or change what one is declared to be."""
        edit = self._edit.id
        if statement.declaration is not None:
            table = self._own_name(statement.target)
            self._transport.create_table(edit, table, declaring.checked(TableDeclaration, **statement.declaration))
            return
        table = self._plan(statement.target).table
        if statement.rename is not None:
            self._transport.rename_table(edit, table, statement.rename)
        else:
            self._transport.alter_table(edit, table, declaring.schema_changes(statement.changes))

    def delete_where(self, table: str, condition: str, params: Mapping[str, Any]) -> int:
        """Remove the rows for which a condition holds."""
        statement = edit_statements.read_edit(parse(f"DELETE FROM {quote_name(table)} WHERE {condition}"))
        return self._carry_out(statement, self._transport.edit_plan(self._edit.id, table), params, {})

    def upsert(self, table: str, rows: pa.Table, key: Sequence[str]) -> int:
        """Give rows with known keys other values, and put the others behind."""
        plan = self._transport.edit_plan(self._edit.id, table)
        rows = incoming.narrowed(rows, Schema.from_json(plan.fields))
        names = _key_of(plan, rows, key)
        plan = self._widened(plan, rows)
        changes = key_statements.upsert(_columns(Schema.from_json(plan.fields)), rows.column_names, names, _GIVEN)
        return self._put_keyed(plan, changes, rows, names)

    def delete_keys(self, table: str, rows: pa.Table, key: Sequence[str]) -> int:
        """Remove the rows whose key is among these."""
        plan = self._transport.edit_plan(self._edit.id, table)
        names = _key_of(plan, rows, key)
        changes = key_statements.delete_keys(_columns(Schema.from_json(plan.fields)), names, _GIVEN)
        return self._put_keyed(plan, changes, rows, names)

    def _put_keyed(self, plan: ScanPlan, changes: Changes, rows: pa.Table, key: Sequence[str]) -> int:
        near = spans.around(map(Schema.from_json(plan.fields).field, key), rows.select(key))
        return self._put(plan, changes, {}, {_ROWS: rows}, near)

    def _widened(self, plan: ScanPlan, rows: pa.Table) -> ScanPlan:
        """The table once its types take these rows exactly, as when they were appended."""
        schema = Schema.from_json(plan.fields)
        given = incoming.joining(incoming.inspect(rows.schema).columns, rows.schema, schema)
        wider = {
            f.name: f.type
            for f, known in zip(schema.appended_by(given).fields, schema.fields, strict=True)
            if f.type != known.type
        }
        needed = [name for name in wider if not self._fits(schema.field(name), rows)]
        if not needed:
            return plan
        changes = [{"do": "widen_column", "name": name, "type": wider[name]} for name in needed]
        self._transport.alter_table(self._edit.id, plan.table, declaring.schema_changes(changes))
        widened = self._transport.edit_plan(self._edit.id, plan.table)
        self._notes += altering.evolution(schema, Schema.from_json(widened.fields))
        return widened

    def _fits(self, field: Field, rows: pa.Table) -> bool:
        """Whether a column takes all values of the same one of these rows as they are."""
        value = quote_name(field.name)
        query = f"SELECT 1 FROM {_GIVEN} WHERE TRY_CAST({value} AS {field.type}) IS DISTINCT FROM {value} LIMIT 1"
        return not self._queries.run(query, params={}, variables={_ROWS: rows}).to_arrow().num_rows

    def _carry_out(
        self, statement: EditStatement, plan: ScanPlan, params: Mapping[str, Any], tables: Mapping[str, Any]
    ) -> int:
        schema = Schema.from_json(plan.fields)
        near = spans.wanted(schema, statement.ranges(params))
        return self._put(plan, statement.changes(_columns(schema)), params, tables, near)

    def _put(
        self,
        plan: ScanPlan,
        changes: Changes,
        params: Mapping[str, Any],
        tables: Mapping[str, Any],
        near: Sequence[Span],
    ) -> int:
        """Both queries read the table as it was before the first of them is carried out."""
        looked = list[TableName]()
        target = Stored(source=None, scan=scan_of(self._transport.fetch(plan), near), numbered=True)

        def ask(query: str | None) -> pa.Table | None:
            return None if query is None else self._ask(query, target, params, tables, looked)

        rows, inserts = ask(changes.rows), ask(changes.inserts)
        edit, table = self._edit.id, plan.table
        if rows is not None and rows.num_rows:
            self._transport.put_changes(edit, table, plan.root, rows.schema, rows.to_batches())
        if inserts is not None and inserts.num_rows:
            # Rows that depend on what the table holds must be found anew if somebody else changes it meanwhile.
            mode: Mode = "insert" if looked else "append"
            self._notes += self._transport.put(edit, table, mode, inserts.schema, inserts.to_batches())
        return sum(found.num_rows for found in (rows, inserts) if found is not None)

    def _ask(
        self,
        query: str,
        target: Stored,
        params: Mapping[str, Any],
        tables: Mapping[str, Any],
        looked: list[TableName],
    ) -> pa.Table:
        """What a query gives; names of tables of the dataset that it reads are added to ``looked``."""

        def own(name: TableName) -> Stored | None:
            found = target if name.path == (TARGET,) else self._own(name, tables)
            looked.extend([name] if found else [])
            return found

        try:
            return self._queries.run(query, params=params, variables=tables, own=own).to_arrow()
        except StatementError as error:
            raise _unplaced(error) from error

    def _own(self, name: TableName, tables: Mapping[str, Any]) -> Stored | None:
        """A table of the dataset as the edit has it by now, where it is named without a version."""
        if name.at is not None or (len(name.path) == 1 and name.path[0] in tables):
            return None
        try:
            plan = self._plan(name.path)
        except NotFoundError:
            return None
        return Stored(source=None, scan=scan_of(self._transport.fetch(plan)))

    def _plan(self, path: Sequence[str]) -> ScanPlan:
        """What a name means in an edit: a table of the dataset, or the dataset itself."""
        if len(path) > 1:
            return self._transport.edit_plan(self._edit.id, self._own_name(path))
        try:
            return self._transport.edit_plan(self._edit.id, path[0])
        except NotFoundError:
            if not self._is_dataset(path[0]):
                raise
        return self._transport.edit_plan(self._edit.id, self._default_table())

    def _own_name(self, path: Sequence[str]) -> str:
        """The table's name of one that is written alone or behind the dataset's name."""
        if len(path) > 1 and not self._is_dataset(path[0]):
            raise NotFoundError(
                f"{'.'.join(path)!r} is no table of dataset {self._dataset.name!r}.",
                kind=ErrorKind.TABLE_NOT_FOUND,
                next_step="An edit changes one dataset; open another edit for the other one.",
            )
        return path[-1]

    def _is_dataset(self, name: str) -> bool:
        return name_key(name.removeprefix("me/")) == name_key(self._dataset.name)

    def _default_table(self) -> str:
        base = self._edit.base
        known = [] if base is None else [t.name for t in self._transport.version(self._dataset.id, base).tables]
        return default_table(self._dataset, known)


def _columns(schema: Schema) -> dict[str, Column]:
    return {f.name: Column(type=f.type, default=f.default) for f in schema.fields}


def _key_of(plan: ScanPlan, rows: pa.Table, key: Sequence[str]) -> list[str]:
    """The columns that tell rows apart, those that are named or the table's; rows that they do not suit are refused."""
    schema = Schema.from_json(plan.fields)
    names = [schema.field(name).name for name in key] or list(schema.names_of(plan.key))
    _check_given(plan.table, schema.names, rows.column_names, names)
    _check_keys(rows, names)
    return names


def _check_given(table: str, known: Sequence[str], given: Sequence[str], key: Sequence[str]) -> None:
    if not key:
        raise InvalidInputError(
            f"Table {table!r} has no key, so nothing tells which of its rows are meant.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Name the columns that tell rows apart: key=[...].",
        )
    if absent := [name for name in key if name not in given]:
        raise InvalidInputError(
            f"The rows have no column {absent[0]!r}, which is part of the key.",
            kind=ErrorKind.SCHEMA_MISMATCH,
            next_step=f"Give rows with the columns {', '.join(key)}.",
        )
    if extra := [name for name in given if name not in known]:
        hints = nearest(extra[0], known)
        raise InvalidInputError(
            f"Table {table!r} has no column {extra[0]!r}.",
            kind=ErrorKind.SCHEMA_MISMATCH,
            next_step=f"Did you mean {hints[0]!r}?" if hints else f"Columns: {', '.join(known)}.",
        )


def _check_keys(rows: pa.Table, key: Sequence[str]) -> None:
    """Refuse rows that one key does not tell apart."""
    if empty := [name for name in key if rows[name].null_count]:
        raise InvalidInputError(
            f"Column {empty[0]!r} of the key has nulls in the given rows.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Take those rows out, or give them a key.",
        )
    counted = rows.select(list(dict.fromkeys(key))).group_by(list(key)).aggregate([([], "count_all")])
    double = counted.filter(pc.greater(counted["count_all"], 1))
    if double.num_rows:
        values = ", ".join(f"{name} = {double[name][0]}" for name in key)
        raise InvalidInputError(
            f"Two of the given rows have the key {values}.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Give one row for each key.",
        )


def _unplaced(error: StatementError) -> StatementError:
    """The error without its place, which is one in a query that the user did not write."""
    message = error.message.partition(" (line ")[0].rstrip(".") + "."
    message = message.replace('Table "given" has', "The rows to be inserted have")
    details = {"suggestions": error.details.get("suggestions", [])}
    return StatementError(message, kind=error.kind, next_step=error.next_step, details=details)
