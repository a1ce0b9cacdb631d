"""A table on three sides, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.edit_statements import GONE
from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.services.merges.models import Conflict, Resolution
from jupyter_datasets.services.merges.reading import View
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.schemas import Field, Schema

PLACE = f"{quote_name(PIECE)}, {quote_name(ROW)}"
ORDER = '"jd order"'

Differing = tuple[Sequence[Piece], Sequence[Piece]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Merged:
    """What is to be done to ours.

    Attributes
    ----------
    rows
        A change set.
    inserts
        Rows to be put behind the others.
    conflicts, count
        The first that nothing settles, and how many there are.
    doubtful
        Without a key: rows that both sides lost, each perhaps for another one.
    doubled
        Without a key: rows that both sides gained.
    """

    rows: pa.Table
    inserts: pa.Table
    conflicts: tuple[Conflict, ...] = ()
    count: int = 0
    doubtful: int = 0
    doubled: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table on three sides.

    Attributes
    ----------
    schema
        Of the merged table.
    base, ours, theirs
        How the rows of each side are read.
    base_to_ours, base_to_theirs
        The pieces that either has and the other lacks, or of a segment of both the rows that may differ.
    near
        The pieces of ours in their places, where rows are that theirs may have changed.
    theirs_is_newer
        Whether theirs was committed later.
    skip, room
        How many of the conflicts to pass over, and how many to tell then.
    """

    name: str
    schema: Schema
    key: Sequence[Field]
    base: View
    ours: View
    theirs: View
    base_to_ours: Differing
    base_to_theirs: Differing
    near: Sequence[Piece]
    theirs_is_newer: bool
    resolutions: Sequence[Resolution]
    skip: int
    room: int


def count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    """The number that a query gives."""
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def fetched(
    connection: duckdb.DuckDBPyConnection, query: str, schema: Schema, *, place: bool = False, order: str = PLACE
) -> pa.Table:
    """Rows as users hand them over, behind their places where they have some."""
    cells = [
        f"{forms.to_public(quote_name(f.name), f.type, as_text=f.as_text)} AS {quote_name(f.name)}"
        for f in schema.fields
    ]
    columns = [PLACE, quote_name(GONE), *cells] if place else cells
    return connection.sql(f"SELECT {', '.join(columns)} FROM ({query}) ORDER BY {order}").to_arrow_table()
