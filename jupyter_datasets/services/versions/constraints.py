"""What a table holds its rows to: columns without nulls, a key, other unique columns, checks.

All of it is looked at on the result of a change, before any reference moves: over the rows that came where the others
are known to keep it, over all rows else.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.relations import PIECE, ROW, Session
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions import keys
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import schemas, segments
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.roots import Check, TableRoot
from jupyter_datasets.store.schemas import Field, Schema

if TYPE_CHECKING:
    from jupyter_datasets.engine.checks import Expression

MOST_SHOWN = 100
"""How many of the rows that break a rule an error holds."""

_MOST_COLUMNS, _MOST_LETTERS = 20, 200
_SAID, _SAID_LETTERS = 3, 40  # rows in the message itself


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Rows that break a rule of their table.

    Attributes
    ----------
    reason
        Completes a sentence.
    column
        One to look at.
    rule
        Name of the check, or names of the unique columns.
    count
        How many rows break it.
    rows
        The first of them as texts: the columns that matter first, twenty at most.
    """

    kind: ErrorKind
    reason: str
    column: str | None
    rule: str
    count: int
    rows: list[dict[str, str | None]]

    def details(self) -> dict[str, Any]:
        """What an error tells a program."""
        return {"column": self.column, "rule": self.rule, "count": self.count, "rows": self.rows}

    def examples(self) -> str:
        """The first rows in a sentence."""
        if not self.rows:
            return ""
        said = "; ".join(_said(row) for row in self.rows[:_SAID])
        return f" {'The first' if self.count > _SAID else 'Such rows'}: {said}."


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rule:
    """What one row can break alone.

    Attributes
    ----------
    fails, raises
        SQL over today's names: whether a row breaks the rule, and whether because the rule cannot be computed for it.
    says
        Comes before how many rows break it.
    """

    kind: ErrorKind
    name: str
    columns: tuple[str, ...]
    fails: str
    raises: str = "false"
    says: str


@dataclass(kw_only=True, slots=True)
class _Found:
    count: int = 0
    raised: int = 0
    rows: list[dict[str, str | None]] = field(default_factory=list)


def find(root: TableRoot, pieces: Sequence[Piece], nulls: frozenset[int]) -> Violation | None:
    """What rows of a table break, all of them looked at.

    Parameters
    ----------
    pieces
        The whole table.
    nulls
        Ids of the fields in which a null was met.
    """
    rules = [*_null_rules(root, nulls), *_check_rules(root)]
    if rules and pieces:
        with segments.connect() as connection:
            rows = scan(root.schema, pieces).bind(Session(connection), "table", numbered=True)
            found = _failing(connection, root, rows, rules, order=f" ORDER BY {quote_name(PIECE)}, {quote_name(ROW)}")
        if broken := _first(rules, found):
            return broken
    return next(_doubles(root, pieces), None) if pieces else None


def find_among(root: TableRoot, pieces: Sequence[Piece], added: Iterable[pa.RecordBatch]) -> Violation | None:
    """What rows break, given in transfer form, that were added to a table which kept its rules so far."""
    distinct = [keys.key_fields(root), *_unique(root)]
    kept, found = list[pa.RecordBatch](), defaultdict[_Rule, _Found](_Found)
    checks = _check_rules(root)
    births = [f.birth for f in root.schema.fields]
    wanted = list(dict.fromkeys(f.birth for fields in distinct for f in fields))
    for batch in added:
        rows = batch.rename_columns(births)
        kept += [rows.select(wanted)] if wanted else []
        nulls = frozenset(f.id for f in root.schema.fields if rows.column(f.birth).null_count)
        if rules := [*_null_rules(root, nulls), *checks]:
            _look(root, rows, rules, found)
    if broken := _first(list(found), found):
        return broken
    among = pa.Table.from_batches(kept) if kept else None
    return None if among is None or not among.num_rows else next(_doubles(root, pieces, among), None)


def find_new(old: TableRoot, new: TableRoot, pieces: Sequence[Piece]) -> Violation | None:
    """What rows break of the rules that a change of the schema brought, or gave another meaning."""
    types = {f.id: f.type for f in old.schema.fields}
    held = {f.id for f in old.schema.fields if f.required}
    retyped = {f.birth for f in new.schema.fields if types.get(f.id, f.type) != f.type}
    fields = tuple(replace(f, required=f.required and f.id not in held) for f in new.schema.fields)
    checks = tuple(c for c in new.checks if c not in old.checks or retyped & set(_read(c.expression).columns))
    unique = tuple(ids for ids in new.unique if ids not in old.unique)
    rules = replace(new, schema=replace(new.schema, fields=fields), key=(), unique=unique, checks=checks)
    return find(rules, pieces, frozenset(f.id for f in fields if f.nullable))


