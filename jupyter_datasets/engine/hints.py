"""What columns that were taken for text may be, were they read otherwise: guesses from a sample, for the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.fitting import TIMESTAMP_UTC, TextForm
from jupyter_datasets.engine.survey import Candidates, survey

_FIRST_ROWS = 32
_NAMED = 5


def text_hints(
    connection: duckdb.DuckDBPyConnection, sample: pa.RecordBatch, columns: Mapping[int, str], form: TextForm
) -> list[str]:
    """Sentences about columns of text that an option would make numbers or moments.

    Parameters
    ----------
    connection
        Runs the SQL.
    sample
        Texts in columns ``t0``, ``t1``, ...
    columns
        Names of the columns that were taken for text, by number.
    form
        How values are written, as far as the user said.
    """
    mark, word = (",", "comma") if form.decimal == "." else (".", "point")
    numbers = _holding(connection, sample, columns, Candidates(types=("DOUBLE",)), replace(form, decimal=mark))
    moments = _holding(connection, sample, columns, Candidates(types=(TIMESTAMP_UTC,), declared=True), form)
    # The table has these columns as text from now on, and the types of a table are tried first: so each is named.
    hints = []
    if numbers:
        again = f"decimal={mark!r} and {_types(numbers, 'DOUBLE')}"
        hints.append(f"{_taken(numbers)}; for numbers with a decimal {word}, import it again with {again}.")
    if moments:
        again = _types(moments, "TIMESTAMPTZ")
        hints.append(f"{_taken(moments)} because of the zones; for moments, kept in UTC, import it again with {again}.")
    return hints


def _holding(
    connection: duckdb.DuckDBPyConnection,
    sample: pa.RecordBatch,
    columns: Mapping[int, str],
    asked: Candidates,
    form: TextForm,
) -> list[str]:
    """The names of the columns whose values all fit."""
    left = list(columns)
    for rows in (sample.slice(0, _FIRST_ROWS), sample.slice(_FIRST_ROWS)):  # a cast that fails is slow
        found = survey(connection, [rows], dict.fromkeys(left, asked), form) if left else {}
        left = [i for i in left if all(found[i].fits.values())]
    return [columns[i] for i in left]


def _taken(names: Sequence[str]) -> str:
    listed = ", ".join(map(repr, names[:_NAMED])) + (" and others" if len(names) > _NAMED else "")
    return f"Column {listed} was taken for text" if len(names) == 1 else f"Columns {listed} were taken for text"


def _types(names: Sequence[str], kind: str) -> str:
    return f"types={dict.fromkeys(names[:_NAMED], kind)}"
