"""One SQL statement of a user: which tables it names, at which versions, and where in the text.

Nothing here knows datasets. DuckDB's own parser reads the statement; the text stays the user's, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from jupyter_datasets.engine.patches import Patch
from jupyter_datasets.engine.soft_grammar import SoftGrammar
from jupyter_datasets.engine.sqltokens import Token, clean_spaces, deepest_bracket, text_at, tokenize
from jupyter_datasets.engine.sqltrees import Node, References, Scopes, parse_queries, statement_types
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.table_names import At, ColumnName, NameReader, TableName
from jupyter_datasets.errors import ErrorKind, StatementError

__all__ = ["At", "Statement", "StatementKind", "TableName", "describe_refusal", "parse"]

_EDITS = {"INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "MERGE_INTO": "MERGE"}
_READING = "SELECT, WITH, FROM, VALUES, TABLE, PIVOT, UNPIVOT, DESCRIBE, SUMMARIZE and EXPLAIN are allowed."

# DuckDB's parser takes quadratic time on wrong nesting: 50 s for 8,000 brackets, 0.3 s for this many.
_MAX_NESTING = 400
_INSTEAD = {
    "SHOW": "DESCRIBE sales shows the columns of a table, repo.datasets() the datasets.",
    "COPY": "ds.export(...) writes a table to a file.",
    "CREATE": "repo.execute(...) and %%sql make tables; to keep a result, edit['name'].replace(result).",
}
ALTER_FORMS = (
    "ALTER TABLE takes ADD COLUMN, DROP COLUMN, RENAME COLUMN, RENAME TO, ALTER COLUMN ... TYPE, SET or DROP NOT NULL."
)


class StatementKind(StrEnum):
    """What a statement does: read, change data, or anything else."""

    SELECT = "select"
    EDIT = "edit"
    OTHER = "other"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One use of ``$name``."""

    name: str
    start: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """A statement that DuckDB can parse.

    Attributes
    ----------
    text
        What the user wrote.
    kind
        Only a ``select`` can be rewritten and run; see :func:`describe_refusal` for the others.
    verb
        The word in capitals that says what it does: ``SELECT``, ``INSERT``, ``CREATE``.
    tables
        The tables that it names, without its own CTEs and without table functions, in the order of the text. Empty
        unless ``kind`` is ``select``.
    parameters
        Names of the ``$name`` parameters, those in AT included, in the order of their first use.
    """

    text: str
    kind: StatementKind
    verb: str
    tables: tuple[TableName, ...] = ()
    parameters: tuple[str, ...] = ()
    runnable: str = field(repr=False)  # the text with plain blanks, equally long
    patches: tuple[Patch, ...] = field(default=(), repr=False)  # what a run needs beside the tables
    parameter_uses: tuple[Parameter, ...] = field(default=(), repr=False)
    columns: tuple[ColumnName, ...] = field(default=(), repr=False)
    scopes: Scopes = field(default_factory=Scopes, repr=False)
    is_multi_step: bool = False  # a PIVOT that DuckDB runs as several statements of its own text


def parse(sql: str) -> Statement:
    """Read one statement; a semicolon and comments around it do no harm.

    Raises
    ------
    StatementError
        STATEMENT_SYNTAX when it is empty, no SQL, or more than one statement; STATEMENT_REFUSED for ``?`` and ``$1``,
        and for a version that is neither a literal nor a parameter. ``details`` hold line and column.
    """
    _check_characters(sql)
    runnable = clean_spaces(sql)
    tokens = tokenize(runnable)
    _check_nesting(sql, tokens)
    uses = _parameter_uses(sql, tokens)
    grammar = SoftGrammar(runnable, tokens)
    text, queries = grammar.text, _parse(grammar.text, sql, tokens)
    flat = grammar.without_pivots() if queries is None else None
    if flat is not None:
        text, queries = flat, parse_queries(flat, sql)
    types = _types(text, tokens) if queries is None else []
    _check_count(len(types if queries is None else queries), sql, tokens)
    statement = Statement(
        text=sql,
        kind=StatementKind.OTHER,
        verb=_verb(tokens),
        parameters=tuple(dict.fromkeys(use.name for use in uses)),
        runnable=runnable,
        parameter_uses=uses,
        is_multi_step=flat is not None,
    )
    if queries is None:
        return statement if grammar.explains else _as_edit(statement, types[0])
    return _as_select(statement, queries[0], grammar, NameReader(sql, text, tokens, grammar.times))