def refuse(table: str, broken: Violation | None) -> None:
    """Raise an error for rows that break a rule."""
    if broken:
        raise InvalidInputError(
            f"Table {table!r} cannot have these rows: {broken.reason}.{broken.examples()}",
            kind=broken.kind,
            next_step=next_step(broken.kind),
            details={"table": table, **broken.details()},
        )


def next_step(kind: ErrorKind) -> str:
    """What to do about rows that break a rule."""
    rest = "or put them into a table without a key" if kind is ErrorKind.KEY_VIOLATION else "or drop that rule first"
    return f"Mend the rows, {rest}."


def uses_of(root: TableRoot, ids: frozenset[int]) -> str | None:
    """What of a table's rules names one of these fields, for people; None where nothing does."""
    births = {f.birth for f in root.schema.fields if f.id in ids}
    if ids & set(root.key):
        return "the key"
    if found := next((unique for unique in root.unique if ids & set(unique)), None):
        return f"unique ({', '.join(f.name for f in keys.fields_of(root, found))})"
    return next((f"the check {c.name}" for c in root.checks if births & set(_read(c.expression).columns)), None)


def check_kept(table: str, root: TableRoot, schema: Schema) -> None:
    """Refuse another schema for all rows of a table if it lacks a column that a rule names."""
    gone = [f for f in root.schema.fields if f.id not in {each.id for each in schema.fields}]
    for lost in gone:
        use = uses_of(root, frozenset({lost.id}))
        if use or lost.required:
            why = f"{use} names it" if use else "it is declared not null"
            raise InvalidInputError(
                f"The rows lack column {lost.name!r} of table {table!r}, and {why}.",
                kind=ErrorKind.COLUMN_IN_USE,
                next_step="Give the column too, or drop that rule first.",
                details={"table": table, "column": lost.name},
            )


def expression_of(schema: Schema, check: Check) -> str:
    """A check over today's names."""
    return _read(check.expression).renamed({f.birth: f.name for f in schema.fields})


# --------------------------------------------------------------------------------------------------------------------
# Rules of single rows


def _null_rules(root: TableRoot, nulls: frozenset[int]) -> list[_Rule]:
    """Rules that fields hold no null, for those in which there is one."""
    return [
        _Rule(
            kind=ErrorKind.KEY_VIOLATION if f.id in root.key else ErrorKind.NOT_NULL_VIOLATION,
            name=f.name,
            columns=(f.name,),
            fails=f"{quote_name(f.name)} IS NULL",
            says=f"column {f.name!r} {'of the key has nulls' if f.id in root.key else 'is not null, and null'} in",
        )
        for f in root.schema.fields
        if f.id in nulls and (f.required or f.id in root.key)
    ]


def _check_rules(root: TableRoot) -> list[_Rule]:
    """Rules that a check holds; one that does not fit its columns' types any more is an error."""
    if not root.checks:
        return []
    from jupyter_datasets.engine import checks  # and with it sqlglot, which most imports of files can do without

    names, types = {f.birth: f.name for f in root.schema.fields}, {f.name: f.type for f in root.schema.fields}
    found = []
    for check in root.checks:
        text = expression_of(root.schema, check)
        checks.check_types(checks.read(text), types)
        found.append(
            _Rule(
                kind=ErrorKind.CHECK_VIOLATION,
                name=check.name,
                columns=tuple(names.get(c, c) for c in _read(check.expression).columns),
                fails=f"{checks.passes(text)} IS NOT TRUE",
                raises=f"{checks.passes(text)} IS NULL",
                says=f"the check {check.name} ({checks.shown(text)}) fails for",
            )
        )
    return found


def _look(root: TableRoot, rows: pa.RecordBatch, rules: Sequence[_Rule], found: dict[_Rule, _Found]) -> None:
    """Add what rows in transfer form break to what was found before."""
    schema = root.schema
    with segments.connect() as connection:
        connection.register("added", rows)
        stored = f"SELECT {schemas.storage_columns(schema)} FROM added"
        query = f"SELECT {schemas.logical_columns(schema)} FROM ({stored})"
        for rule, more in _failing(connection, root, query, rules).items():
            found[rule].count += more.count
            found[rule].raised += more.raised
            found[rule].rows += more.rows[: MOST_SHOWN - len(found[rule].rows)]


def _failing(
    connection: duckdb.DuckDBPyConnection, root: TableRoot, rows: str, rules: Sequence[_Rule], order: str = ""
) -> dict[_Rule, _Found]:
    """How many rows of a query break each rule, and the first of them; rules that none breaks are left out."""
    (counted,) = _counted(connection, rows, rules)
    return {
        rule: _Found(
            count=count, raised=raised, rows=_rows(connection, root, rows, rule.columns, f"WHERE {rule.fails}{order}")
        )
        for rule, count, raised in zip(rules, counted[::2], counted[1::2], strict=True)
        if count
    }


