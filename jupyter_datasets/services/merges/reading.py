"""Rows of several versions of a table, read into temporary tables; those of one segment are read once for all."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa

from jupyter_datasets.engine.pool import Engine
from jupyter_datasets.engine.relations import PIECE, ROW, Session
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.columns import Line
from jupyter_datasets.services.versions.scans import in_file, scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms, logical
from jupyter_datasets.store.patches import Numbers, Piece
from jupyter_datasets.store.schemas import Field, Schema

_MOST_LETTERS = 80
_NUMBER = f"({quote_name(PIECE)} << 32 | {quote_name(ROW)})"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """How a version's segments give rows of the merged table.

    Attributes
    ----------
    fields
        The version's own fields in the order of the merged table's, under its names.
    types
        What the merged table holds.
    """

    fields: Schema
    types: tuple[str, ...]

    @classmethod
    def of(cls, fields: Sequence[Field]) -> Self:
        """The version's own columns as they are."""
        return cls(fields=Schema(fields=tuple(fields)), types=tuple(f.type for f in fields))

    def bind(self, session: Session, name: str, pieces: Sequence[Piece]) -> str:
        """The query for the rows of some pieces with their places."""
        rows = scan(self.fields, pieces).bind(session, name, numbered=True)
        if self.is_plain:
            return rows
        columns = ", ".join(
            f"CAST({quote_name(f.name)} AS {kind}) AS {quote_name(f.name)}"
            for f, kind in zip(self.fields.fields, self.types, strict=True)
        )
        return f"SELECT {columns}, {quote_name(PIECE)}, {quote_name(ROW)} FROM ({rows})"

    @property
    def casts(self) -> list[tuple[Field, str]]:
        """Fields with the types that they are to have, where not every value need have its like in that."""
        pairs = zip(self.fields.fields, self.types, strict=True)
        return [(f, kind) for f, kind in pairs if not logical.widens_to(f.type, kind)]

    @property
    def is_plain(self) -> bool:
        """Whether the version holds the merged table's types."""
        return all(f.type == kind for f, kind in zip(self.fields.fields, self.types, strict=True))


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Pieces of a version of which all rows are wanted, or some."""

    view: View
    pieces: Sequence[Piece]


@dataclass(frozen=True, kw_only=True, slots=True)
class Lost:
    """A value, as text, that is another one in the type that its column is to have."""

    column: str
    type: str
    wanted: str
    value: str


@contextmanager
def opened(table: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own to read a table with; a value that fits no type that it is to have is named."""
    with _engine().cursor() as connection:
        try:
            yield connection
        except duckdb.ConversionException as error:
            raise InvalidInputError(
                f"A value of table {table!r} does not fit the type that its column has on the other side: "
                f"{str(error).splitlines()[0].removeprefix('Conversion Error: ').rstrip('.')}.",
                kind=ErrorKind.SCHEMA_MISMATCH,
                next_step="Take the other side's type, or one side's whole table.",
                details={"table": table},
            ) from error


@cache
def _engine() -> Engine:
    return Engine(min(os.cpu_count() or 1, 8), forms.configure)


def lost(connection: duckdb.DuckDBPyConnection, wanted: Wanted) -> Lost | None:
    """The first value that does not come back when it is cast to the type that its column is to have."""
    session, first = Session(connection), f"ORDER BY {_NUMBER} LIMIT 1"
    for number, (own, kind) in enumerate(wanted.view.casts):
        rows = View.of([own]).bind(session, f"cast {number}", wanted.pieces)
        value = quote_name(own.name)
        back = f"TRY_CAST(TRY_CAST({value} AS {kind}) AS {own.type})"
        query = f"SELECT CAST({value} AS VARCHAR) FROM ({rows}) WHERE"
        try:
            found = connection.execute(f"{query} {value} IS DISTINCT FROM {back} {first}").fetchone()
        except duckdb.BinderException:  # no value of the one type is any of the other
            found = connection.execute(f"{query} {value} IS NOT NULL {first}").fetchone()
        if found:
            return Lost(column=own.name, type=own.type, wanted=kind, value=found[0])
    return None


