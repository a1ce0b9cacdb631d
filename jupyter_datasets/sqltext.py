"""Quoting: the only way by which names and texts enter SQL."""

from __future__ import annotations


def quote_name(name: str) -> str:
    """The name as an SQL identifier, whatever characters it holds."""
    return '"' + name.replace('"', '""') + '"'


def quote_text(text: str) -> str:
    """The text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"
