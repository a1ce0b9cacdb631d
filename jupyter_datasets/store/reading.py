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
from jupyter_datasets.store import forms, patches, schemas, segments
from jupyter_datasets.store.backends import check_file, name_of, verify
from jupyter_datasets.store.patches import Patch, Piece
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

    def table(self, pieces: Sequence[Piece]) -> pa.Table:
        """All rows."""
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ordered") as threads:
            # Where there are several segments, a thread for each of some is quicker than several for one.
            read = threads.map if len(pieces) > 1 else map
            tables = list(read(partial(self.piece, alone=len(pieces) == 1), pieces))
        return pa.concat_tables([self.arrow_schema.empty_table(), *tables])

    def batches(self, pieces: Iterable[Piece]) -> Iterator[pa.RecordBatch]:
        """All rows as batches."""
        for table in self.tables(pieces):
            yield from table.to_batches()

    def tables(self, pieces: Iterable[Piece]) -> Iterator[pa.Table]:
        """One table a piece, in order; the next ones are read meanwhile."""
        waiting = iter(pieces)
        for piece in islice(waiting, 1):  # without a thread, for one segment is all that a small change reads
            yield self.piece(piece)
        with ThreadPoolExecutor(_THREADS, thread_name_prefix="ordered") as threads:
            ahead = deque(threads.submit(self.piece, piece, alone=False) for piece in islice(waiting, _THREADS))
            while ahead:
                table = ahead.popleft().result()
                ahead.extend(threads.submit(self.piece, piece, alone=False) for piece in islice(waiting, 1))
                yield table

    def piece(self, piece: Piece, *, alone: bool = True) -> pa.Table:
        """The rows of one segment with its patch; no others are read at the same time if it is ``alone``.

        Raises
        ------
        DamagedObjectError
            The file is missing, or its content is not what its name says.
        InvalidInputError
            The file is whole, but Arrow cannot hold a value of it.
        """
        if piece.path is None:
            return self.live_rows(piece.patch) if piece.patch else self.arrow_schema.empty_table()
        rows = self._segment(piece.path, alone)
        return rows if piece.patch is None else patches.apply(rows, piece.patch, self.live_rows(piece.patch))

    def live_rows(self, patch: Patch) -> pa.Table:
        """The rows of a patch that are not gone."""
        live = patch.live
        ids = [str(f.id) for f in self._schema.fields]
        try:
            if self._travels(live.schema):
                return pa.Table.from_batches([live]).select(ids).rename_columns(self._names)
            with segments.connect() as connection:
                connection.register("patch", live)
                stored = schemas.patch_columns(self._schema, live.schema.names)
                query = f"SELECT {self._select(self._schema)} FROM (SELECT {stored} FROM patch)"
                return connection.sql(query).to_arrow_table().cast(self.arrow_schema)
        except (duckdb.OutOfMemoryException, MemoryError):
            raise
        except (duckdb.Error, pa.ArrowException) as error:
            raise _no_arrow(error) from error

    def _travels(self, live: pa.Schema) -> bool:
        """Whether the columns of a patch are what is wanted, but for their names."""
        found = {field.name: field.type for field in live}
        return all(
            forms.is_plain(f.type) and found.get(str(f.id)) == wanted
            for f, wanted in zip(self._schema.fields, self.arrow_schema.types, strict=True)
        )

    def _segment(self, path: str, alone: bool) -> pa.Table:
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
        query = f"SELECT {self._select(self._schema)} FROM read_parquet($path, schema => $columns)"
        given = {"path": path, "columns": schemas.reader_map(self._schema)}
        with segments.connect() as connection:
            return connection.sql(query, params=given).to_arrow_table().cast(self.arrow_schema)


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
