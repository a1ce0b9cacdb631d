"""The names of tables and columns in a statement, with their places in the user's text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, cast

from jupyter_datasets.engine.soft_grammar import TimeClause
from jupyter_datasets.engine.sqltokens import Token, brackets, text_at, top_level
from jupyter_datasets.engine.sqltrees import (
    TABLE_CHANGES,
    ColumnNode,
    Node,
    TableNode,
    fold,
    parse_queries,
    parsed_offsets,
)
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
    between
        The versions whose difference is meant, from a call ``table_changes('sales', 'v1', 'main')``; None for the
        newer one stands for the version that the table has otherwise.
    """

    path: tuple[str, ...]
    alias: str | None = None
    at: At | None = None
    between: tuple[At, At | None] | None = None
    span: Span
    is_literal: bool = False
    written: tuple[str, ...] = field(repr=False)  # the path with its @version
    name_span: Span = field(repr=False)
    at_span: Span | None = field(default=None, repr=False)
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
        self._offsets = parsed_offsets(text)
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
        if node.arguments is not None:
            return self._changes(node, node.arguments, start, name)
        is_literal = self._tokens[name].is_string
        path, ref = (node.path, None) if is_literal else self._split_ref(node.path, spans)
        last, at_span = self._extent(name + len(spans) * 2 - 1, self._offsets.index(node.end), node.at)
        time = self._take_time(start, self._offsets.index(node.end))
        given = _read_at(node.at, self._sql, at_span[0]) if node.at and at_span else None
        return TableName(
            path=path,
            alias=node.alias,
            at=self._only(ref, given, self._read_time(time) if time else None),
            span=(start, max(last, time.end if time else last)),
            is_literal=is_literal,
            written=node.path,
            name_span=(spans[0][0], spans[-1][1]),
            at_span=at_span,
            level=node.level,
        )

    def _changes(self, node: TableNode, arguments: Sequence[Node], start: int, name: int) -> TableName:
        """A call of ``table_changes`` as the table that it is about."""
        values = [_argument(each, start) for each in arguments]
        text = values[0].value if values and values[0] else None
        if not text or len(values) not in (2, 3) or None in values:
            raise self._error(f"It is written {TABLE_CHANGES}('sales', 'v1', 'main')", start)
        old, new = cast(list[At], [*values[1:], None][:2])
        closing = self._tokens[self._pairs[name + 1]]
        return TableName(
            path=tuple(text.split(".")[:_MAX_PARTS]),
            alias=node.alias,
            between=(old, new),
            span=(start, max(self._offsets.index(node.end), closing.end)),
            written=node.path,
            name_span=(self._tokens[name].start, closing.end),
            level=node.level,
        )

    def _name_spans(self, first: int | None, path: Sequence[str]) -> tuple[Span, ...] | None:
        """The places of the names of a path, None when the tokens are not such a chain."""
        if first is None or first < 0:
            return None
        names = self._tokens[first : first + 2 * len(path) - 1 : 2]
        dots = self._tokens[first + 1 : first + 2 * len(path) - 2 : 2]
        if len(names) < len(path) or any(dot.text != "." for dot in dots):
            return None
        if any(fold(token.name) != fold(part) for token, part in zip(names, path, strict=True)):
            return None
        return tuple((token.start, token.end) for token in names)

    def _split_ref(self, path: tuple[str, ...], spans: Sequence[Span]) -> tuple[tuple[str, ...], At | None]:
        if len(path) > _MAX_PARTS:
            raise self._error(f"A table's name has at most {_MAX_PARTS} parts", spans[0][0])
        marked = [i for i, part in enumerate(path) if "@" in part]
        if not marked:
            return path, None
        name, _, ref = path[marked[0]].partition("@")
        position = spans[marked[0]][0]
        if not name or not ref or len(marked) > 1:
            raise self._error(f"{'.'.join(path)} is not of the form name@version", position)
        names = (*path[: marked[0]], name, *path[marked[0] + 1 :])
        return names, At(unit="version", value=ref, position=position)

    def _extent(self, index: int, end: int, at: Node | None) -> tuple[int, Span | None]:
        """Where the reference ends without TABLESAMPLE, and the place of its AT clause."""
        last, at_span = self._tokens[index - 1].end, None
        for i in top_level(self._tokens, index, len(self._tokens), self._pairs):
            token = self._tokens[i]
            if token.start >= end or (token.word == "TABLESAMPLE" and text_at(self._tokens, i - 1) != "."):
                break
            last = self._tokens[self._pairs.get(i, i)].end
            if at and token.word == "AT" and i + 1 in self._pairs:
                at_span = (token.start, self._tokens[self._pairs[i + 1]].end)
        return last, at_span

    def _take_time(self, start: int, end: int) -> TimeClause | None:
        for time in self._times:
            if start < time.start < end or time.after == end:
                self._times.remove(time)
                return time
        return None

    def _read_time(self, time: TimeClause) -> At:
        try:
            queries = parse_queries(f"FROM t AT ({time.unit} => {time.value})", self._sql)
        except StatementError as error:
            raise self._error(f"{time.value} is not a literal", time.start) from error
        return _read_at(cast(list[Node], queries)[0]["from_table"]["at_clause"], self._sql, time.start)

    def _only(self, *clauses: At | None) -> At | None:
        given = [clause for clause in clauses if clause]
        if len(given) > 1:
            raise self._error("The version of this table is given twice", given[1].position)
        return given[0] if given else None

    def _error(self, message: str, position: int | None) -> StatementError:
        return statement_error(message, text=self._sql, position=position, kind=ErrorKind.STATEMENT_REFUSED)


def _argument(argument: Node, position: int) -> At | None:
    """A literal or parameter as a version; None for anything else."""
    return None if argument["name"] else _given("version", argument["expression"], position)


def _given(unit: TimeUnit, value: Node, position: int) -> At | None:
    if value["class"] == "PARAMETER":
        return At(unit=unit, parameter=value["identifier"], position=position)
    if value["class"] == "CONSTANT" and value["literal"]["kind"] in ("STRING", "INTEGER"):
        return At(unit=unit, value=value["literal"]["text"], position=position)
    return None


def _read_at(clause: Node, sql: str, position: int) -> At:
    unit = cast(TimeUnit, clause["unit"].lower())
    value = clause["expr"]["child"] if clause["expr"]["class"] == "CAST" else clause["expr"]
    if given := _given(unit, value, position):
        return given
    raise statement_error(
        f"The {unit} of a table must be a literal or a $parameter",
        text=sql,
        position=position,
        kind=ErrorKind.STATEMENT_REFUSED,
        next_step="Compute it in Python and pass it as a parameter: AT (TIMESTAMP => $when).",
    )
