"""Write rows as segments: cut by content, in canonical bytes, named by their hash.

Rows come as Arrow batches in order. Their hashes are taken, segments are cut off the front as soon as the rows at hand
decide where they end, and each is written to a staging folder by a small pool of single-threaded writers. What cuts
most tables, the hash of all columns, is also what digests are made of.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from jupyter_datasets import faults
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_text
from jupyter_datasets.store import chunker, forms, schemas, widths
from jupyter_datasets.store.backends import storage_error, sync_file, translated_io
from jupyter_datasets.store.canonical import hash_file
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.store.trees import Item
from jupyter_datasets.values import new_id

# Above twice the largest target, or a large segment would get two row groups.
_OPTIONS = "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, ROW_GROUP_SIZE 1000000, OVERWRITE_OR_IGNORE true"
WRITER_ID = f"duckdb-{duckdb.__version__}/1"
_WRITERS = 2


@cache
def _database() -> duckdb.DuckDBPyConnection:
    spill = tempfile.mkdtemp(prefix="jupyter-datasets-")
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": "1",
            # With threads of its own for writing, a COPY whose disk refuses now and then never returns (DuckDB 2.0.0).
            "async_threads": "0",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "python_enable_replacements": "false",
            "temp_directory": spill,
        },
    )
    weakref.finalize(connection, shutil.rmtree, spill, ignore_errors=True)
    # Statistics let the writer mark columns as required when their source proves that they hold no null, and equal
    # rows would then give different bytes.
    connection.execute("SET GLOBAL disabled_optimizers = 'statistics_propagation'")
    forms.configure(connection)
    return connection


def connect() -> duckdb.DuckDBPyConnection:
    """A connection for canonical reading and writing: rows keep their order, equal rows give equal bytes.

    All of them share one private in-memory database, for opening one takes longer than a small commit may.
    """
    return _database().cursor()


def limit_memory(mib: int) -> None:
    """Bound what all these connections may hold together."""
    _database().execute(f"SET GLOBAL memory_limit = '{mib}MiB'")


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What a writer made.

    Attributes
    ----------
    segments
        In the order of rows; each lies in the staging folder under its hash.
    k
        The table's k from now on; 0 while it is too small to tell.
    nulls
        Ids of the fields in which a null was met.
    """

    segments: tuple[Item, ...]
    k: int
    nulls: frozenset[int]


