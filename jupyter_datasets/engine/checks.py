"""Checks: boolean expressions over the columns of one row, which a table holds its rows to.

An expression comes from whoever may write the dataset and is run by whoever writes after him, so only what is listed
here gets through: sqlglot tells whether the text is one expression, and DuckDB's own tree, which is what will run,
whether each of its nodes and functions is listed. All of them give the same for the same row, at any time and place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from jupyter_datasets.engine.sqltokens import clean_spaces, deepest_bracket, tokenize
from jupyter_datasets.engine.sqltrees import Node, fold, parse_queries, parsed_offsets
from jupyter_datasets.errors import ErrorKind, InvalidInputError, StatementError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.values import check_text, nearest

MOST_BYTES = 4096
_MOST_NESTING = 40
_BEFORE, _BEHIND = "SELECT (", "\n)"  # a comment may end the text

_NOT_OF_ONE_ROW: dict[type[exp.Expr], str] = {
    exp.Query: "a subquery",
    exp.Window: "a window",
    exp.AggFunc: "an aggregate",
    exp.Star: "a star",
    exp.Lambda: "a lambda",
    exp.Parameter: "a parameter",
    exp.Placeholder: "a parameter",
}
_CLASSES = frozenset(
    {"BETWEEN", "CASE", "CAST", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "OPERATOR", "TYPE"}
)
_OPERATORS = frozenset(
    {
        *("OPERATOR_NOT", "OPERATOR_IS_NULL", "OPERATOR_IS_NOT_NULL", "OPERATOR_COALESCE", "OPERATOR_CAST"),
        *("COMPARE_IN", "COMPARE_NOT_IN", "ARRAY_EXTRACT", "ARRAY_SLICE", "STRUCT_EXTRACT"),
    }
)
FUNCTIONS = frozenset(
    {
        *("+", "-", "*", "/", "//", "%", "^", "**", "||", "&", "|", "<<", ">>", "~", "^@"),
        *("~~", "!~~", "~~*", "!~~*", "~~~", "like_escape", "not_like_escape", "ilike_escape", "not_ilike_escape"),
        *("abs", "sign", "round", "trunc", "floor", "ceil", "ceiling", "sqrt", "pow", "power", "mod", "xor"),
        *("isnan", "isinf", "isfinite", "least", "greatest", "nullif", "if"),
        *("length", "len", "strlen", "char_length", "character_length", "array_length"),
        *("lower", "upper", "lcase", "ucase", "trim", "ltrim", "rtrim", "substr", "substring", "left", "right"),
        *("starts_with", "ends_with", "prefix", "suffix", "contains", "position", "strpos", "instr", "concat"),
        *("regexp_matches", "regexp_full_match"),
        *("date_part", "datepart", "date_trunc", "datetrunc", "date_diff", "datediff", "try_strptime", "strptime"),
        *("year", "quarter", "month", "week", "day", "dayofweek", "isodow", "dayofyear", "hour", "minute", "second"),
        *("to_years", "to_months", "to_weeks", "to_days", "to_hours", "to_minutes", "to_seconds"),
        *("list_value", "row", "list_contains", "list_has", "array_contains", "struct_extract", "list_extract"),
    }
)
"""Names of the functions that a check may call, operators among them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """The text of a check that may be run.

    Attributes
    ----------
    text
        As it was written, but for blanks that are not plain.
    uses
        Where it names a column: the name, and the indices at which that begins and ends.
    """

    text: str
    uses: tuple[tuple[str, int, int], ...]

    @property
    def columns(self) -> list[str]:
        """The columns that it names, each once, as they are spelled first."""
        return list({fold(name): name for name, _, _ in reversed(self.uses)}.values())[::-1]

    def renamed(self, names: Mapping[str, str]) -> str:
        """The text with other names for its columns; those that are not given stay."""
        found = {fold(old): new for old, new in names.items()}
        parts, done = list[str](), 0
        for name, start, end in self.uses:
            written = found.get(fold(name), name)
            parts += [self.text[done:start], self.text[start:end] if written == name else quote_name(written)]
            done = end
        return "".join([*parts, self.text[done:]])


@lru_cache(maxsize=1024)
def read(text: str) -> Expression:
    """Read a check.

    Raises
    ------
    InvalidInputError
        With ``kind`` INVALID_CHECK: it is empty, longer than 4 kB, no single expression, or holds what a check may not.
    """
    check_text(text, "The check")
    clean = clean_spaces(text).strip()
    if not clean:
        raise _refused(text, "is empty")
    if len(clean.encode()) > MOST_BYTES:
        raise _refused(text, f"is longer than {MOST_BYTES:,} bytes")
    if deepest_bracket(tokenize(clean), _MOST_NESTING):
        raise _refused(text, "is nested too deeply")
    _check_shape(clean)
    uses = sorted(_uses(clean, _expression(clean)), key=lambda use: use[1])
    return Expression(text=clean, uses=tuple(uses))


