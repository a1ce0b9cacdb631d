"""A text file as a table of texts, over which SQL runs piece by piece.

DuckDB's own reader serves files of up to :data:`NARROW` columns: one streaming query parses, casts and checks with all
threads. Its vectors of 2,048 rows take a gigabyte for 10,000 columns, so wider files are parsed by PyArrow in small
batches, and the SQL runs over groups of their columns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv

from jupyter_datasets.engine.dialect import Dialect
from jupyter_datasets.engine.failures import LONGEST_LINE, reading_text
from jupyter_datasets.engine.session import literal_path
from jupyter_datasets.sqltext import quote_text

NARROW = 1_024
_GROUP = 500
_BATCH_ROWS = 65_536

# SQL for some columns of a relation, given its name and how many rows of the file come before it.
Query = Callable[[Sequence[int], str, int], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Piece:
    """What a query gave for some of the columns over some consecutive rows."""

    columns: tuple[int, ...]
    batch: pa.RecordBatch


class TextTable(Protocol):
    """A file as columns ``t0``, ``t1``, ... of texts; empty fields without quotes are null."""

    def run(self, query: Query, columns: Sequence[int]) -> Iterator[list[Piece]]:
        """Answer the query for groups of the columns, over one range of rows after the other."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class TextFile:
    """A UTF-8 text on disk, and how to cut it.

    Attributes
    ----------
    path
        Where the text is.
    shown
        The file that the user knows.
    dialect
        How to cut it.
    header
        Whether its first record is left out.
    """

    path: Path
    shown: Path
    dialect: Dialect
    header: bool

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.dialect.first)


def open_table(file: TextFile, connection: duckdb.DuckDBPyConnection) -> TextTable:
    """The file as a table of texts."""
    return NarrowTable(file, connection) if file.width <= NARROW else WideTable(file, connection)


class NarrowTable:
    """A file that DuckDB parses itself."""

    def __init__(self, file: TextFile, connection: duckdb.DuckDBPyConnection) -> None:
        self._file = file
        self._connection = connection

    def run(self, query: Query, columns: Sequence[int]) -> Iterator[list[Piece]]:
        """One stream over the file, all columns at once."""
        with reading_text(self._file.shown), self._connection.cursor() as cursor:
            for batch in cursor.sql(query(columns, self._relation(), 0)).to_arrow_reader(_BATCH_ROWS):
                yield [Piece(columns=tuple(columns), batch=batch)]

    def _relation(self) -> str:
        dialect = self._file.dialect
        columns = ", ".join(f"t{i}: 'VARCHAR'" for i in range(self._file.width))
        quote = quote_text(dialect.quote)
        return (
            f"read_csv({literal_path(self._file.path)}, columns = {{{columns}}}, auto_detect = false, "
            f"header = {str(self._file.header).lower()}, skip = {dialect.blank}, delim = {quote_text(dialect.delimiter)}, "
            f"quote = {quote}, escape = {quote}, nullstr = '', allow_quoted_nulls = false, compression = 'none', "
            f"hive_partitioning = false, max_line_size = {LONGEST_LINE}, buffer_size = {2 * LONGEST_LINE})"
        )


class WideTable:
    """A file of very many columns."""

    def __init__(self, file: TextFile, connection: duckdb.DuckDBPyConnection) -> None:
        self._file = file
        self._connection = connection

    def run(self, query: Query, columns: Sequence[int]) -> Iterator[list[Piece]]:
        """Small batches of rows, each answered for groups of columns."""
        groups = [tuple(columns[i : i + _GROUP]) for i in range(0, len(columns), _GROUP)]
        offset = 0
        with reading_text(self._file.shown):
            for batch in self._batches(columns):
                yield [piece for group in groups for piece in self._answers(query, group, batch, offset)]
                offset += batch.num_rows

    def _answers(self, query: Query, group: tuple[int, ...], batch: pa.RecordBatch, offset: int) -> Iterator[Piece]:
        part = batch.select([f"t{i}" for i in group])
        answer = query_batch(self._connection, part, lambda relation: query(group, relation, offset))
        yield Piece(columns=group, batch=answer)

    def _batches(self, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
        names = [f"t{i}" for i in range(self._file.width)]
        dialect = self._file.dialect
        # The first record is parsed like the others and then cut off: it may be all there is.
        header = int(self._file.header)
        with pa.OSFile(str(self._file.path)) as source:
            for batch in pa_csv.open_csv(
                source,
                pa_csv.ReadOptions(
                    use_threads=False, block_size=LONGEST_LINE, column_names=names, skip_rows=dialect.blank
                ),
                pa_csv.ParseOptions(
                    delimiter=dialect.delimiter, quote_char=dialect.quote or False, newlines_in_values=True
                ),
                pa_csv.ConvertOptions(
                    column_types=dict.fromkeys(names, pa.string()),
                    include_columns=[names[i] for i in columns],
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=False,
                ),
            ):
                if batch.num_rows > header:
                    yield batch.slice(header)
                header = max(0, header - batch.num_rows)


def query_batch(
    connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch | pa.Table, query: Callable[[str], str]
) -> pa.RecordBatch:
    """The answer of a query over Arrow data in memory, as one batch."""
    with connection.cursor() as cursor:
        cursor.register("piece", batch)
        table = cursor.sql(query("piece")).to_arrow_table().combine_chunks()
        cursor.unregister("piece")
    batches = table.to_batches()
    return batches[0] if batches else pa.RecordBatch.from_pylist([], schema=table.schema)
