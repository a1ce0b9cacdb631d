"""Words of DuckDB's SQL that are names of tables only in quotes."""

from __future__ import annotations

import re
from functools import cache

import duckdb

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUERY = "SELECT keyword_name FROM duckdb_keywords() WHERE keyword_category IN ('reserved', 'type_function')"


def is_keyword(word: str) -> bool:
    """Whether the word, in any case, means something else than a table in FROM."""
    return word.lower() in _keywords()


def needs_quotes(name: str) -> bool:
    """Whether a name can stand in SQL in quotes alone."""
    return _PLAIN.fullmatch(name) is None or is_keyword(name)


@cache
def _keywords() -> frozenset[str]:
    with duckdb.connect() as connection:
        return frozenset(word for (word,) in connection.execute(_QUERY).fetchall())