def check_types(expression: Expression, columns: Mapping[str, str]) -> None:
    """Refuse a check that does not fit a table with these columns, given with their types.

    Raises
    ------
    InvalidInputError
        COLUMN_NOT_FOUND, or INVALID_CHECK where its types do not fit together, it gives no BOOLEAN, or it can never
        be computed.
    """
    known = {fold(name) for name in columns}
    for name in expression.columns:
        if fold(name) not in known:
            raise _unknown(expression.text, name, columns)
    nulls = ", ".join(f"CAST(NULL AS {kind})" for kind in columns.values())
    # Two rows, for one would be folded into the expression, and most of that left out.
    rows = f"FROM (VALUES ({nulls}), ({nulls})) AS t({', '.join(map(quote_name, columns))})"
    try:
        with _database().cursor() as cursor:
            found = str(cursor.sql(f"{_BEFORE}{expression.text}{_BEHIND} {rows}").types[0])
            if found == "BOOLEAN":
                cursor.execute(f"SELECT {passes(expression.text)} {rows}")
    except duckdb.Error as error:
        raise _refused(expression.text, f"does not fit the columns: {_reason(error)}") from error
    if found != "BOOLEAN":
        raise _refused(expression.text, f"gives {found} and not BOOLEAN", "Compare it with something, as in n > 0.")


def passes(text: str) -> str:
    """SQL that is true for a row that a check lets pass, false for others, and null where it cannot be computed.

    As in SQL a row passes when the expression is null.
    """
    return f"TRY(({text}\n) IS NOT FALSE)"


@cache
def _database() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:", config={"threads": 1, "enable_external_access": "false"})


def _check_shape(text: str) -> None:
    """Refuse what is not one expression over one row, saying so in people's words."""
    try:
        found = Dialect.get_or_raise("duckdb").parse_into(exp.Condition, text)
        nodes = [node for tree in found if tree is not None for node in tree.walk()]
    except RecursionError as error:
        raise _refused(text, "is nested too deeply") from error
    except sqlglot.errors.SqlglotError as error:
        raise _refused(text, "is not one expression") from error
    if len(found) != 1 or not nodes:
        raise _refused(text, "is not one expression")
    for node in nodes:
        if what := next((what for kind, what in _NOT_OF_ONE_ROW.items() if isinstance(node, kind)), None):
            raise _refused(text, f"holds {what}, but sees one row only")


def _expression(text: str) -> Node:
    """DuckDB's tree of the expression, and of nothing beside it."""
    try:
        found = parse_queries(f"{_BEFORE}{text}{_BEHIND}", f"{_BEFORE}{text}{_BEHIND}")
    except StatementError as error:
        raise _refused(text, f"cannot be read: {error.message.partition(' (line ')[0].rstrip('.')}") from error
    if found is None or len(found) != 1 or len(found[0]["select_list"]) != 1 or _frame(found[0]) != _empty_frame():
        raise _refused(text, "is not one expression")
    node: Node = found[0]["select_list"][0]
    return node


def _frame(query: Node) -> dict[str, Any]:
    return {name: part for name, part in query.items() if name != "select_list"}


@cache
def _empty_frame() -> dict[str, Any]:
    return _frame((parse_queries("SELECT (1)", "") or [{}])[0])


def _uses(text: str, tree: Node) -> Iterator[tuple[str, int, int]]:
    """The columns that are named; what is not listed is refused."""
    offsets = parsed_offsets(f"{_BEFORE}{text}{_BEHIND}")
    ends = {token.start: token.end for token in tokenize(text)}
    for node in _nodes(tree):
        _check_listed(text, node)
        if node["class"] == "COLUMN_REF":
            start = offsets.index(node["query_location"]) - len(_BEFORE)
            yield node["column_names"][0], start, ends[start]


def _nodes(tree: Any) -> Iterator[Node]:
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Mapping):
            if "class" in node:
                yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _check_listed(text: str, node: Node) -> None:
    kind, name = node["class"], str(node.get("function_name", "")).lower()
    if kind not in _CLASSES or (kind == "OPERATOR" and node["type"] not in _OPERATORS):
        raise _refused(text, f"holds {str(node['type']).replace('_', ' ').lower()}, which no check may")
    if kind == "COLUMN_REF" and len(node["column_names"]) != 1:
        path = ".".join(node["column_names"])
        raise _refused(text, f"names {path!r}", "Name a column alone; a part of a STRUCT is written s['part'].")
    if kind == "FUNCTION" and (name not in FUNCTIONS or not _is_plain_call(node)):
        hints = nearest(name, FUNCTIONS)
        step = f"Did you mean {hints[0]}?" if hints else "Use comparisons and functions that depend on the row alone."
        raise _refused(text, f"calls {name}, which no check may", step)


def _is_plain_call(node: Node) -> bool:
    return (
        len(node["qualified_name"]["path"]) == 1
        and not node["distinct"]
        and not node["filter"]
        and not node["order_bys"]["orders"]
    )


def _unknown(text: str, name: str, columns: Mapping[str, str]) -> InvalidInputError:
    hints = nearest(name, columns)
    return InvalidInputError(
        f"The check {shown(text)} names a column {name!r} that the table does not have.",
        kind=ErrorKind.COLUMN_NOT_FOUND,
        next_step=f"Did you mean {hints[0]!r}?" if hints else f"Columns: {', '.join(list(columns)[:20])}.",
        details={"column": name, "suggestions": hints},
    )


def _refused(text: str, why: str, step: str = "") -> InvalidInputError:
    return InvalidInputError(
        f"The check {shown(text)} {why}.",
        kind=ErrorKind.INVALID_CHECK,
        next_step=step or "A check is one boolean expression over the columns of a row, as in price >= 0.",
        details={"expression": text[:MOST_BYTES]},
    )


def shown(text: str) -> str:
    """A check within a sentence."""
    return text if len(text) <= 120 else f"{text[:117]}..."


def _reason(error: duckdb.Error) -> str:
    return str(error).partition("\n")[0].partition(": ")[2].rstrip(".") or "it cannot be bound"
