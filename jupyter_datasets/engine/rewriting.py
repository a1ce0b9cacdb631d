"""Puts other tables in the places that a statement names, and finds the way back to what the user wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from jupyter_datasets.engine.patches import Patch, Patched
from jupyter_datasets.engine.sqltrees import fold, printed
from jupyter_datasets.engine.statements import Statement, StatementKind
from jupyter_datasets.engine.table_names import ColumnName, Span, TableName
from jupyter_datasets.errors import InternalError
from jupyter_datasets.sqltext import quote_name

_Spelling = tuple[re.Pattern[str], str]
_APART = frozenset(" \t\r\n(),;")


def rewrite(statement: Statement, replacements: Mapping[TableName, str]) -> Rewritten:
    """The user's text with tables replaced, and nothing else changed that could be seen in the result.

    A table without an alias gets its last name as one (``"sales@v1"`` stays ``"sales@v1"``), so that ``sales.x`` keeps
    its meaning. As an alias has only one part, ``flights.airports.x`` becomes ``airports.x``; and where two datasets of
    the statement have tables of one name, their aliases are ``"flights.airports"`` and ``"other.airports"``. A whole
    row is ``airports``, not ``flights.airports``. Names in strings, as in ``query_table('sales')``, are not replaced.

    Parameters
    ----------
    statement
        A statement of kind ``select``.
    replacements
        SQL for what stands in a table's place: a quoted name, a table function, or a query in parentheses. Tables that
        are left out stay as they are.
    """
    if statement.kind is not StatementKind.SELECT:
        raise InternalError(f"A statement of kind {statement.kind} cannot be rewritten.")
    return Rewritten(statement, replacements)


class Rewritten:
    """A statement ready to run.

    Attributes
    ----------
    text
        The SQL to run.
    parameters
        Names of the parameters that it uses; those used only in a version clause are gone.
    replacements
        What stands for which table.
    """

    def __init__(self, statement: Statement, replacements: Mapping[TableName, str]) -> None:
        self._statement = statement
        self._aliases = _aliases([table for table in replacements if not table.alias])
        self.replacements = dict(replacements)
        self._patches = [*statement.patches, *self._table_patches(), *self._column_patches()]
        self._patched = Patched(statement.runnable, self._patches)
        self.text = self._patched.text
        gone = [(patch.start, patch.end) for patch in self._patches]
        kept = [use for use in statement.parameter_uses if not any(s <= use.start < e for s, e in gone)]
        self.parameters = tuple(dict.fromkeys(use.name for use in kept))

    def map_back(self, position: int) -> int:
        """The index in the user's text for an index in ``text``; inside a replacement, the start of the name."""
        return self._patched.map_back(position)

    def column_names(self, names: Sequence[str]) -> list[str]:
        """The names of the result's columns as they would be without the replacements.

        DuckDB names a column such as ``(SELECT max(x) FROM sales)`` after its text, and would show the replacement.
        """
        if not any("(" in name for name in names):
            return list(names)
        # Tables are named in queries within an expression alone, and printing them takes a while.
        tables = self._table_spellings() if any("FROM" in name for name in names) else ()
        spellings = [*tables, *self._column_spellings()]
        return [_respelt(name, spellings) for name in names]

    def _table_spellings(self) -> list[_Spelling]:
        own = self._statement.patches
        pairs = {self._printed(table, self._patches): self._printed(table, own) for table in self.replacements}
        ordered = sorted(pairs.items(), key=lambda pair: -len(pair[0]))
        return [(re.compile(re.escape(new)), old) for new, old in ordered]

    def _column_spellings(self) -> Iterator[_Spelling]:
        short = {fold(column.path[0]) for column in self._statement.columns}
        for alias, column, parts in self._requalified():
            if fold(alias) not in short:
                new, old = _printed_column([alias]), _printed_column(column.path[:parts])
                yield re.compile(rf'(?<![\w".]){re.escape(new)}(?=\.)'), old

    def _printed(self, table: TableName, patches: Sequence[Patch]) -> str:
        start, end = table.span
        inside = [patch for patch in patches if start <= patch.start < end]
        moved = [Patch(start=patch.start - start, end=patch.end - start, text=patch.text) for patch in inside]
        source = Patched(self._statement.runnable[start:end], moved).text
        return printed(f"FROM {source}").removeprefix("SELECT * FROM ")

    def _table_patches(self) -> Iterator[Patch]:
        for table, sql in self.replacements.items():
            alias = self._aliases.get(table)
            yield self._spaced(table.name_span, f"{sql} AS {quote_name(alias)}" if alias else sql)
            if table.at_span:
                yield self._spaced(table.at_span, "")

    def _spaced(self, span: Span, text: str) -> Patch:
        source, (start, end) = self._statement.runnable, span
        before = "" if start == 0 or source[start - 1] in _APART else " "
        after = "" if end == len(source) or source[end] in _APART else " "
        return Patch(start=start, end=end, text=f"{before}{text}{after}")

    def _column_patches(self) -> Iterator[Patch]:
        for alias, column, parts in self._requalified():
            yield Patch(start=column.spans[0][0], end=column.spans[parts - 1][1], text=quote_name(alias))

    @cached_property
    def _unlike(self) -> dict[int, list[TableName]]:
        """For each SELECT its tables that can be called otherwise than by their alias."""
        found: dict[int, list[TableName]] = {}
        for table, alias in self._aliases.items():
            if table.written != (alias,):
                found.setdefault(table.level, []).append(table)
        return found

    def _requalified(self) -> Iterator[tuple[str, ColumnName, int]]:
        """Columns whose qualifier is not the alias of its table, with that alias and the number of parts."""
        for column in self._statement.columns:
            if found := self._table_of(column):
                table, parts = found
                yield self._aliases[table], column, parts

    def _table_of(self, column: ColumnName) -> tuple[TableName, int] | None:
        scopes = self._statement.scopes
        for level in scopes.outwards(column.level):
            for table in self._unlike.get(level, ()):
                least = 1 if self._aliases[table] != table.binding else 2
                if parts := _qualifier(column, table, least):
                    return table, parts
            if (level, fold(column.path[0])) in scopes.bindings:
                return None
        return None


def _respelt(name: str, spellings: Sequence[_Spelling]) -> str:
    for pattern, original in spellings:
        name = pattern.sub(original.replace("\\", r"\\"), name)
    return name


def _aliases(tables: Sequence[TableName]) -> dict[TableName, str]:
    paths = {tuple(map(fold, table.written)) for table in tables}
    shared = Counter(path[-1] for path in paths)
    return {table: ".".join(table.written) if shared[fold(table.binding)] > 1 else table.binding for table in tables}


def _qualifier(column: ColumnName, table: TableName, least: int) -> int:
    """How many of the column's first names are the table's last ones; 0 when there are fewer than ``least``."""
    names, path = [fold(name) for name in column.path], [fold(name) for name in table.written]
    longest = min(len(path), len(names) - 1)
    return next((n for n in range(longest, least - 1, -1) if names[:n] == path[-n:]), 0)


def _printed_column(path: Sequence[str]) -> str:
    return printed("SELECT " + ".".join(map(quote_name, path))).removeprefix("SELECT ")
