"""DuckDB's errors about a rewritten statement, told in terms of what the user wrote."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb

from jupyter_datasets.engine.rewriting import Rewritten
from jupyter_datasets.engine.sqltokens import Offsets, Token, tokenize
from jupyter_datasets.engine.sqltrees import fold
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.statements import Statement
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.values import nearest

ERRORS_WITH_PLACES = "SET errors_as_json = true"
"""To be run once on each connection whose errors are translated; without it places are found by name."""

_PREFIX = re.compile(r"[A-Za-z ]+ Error: ")
_LINE = re.compile(r"\n\nLINE \d+:.*", re.DOTALL)
_CANDIDATES = re.compile(r"^(?:Did you mean|Candidate (?:bindings|tables)\b).*$", re.MULTILINE)
_VIEW = re.compile(r"^Values list(?= \")")  # what DuckDB calls a view with an alias
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
_NAME = r'(?:"((?:[^"]|"")+)"|(\S+))'
_MISSING = {
    "table": re.compile(rf"(?:^Table with name|^View with name|Referenced table) {_NAME} (?:does not exist|not found)"),
    "column": re.compile(
        rf"(?:Referenced column|a column named|^Column) {_NAME}(?=$|\s| in \w+ list)",
    ),
    "function": re.compile(rf"Function with name {_NAME} does not exist"),
}
_NO_FILE = "No files found that match the pattern"
_KINDS: Sequence[tuple[type[duckdb.Error], ErrorKind]] = (
    (duckdb.ParserException, ErrorKind.STATEMENT_SYNTAX),
    (duckdb.SyntaxException, ErrorKind.STATEMENT_SYNTAX),
    (duckdb.InterruptException, ErrorKind.STATEMENT_INTERRUPTED),
    (duckdb.OutOfMemoryException, ErrorKind.MEMORY_EXCEEDED),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Report:
    """What DuckDB says: ``location`` is offset and length in bytes of the text that it ran."""

    message: str
    location: tuple[int, int] | None
    candidates: tuple[str, ...]
    missing: str | None  # "table", "column" or "function"
    name: str | None


def translate_error(
    error: duckdb.Error,
    statement: Statement,
    rewritten: Rewritten,
    *,
    ran: str | None = None,
    known_tables: Iterable[str] = (),
    known_columns: Iterable[str] = (),
    shown: Mapping[str, str] | None = None,
) -> StatementError:
    """What DuckDB found wrong, with the place in the user's text and the names that may have been meant.

    Parameters
    ----------
    error
        Raised by a connection that ran ``rewritten.text``. With ``ERRORS_WITH_PLACES`` set, ``execute`` gives exact
        places; ``sql`` drops those of names, which are then looked for in the text.
    ran
        The SQL that the connection ran, when it was not ``rewritten.text`` itself but holds its words.
    known_tables, known_columns
        Names to suggest from.
    shown
        What to show for internal names that may appear in a message: ``{'"views"."v_17"': "sales"}``. The replacements
        of ``rewritten`` are known already.

    Returns
    -------
    StatementError
        Of kind STATEMENT_SYNTAX, STATEMENT_NAME (no such table, column or function), STATEMENT_INTERRUPTED,
        MEMORY_EXCEEDED, or STATEMENT_FAILED; ``details["missing"]`` is "file" where a file is not there. The caller
        chains it: ``raise translate_error(...) from error``.
    """
    report = _read(error)
    if ran is not None:
        report = replace(report, location=_inside(report.location, ran, rewritten.text))
    translated = statement_error(
        _hide(report.message, {**_replaced(statement, rewritten), **(shown or {})}),
        text=statement.text,
        position=_position(report, error, statement, rewritten),
        kind=_kind(error, report),
        suggestions=_suggestions(report, statement, known_tables, known_columns),
    )
    if report.message.startswith(_NO_FILE):
        translated.details["missing"] = "file"
    return translated


def _read(error: duckdb.Error) -> _Report:
    text = _PREFIX.sub("", str(error), count=1)
    fields: dict[str, Any] = json.loads(text) if text.startswith('{"exception_type"') else {}
    full = str(fields.get("exception_message", _LINE.sub("", text)))
    missing = next((what for what, pattern in _MISSING.items() if pattern.search(full)), None)
    return _Report(
        message=_VIEW.sub("Table", _CANDIDATES.sub("", full)).strip(),
        location=_location(fields),
        candidates=tuple(name for line in _CANDIDATES.findall(full) for name in _QUOTED.findall(line)),
        missing=missing,
        name=_first_name(_MISSING[missing] if missing else _QUOTED, full),
    )


def _location(fields: Mapping[str, Any]) -> tuple[int, int] | None:
    if "location" in fields:
        offset, length = json.loads(fields["location"])
        return int(offset), int(length)
    return (int(fields["position"]), 0) if "position" in fields else None


def _inside(location: tuple[int, int] | None, ran: str, text: str) -> tuple[int, int] | None:
    """A location in what ran as one in the text that it holds; None when it lies elsewhere."""
    words = [token for token in tokenize(text) if token.text != ";"]
    if location is None or not words:
        return None
    # Comments and semicolons around the statement may be gone.
    core, before = text[words[0].start : words[-1].end], text[: words[0].start]
    start = ran.find(core)
    offset = location[0] - len(ran[:start].encode())
    if start < 0 or not 0 <= offset < len(core.encode()):
        return None
    return offset + len(before.encode()), location[1]


def _first_name(pattern: re.Pattern[str], message: str) -> str | None:
    match = pattern.search(message)
    return next((group.replace('""', '"') for group in match.groups() if group), None) if match else None


def _kind(error: duckdb.Error, report: _Report) -> ErrorKind:
    for cls, kind in _KINDS:
        if isinstance(error, cls):
            return kind
    return ErrorKind.STATEMENT_NAME if report.missing else ErrorKind.STATEMENT_FAILED


def _position(report: _Report, error: duckdb.Error, statement: Statement, rewritten: Rewritten) -> int | None:
    if report.location is None or statement.is_multi_step or not _is_ours(report, error, rewritten):
        return _find_name(report.name, tokenize(statement.runnable)) if report.name else None
    return min(rewritten.map_back(_span(report.location, rewritten.text)[0]), len(statement.text))


def _span(location: tuple[int, int], text: str) -> tuple[int, int]:
    offsets, (offset, length) = Offsets(text), location
    return offsets.index(offset), offsets.index(offset + length)


def _is_ours(report: _Report, error: duckdb.Error, rewritten: Rewritten) -> bool:
    """Whether the location is one of the user's statement: a file that a view reads is located in the view's text."""
    if report.location is None or not isinstance(error, duckdb.IOException):
        return True
    start, end = _span(report.location, rewritten.text)
    return report.name is not None and report.name in rewritten.text[start:end]


def _find_name(name: str, tokens: Sequence[Token]) -> int | None:
    for path in ([name], name.split(".")):
        wanted = [fold(part) for part in path]
        for i in range(len(tokens)):
            chain = tokens[i : i + 2 * len(path) - 1]
            if all(token.is_name for token in chain[::2]) and [fold(token.name) for token in chain[::2]] == wanted:
                return tokens[i].start
    return None


def _suggestions(
    report: _Report, statement: Statement, known_tables: Iterable[str], known_columns: Iterable[str]
) -> list[str]:
    if report.missing is None or report.name is None:
        return []
    if report.missing == "function":
        return list(report.candidates[:3])
    if report.missing == "table":
        known = [*known_tables, *(table.binding for table in statement.tables)]
        return [name for name in nearest(report.name, known) if name != report.name]
    return nearest(report.name, [*known_columns, *report.candidates])


def _replaced(statement: Statement, rewritten: Rewritten) -> dict[str, str]:
    """What to show for the replacements, and for their last names where the user wrote no such word."""
    words = {fold(token.name) for token in tokenize(statement.runnable) if token.is_name}
    shown: dict[str, str] = {}
    for table, sql in rewritten.replacements.items():
        if parts := _name_parts(sql):
            shown[sql] = ".".join(table.path)
            if fold(parts[-1]) not in words:
                shown[quote_name(parts[-1])] = shown[sql]
    return shown


def _hide(message: str, shown: Mapping[str, str]) -> str:
    for internal in sorted(shown, key=len, reverse=True):
        if parts := _name_parts(internal):
            name = r"\.".join(f'"?{re.escape(part)}"?' for part in parts)
            pattern = rf'(?<![\w.])(?:(?:\w+|"[^"]+")\.)*{name}(?!\w)'
            message = re.sub(pattern, shown[internal].replace("\\", r"\\"), message)
    return message


def _name_parts(sql: str) -> list[str]:
    """The names of a qualified name in SQL; empty for any other SQL, such as a query in parentheses."""
    tokens = tokenize(sql)
    is_chain = all(token.is_name for token in tokens[::2]) and all(token.text == "." for token in tokens[1::2])
    return [token.name for token in tokens[::2]] if is_chain and len(tokens) % 2 else []
