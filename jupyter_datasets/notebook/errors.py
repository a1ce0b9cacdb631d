"""Errors as a notebook shows them: what happened, where, and what to do next, without a traceback of ours."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from jupyter_datasets.client.display import text_table
from jupyter_datasets.errors import DatasetsError, ErrorKind, StatementError

_SHOWN = 10  # rows

P = ParamSpec("P")
T = TypeVar("T")


def brief(function: Callable[P, T]) -> Callable[P, T]:
    """A magic whose errors are shown briefly; the cell fails all the same."""

    @functools.wraps(function)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except DatasetsError as error:
            raise _brief(error) from error.__cause__
        except KeyboardInterrupt as error:
            raise _brief(_interrupted()) from error

    return guarded


def _brief(error: DatasetsError) -> DatasetsError:
    # IPython asks an exception for this, and shows the lines in place of a traceback.
    error._render_traceback_ = lambda: _lines(error)  # type: ignore[attr-defined]  # a hook of IPython
    return error


def _lines(error: DatasetsError) -> list[str]:
    text = f"{type(error).__name__}: {error.message.rstrip()}"
    return [*text.split("\n"), *_rows(error), *filter(None, [error.next_step])]


def _rows(error: DatasetsError) -> list[str]:
    """The first of the rows that break a rule, as a table."""
    rows = error.details.get("rows")
    if not isinstance(rows, list) or not rows:
        return []
    shown = [["null" if cell is None else cell for cell in row.values()] for row in rows[:_SHOWN]]
    more = error.details.get("count", len(rows)) - len(shown)
    return [*text_table(list(rows[0]), shown).split("\n"), *([f"({more:,} more)"] if more > 0 else [])]


def _interrupted() -> StatementError:
    return StatementError("The statement was interrupted.", kind=ErrorKind.STATEMENT_INTERRUPTED)