class SegmentWriter:
    """Cuts and writes the rows of one table.

    Parameters
    ----------
    schema
        Types and order of the columns that the batches bring.
    cut
        Ids of the fields whose hash cuts.
    k
        The table's k, or 0 to choose it by the first rows.
    staging
        Folder for the files.
    """

    def __init__(self, *, schema: Schema, cut: tuple[int, ...], k: int, staging: Path) -> None:
        self._schema = schema
        self._fixed_k = k
        self._k = k
        self._staging = staging
        self._pending = _Pending([f.type for f in schema.fields], _Hasher(schema, cut))
        self._pool = _FilePool(schema, staging)
        self._nulls: set[int] = set()
        self._rows = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.close()
        self._pending.close()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take the next rows; blocks while the writers are behind."""
        if batch.num_rows == 0:
            return
        self._rows += batch.num_rows
        self._nulls.update(
            f.id for f, column in zip(self._schema.fields, batch.columns, strict=True) if column.null_count
        )
        self._pending.push(batch.rename_columns([f.birth for f in self._schema.fields]))
        self._cut(last=False)

    def is_at_end(self) -> bool:
        """Whether the rows taken so far end where a segment ends by rule."""
        self._cut(last=False, waits=False)
        return not self._pending.rows

    def finish(self) -> Written:
        """Write what is left and wait for the files."""
        self._cut(last=True)
        k = self._fixed_k or (self._k if self._rows >= 1 << max(self._k - 1, 0) else 0)
        return Written(segments=self._pool.finish(), k=k, nulls=frozenset(self._nulls))

    def write(self, batches: Iterable[pa.RecordBatch]) -> Written:
        """Add all batches, then finish."""
        for batch in batches:
            self.add(batch)
        return self.finish()

    def _cut(self, *, last: bool, waits: bool = True) -> None:
        pending = self._pending
        if not self._k:
            if not last and pending.rows < chunker.WIDTH_ROWS and pending.bits <= chunker.CAP_BITS:
                return
            if pending.rows:
                self._k = chunker.choose_k(*pending.width_sample())
        while pending.rows:
            rows = self._next_cut(last=last, waits=waits and not last)
            if rows is None:
                return
            self._pool.submit(*pending.take(rows), last=last and not pending.rows)

    def _next_cut(self, *, last: bool, waits: bool) -> int | None:
        pending = self._pending
        # Fewer rows than half the target hold no cut; a cut before the whole of it is rare, so hashing can wait.
        decides = pending.rows >= 1 << (self._k if waits else self._k - 1)
        by_hash = chunker.first_cut(pending.cut_hashes(), self._k) if decides else None
        rows = by_hash or pending.rows
        if pending.bits > chunker.CAP_BITS:
            rows = min(rows, pending.rows_within_cap())
        return rows if last or by_hash or rows < pending.rows else None


class _Hasher:
    """Hashes rows twice: by the columns that cut, and by all of them; once where these are the same."""

    def __init__(self, schema: Schema, cut: tuple[int, ...]) -> None:
        by_id = {f.id: f for f in schema.fields}
        # A dropped cut column no longer takes part; without any left, all columns do.
        fields = [by_id[i] for i in cut if i in by_id] or list(schema.fields)
        lists = dict.fromkeys(", ".join(map(schemas.stored, some)) for some in (fields, schema.fields))
        self.kinds = len(lists)
        self._sql = f"SELECT {', '.join(f'hash({some}) AS h{kind}' for kind, some in enumerate(lists))} FROM batch"
        self._connection = connect()

    def hashes(self, rows: pa.Table) -> chunker.Hashes:
        """A line for each kind: the first one cuts, the last one is of all columns."""
        self._connection.register("batch", rows)
        with _translated():
            found = self._connection.execute(self._sql).fetchnumpy()
        self._connection.unregister("batch")
        return np.stack([found[f"h{kind}"] for kind in range(self.kinds)])

    def close(self) -> None:
        self._connection.close()


class _Pending:
    """Rows that have come but are in no segment yet; hashed when first asked for."""

    def __init__(self, logical: list[str], hasher: _Hasher) -> None:
        self._logical = logical
        self._hasher = hasher
        self._batches: deque[pa.RecordBatch] = deque()
        self._bits: deque[int] = deque()
        self._hashes: chunker.Hashes = np.empty((hasher.kinds, 0), dtype=np.uint64)
        self.rows = 0
        self.bits = 0

    def close(self) -> None:
        self._hasher.close()

    def push(self, batch: pa.RecordBatch) -> None:
        self.rows += batch.num_rows
        self._append(batch)

    def cut_hashes(self) -> chunker.Hashes:
        """What cuts, of all rows here."""
        return self._hashed()[0]  # type: ignore[no-any-return]  # numpy does not tell the type of a line

    def _hashed(self) -> chunker.Hashes:
        done = self._hashes.shape[1]
        if done < self.rows:
            fresh = self._hasher.hashes(pa.Table.from_batches(self._batches).slice(done))
            self._hashes = np.concatenate([self._hashes, fresh], axis=1)
        return self._hashes

    def take(self, rows: int) -> tuple[pa.Table, chunker.Hashes]:
        """Remove the first rows and give them, with their hashes by all columns."""
        hashes = self._hashed()
        self._hashes = hashes[:, rows:]
        taken, left = [], rows
        while left:
            batch = self._batches.popleft()
            self.bits -= self._bits.popleft()
            if batch.num_rows > left:
                self._append(batch.slice(left), front=True)
                batch = batch.slice(0, left)
            taken.append(batch)
            left -= batch.num_rows
        self.rows -= rows
        return pa.Table.from_batches(taken), hashes[-1, :rows]

    def _append(self, batch: pa.RecordBatch, *, front: bool = False) -> None:
        bits = sum(widths.total_bits(column, kind) for column, kind in zip(batch.columns, self._logical, strict=True))
        self.bits += bits
        (self._batches.appendleft if front else self._batches.append)(batch)
        (self._bits.appendleft if front else self._bits.append)(bits)

    def width_sample(self) -> tuple[int, int]:
        """Rows and bits of the first 65,536 rows, fewer when they pass 64 MiB."""
        per_row = self._row_bits(chunker.WIDTH_ROWS)
        rows = min(per_row.size, chunker.rows_within_cap(per_row))
        return rows, int(per_row[:rows].sum())

    def rows_within_cap(self) -> int:
        return chunker.rows_within_cap(self._row_bits(self.rows))

    def _row_bits(self, most: int) -> chunker.Bits:
        found: list[chunker.Bits] = []
        rows = bits = 0
        for batch in self._batches:
            if rows >= most or bits > chunker.CAP_BITS:
                break
            found.append(widths.row_bits(batch, self._logical))
            rows, bits = rows + batch.num_rows, bits + int(found[-1].sum())
        return np.concatenate(found)[:most]


class _FilePool:
    """Writes segment files side by side, each with a connection of its own, and keeps their order."""

    def __init__(self, schema: Schema, staging: Path) -> None:
        self._staging = staging
        self._layout = schema.layout
        self._select = f"SELECT {schemas.storage_columns(schema)} FROM segment"
        self._options = f"{_OPTIONS}, FIELD_IDS {schemas.field_ids(schema)}"
        self._free: deque[duckdb.DuckDBPyConnection] = deque()
        self._threads: ThreadPoolExecutor | None = None
        self._waiting: deque[Future[Item]] = deque()
        self._done: list[Item] = []

    def submit(self, rows: pa.Table, hashes: chunker.Hashes, *, last: bool) -> None:
        """Write a segment; the last one in this thread, for a small change is just that one."""
        file = self._staging / f"{new_id()}.writing"
        if last:
            self.finish()
            self._done.append(self._write(rows, hashes, file))
            return
        self._threads = self._threads or ThreadPoolExecutor(_WRITERS, thread_name_prefix="segment")
        self._waiting.append(self._threads.submit(self._write, rows, hashes, file))
        if len(self._waiting) > _WRITERS:
            self._done.append(self._waiting.popleft().result())

    def finish(self) -> tuple[Item, ...]:
        while self._waiting:
            self._done.append(self._waiting.popleft().result())
        return tuple(self._done)

    def close(self) -> None:
        if self._threads:
            self._threads.shutdown(wait=True, cancel_futures=True)
        for connection in self._free:
            connection.close()

    def _write(self, rows: pa.Table, hashes: chunker.Hashes, file: Path) -> Item:
        connection = self._connection()
        try:
            connection.register("segment", rows)
            with _translated():
                connection.execute(f"COPY ({self._select}) TO {quote_text(str(file))} ({self._options})")
            connection.unregister("segment")
        finally:
            self._free.append(connection)
        return seal(file, rows.num_rows, Digest.of(hashes, self._layout))

    def _connection(self) -> duckdb.DuckDBPyConnection:
        try:
            return self._free.popleft()
        except IndexError:
            return connect()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except duckdb.IOException as error:
        raise storage_error(OSError(_errno_of(error), str(error)), "writing a segment") from error
    except duckdb.ConversionException as error:
        # The one value that its storage form cannot hold is a HUGEINT of 39 digits.
        raise InvalidInputError(
            f"A number has more than 38 digits: {str(error).partition(chr(10))[0]}.",
            kind=ErrorKind.SCHEMA_MISMATCH,
            next_step="Convert the column to text or to DOUBLE first.",
        ) from error


def seal(file: Path, rows: int, digest: Digest) -> Item:
    """Sync a staged file of some rows and give it its hash as name."""
    with translated_io("writing a segment"):
        sync_file(file)
        faults.reach("store.segment-synced")
        name = hash_file(file)
        size = file.stat().st_size
        file.replace(file.with_name(name))
    return Item(name, rows, size, digest=str(digest))


def _errno_of(error: duckdb.IOException) -> int:
    text = str(error)
    known = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES)
    return next((code for code in known if os.strerror(code) in text), errno.EIO)
