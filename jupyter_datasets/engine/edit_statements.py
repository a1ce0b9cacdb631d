"""INSERT, UPDATE, DELETE and MERGE as queries: which rows of a table change and how, and which rows are new.

The queries read the table to be changed under the name :data:`TARGET`. They give each row's place in it, so that the
change can be made where the row is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import sqlglot
from sqlglot import exp

from jupyter_datasets.engine import conditions
from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.statements import Statement, StatementKind
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.values import nearest

Range = tuple[str, int | None, int | None]

TARGET = "jd target"
GONE = "jd gone"
_SUPPORTED = "INSERT INTO ... SELECT or VALUES, UPDATE, DELETE, and MERGE INTO can change a dataset."


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """A column of the table that is changed.

    Attributes
    ----------
    type
        In DuckDB's words.
    default
        As text, what DEFAULT stands for; None where that is null.
    """

    type: str
    default: str | None = None

    def cast(self, value: str) -> str:
        """SQL for a value as the column takes it."""
        return f"CAST({value} AS {self.type})"

    def value(self, given: exp.Expr | None) -> str:
        """SQL for what a statement gives, DEFAULT or nothing among that."""
        if given is not None and not _is_default(given):
            return _sql(given)
        return "NULL" if self.default is None else self.cast(quote_text(self.default))


Columns = Mapping[str, Column]


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """What a statement does to its table.

    Attributes
    ----------
    rows
        Query for the rows that change: ``jd piece``, ``jd row`` and ``jd gone``, then all columns with their values
        from now on. None where there are none.
    inserts
        Query for rows to be put behind the others; their columns are named. None where there are none.
    """

    rows: str | None = None
    inserts: str | None = None


def read_edit(statement: Statement) -> EditStatement:
    """Read a statement that changes a table.

    Raises
    ------
    StatementError
        It is of another kind, or does what cannot be done here.
    """
    if statement.kind is not StatementKind.EDIT:
        step = "Use repo.sql(...) for queries, and edit.drop(...) or edit.rename(...) for whole tables."
        raise _refused(statement.text, f"{statement.verb} is no INSERT, UPDATE, DELETE or MERGE", step)
    try:
        tree = sqlglot.parse_one(statement.text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as error:
        raise _refused(statement.text, "This statement cannot be read", _SUPPORTED) from error
    kinds: dict[type[exp.Expr], type[EditStatement]] = {
        exp.Insert: Insert,
        exp.Update: Update,
        exp.Delete: Delete,
        exp.Merge: Merge,
    }
    if type(tree) not in kinds or tree.args.get("returning"):
        what = "RETURNING is not supported" if tree.args.get("returning") else f"{statement.verb} is not supported"
        raise _refused(statement.text, what, _SUPPORTED)
    return kinds[type(tree)](statement.text, tree)


class EditStatement(ABC):
    """A statement that changes one table."""

    def __init__(self, text: str, tree: exp.Expr) -> None:
        self._text = text
        self._tree = tree

    @abstractmethod
    def changes(self, columns: Columns) -> Changes:
        """What it does to a table with these columns, given by their names."""

    def ranges(self, values: Mapping[str, Any]) -> list[Range]:
        """The ranges in which all rows lie that it looks at: names of columns, with least and greatest whole numbers.

        Parameters
        ----------
        values
            Those of the parameters.
        """
        where = self._tree.args.get("where")
        # With other tables a name alone may be a column of theirs.
        if where is None or any(self._tree.args.get(others) for others in ("from_", "using", "with_", "whens")):
            return []
        own = ("", self._table.alias_or_name.casefold())
        found = conditions.ranges(where.this, values)
        return [(c.name, least, most) for c, least, most in found if c.table.casefold() in own and not c.db]

    @cached_property
    def target(self) -> tuple[str, ...]:
        """The name of the table as written, one part or two."""
        table = self._table
        if table.args.get("version") or table.args.get("catalog"):
            raise self._refused("Only the newest version of a branch can be changed", "Leave the version out.")
        return tuple(part.name for part in (table.args.get("db"), table.this) if part)

    @property
    def _table(self) -> exp.Table:
        found = self._tree.this
        table = found.this if isinstance(found, exp.Schema) else found
        if not isinstance(table, exp.Table):
            raise self._refused("What is to be changed is no table", _SUPPORTED)
        return table

    @property
    def _alias(self) -> str:
        return quote_name(self._table.alias or self.target[-1])

    @property
    def _source(self) -> str:
        return f"{quote_name(TARGET)} AS {self._alias}"

    @property
    def _with(self) -> str:
        found = self._tree.args.get("with_")
        return f"{_sql(found)} " if found else ""

    def _where(self, found: exp.Expr | None) -> str:
        return f" {_sql(found)}" if found else ""

    def _assigned(self, pairs: Sequence[exp.Expr], columns: Columns) -> dict[str, str]:
        """The columns that an UPDATE sets, with the SQL of their values."""
        found: dict[str, str] = {}
        for name, value in self._pairs(pairs):
            column = self._column(name, columns)
            if column in found:
                raise self._refused(f"Column {column!r} is set twice", "Set each column once.")
            found[column] = columns[column].value(value)
        return found

    def _pairs(self, pairs: Sequence[exp.Expr]) -> Iterator[tuple[str, exp.Expr]]:
        for pair in pairs:
            left, right = pair.this, pair.expression
            if isinstance(left, exp.Tuple) and isinstance(right, exp.Tuple):
                yield from ((a.name, b) for a, b in self._paired(left.expressions, right.expressions))
            elif isinstance(left, exp.Column):
                yield left.name, right
            else:
                raise self._refused("Only columns can be set", "Write SET column = value.")

    def _paired(self, names: Sequence[Any], values: Sequence[exp.Expr]) -> list[tuple[Any, exp.Expr]]:
        if len(names) != len(values):
            what = f"There are {len(names)} columns, and {len(values)} values for them"
            raise self._refused(what, "Give one value for each column, or DEFAULT.")
        return list(zip(names, values, strict=True))

    def _column(self, name: str, columns: Columns) -> str:
        found = next((known for known in columns if known.casefold() == name.casefold()), None)
        if found is None:
            hints = nearest(name, columns)
            raise statement_error(
                f"There is no column {name!r} in {self.target[-1]}",
                text=self._text,
                kind=ErrorKind.COLUMN_NOT_FOUND,
                suggestions=hints,
            )
        return found

    def _changed(self, values: Mapping[str, str], columns: Columns) -> str:
        """The select list of rows that get other values."""
        cells = (
            f"{column.cast(values[name])} AS {quote_name(name)}"
            if name in values
            else f"{self._alias}.{quote_name(name)}"
            for name, column in columns.items()
        )
        return f"{self._place}, false AS {quote_name(GONE)}, {', '.join(cells)}"

    def _differs(self, values: Mapping[str, str], columns: Columns) -> str:
        """Whether a row gets another value: one that stays as it is does not change."""
        return any_differs({n: columns[n].cast(v) for n, v in values.items()}, self._alias)

    def _removed(self, columns: Columns) -> str:
        """The select list of rows that go."""
        return f"{self._place}, true AS {quote_name(GONE)}, {cells_of(columns, {})}"

    @property
    def _place(self) -> str:
        return f"{self._alias}.{quote_name(PIECE)}, {self._alias}.{quote_name(ROW)}"

    def _refused(self, what: str, next_step: str) -> StatementError:
        return _refused(self._text, what, next_step)


class Update(EditStatement):
    """``UPDATE t SET ... [FROM ...] [WHERE ...]``."""

    def changes(self, columns: Columns) -> Changes:
        values = self._assigned(self._tree.expressions, columns)
        others = self._tree.args.get("from_")
        sources = f"{self._source}, {_sql(others.this)}" if others else self._source
        where = self._tree.args.get("where")
        test = (
            f"({_sql(where.this)}) AND ({self._differs(values, columns)})" if where else self._differs(values, columns)
        )
        return Changes(rows=f"{self._with}SELECT {self._changed(values, columns)} FROM {sources} WHERE {test}")


class Delete(EditStatement):
    """``DELETE FROM t [USING ...] [WHERE ...]``."""

    def changes(self, columns: Columns) -> Changes:
        sources = ", ".join([self._source, *(_sql(table) for table in self._tree.args.get("using") or ())])
        where = self._where(self._tree.args.get("where"))
        return Changes(rows=f"{self._with}SELECT DISTINCT {self._removed(columns)} FROM {sources}{where}")


class Insert(EditStatement):
    """``INSERT INTO t [(columns)] [BY NAME] SELECT ... | VALUES ...``."""

    def changes(self, columns: Columns) -> Changes:
        tree = self._tree
        if tree.args.get("conflict") or tree.args.get("alternative"):
            raise self._refused("INSERT with a rule for conflicts is not supported", "Use MERGE INTO, or upsert(...).")
        if tree.args.get("default"):
            return Changes(inserts=f"SELECT {cells_of(columns, _defaults(columns))}")
        if tree.expression is None:
            raise self._refused("INSERT needs rows", "Write SELECT or VALUES behind it.")
        if tree.args.get("by_name"):
            return Changes(inserts=f"{self._with}{_sql(tree.expression)}")
        named = tree.this.expressions if isinstance(tree.this, exp.Schema) else ()
        names = [self._column(column.name, columns) for column in named] or list(columns)
        own = [f"c{i}" for i in range(len(names))]
        cells = (f"{columns[name].cast(o)} AS {quote_name(name)}" for o, name in zip(own, names, strict=True))
        rows = f"{self._with}{self._rows([columns[name] for name in names])}"
        return Changes(inserts=f"SELECT {', '.join(cells)} FROM ({rows}) AS given({', '.join(own)})")

    def _rows(self, columns: Sequence[Column]) -> str:
        """SQL for the rows. Each value is cast for itself: those of one column may be written as several types."""
        given = self._tree.expression
        if isinstance(given, exp.Values):
            for row in given.expressions:
                for column, cell in zip(columns, list(row.expressions), strict=False):
                    cell.replace(exp.Var(this=column.cast(column.value(cell))))
        return _sql(given)


class Merge(EditStatement):
    """``MERGE INTO t USING s ON ... WHEN ... THEN ...``; the first clause that applies to a row decides."""

    def changes(self, columns: Columns) -> Changes:
        rows, inserts = list[str | None](), list[str | None]()
        for clauses, source in (
            (self._clauses(matched=True, by_source=False), f"{self._source} JOIN {self._other} ON {self._on}"),
            (self._clauses(matched=False, by_source=True), self._without(self._source, self._other)),
        ):
            rows += [self._row_query(clause, test, source, columns) for clause, test in _in_turn(clauses)]
        unmatched = self._without(self._other, self._source)
        for clause, test in _in_turn(self._clauses(matched=False, by_source=False)):
            inserts.append(self._insert_query(clause, test, unmatched, columns))
        return Changes(rows=_union(rows, self._with), inserts=_union(inserts, self._with))

    def _clauses(self, *, matched: bool, by_source: bool) -> list[exp.When]:
        whens = self._tree.args["whens"].expressions
        return [w for w in whens if bool(w.args.get("matched")) == matched and bool(w.args.get("source")) == by_source]

    @property
    def _other(self) -> str:
        return _sql(self._tree.args["using"])

    @property
    def _other_alias(self) -> str:
        return quote_name(self._tree.args["using"].alias_or_name)

    @property
    def _on(self) -> str:
        if on := self._tree.args.get("on"):
            return _sql(on)
        names = [quote_name(column.name) for column in self._tree.args["using_cond"]]
        return " AND ".join(f"{self._alias}.{name} = {self._other_alias}.{name}" for name in names)

    def _without(self, rows: str, others: str) -> str:
        return f"{rows} WHERE NOT EXISTS (SELECT 1 FROM {others} WHERE {self._on})"

    def _row_query(self, clause: exp.When, test: str, source: str, columns: Columns) -> str | None:
        then = clause.args["then"]
        glue = "AND" if " WHERE NOT EXISTS " in source else "WHERE"
        if isinstance(then, exp.Update):
            pairs = [pair for pair in then.expressions or () if isinstance(pair, exp.EQ)]
            named = {name: f"{self._other_alias}.{quote_name(name)}" for name in columns}
            values = self._assigned(pairs, columns) if pairs else named
            select, test = self._changed(values, columns), f"{test} AND ({self._differs(values, columns)})"
        elif then.name.upper() == "DELETE":
            select = self._removed(columns)
        else:
            self._check_nothing(then)
            return None
        return f"SELECT {select} FROM {source} {glue} {test}"

    def _insert_query(self, clause: exp.When, test: str, source: str, columns: Columns) -> str | None:
        then = clause.args["then"]
        if not isinstance(then, exp.Insert):
            self._check_nothing(then)
            return None
        names, values = then.this, then.expression
        if isinstance(values, exp.Tuple):
            own = [self._column(n.name, columns) for n in names.expressions] if names else list(columns)
            cells = {name: columns[name].value(value) for name, value in self._paired(own, values.expressions)}
        elif names and all(map(_is_default, names.expressions)):  # DEFAULT VALUES
            cells = {}
        else:
            cells = {name: f"{self._other_alias}.{quote_name(name)}" for name in columns}
        return f"SELECT {cells_of(columns, _defaults(columns) | cells)} FROM {source} AND {test}"

    def _check_nothing(self, then: exp.Expr) -> None:
        if then.name.upper() != "DO NOTHING":
            raise self._refused(f"THEN {then.name} is not supported", "Use UPDATE, DELETE, INSERT or DO NOTHING.")


def any_differs(values: Mapping[str, str], alias: str) -> str:
    """SQL for whether one of a row's columns has another value than it gets."""
    return " OR ".join(f"{value} IS DISTINCT FROM {alias}.{quote_name(name)}" for name, value in values.items())


