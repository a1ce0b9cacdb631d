"""One SQL statement of a user: which tables it names, at which versions, and where in the text.

Nothing here knows datasets. DuckDB's own parser reads the statement; the text stays the user's, byte for byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from jupyter_datasets.engine.patches import Patch
from jupyter_datasets.engine.soft_grammar import SoftGrammar, TimeClause
from jupyter_datasets.engine.sqltokens import Offsets, Token, clean_spaces, tokenize, word_at
from jupyter_datasets.engine.sqltrees import ColumnNode, Node, References, parse_queries, statement_types
from jupyter_datasets.engine.statement_errors import statement_error
from jupyter_datasets.engine.table_names import At, TableName, TableReader
from jupyter_datasets.errors import ErrorKind, StatementError

__all__ = ["At", "Statement", "StatementKind", "TableName", "describe_refusal", "parse"]

_EDITS = {"INSERT": "INSERT", "UPDATE": "UPDATE", "DELETE": "DELETE", "MERGE_INTO": "MERGE"}
_READING = "SELECT, WITH, FROM, VALUES, TABLE, PIVOT, UNPIVOT, DESCRIBE, SUMMARIZE and EXPLAIN are allowed."


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
    columns: tuple[ColumnNode, ...] = field(default=(), repr=False)
    is_multi_step: bool = False  # a PIVOT that DuckDB runs as several statements of its own text


def parse(sql: str) -> Statement:
    """Read one statement; a semicolon and comments around it do no harm.

    Raises
    ------
    StatementError
        STATEMENT_SYNTAX when it is empty, no SQL, or more than one statement; STATEMENT_REFUSED for ``?`` and ``$1``.
        ``details`` hold line and column.
    """
    _check_characters(sql)
    runnable = clean_spaces(sql)
    tokens = tokenize(runnable)
    parameters = _parameters(sql, tokens)
    grammar = SoftGrammar(runnable, tokens)
    text, queries = grammar.text, parse_queries(grammar.text, sql)
    if is_multi_step := queries is None and (flat := grammar.without_pivots()) is not None:
        text, queries = flat, _parse_flat(flat, sql)
    count = len(statement_types(text)) if queries is None else len(queries)
    _check_count(count, sql, tokens)
    common = Statement(
        text=sql,
        kind=StatementKind.OTHER,
        verb=_verb(tokens),
        runnable=runnable,
        parameters=tuple(dict.fromkeys(p.name for p in parameters)),
        parameter_uses=parameters,
    )
    if queries is None:
        return _not_a_query(common, text, explains=grammar.explains)
    return _query(common, queries[0], grammar, text, tokens, is_multi_step=is_multi_step)