def _counted(connection: duckdb.DuckDBPyConnection, rows: str, rules: Sequence[_Rule]) -> list[Any]:
    """One row: for each rule how many rows of the query break it, and how many because it cannot be computed."""
    tests = (test for rule in rules for test in (rule.fails, rule.raises))
    counts = ", ".join(f"count(*) FILTER (WHERE {test})" for test in tests)
    try:
        return connection.execute(f"SELECT {counts} FROM ({rows})").fetchall()
    except (duckdb.DataError, duckdb.ProgrammingError) as error:  # few get past TRY, such as an ESCAPE of two letters
        names = [rule.name for rule in rules if rule.kind is ErrorKind.CHECK_VIOLATION]
        if not names:
            raise
        reason = str(error).partition("\n")[0].partition(": ")[2].rstrip(".")
        raise InvalidInputError(
            f"The rows cannot be held to the check{'s' if len(names) > 1 else ''} {', '.join(names)}: {reason}.",
            kind=ErrorKind.INVALID_CHECK,
            next_step="Mend the rows, or drop that check first.",
            details={"checks": names},
        ) from error


def _first(rules: Sequence[_Rule], found: Mapping[_Rule, _Found]) -> Violation | None:
    for rule in rules:
        if rule in found:
            count, raised = found[rule].count, found[rule].raised
            reason = f"{rule.says} {count:,} row{'s' if count > 1 else ''}"
            reason += f"; it cannot be computed for {raised:,} of them" if raised else ""
            column = rule.columns[0] if rule.columns else None
            rows = found[rule].rows
            return Violation(kind=rule.kind, reason=reason, column=column, rule=rule.name, count=count, rows=rows)
    return None


# --------------------------------------------------------------------------------------------------------------------
# Rules of rows among others


def _unique(root: TableRoot) -> list[list[Field]]:
    return [keys.fields_of(root, ids) for ids in root.unique]


def _doubles(root: TableRoot, pieces: Sequence[Piece], among: pa.Table | None = None) -> Iterator[Violation]:
    """Rows that are not told apart by what should tell them apart."""
    for kind, fields in [
        (ErrorKind.KEY_VIOLATION, keys.key_fields(root)),
        *((ErrorKind.UNIQUE_VIOLATION, fields) for fields in _unique(root)),
    ]:
        chosen = None if among is None else among.select([f.birth for f in fields])
        if fields and (values := keys.double(root.schema, fields, pieces, chosen)):
            yield _shared(root, kind, fields, values, pieces)


def _shared(
    root: TableRoot, kind: ErrorKind, fields: Sequence[Field], values: str, pieces: Sequence[Piece]
) -> Violation:
    names = [f.name for f in fields]
    columns = ", ".join(map(quote_name, names))
    with segments.connect() as connection:
        rows = scan(root.schema, pieces).bind(Session(connection), "table", numbered=True)
        doubles = f"SELECT {columns} FROM ({rows}) GROUP BY {columns} HAVING count(*) > 1"
        test = f"WHERE ({columns}) IN ({doubles})"
        ((count,),) = connection.execute(f"SELECT count(*) FROM ({rows}) {test}").fetchall()
        order = f" ORDER BY {columns}, {quote_name(PIECE)}, {quote_name(ROW)}"
        found = _rows(connection, root, rows, names, test + order)
    what = "the key" if kind is ErrorKind.KEY_VIOLATION else f"in unique ({', '.join(names)}) the values"
    others = f", {count:,} rows in all are not told apart" if count > 2 else ""
    return Violation(
        kind=kind,
        reason=f"two rows have {what} {values}{others}",
        column=names[0],
        rule=", ".join(names),
        count=count,
        rows=found,
    )


# --------------------------------------------------------------------------------------------------------------------
# Rows for people


def _rows(
    connection: duckdb.DuckDBPyConnection, root: TableRoot, rows: str, first: Sequence[str], rest: str
) -> list[dict[str, str | None]]:
    """Some rows of a query as texts."""
    key = [f.name for f in keys.key_fields(root)]
    names = list(dict.fromkeys([*key, *first, *root.schema.names]))[:_MOST_COLUMNS]
    cells = ", ".join(f"left(CAST({quote_name(n)} AS VARCHAR), {_MOST_LETTERS}) AS {quote_name(n)}" for n in names)
    # The order is that of the rows below, for the texts have the columns' names.
    wanted = f"SELECT * FROM ({rows}) {rest} LIMIT {MOST_SHOWN}"
    found: list[dict[str, str | None]] = connection.sql(f"SELECT {cells} FROM ({wanted})").to_arrow_table().to_pylist()
    return found


def _said(row: Mapping[str, str | None]) -> str:
    shown = list(row.items())[:_SAID]
    return ", ".join(f"{name} = {'null' if value is None else value[:_SAID_LETTERS]}" for name, value in shown)


def _read(text: str) -> Expression:
    from jupyter_datasets.engine.checks import read  # as above

    return read(text)
