"""From texts to values: one pass over a file, in which every value is checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.engine.fitting import TEXT, TextForm, check_for
from jupyter_datasets.engine.quick import quick_values
from jupyter_datasets.engine.tabular import NARROW, query_stacked, stack


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedColumn:
    """A column as it is to be read.

    A type that is ``declared`` is the user's word; one that is ``kept`` has rows in the table, and may not become text.
    """

    name: str
    type: str
    declared: bool
    kept: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Converted:
    """Some rows.

    Attributes
    ----------
    batch
        The values; None when a text among them is no value of its type.
    words
        How often a word was taken for null: column, word, times.
    """

    batch: pa.RecordBatch | None
    words: tuple[tuple[str, str, int], ...] = ()


class Converter:
    """Turns batches of texts into batches of values.

    Parameters
    ----------
    connection
        Runs the SQL for unusual texts.
    plan
        The columns.
    schema
        Of the values.
    form
        How values are written.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        plan: Sequence[PlannedColumn],
        schema: pa.Schema,
        form: TextForm,
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._schema = schema
        self._form = form
        self._groups = self._stacks()

    def _stacks(self) -> list[list[int]]:
        """Columns that are converted together: many short ones of one type in a wide file, else each for itself."""
        if len(self._plan) <= NARROW:
            return [[i] for i in range(len(self._plan))]
        groups: dict[tuple[str, bool], list[int]] = {}
        for i, column in enumerate(self._plan):
            groups.setdefault((column.type, column.declared), []).append(i)
        return list(groups.values())

    def convert(self, texts: pa.RecordBatch) -> Converted:
        """The values of texts ``t0``, ``t1``, ..."""
        values: dict[int, pa.Array] = {}
        words: list[tuple[str, str, int]] = []
        for columns in self._groups:
            stacked = stack(texts, columns)
            found = self._quick(columns[0], stacked)
            if found is None:
                answer = query_stacked(self._connection, stacked, self._query(self._plan[columns[0]])).combine_chunks()
                if pc.max(answer.column("bad")).as_py():
                    return Converted(batch=None)
                found = answer.column("v").chunk(0)
                words += self._counted(columns, answer.column("word"), texts.num_rows)
            for place, i in enumerate(columns):
                values[i] = found.slice(place * texts.num_rows, texts.num_rows)
        batch = pa.RecordBatch.from_arrays([values[i] for i in range(len(self._plan))], schema=self._schema)
        return Converted(batch=batch, words=tuple(words))

    def _quick(self, i: int, texts: pa.Array) -> pa.Array | None:
        if self._plan[i].type == TEXT:
            return texts
        # The decimal mark of the quick casts is the point.
        return quick_values(texts, self._schema.field(i).type) if self._form.decimal == "." else None

    def _query(self, column: PlannedColumn) -> str:
        """SQL for the values ``v``, whether a text is none (``bad``), and the ``word`` that was taken for null."""
        check, text = check_for(column.type, declared=column.declared), self._form.typed_text("t", column.type)
        fits = check.fits(text, "v", self._form.words)
        cast = f"SELECT t, {check.value(text)} AS v FROM stacked"
        return f"SELECT v, CAST(NOT {fits} AS TINYINT) AS bad, CASE WHEN v IS NULL THEN t END AS word FROM ({cast})"

    def _counted(self, columns: Sequence[int], words: pa.ChunkedArray, rows: int) -> Iterator[tuple[str, str, int]]:
        if words.null_count == len(words):
            return
        for place, i in enumerate(columns):
            for found in pc.value_counts(words.slice(place * rows, rows).drop_null()).to_pylist():
                yield self._plan[i].name, found["values"], found["counts"]
