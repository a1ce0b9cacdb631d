"""The names of tables and columns in a statement, with their places in the user's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from jupyter_datasets.engine.soft_grammar import TimeClause
from jupyter_datasets.engine.sqltokens import Offsets, Token, brackets, text_at, top_level, word_at
from jupyter_datasets.engine.sqltrees import ColumnNode, Node, TableNode, fold, parse_queries
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.errors import ErrorKind, StatementError

TimeUnit = Literal["version", "timestamp"]
Span = tuple[int, int]
_MAX_PARTS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class At:
    """Which version of a table is meant. Exactly one of ``value`` and ``parameter`` is set.

    Attributes
    ----------
    unit
        Whether the value is a reference or a time.
    value
        The literal's text: ``main~2``, ``2026-01-31``.
    parameter
        Name of the ``$name`` parameter that gives the value.
    position
        Where the clause begins in the user's text.
    """

    unit: TimeUnit
    value: str | None = None
    parameter: str | None = None
    position: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TableName:
    """A table as one place of a statement names it. Two places are two values, also when they name the same.

    Attributes
    ----------
    path
        One to three names without quotes and without ``@version``: ``("flights", "airports")``.
    alias
        The alias that the user gave, if any.
    at
        The version, from ``AT (...)``, ``FOR ... AS OF`` or ``"sales@v1"``.
    span
        Start and end of the whole reference in the user's text: name, alias and version, without TABLESAMPLE.
    is_literal
        Whether the name is a string, as in ``FROM 'file.parquet'``.
    """

    path: tuple[str, ...]
    alias: str | None = None
    at: At | None = None
    span: Span
    is_literal: bool = False
    written: tuple[str, ...] = field(repr=False)  # the path with its @version
    name_span: Span = field(repr=False)
    time_span: Span | None = field(default=None, repr=False)
    level: int = field(default=0, repr=False)  # numbers the SELECT that it belongs to

    @property
    def binding(self) -> str:
        """What the rest of the statement calls it: the alias, else the last name as written, ``sales@v1`` included."""
        return self.alias or self.written[-1]

    @property
    def is_system(self) -> bool:
        """Whether it lies in ``information_schema`` or ``pg_catalog``."""
        return any(fold(part) in ("information_schema", "pg_catalog") for part in self.path[:-1])


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnName:
    """A qualified column, ``spans`` being the places of its names."""

    path: tuple[str, ...]
    spans: tuple[Span, ...]
    level: int


class NameReader:
    """Finds in the tokens of a statement what DuckDB's tree refers to.

    Parameters
    ----------
    sql
        The user's text.
    text
        The equally long text that was parsed.
    tokens
        Tokens of the user's text.
    times
        Its ``FOR ... AS OF`` clauses.
    """

    def __init__(self, sql: str, text: str, tokens: Sequence[Token], times: Sequence[TimeClause]) -> None:
        self._sql = sql
        self._offsets = Offsets(text)
        self._tokens = tokens
        self._pairs = brackets(tokens)
        self._index = {token.start: i for i, token in enumerate(tokens)}
        self._times = list(times)

    def tables(self, nodes: Sequence[TableNode]) -> tuple[TableName, ...]:
        """The tables that are no CTEs; every version clause must belong to one of them."""
        found = tuple(self._table(node) for node in nodes if not self._is_cte(node))
        for time in self._times:
            raise self._error(f"FOR {time.unit} AS OF must follow the name of a table", time.start)
        return found

    def columns(self, nodes: Sequence[ColumnNode]) -> tuple[ColumnName, ...]:
        """The columns whose names stand in the text as a chain of names and dots."""
        found = []
        for node in nodes:
            first = self._index.get(self._offsets.index(node.start))
            if spans := self._name_spans(first, node.path):
                found.append(ColumnName(path=node.path, spans=spans, level=node.level))
        return tuple(found)

    def _is_cte(self, node: TableNode) -> bool:
        if node.is_cte and node.at:
            position = None if node.start is None else self._offsets.index(node.start)
            raise self._error(f"{node.path[-1]} is defined by this statement and has no versions", position)
        return node.is_cte

    def _table(self, node: TableNode) -> TableName:
        start = None if node.start is None else self._offsets.index(node.start)
        first = -1 if start is None else self._index.get(start, -1)
        name = first + 2 if text_at(self._tokens, first + 1) == ":" else first
        spans = self._name_spans(name, node.path)
        if start is None or spans is None:
            raise self._error(f"The place of {node.path[-1]} in the statement cannot be found", start)
        is_literal = self._tokens[name].is_string
        path, ref = (node.path, None) if is_literal else self._split_ref(node.path, spans)
        end, at_span = self._extent(name, self._offsets.index(node.end), has_at=node.at is not None)
        time = self._take_time(start, end)
        clauses = [
            clause
            for clause, given in (
                (at_span and (at_span, lambda: self._at_clause(cast(Node, node.at), cast(Span, at_span))), at_span),
            )
            if given
        ]
        raise NotImplementedError(clauses, path, ref, time, is_literal)
