"""Errors that point into the user's SQL."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from jupyter_datasets.errors import ErrorKind, StatementError

_EXCERPT = 100


def statement_error(
    message: str,
    *,
    text: str = "",
    position: int | None = None,
    kind: ErrorKind = ErrorKind.STATEMENT_SYNTAX,
    next_step: str = "",
    suggestions: Sequence[str] = (),
) -> StatementError:
    """An error about a statement, with the line and a caret under the place when there is one.

    Parameters
    ----------
    message
        What is wrong, as a sentence.
    text
        The user's statement.
    position
        Index in the text, or None when the place is not known.
    suggestions
        Names that the user may have meant, best first; they make the next step when there is no other.
    """
    details: dict[str, object] = {"suggestions": list(suggestions)}
    message = _sentence(message)
    if position is not None:
        line, column = line_and_column(text, position)
        shown = excerpt(text, position)
        details |= {"line": line, "column": column, "position": position, "excerpt": shown}
        message = f"{message.rstrip('.!')} (line {line}, column {column}).\n{shown}\n"
    return StatementError(message, kind=kind, next_step=next_step or _did_you_mean(suggestions), details=details)


def _sentence(message: str) -> str:
    message = message.strip()
    return message[:1].upper() + message[1:] + ("" if message[-1:] in ".!?" else ".")


def _did_you_mean(names: Sequence[str]) -> str:
    return f"Did you mean {' or '.join(names)}?" if names else ""


def line_and_column(text: str, position: int) -> tuple[int, int]:
    """Both counted from 1; the column in characters."""
    return text.count("\n", 0, position) + 1, position - text.rfind("\n", 0, position)


def excerpt(text: str, position: int) -> str:
    """The line of the position, cut to a readable width, and under it a caret."""
    start = text.rfind("\n", 0, position) + 1
    line = text[start:].partition("\n")[0].rstrip("\r")
    column = position - start
    first = max(0, column - _EXCERPT // 2)
    part = line[first : first + _EXCERPT]
    before, after = "..." if first else "", "..." if first + _EXCERPT < len(line) else ""
    return f"  {before}{part}{after}\n  {_padding(before + line[first:column])}^"


def _padding(text: str) -> str:
    return "".join(c if c == "\t" else " " * _columns(c) for c in text)


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