def _in_turn(clauses: Sequence[exp.When]) -> Iterator[tuple[exp.When, str]]:
    """Each clause with the test that it applies and none before it does."""
    before: list[str] = []
    for clause in clauses:
        own = f"({_sql(clause.args['condition'])})" if clause.args.get("condition") else "true"
        yield clause, " AND ".join([own, *(f"({test}) IS NOT TRUE" for test in before)])
        before.append(own)


def _union(queries: Sequence[str | None], with_: str) -> str | None:
    found = [query for query in queries if query]
    return with_ + " UNION ALL ".join(found) if found else None


def cells_of(columns: Columns, values: Mapping[str, str]) -> str:
    """The select list of all columns, with these values or null."""
    return ", ".join(f"{c.cast(values.get(name, 'NULL'))} AS {quote_name(name)}" for name, c in columns.items())


def _defaults(columns: Columns) -> dict[str, str]:
    return {name: column.value(None) for name, column in columns.items()}


def _is_default(node: exp.Expr) -> bool:
    """Whether this is the word DEFAULT, and no column of that name."""
    bare = isinstance(node, exp.Var) or (isinstance(node, exp.Column) and not node.table)
    quoted = isinstance(node.this, exp.Identifier) and node.this.quoted
    return bare and not quoted and node.name.upper() == "DEFAULT"


def _sql(node: exp.Expr) -> str:
    return node.sql(dialect="duckdb")


def _refused(text: str, what: str, next_step: str) -> StatementError:
    return statement_error(what, text=text, kind=ErrorKind.STATEMENT_REFUSED, next_step=next_step)
