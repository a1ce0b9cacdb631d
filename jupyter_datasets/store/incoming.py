"""Rows that users hand over as Arrow: what columns they have, and their conversion for a segment writer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.store import exactness, forms, logical, narrowing, segments
from jupyter_datasets.store.narrowing import Narrowing
from jupyter_datasets.store.schemas import Column, Field, Schema
from jupyter_datasets.values import repair_columns

BATCH_ROWS = 65_536
_BATCH_BYTES = 16 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """What a stream of Arrow data brings.

    Attributes
    ----------
    columns
        Names, empty and doubled ones repaired, with logical types; in the order of the stream.
    warnings
        What was repaired, for people.
    """

    columns: tuple[Column, ...]
    warnings: tuple[str, ...]


def inspect(schema: pa.Schema) -> Arrival:
    """The columns that a stream of this schema brings.

    Raises
    ------
    InvalidInputError
        There is no column, or one has a type that cannot be stored.
    """
    if not schema.names:
        raise InvalidInputError("There are no columns.", next_step="Give a table with at least one column.")
    given = schema.names
    names, changed = repair_columns(given)
    _refuse_periods(names, schema)
    kinds = _logical_types(schema.remove_metadata())
    columns = tuple(Column(name=name, type=kind) for name, kind in zip(names, kinds, strict=True))
    warnings = (f"Column {i} was called {given[i - 1]!r}; it is {name!r} now." for i, name in changed.items())
    return Arrival(columns=columns, warnings=tuple(warnings))


def settled(columns: Sequence[Column], arrow: pa.Schema, target: Schema) -> tuple[Column, ...]:
    """The columns for a table that there is: one whose Arrow type has no values takes the type it has there."""
    types = {f.name: f.type for f in target.fields}
    return tuple(
        replace(column, type=types.get(column.name, column.type)) if pa.types.is_null(kind) else column
        for column, kind in zip(columns, arrow.types, strict=True)
    )


def joining(columns: Sequence[Column], arrow: pa.Schema, target: Schema) -> tuple[Column, ...]:
    """The columns for rows that are put behind those of a table: as :func:`settled` has them, and under its names.

    Case makes no difference then. A column has the table's type where its values may turn out to be exact in that;
    :func:`conform` looks at each of them.
    """
    known = {f.name.casefold(): f for f in target.fields}
    spelt = [_under(column, known.get(column.name.casefold())) for column in columns]
    found = zip(settled(spelt, arrow, target), (known.get(column.name.casefold()) for column in spelt), strict=True)
    return tuple(_as_taken(column, field) for column, field in found)


def keeping(columns: Sequence[Column], target: Schema, batches: Iterable[pa.RecordBatch]) -> tuple[Column, ...]:
    """The columns, of which those of integers keep the table's narrower type where it holds all values.

    Python and pandas write whole numbers in 64 bits, whatever is needed.
    """
    known = {f.name: f.type for f in target.fields}
    spans = {
        place: span
        for place, column in enumerate(columns)
        if known.get(column.name, column.type) != column.type
        and logical.integer_span(column.type)
        and (span := logical.integer_span(known[column.name]))
    }
    for batch in batches if spans else ():
        spans = {place: span for place, span in spans.items() if _lies_within(batch.column(place), span)}
    return tuple(
        replace(column, type=known[column.name]) if place in spans else column for place, column in enumerate(columns)
    )


def _lies_within(values: pa.Array, span: tuple[int, int]) -> bool:
    ends = pc.min_max(values)
    least, most = ends["min"].as_py(), ends["max"].as_py()
    return least is None or (span[0] <= least and most <= span[1])


def _under(column: Column, field: Field | None) -> Column:
    return column if field is None or field.name == column.name else replace(column, name=field.name)


def _as_taken(column: Column, field: Field | None) -> Column:
    if field is None or field.type == column.type:
        return column
    return replace(column, type=narrowing.taken_as(field.type, column.type))


def narrowed(rows: pa.Table, target: Schema) -> pa.Table:
    """Rows for a table in its types where :func:`joining` says that values may turn out to be exact in them.

    Raises
    ------
    InvalidInputError
        One does not; or the rows are none that :func:`inspect` takes.
    """
    columns = joining(inspect(rows.schema).columns, rows.schema, target)
    found = narrowing.columns(columns, _logical_types(rows.schema.remove_metadata()), target.fields)
    if not found:
        return rows
    given, rows = rows.column_names, rows.rename_columns([column.name for column in columns])
    values = ", ".join(_public(each) for each in found)
    with segments.connect() as connection:
        connection.register("arriving", rows)
        narrowing.check(connection, rows, found, 0)
        cast = connection.sql(f"SELECT {values} FROM arriving").to_arrow_table()
    for each, column in zip(found, cast.columns, strict=True):
        rows = rows.set_column(rows.schema.get_field_index(each.name), each.name, column)
    return rows.rename_columns(given)


def _public(narrowing: Narrowing) -> str:
    field = narrowing.field
    return forms.to_public(f"CAST({narrowing.value} AS {field.type})", field.type, as_text=field.as_text)


def conform(
    batches: Iterable[pa.RecordBatch],
    arrow: pa.Schema,
    columns: Sequence[Column],
    target: Schema,
    *,
    trusted: bool = False,
) -> Iterator[pa.RecordBatch]:
    """The rows in the order and types of a table, as its segment writer takes them.

    Parameters
    ----------
    batches, arrow
        The rows and their Arrow schema.
    columns
        What :func:`inspect` made of it.
    target
        The table's fields; one that the rows lack takes its default or null.
    trusted
        The rows come from a reader of ours, which gives nothing that cannot be stored exactly.

    Raises
    ------
    InvalidInputError
        A value that its column cannot hold exactly, text that is not UTF-8, or a batch of other types than it should
        have. Errors of whoever makes the batches pass as they are.
    """
    narrowings = narrowing.columns(columns, _logical_types(arrow.remove_metadata()), target.fields)
    if not narrowings and _travels_already(arrow, columns, target):
        yield from _slices(batches, _named(arrow, [f.birth for f in target.fields]), trusted)
        return
    values = {column.name: quote_name(column.name) for column in columns} | {n.name: n.value for n in narrowings}
    query = f"SELECT {', '.join(_arriving(f, values.get(f.name)) for f in target.fields)} FROM arriving"
    before = 0
    with segments.connect() as connection:
        # Pushed, not pulled by DuckDB as a stream: errors of whoever makes the batches would lose what they are.
        for rows in _gathered(_slices(batches, _named(arrow, [column.name for column in columns]), trusted)):
            yield from _converted(connection, query, rows, narrowings, before)
            before += rows.num_rows


def _travels_already(arrow: pa.Schema, columns: Sequence[Column], target: Schema) -> bool:
    """Whether the rows are in transfer form as they come, but for their names."""
    return [(c.name, c.type) for c in columns] == [(f.name, f.type) for f in target.fields] and all(
        field.type == forms.transfer_arrow_type(f.type) and forms.is_plain(f.type)
        for field, f in zip(arrow, target.fields, strict=True)
    )


def _named(arrow: pa.Schema, names: Sequence[str]) -> pa.Schema:
    """The types under these names; all nullable, for batches of several origins must agree."""
    return pa.schema([pa.field(name, kind) for name, kind in zip(names, arrow.types, strict=True)])


def _slices(batches: Iterable[pa.RecordBatch], schema: pa.Schema, trusted: bool) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        try:
            named = pa.RecordBatch.from_arrays(batch.columns, schema=schema)
        except (pa.ArrowException, TypeError, ValueError) as error:
            raise _mismatch(f"A batch has other columns than its schema says: {error}.") from error
        if not trusted:
            exactness.check(named)
        for start in range(0, named.num_rows, BATCH_ROWS):
            yield named.slice(start, BATCH_ROWS)


def _gathered(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Small batches together, for each conversion has its price."""
    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= BATCH_ROWS or size >= _BATCH_BYTES:
            yield pa.Table.from_batches(waiting)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting)


