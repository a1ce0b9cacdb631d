"""The syntax tree of a query, as DuckDB's own parser sees it, and what it refers to."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import duckdb

from jupyter_datasets.engine.sqltokens import UNICODE_SPACES, Offsets
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.errors import ErrorKind

Node = Mapping[str, Any]
TABLE_CHANGES = "table_changes"
_NOWHERE = 2**64 - 1
# DuckDB loses track of quotes after an apostrophe in a comment, and then eats Unicode spaces inside literals. So it is
# shown stand-ins of a private plane, which are changed back in what it answers.
_STAND_INS = [chr(0x10FF00 + i) for i in range(len(UNICODE_SPACES))]
_HIDE = str.maketrans(dict(zip(UNICODE_SPACES, _STAND_INS, strict=True)))
_SHOW = str.maketrans(dict(zip(_STAND_INS, UNICODE_SPACES, strict=True)))


@cache
def _database() -> duckdb.DuckDBPyConnection:
    database = duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": "false"})
    database.execute("SET GLOBAL errors_as_json = true")
    return database


def _ask(sql: str, text: str) -> Any:
    with _database().cursor() as cursor:
        row = cursor.execute(sql, [text.translate(_HIDE)]).fetchone()
    assert row is not None
    return row[0].translate(_SHOW)


def parse_queries(text: str, shown: str) -> list[Node] | None:
    """The syntax trees of the statements in the text, or None when one of them is valid but not a query.

    Parameters
    ----------
    text
        What DuckDB parses.
    shown
        The user's text, equally long, in which an error is pointed out.

    Raises
    ------
    StatementError
        When the text is no SQL (STATEMENT_SYNTAX), or nested too deeply (STATEMENT_REFUSED).
    """
    try:
        answer = json.loads(_ask("SELECT json_serialize_sql(?)", text))
    except RecursionError as error:
        raise statement_error(
            "The statement is nested too deeply.",
            kind=ErrorKind.STATEMENT_REFUSED,
            next_step="Move its inner queries into CTEs (WITH ...).",
        ) from error
    if not answer["error"]:
        return [statement["node"] for statement in answer["statements"]]
    if answer["error_type"] == "not implemented":
        return None
    offset = answer.get("position")
    at = None if offset is None else parsed_offsets(text).index(int(offset))
    raise statement_error(answer["error_message"], text=shown, position=at)


def parsed_offsets(text: str) -> Offsets:
    """Translates the offsets in the trees of :func:`parse_queries` into indices of its text."""
    return Offsets(text.translate(_HIDE))


def statement_types(text: str) -> list[str]:
    """DuckDB's names for the types of the statements in a text that it can parse: ``INSERT``, ``CREATE`` ...

    Raises
    ------
    StatementError
        STATEMENT_REFUSED for a statement that is SQL, but nothing that DuckDB does.
    """
    try:
        with _database().cursor() as cursor:
            return [_type_of(statement) for statement in cursor.extract_statements(text)]
    except duckdb.Error as error:
        raise statement_error("This is not supported", kind=ErrorKind.STATEMENT_REFUSED) from error


def _type_of(statement: duckdb.Statement) -> str:
    try:
        return str(statement.type).rpartition(".")[2]
    except ValueError:  # DuckDB has types, such as that of UPDATE EXTENSIONS, that its Python package does not know
        return "OTHER"


def printed(query: str) -> str:
    """A query in the spelling that DuckDB uses when it names a column after an expression."""
    return str(_ask("SELECT json_deserialize_sql(json_serialize_sql(?))", query))


def fold(name: str) -> str:
    """What two names that DuckDB takes for the same share: it ignores the case of ASCII letters only."""
    return name.encode().lower().decode()


@dataclass(frozen=True, kw_only=True, slots=True)
class TableNode:
    """A table that is named in FROM; ``start`` and ``end`` are offsets in bytes, None where DuckDB gives no place.

    ``arguments`` are those of a call of :data:`TABLE_CHANGES`, whose name is the path then.
    """

    path: tuple[str, ...]
    alias: str | None
    start: int | None
    end: int
    at: Node | None
    level: int
    is_cte: bool
    arguments: tuple[Node, ...] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnNode:
    """A column that is named with at least one qualifier; ``start`` is an offset in bytes."""

    path: tuple[str, ...]
    start: int
    level: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Scopes:
    """Which SELECT lies in which; each has a number, and 0 is outside of all.

    Attributes
    ----------
    parents
        For each SELECT the one around it.
    bindings
        Aliases and CTEs in the FROM of each SELECT, folded.
    """

    parents: Mapping[int, int] = field(default_factory=dict)
    bindings: frozenset[tuple[int, str]] = frozenset()

    def outwards(self, level: int) -> Iterator[int]:
        """The SELECT itself, then those around it."""
        while level:
            yield level
            level = self.parents[level]


@dataclass(frozen=True, slots=True)
class _Place:
    visible: frozenset[tuple[str, ...]]  # names of CTEs, folded
    level: int  # numbers the SELECT


class References:
    """What a query refers to.

    Attributes
    ----------
    tables
        Tables in FROM, in the order of their places; each place once.
    columns
        Qualified columns.
    scopes
        Which SELECT lies in which.
    lists_catalog
        Whether the query holds a SHOW that is not of a table.
    """

    def __init__(self, query: Node) -> None:
        self._parents: dict[int, int] = {}
        self._bindings: set[tuple[int, str]] = set()
        self.lists_catalog = False
        self._tables: dict[object, TableNode] = {}
        self._columns: dict[int, ColumnNode] = {}
        waiting: list[tuple[Any, _Place]] = [(query, _Place(frozenset(), 0))]
        while waiting:
            node, place = waiting.pop()
            if isinstance(node, list):
                waiting.extend((child, place) for child in node)
            elif isinstance(node, dict):
                waiting.extend(self._visit(node, place))
        self.tables = sorted(self._tables.values(), key=lambda table: -1 if table.start is None else table.start)
        self.columns = list(self._columns.values())
        self.scopes = Scopes(parents=self._parents, bindings=frozenset(self._bindings))

    def _visit(self, node: Node, place: _Place) -> Iterator[tuple[Any, _Place]]:
        kind = node.get("type")
        if kind == "BASE_TABLE":
            self._add_table(node, tuple(node["qualified_name"]["path"]), place)
            return
        if kind == "TABLE_FUNCTION" and fold(node["function"]["function_name"]) == TABLE_CHANGES:
            self._add_table(node, (TABLE_CHANGES,), place, arguments=tuple(node["function"]["arguments"]))
            return
        if kind == "COLUMN_REF":
            self._add_column(node, place)
        elif kind == "SHOW_REF":
            self.lists_catalog |= node["query"] is None
        elif kind == "SELECT_NODE":
            level = len(self._parents) + 1
            self._parents[level] = place.level
            place = _Place(place.visible, level)
        elif "sample" in node and node.get("alias"):
            self._bindings.add((place.level, fold(node["alias"])))
        yield from _children(node, place)

    def _add_table(
        self, node: Node, path: tuple[str, ...], place: _Place, arguments: tuple[Node, ...] | None = None
    ) -> None:
        is_cte = arguments is None and tuple(map(fold, path)) in place.visible
        if is_cte or node["alias"]:
            self._bindings.add((place.level, fold(node["alias"] or path[-1])))
        start = None if node["query_location"] == _NOWHERE else node["query_location"]
        # A window or a CASE operand appears in the tree once for each use.
        self._tables[id(node) if start is None else start] = TableNode(
            path=path,
            alias=node["alias"] or None,
            start=start,
            end=0 if start is None else start + node["query_location_length"],
            at=node.get("at_clause"),
            level=place.level,
            is_cte=is_cte,
            arguments=arguments,
        )

    def _add_column(self, node: Node, place: _Place) -> None:
        path, start = tuple(node["column_names"]), node["query_location"]
        if len(path) > 1 and start != _NOWHERE:
            self._columns[start] = ColumnNode(path=path, start=start, level=place.level)


def _children(node: Node, place: _Place) -> Iterator[tuple[Any, _Place]]:
    inner = place
    for entry in (node.get("cte_map") or {}).get("map", ()):
        yield entry["value"], inner
        inner = _Place(inner.visible | {(fold(entry["key"]),)}, inner.level)
    for key, child in node.items():
        if key == "right" and node.get("type") == "RECURSIVE_CTE_NODE":
            name = fold(node["cte_name"])
            yield child, _Place(inner.visible | {(name,), ("recurring", name)}, inner.level)
        elif key != "cte_map" and isinstance(child, (dict, list)):
            yield child, inner
