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

_APART = frozenset(" \t\r\n(),;")


def rewrite(statement: Statement, replacements: Mapping[TableName, str]) -> Rewritten:
    """The user's text with tables replaced, and nothing else changed that could be seen in the result.

    A table without an alias gets its last name as one (``"sales@v1"`` stays ``"sales@v1"``), so that ``sales.x`` keeps
    its meaning. ``flights.airports.x`` loses its qualifier, as an alias can have only one part. Where two tables of one
    SELECT share their last name, the alias is the whole name.

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
        patches = [*statement.patches, *self._table_patches(), *self._column_patches()]
        self._patched = Patched(statement.runnable, patches)
        self.text = self._patched.text
        gone = [(patch.start, patch.end) for patch in patches]
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
        return [self._restore(name) for name in names]

    def _restore(self, name: str) -> str:
        for pattern, original in self._spellings:
            name = pattern.sub(original.replace("\\", r"\\"), name)
        return name

    @cached_property
    def _spellings(self) -> list[tuple[re.Pattern[str], str]]:
        pairs = {self._printed_table(table): _printed_source(self._source(table)) for table in self.replacements}
        ordered = sorted(pairs.items(), key=lambda pair: -len(pair[0]))
        return [(re.compile(re.escape(new)), old) for new, old in ordered] + list(self._column_spellings())

    def _column_spellings(self) -> Iterator[tuple[re.Pattern[str], str]]:
        short = {fold(column.path[0]) for column in self._statement.columns}
        for alias, column, parts in self._requalified():
            if fold(alias) not in short:
                new, old = _printed_column([alias]), _printed_column(column.path[:parts])
                yield re.compile(rf'(?<![\w".]){re.escape(new)}(?=\.)'), old

    def _source(self, table: TableName) -> str:
        start, end = table.span
        cuts = [patch for patch in self._statement.patches if start <= patch.start < end]
        return Patched(
            self._statement.runnable[start:end],
            [Patch(start=patch.start - start, end=patch.end - start, text=patch.text) for patch in cuts],
        ).text

    def _printed_table(self, table: TableName) -> str:
        source = f"{self.replacements[table]} AS {quote_name(self._aliases.get(table) or table.binding)}"
        return _printed_source(source)

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

    @property
    def _long_columns(self) -> Iterator[ColumnName]:
        return (column for column in self._statement.columns if len(column.path) > 2)

    def _requalified(self) -> Iterator[tuple[str, ColumnName, int]]:
        """Columns whose qualifier has several parts, with the alias for it and the number of its parts."""
        for column in self._long_columns:
            near_first = sorted(self._aliases, key=lambda table: table.level != column.level)
            for table in near_first:
                if parts := _qualifier(column, table):
                    yield self._aliases[table], column, parts
                    break


def _aliases(tables: Sequence[TableName]) -> dict[TableName, str]:
    shared = Counter((table.level, fold(table.binding)) for table in tables)
    return {
        table: ".".join(table.written) if shared[table.level, fold(table.binding)] > 1 else table.binding
        for table in tables
    }


def _qualifier(column: ColumnName, table: TableName) -> int:
    """How many of the column's first names are the table's last ones; 0 unless there are at least two."""
    names, path = [fold(name) for name in column.path], [fold(name) for name in table.written]
    longest = min(len(path), len(names) - 1)
    return next((n for n in range(longest, 1, -1) if names[:n] == path[-n:]), 0)


def _printed_source(source: str) -> str:
    return printed(f"FROM {source}").removeprefix("SELECT * FROM ")


def _printed_column(path: Sequence[str]) -> str:
    return printed("SELECT " + ".".join(map(quote_name, path))).removeprefix("SELECT ")