def _converted(
    connection: duckdb.DuckDBPyConnection, query: str, rows: pa.Table, narrowings: Sequence[Narrowing], before: int
) -> list[pa.RecordBatch]:
    connection.register("arriving", rows)
    try:
        if narrowings:
            narrowing.check(connection, rows, narrowings, before)
        return list(connection.sql(query).to_arrow_table().to_batches(max_chunksize=BATCH_ROWS))
    except (duckdb.ConversionException, duckdb.OutOfRangeException, duckdb.InvalidInputException) as error:
        reason = str(error).partition("\n")[0].partition(": ")[2].rstrip(".")
        raise _mismatch(f"A value does not fit its column: {reason}.") from error
    finally:
        connection.unregister("arriving")


def _mismatch(what: str) -> InvalidInputError:
    return InvalidInputError(
        what,
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step="Convert the column first, or replace the whole table.",
    )


def _arriving(field: Field, given: str | None) -> str:
    default = "NULL" if field.default is None else quote_text(field.default)
    value = f"CAST({given or default} AS {field.type})"
    return f"{forms.to_transfer(value, field.type)} AS {quote_name(field.birth)}"


def _refuse_periods(names: Sequence[str], schema: pa.Schema) -> None:
    """Periods of pandas are numbers to those who do not know them, and what they count would be lost."""
    for name, field in zip(names, schema, strict=True):
        if _extension(field) == "pandas.period":
            raise InvalidInputError(
                f"Column {name!r} holds periods of pandas, which cannot be stored.",
                kind=ErrorKind.UNSUPPORTED_TYPE,
                next_step="Convert the column first: to text with astype(str), or with dt.to_timestamp().",
                details={"column": name, "type": "period"},
            )


def _extension(field: pa.Field) -> str:
    # An extension that this process does not know is its storage, with the name beside it.
    if isinstance(field.type, pa.ExtensionType):
        return str(field.type.extension_name)
    return str((field.metadata or {}).get(b"ARROW:extension:name", b""), "utf-8", "replace")


@lru_cache(maxsize=256)
def _logical_types(schema: pa.Schema) -> tuple[str, ...]:
    try:
        found = _described(schema)
    except (duckdb.Error, pa.ArrowException) as error:
        raise _unsupported(schema, str(error)) from error
    return tuple(logical.concrete(logical.normalise(kind)) for kind in found)


def _described(schema: pa.Schema) -> list[str]:
    plain = pa.schema([field.with_name(f"c{i}") for i, field in enumerate(schema)])
    with segments.connect() as connection:
        connection.register("arriving", plain.empty_table())
        return [str(kind) for kind in connection.sql("SELECT * FROM arriving").types]


def _unsupported(schema: pa.Schema, why: str) -> InvalidInputError:
    name, kind = next(((f.name, f.type) for f in schema if not _is_supported(f)), ("?", why))
    return InvalidInputError(
        f"Column {name!r} has the type {kind}, which cannot be stored.",
        kind=ErrorKind.UNSUPPORTED_TYPE,
        next_step="Convert the column to another type first.",
        details={"column": name, "type": str(kind)},
    )


def _is_supported(field: pa.Field) -> bool:
    try:
        _described(pa.schema([field]))
    except (duckdb.Error, pa.ArrowException):
        return False
    return True
