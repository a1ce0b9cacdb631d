"""Change sets: rows of a table that go or get other values, named by their places. All that comes is checked.

A change set is Arrow: ``jd piece`` is the place of a segment in the table's plan, ``jd row`` the number of a row in it,
``jd gone`` whether the row goes; behind them come all columns of the table with the row's values from now on.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.versions.reshaping import RowChanges
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import incoming
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.schemas import Schema

GONE = "jd gone"
_PLACES = (PIECE, ROW, GONE)

Places = npt.NDArray[np.int64]


def read(schema: Schema, pieces: Sequence[Piece], rows: Rows) -> dict[int, RowChanges]:
    """The changes by the place of the segment.

    Raises
    ------
    InvalidInputError
        The columns are not the table's, or a row does not exist or is named twice.
    """
    if rows.schema.names[:3] != list(_PLACES) or set(rows.schema.names[3:]) != set(schema.names):
        raise InvalidInputError("A change set has the place of each row, and then all columns of the table.")
    batches = list(rows.batches())
    if not batches:
        return {}
    piece, row, gone = (_places(batches, name) for name in _PLACES)
    order = np.lexsort((row, piece))
    piece, row, leaves = piece[order], row[order], gone[order] != 0
    _check(pieces, piece, row)
    values = _values(schema, rows.schema, batches).take(pa.array(order))
    starts = np.flatnonzero(np.diff(piece, prepend=-1)).tolist()
    return {
        int(piece[a]): RowChanges(
            numbers=row[a:b].astype(np.uint32),
            gone=leaves[a:b],
            values=values.slice(a, b - a).combine_chunks().to_batches()[0],
        )
        for a, b in pairwise([*starts, piece.size])
    }


def _places(batches: Sequence[pa.RecordBatch], name: str) -> Places:
    columns = [batch.column(name) for batch in batches]
    try:
        if any(column.null_count for column in columns):
            raise InvalidInputError("A change set has a row without a place.")
        return np.concatenate([column.cast(pa.int64()).to_numpy(zero_copy_only=False) for column in columns])
    except pa.ArrowException as error:
        raise InvalidInputError("The places of rows in a change set are whole numbers.") from error


def _check(pieces: Sequence[Piece], piece: Places, row: Places) -> None:
    twice = (np.diff(piece) == 0) & (np.diff(row) == 0)
    if twice.any():
        raise InvalidInputError(
            "A row would be changed twice by one statement.",
            next_step="Make sure that each row of the table matches one row of the other table at most.",
        )
    if piece.size and (piece[0] < 0 or piece[-1] >= len(pieces)):
        raise InvalidInputError("A change set names a segment that the table does not have.")
    for place in np.unique(piece).tolist():
        found, known = row[piece == place], pieces[place]
        gone = known.patch.numbers[known.patch.gone] if known.patch is not None else np.empty(0, np.uint32)
        total = known.rows + gone.size
        if found[0] < 0 or found[-1] >= total or np.isin(found, gone).any():
            raise InvalidInputError("A change set names a row that the table does not have.")


def _values(schema: Schema, arrow: pa.Schema, batches: Sequence[pa.RecordBatch]) -> pa.Table:
    """The new values in transfer form; a column without any value has the table's type."""
    names = arrow.names[3:]
    given = pa.schema([arrow.field(name) for name in names])
    columns = incoming.settled(incoming.inspect(given).columns, given, schema)
    found = incoming.conform((batch.select(names) for batch in batches), given, columns, schema)
    return pa.Table.from_batches(found)
