"""Read a table's segments in the order of rows: PyArrow, segment by segment, a few read ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import forms, schemas, segments
from jupyter_datasets.store.backends import check_file, name_of, verify
from jupyter_datasets.store.schemas import Field, Schema

_THREADS = 2
_FIELD_ID = b"PARQUET:field_id"


class OrderedReader:
    """Reads segments of any age as today's columns.

    Parameters
    ----------
    schema
        Today's schema.
    columns
        Names of the columns wanted, in the order wanted; all of them when None.
    for_writer
        Give rows as a segment writer takes them: in transfer form, under birth names.
    """

    def __init__(self, schema: Schema, columns: Sequence[str] | None = None, *, for_writer: bool = False) -> None:
        fields = schema.fields if columns is None else tuple(schema.field(name) for name in columns)
        self._schema = Schema(fields=fields, next_id=schema.next_id)
        self._births = [f.birth for f in fields]
        self._names = self._births if for_writer else [f.name for f in fields]
        self._select = schemas.transfer_columns if for_writer else schemas.public_columns
        self.arrow_schema = pa.schema(
            [pa.field(name, _arrow_type(f, for_writer)) for name, f in zip(self._names, fields, strict=True)]
        )

    def table(self, paths: Sequence[str]) -> pa.Table:
        """All rows."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ordered") as threads:
            # Where there are several segments, a thread for each of some is quicker than several for one.
            read = threads.map if len(paths) > 1 else map
            tables = list(read(partial(self.segment, alone=len(paths) == 1), paths))
        return pa.concat_tables([self.arrow_schema.empty_table(), *tables])

    def batches(self, paths: Iterable[str]) -> Iterator[pa.RecordBatch]:
        """All rows as batches."""
        for table in self.tables(paths):
            yield from table.to_batches()

    def tables(self, paths: Iterable[str]) -> Iterator[pa.Table]:
        """One table a segment, in order; the next ones are read meanwhile."""
        waiting = iter(paths)
        for path in islice(waiting, 1):  # without a thread, for one segment is all that a small change reads
            yield self.segment(path)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ordered") as threads:
            ahead = deque(threads.submit(self.segment, path, alone=False) for path in islice(waiting, _THREADS))
            while ahead:
                table = ahead.popleft().result()
                ahead.extend(threads.submit(self.segment, path, alone=False) for path in islice(waiting, 1))
                yield table

    def segment(self, path: str, *, alone: bool = True) -> pa.Table:
        """The rows of one segment; no others are read at the same time if it is ``alone``.

        Raises
        ------
        DamagedObjectError
            The file is missing, or its content is not what its name says.
        InvalidInputError
            The file is whole, but Arrow cannot hold a value of it.
        """
        try:
            found = self._direct(path, alone)
            return self._converted(path) if found is None else found
        except (MemoryError, duckdb.OutOfMemoryException):
            raise
        except (OSError, duckdb.Error, pa.ArrowException) as error:
            verify(Path(path), name_of(Path(path)))
            raise _no_arrow(error) from error

    def _direct(self, path: str, alone: bool) -> pa.Table | None:
        """By PyArrow alone; None where the segment's columns are not what is wanted."""
        try:
            with pq.ParquetFile(path, memory_map=True) as file:
                found = file.schema_arrow
                if all(self._is_direct(f, found) for f in self._schema.fields):
                    table = file.read(columns=self._births, use_threads=alone)
                    return table.select(self._births).rename_columns(self._names).cast(self.arrow_schema)
        except FileNotFoundError:
            raise
        except OSError:
            # PyArrow refuses some delta-packed columns that DuckDB writes and reads.
            return None
        return None

    def _is_direct(self, field: Field, file: pa.Schema) -> bool:
        index = file.get_field_index(field.birth)
        if index < 0 or not forms.reads_as_is(field.type):
            return False
        found = file.field(index)
        wanted = self.arrow_schema.field(self._births.index(field.birth)).type
        # A segment may be older than the column, and hold one of the same name that was dropped.
        return bool(found.type == wanted) and (found.metadata or {}).get(_FIELD_ID) == str(field.id).encode()

    def _converted(self, path: str) -> pa.Table:
        query = (
            f"SELECT {self._select(self._schema)} FROM read_parquet(?, schema => {schemas.reader_map(self._schema)})"
        )
        with segments.connect() as connection:
            return connection.sql(query, params=[path]).to_arrow_table().cast(self.arrow_schema)


def check_segments(paths: Iterable[str]) -> None:
    """Raise :class:`DamagedObjectError` when one of these files is missing, or not what its name says."""
    for path in map(Path, paths):
        check_file(path, name_of(path))


def _no_arrow(error: Exception) -> InvalidInputError:
    return InvalidInputError(
        f"A value cannot be given as Arrow: {str(error).partition(': ')[2] or error}",
        kind=ErrorKind.UNSUPPORTED_TYPE,
        next_step="Read the column by SQL, cast to another type.",
    )


def _arrow_type(field: Field, for_writer: bool) -> pa.DataType:
    return forms.transfer_arrow_type(field.type) if for_writer else forms.arrow_type(field.type, as_text=field.as_text)