def read(connection: duckdb.DuckDBPyConnection, table: str, wanted: Mapping[str, Wanted]) -> None:
    """Make a temporary table of each of these names: the rows, with ``jd piece`` and ``jd row``.

    Raises
    ------
    InvalidInputError
        A value is another one in the type that its column is to have.
    """
    for each in wanted.values():
        if value := lost(connection, each):
            raise _unlike(table, value)
    session = Session(connection)
    for number, view in enumerate(dict.fromkeys(each.view for each in wanted.values())):
        own = {name: each.pieces for name, each in wanted.items() if each.view == view}
        shared = _shared(own.values())
        paths = list(shared)
        some = [Piece(path=path, rows=rows.size, only=rows) for path, rows in shared.items()]
        connection.execute(f"CREATE TEMP TABLE shared{number} AS {view.bind(session, f'shared {number}', some)}")
        for name, pieces in own.items():
            whole = [replace(piece, path=None) if piece.only is not None else piece for piece in pieces]
            rest = view.bind(session, name, whole)
            places = session.table(f"{name} places", _places(paths, pieces))
            taken = f"SELECT s.* REPLACE (p.piece AS {quote_name(PIECE)}) FROM shared{number} s JOIN {places} p"
            connection.execute(f"CREATE TEMP TABLE {name} AS {rest} UNION ALL {taken} ON {_NUMBER} = p.number")


def _unlike(table: str, lost: Lost) -> InvalidInputError:
    return InvalidInputError(
        f"Column {lost.column!r} of table {table!r} holds {_clipped(lost.value)!r}, a {lost.type}, "
        f"which is not the same as {lost.wanted}.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step="Take the other side's type, or one side's whole table.",
        details={"table": table, "column": lost.column, "expected": lost.wanted, "found": lost.type},
    )


def _clipped(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[:_MOST_LETTERS]}..."


def views(merged: Schema, lines: Sequence[Line]) -> tuple[View, View, View]:
    """How base, ours and theirs are read as the merged table.

    A column that a side lacks has its default there. So has one in the base that either side dropped: whoever keeps it
    has changed it.
    """
    base = [line.base if line.ours and line.theirs else None for line in lines]
    return (
        _view(merged, base),
        _view(merged, [line.ours for line in lines]),
        _view(merged, [line.theirs for line in lines]),
    )


def _view(merged: Schema, side: Sequence[Field | None]) -> View:
    pairs = zip(side, merged.fields, strict=True)
    fields = tuple(_read_as(own, f, merged.next_id + place) for place, (own, f) in enumerate(pairs))
    return View(fields=Schema(fields=fields), types=tuple(f.type for f in merged.fields))


def _read_as(own: Field | None, merged: Field, unused: int) -> Field:
    if own is not None:
        return replace(own, name=merged.name)
    return replace(merged, id=unused, birth=f"jd absent {unused}")


def _shared(wanted: Iterable[Sequence[Piece]]) -> dict[str, Numbers]:
    """The rows that are wanted of segments of which not all are, by path."""
    found = defaultdict[str, list[Numbers]](list)
    for pieces in wanted:
        for piece in pieces:
            if piece.path and piece.only is not None and (rows := in_file(piece)).size:
                found[piece.path].append(rows)
    return {path: np.unique(np.concatenate(rows)) for path, rows in found.items()}


def _places(paths: Sequence[str], pieces: Sequence[Piece]) -> pa.Table:
    """Which of the shared rows belong to some pieces, and to which of them."""
    known = {path: number for number, path in enumerate(paths)}
    numbers, places = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for place, piece in enumerate(pieces):
        if piece.path and piece.only is not None and (rows := in_file(piece)).size:
            numbers.append(rows.astype(np.int64) + (known[piece.path] << 32))
            places.append(np.full(rows.size, place))
    return pa.table({"number": np.concatenate(numbers), "piece": np.concatenate(places)})
