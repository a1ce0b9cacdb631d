"""Count digests from the rows themselves, as files and patches hold them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import schemas, segments
from jupyter_datasets.store.backends import name_of, verify
from jupyter_datasets.store.chunker import Hashes
from jupyter_datasets.store.digests import Digest, layout_of
from jupyter_datasets.store.logical import normalise
from jupyter_datasets.store.patches import Patch, Piece
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.values import short

_FIELD_ID = b"PARQUET:field_id"


class Recount:
    """Digests of rows as the columns of one schema, whatever the age of what holds them."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._hash = _hash([f.birth for f in schema.fields])
        self.layout = schema.layout

    def piece(self, piece: Piece, stated: str = "") -> Digest:
        """Of one segment with its patch.

        Parameters
        ----------
        stated
            Digest that was noted for the segment's file. Where that is of these columns, only a file with a patch is
            read; and if it is wrong, so is what is returned.
        """
        if piece.path is None:
            return self._live(piece.patch)
        known = self._known(stated)
        if known and piece.patch is None:
            return known
        hashes = self._hashes(piece.path)
        whole = known or Digest.of(hashes, self.layout)
        if piece.patch is None:
            return whole
        return whole - Digest.of(hashes[piece.patch.numbers], self.layout) + self._live(piece.patch)

    def _known(self, stated: str) -> Digest | None:
        """What was noted, where that is of these columns."""
        found = Digest.parse(stated) if stated else None
        return found if found and found.layout == self.layout else None

    def _live(self, patch: Patch | None) -> Digest:
        """Of the rows of a patch that are not gone."""
        if patch is None:
            return Digest(self.layout)
        rows = patch.live
        stored = schemas.patch_columns(self._schema, rows.schema.names)
        with segments.connect() as connection:
            connection.register("patch", rows)
            found = connection.execute(f"SELECT {self._hash} FROM (SELECT {stored} FROM patch)").fetchnumpy()["h"]
        return Digest.of(found, self.layout)

    def _hashes(self, path: str) -> Hashes:
        """The hashes of a file's rows in their order."""
        columns = schemas.reader_map(self._schema)
        return _read(path, f"SELECT {self._hash} FROM read_parquet($path, schema => $columns)", {"columns": columns})


def of_file(path: str) -> Digest:
    """Of a segment's rows as the columns that it holds itself, which is what its writer noted."""
    with segments.connect() as connection, _translated(path):
        held = connection.execute("DESCRIBE FROM read_parquet($path)", {"path": path}).fetchall()
        ids = [int(field.metadata[_FIELD_ID]) for field in pq.read_schema(path)]
    layout = layout_of((id, normalise(kind)) for id, (_, kind, *_) in zip(ids, held, strict=True))
    return Digest.of(_read(path, f"SELECT {_hash([name for name, *_ in held])} FROM read_parquet($path)"), layout)


def _hash(columns: list[str]) -> str:
    return f"hash({', '.join(map(quote_name, columns))}) AS h"


def _read(path: str, query: str, given: Mapping[str, object] | None = None) -> Hashes:
    with segments.connect() as connection, _translated(path):
        found = connection.execute(query, {"path": path, **(given or {})}).fetchnumpy()["h"]
    return np.asarray(found, np.uint64)


@contextmanager
def _translated(path: str) -> Iterator[None]:
    try:
        yield
    except (MemoryError, duckdb.OutOfMemoryException):
        raise
    except (OSError, duckdb.Error, pa.ArrowException) as error:
        name = name_of(Path(path))
        verify(Path(path), name)
        raise DamagedObjectError(
            f"Segment {short(name)} cannot be read: {error}.",
            next_step="Restore it from a copy of the store.",
            details={"object": name, "path": path},
        ) from error
