"""A text file as a table of texts.

PyArrow's parser takes less than half the time of DuckDB's, which is stricter and says better what is wrong. So PyArrow
reads what is orderly (:mod:`~jupyter_datasets.engine.orderly`), and DuckDB the rest, but for files of more than
:data:`NARROW` columns: its vectors of 2,048 rows take a gigabyte for 10,000 of them. SQL sees texts *stacked*, one
column below the other: a query is as short for 10,000 columns as for one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from jupyter_datasets.engine.dialect import Dialect
from jupyter_datasets.engine.failures import LONGEST_LINE, reading_text
from jupyter_datasets.engine.orderly import Disorderly, OrderlyText
from jupyter_datasets.engine.session import literal_path
from jupyter_datasets.sqltext import quote_text

NARROW = 256
_BATCH_ROWS = 65_536
_BLOCK = 2 << 20


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
    nulls
        Texts that are read as null, quoted or not.
    trusted
        Whether it may be orderly: then it is tried.
    """

    path: Path
    shown: Path
    dialect: Dialect
    header: bool
    nulls: tuple[str, ...]
    trusted: bool = True

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.dialect.first)

    @property
    def is_wide(self) -> bool:
        """Whether DuckDB's reader would need too much memory."""
        return self.width > NARROW

    @property
    def is_quick(self) -> bool:
        """Whether PyArrow shall try."""
        dialect = self.dialect
        marks = dialect.delimiter + dialect.quote
        return self.trusted and not self.is_wide and marks.isascii()

    def distrusted(self) -> Self:
        """The same file for the careful parser."""
        return replace(self, trusted=False)


def read_texts(
    file: TextFile, connection: duckdb.DuckDBPyConnection, columns: Sequence[int], limit: int | None = None
) -> Iterator[pa.RecordBatch]:
    """Some columns as texts ``t0``, ``t1``, ..., in the order of the file; empty fields without quotes are null.

    Parameters
    ----------
    file, connection
        The file, and the database that may read it.
    columns
        Their numbers.
    limit
        Rows after which a reader may stop.

    Raises
    ------
    Disorderly
        The file was trusted, and should not have been.
    """
    if file.is_quick:
        batches = _quick_texts(file, columns)
    else:
        batches = _explained(
            file, _wide_texts(file, columns) if file.is_wide else _narrow_texts(file, connection, columns, limit)
        )
    for batch in batches:
        yield _without(batch, file.nulls) if file.nulls else batch


def _quick_texts(file: TextFile, columns: Sequence[int]) -> Iterator[pa.RecordBatch]:
    text = OrderlyText(file.path, file.dialect.delimiter, file.dialect.quote)
    try:
        with pa.PythonFile(text) as source:
            for batch in _parsed(file, columns, source, _BLOCK):
                for start in range(0, batch.num_rows, _BATCH_ROWS):
                    yield batch.slice(start, _BATCH_ROWS)
    except pa.ArrowInvalid as error:
        raise Disorderly(str(error)) from error


def _explained(file: TextFile, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    with reading_text(file.shown):
        yield from batches


def _without(batch: pa.RecordBatch, nulls: Sequence[str]) -> pa.RecordBatch:
    words = pa.array(nulls, pa.string())
    nothing = pa.scalar(None, pa.string())
    arrays = [pc.if_else(pc.is_in(texts, words), nothing, texts) for texts in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=batch.schema)


def _narrow_texts(
    file: TextFile, connection: duckdb.DuckDBPyConnection, columns: Sequence[int], limit: int | None
) -> Iterator[pa.RecordBatch]:
    # A batch never spans two of the 8 MiB ranges in which DuckDB parses a file, so its size is bounded.
    listed = ", ".join(f"t{i}" for i in columns)
    rows = "" if limit is None else f" LIMIT {limit}"
    with connection.cursor() as cursor:
        yield from cursor.sql(f"SELECT {listed} FROM {_relation(file)}{rows}").to_arrow_reader(_BATCH_ROWS)


def _relation(file: TextFile) -> str:
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
    with pa.OSFile(str(file.path)) as source:
        yield from _parsed(file, columns, source, LONGEST_LINE)


def _parsed(file: TextFile, columns: Sequence[int], source: pa.NativeFile, block: int) -> Iterator[pa.RecordBatch]:
    """What PyArrow's parser makes of a text; it reads the next block of so many bytes while this one is used."""
    names = [f"t{i}" for i in range(file.width)]
    dialect = file.dialect
    reading = pa_csv.ReadOptions(use_threads=False, block_size=block, column_names=names, skip_rows=dialect.blank)
    parsing = pa_csv.ParseOptions(
        delimiter=dialect.delimiter,
        quote_char=dialect.quote or False,
        newlines_in_values=True,
        ignore_empty_lines=file.width > 1,  # in a single column a blank line is a null
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
    for batch in pa_csv.open_csv(source, reading, parsing, converting):
        if batch.num_rows > header:
            yield batch.slice(header)
        header = max(0, header - batch.num_rows)


def stack(batch: pa.RecordBatch, columns: Sequence[int]) -> pa.Array:
    """The texts of some columns, one column below the other."""
    if len(columns) == 1:
        return batch.column(f"t{columns[0]}")
    return pa.concat_arrays([batch.column(f"t{i}") for i in columns])


def query_stacked(connection: duckdb.DuckDBPyConnection, texts: pa.Array, query: str) -> pa.Table:
    """The answer of a query over ``stacked``, a table with the one column ``t``, in the order of the texts."""
    with connection.cursor() as cursor:
        cursor.register("stacked", pa.table({"t": texts}))
        answer = cursor.sql(query).to_arrow_table()
        cursor.unregister("stacked")
    return answer


def text_bytes(batch: pa.RecordBatch) -> int:
    """About how many bytes of the file the texts take, delimiters included."""
    # Arrow has 4 bytes for the place of each text where the file has a delimiter.
    size: int = batch.nbytes - 3 * batch.num_rows * batch.num_columns
    rows: int = batch.num_rows
    return max(rows, size)
