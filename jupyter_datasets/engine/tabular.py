"""A text file as a table of texts.

DuckDB's own reader serves files of up to :data:`NARROW` columns: one streaming query parses, casts and checks with all
threads. Its vectors of 2,048 rows take a gigabyte for 10,000 columns, so wider files are parsed by PyArrow in small
batches; in SQL their columns are *stacked*, one below the other, so that a query stays short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv

from jupyter_datasets.engine.dialect import Dialect
from jupyter_datasets.engine.failures import LONGEST_LINE, reading_text
from jupyter_datasets.engine.session import literal_path
from jupyter_datasets.sqltext import quote_text

NARROW = 256
_BATCH_ROWS = 65_536


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

    @property
    def is_wide(self) -> bool:
        """Whether DuckDB's reader would need too much memory."""
        return self.width > NARROW


def read_texts(
    file: TextFile, connection: duckdb.DuckDBPyConnection, columns: Sequence[int], limit: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Some columns as texts ``t0``, ``t1``, ...; empty fields without quotes are null."""
    if file.is_wide:
        return _wide_texts(file, columns)
    listed = ", ".join(f"t{i}" for i in columns)
    rows = "" if limit is None else f" LIMIT {limit}"
    return stream(file, connection, f"SELECT {listed} FROM {relation(file)}{rows}")


def stream(file: TextFile, connection: duckdb.DuckDBPyConnection, query: str) -> Iterator[pa.RecordBatch]:
    """The answer of a query over :func:`relation`, in the order of the file.

    A batch never spans two of the 8 MiB ranges in which DuckDB parses a file, so its size is bounded.
    """
    with reading_text(file.shown), connection.cursor() as cursor:
        yield from cursor.sql(query).to_arrow_reader(_BATCH_ROWS)


def relation(file: TextFile) -> str:
    """SQL for a file that is not wide as a table of texts ``t0``, ``t1``, ..."""
    dialect = file.dialect
    columns = ", ".join(f"t{i}: 'VARCHAR'" for i in range(file.width))
    quote, delimiter = quote_text(dialect.quote), quote_text(dialect.delimiter)
    return (
        f"read_csv({literal_path(file.path)}, columns = {{{columns}}}, auto_detect = false, "
        f"header = {str(file.header).lower()}, skip = {dialect.blank}, delim = {delimiter}, "
        f"quote = {quote}, escape = {quote}, nullstr = '', allow_quoted_nulls = false, compression = 'none', "
        f"hive_partitioning = false, max_line_size = {LONGEST_LINE}, buffer_size = {2 * LONGEST_LINE})"
    )


def _wide_texts(file: TextFile, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
    names = [f"t{i}" for i in range(file.width)]
    dialect = file.dialect
    reading = pa_csv.ReadOptions(
        use_threads=False, block_size=LONGEST_LINE, column_names=names, skip_rows=dialect.blank
    )
    parsing = pa_csv.ParseOptions(
        delimiter=dialect.delimiter, quote_char=dialect.quote or False, newlines_in_values=True
    )
    converting = pa_csv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()),
        include_columns=[names[i] for i in columns],
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
    )
    # The first record is parsed like the others and then cut off: it may be all there is.
    header = int(file.header)
    with reading_text(file.shown), pa.OSFile(str(file.path)) as source:
        for batch in pa_csv.open_csv(source, reading, parsing, converting):
            if batch.num_rows > header:
                yield batch.slice(header)
            header = max(0, header - batch.num_rows)


def query_stacked(
    connection: duckdb.DuckDBPyConnection, batch: pa.RecordBatch, columns: Sequence[int], query: str
) -> pa.Table:
    """The answer of a query over ``stacked``: texts ``t`` of some columns one below the other, with their places ``p``."""
    texts = pa.concat_arrays([batch.column(f"t{i}") for i in columns])
    with connection.cursor() as cursor:
        cursor.register("texts", pa.table({"t": texts}))
        stacked = "WITH stacked AS NOT MATERIALIZED (SELECT row_number() OVER () - 1 AS p, t FROM texts)"
        answer = cursor.sql(f"{stacked} {query}").to_arrow_table()
        cursor.unregister("texts")
    return answer