def describe_refusal(statement: Statement) -> StatementError | None:
    """The error for a statement that cannot be run as a query, None for one that can."""
    if statement.kind is StatementKind.SELECT:
        return None
    if statement.kind is StatementKind.EDIT:
        message = f"{statement.verb} changes data, and a query cannot"
        next_step = "Use repo.execute(...), edit.sql(...) inside 'with ds.edit(...) as edit:', or %%sql; all commit."
    else:
        message = f"{statement.verb} is not allowed"
        next_step = f"{_INSTEAD.get(statement.verb, '')} {_READING}".strip()
    position = len(statement.text) - len(statement.text.lstrip())
    return statement_error(
        message, text=statement.text, position=position, kind=ErrorKind.STATEMENT_REFUSED, next_step=next_step
    )


def _check_characters(sql: str) -> None:
    if not isinstance(sql, str):
        raise statement_error(f"A statement is text, and no {type(sql).__name__}")
    try:
        sql.encode()
    except UnicodeEncodeError as error:
        raise statement_error("The statement holds half a character") from error


def _check_nesting(sql: str, tokens: Sequence[Token]) -> None:
    if token := deepest_bracket(tokens, _MAX_NESTING):
        raise statement_error(
            f"Brackets are nested more than {_MAX_NESTING} deep",
            text=sql,
            position=token.start,
            kind=ErrorKind.STATEMENT_REFUSED,
        )


def _parameter_uses(sql: str, tokens: Sequence[Token]) -> tuple[Parameter, ...]:
    uses = []
    for i, token in enumerate(tokens):
        if token.text == "?" or (token.text == "$" and not tokens[i + 1 : i + 2]):
            raise _positional(sql, token.start)
        if token.text == "$":
            if not tokens[i + 1].is_name:
                raise _positional(sql, token.start)
            uses.append(Parameter(name=tokens[i + 1].name, start=token.start))
    return tuple(uses)


def _positional(sql: str, position: int) -> StatementError:
    return statement_error(
        "Parameters need a name",
        text=sql,
        position=position,
        kind=ErrorKind.STATEMENT_REFUSED,
        next_step="Write $name, and give its value under that name.",
    )


def _parse(text: str, sql: str, tokens: Sequence[Token]) -> list[Node] | None:
    try:
        return parse_queries(text, sql)
    except StatementError as error:
        if not error.next_step:
            error.next_step = _hint(tokens, error.details.get("position"))
        raise


def _types(text: str, tokens: Sequence[Token]) -> list[str]:
    try:
        return statement_types(text)
    except StatementError as error:
        error.next_step = ALTER_FORMS if _verb(tokens) == "ALTER" else _INSTEAD.get(_verb(tokens), "")
        raise


def _hint(tokens: Sequence[Token], position: int | None) -> str:
    """What to do about a mistake that people bring from other dialects of SQL."""
    index = next((i for i, token in enumerate(tokens) if token.start == position), 0)
    behind_at = text_at(tokens, index - 1) == ")" and any(
        token.word == "AT" and text_at(tokens, i + 1) == "(" for i, token in enumerate(tokens[:index])
    )
    return "The alias goes before the version: sales AS s AT (VERSION => 'v1')." if behind_at else ""


def _check_count(count: int, sql: str, tokens: Sequence[Token]) -> None:
    if count == 0:
        raise statement_error("There is no SQL statement here", next_step="Write a query, such as FROM sales.")
    if count > 1:
        ends = [i for i, token in enumerate(tokens) if token.text == ";"]
        second = next(tokens[i + 1].start for i in ends if text_at(tokens, i + 1) not in ("", ";"))
        raise statement_error(
            f"There are {count} statements, and one is run at a time",
            text=sql,
            position=second,
            next_step="Put each into a cell or call of its own.",
        )


def _verb(tokens: Sequence[Token]) -> str:
    return next((token.word for token in tokens if token.word), "")


def _as_edit(statement: Statement, duckdb_type: str) -> Statement:
    if duckdb_type not in _EDITS:
        return statement
    verb = _EDITS[duckdb_type] if statement.verb == "WITH" else statement.verb
    return replace(statement, kind=StatementKind.EDIT, verb=verb)


def _as_select(statement: Statement, query: Node, grammar: SoftGrammar, reader: NameReader) -> Statement:
    references = References(query)
    if references.lists_catalog:
        return replace(statement, verb="SHOW")
    return replace(
        statement,
        kind=StatementKind.SELECT,
        tables=reader.tables(references.tables),
        columns=reader.columns(references.columns),
        scopes=references.scopes,
        patches=tuple(grammar.patches),
    )
