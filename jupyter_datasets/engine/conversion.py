"""From texts to values: one pass over a file, in which every value is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.engine.fitting import TEXT, TextForm, check_for
from jupyter_datasets.engine.tabular import TextFile, query_stacked, read_texts, relation, stream


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedColumn:
    """A column as it is to be read; a type that is ``declared`` is the user's word."""

    name: str
    type: str
    declared: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """Some rows.

    Attributes
    ----------
    values
        One array for each column.
    bad
        Whether a text among them is no value of its type. Then nothing else here counts.
    words
        How often a word was taken for null: column, word, times.
    """

    values: tuple[pa.Array, ...]
    bad: bool
    words: tuple[tuple[int, str, int], ...]


def convert(
    file: TextFile, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn], form: TextForm
) -> Iterator[Converted]:
    """The rows of a file as values of the planned types, in their order."""
    return _convert_wide(file, connection, plan, form) if file.is_wide else _convert(file, connection, plan, form)


def _convert(
    file: TextFile, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn], form: TextForm
) -> Iterator[Converted]:
    typed = [i for i, column in enumerate(plan) if column.type != TEXT]
    for batch in stream(file, connection, f"{_query(plan, typed, form)} FROM {relation(file)}))"):
        yield Converted(
            values=tuple(batch.columns[: len(plan)]),
            bad=bool(pc.any(batch.column("bad")).as_py()),
            words=tuple(_words(batch, typed)),
        )


def _query(plan: Sequence[PlannedColumn], typed: Sequence[int], form: TextForm) -> str:
    """SQL for the values ``v0``, ``v1``, ...; ``bad``: whether one is none; ``words``: the texts of rows with words."""
    texts = [f"{form.text(f't{i}')} AS x{i}" for i in range(len(plan))]
    casts, fits, odd = [], [], []
    for i in typed:
        check, text = check_for(plan[i].type, declared=plan[i].declared), form.typed_text(f"x{i}", plan[i].type)
        casts.append(f", {check.value(text)} AS v{i}")
        fits.append(check.fits(text, f"v{i}", form.words))
        odd.append(f"v{i} IS NULL AND x{i} IS NOT NULL")
    values = [f"{'x' if column.type == TEXT else 'v'}{i} AS v{i}" for i, column in enumerate(plan)]
    bad = f"NOT ({' AND '.join(fits)})" if typed else "false"
    listed = ", ".join(f"x{i}" for i in typed)
    words = f"CASE WHEN {' OR '.join(odd)} THEN [{listed}] END" if typed else "CAST(NULL AS VARCHAR[])"
    outer = f"SELECT {', '.join(values)}, {bad} AS bad, {words} AS words"
    return f"{outer} FROM (SELECT *{''.join(casts)} FROM (SELECT {', '.join(texts)}"


def _words(batch: pa.RecordBatch, typed: Sequence[int]) -> Iterator[tuple[int, str, int]]:
    words = batch.column("words")
    if words.null_count == len(words):
        return
    rows = words.is_valid()
    words = words.filter(rows)
    for place, i in enumerate(typed):
        missing = batch.column(f"v{i}").filter(rows).is_null()
        yield from _counted(i, pc.list_element(words, place).filter(missing))


def _counted(column: int, words: pa.Array) -> Iterator[tuple[int, str, int]]:
    for found in pc.value_counts(words.drop_null()).to_pylist():
        yield column, found["values"], found["counts"]


def _convert_wide(
    file: TextFile, connection: duckdb.DuckDBPyConnection, plan: Sequence[PlannedColumn], form: TextForm
) -> Iterator[Converted]:
    groups: dict[tuple[str, bool], list[int]] = {}
    for i, column in enumerate(plan):
        groups.setdefault((column.type, column.declared), []).append(i)
    for batch in read_texts(file, connection, range(len(plan))):
        values: dict[int, pa.Array] = {}
        bad, words = False, []
        for (kind, declared), columns in groups.items():
            answer = query_stacked(connection, batch, columns, _stacked_query(kind, declared, form)).combine_chunks()
            bad = bad or bool(pc.any(answer.column("bad")).as_py())
            odd = answer.column("word").null_count < answer.num_rows
            for place, i in enumerate(columns):
                part = answer.slice(place * batch.num_rows, batch.num_rows)
                values[i] = part.column("v").chunk(0)
                words += _counted(i, part.column("word")) if odd else ()
        yield Converted(values=tuple(values[i] for i in range(len(plan))), bad=bad, words=tuple(words))


def _stacked_query(kind: str, declared: bool, form: TextForm) -> str:
    texts = f"SELECT p, {form.text('t')} AS x FROM stacked"
    if kind == TEXT:
        return f"SELECT x AS v, false AS bad, CAST(NULL AS VARCHAR) AS word FROM ({texts})"
    check, text = check_for(kind, declared=declared), form.typed_text("x", kind)
    fits = check.fits(text, "v", form.words)
    word = "CASE WHEN v IS NULL THEN x END"
    cast = f"SELECT p, x, {check.value(text)} AS v FROM ({texts})"
    return f"SELECT v, NOT {fits} AS bad, {word} AS word FROM ({cast})"
