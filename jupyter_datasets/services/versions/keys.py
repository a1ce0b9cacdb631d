"""Keys: columns that tell a table's rows apart. They hold no null, and no combination of values twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.relations import Session
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import schemas, segments
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Field, Schema


@dataclass(frozen=True, kw_only=True, slots=True)
class Violation:
    """Why rows cannot have a key: ``reason`` completes a sentence, ``column`` is one to look at."""

    reason: str
    column: str


def key_fields(root: TableRoot) -> list[Field]:
    """The fields of a table's key that it still has, in the key's order."""
    known = {f.id: f for f in root.schema.fields}
    return [known[i] for i in root.key if i in known]


def violation(schema: Schema, key: Sequence[Field], nulls: frozenset[int], pieces: Sequence[Piece]) -> Violation | None:
    """What in these rows breaks a key; ``nulls`` are the ids of the fields in which a null was met."""
    if empty := [f.name for f in key if f.id in nulls]:
        return Violation(reason=f"column {empty[0]!r} of the key has nulls", column=empty[0])
    return _double(schema, key, pieces) if key and pieces else None


def clash(
    schema: Schema, key: Sequence[Field], added: Iterable[pa.RecordBatch], pieces: Sequence[Piece]
) -> Violation | None:
    """What breaks a key in a table that kept it until some rows, given in transfer form, were added.

    Only rows near the new ones are looked at: the least and greatest new keys tell which.
    """
    births = [f.birth for f in schema.fields]
    rows = pa.Table.from_batches(batch.rename_columns(births).select([f.birth for f in key]) for batch in added)
    if empty := [f.name for f in key if rows.column(f.birth).null_count]:
        return Violation(reason=f"column {empty[0]!r} of the key has nulls", column=empty[0])
    return _double(schema, key, pieces, rows) if rows.num_rows else None


def check_same(root: TableRoot, key: Sequence[str]) -> None:
    """Refuse another key than the one that a table has since it was made."""
    present = key_fields(root)
    if key and [f.id for f in present] != [root.schema.field(name).id for name in key]:
        names = ", ".join(f.name for f in present)
        raise InvalidInputError(
            f"The table's key is {names}, and not {', '.join(key)}." if names else "The table was made without a key.",
            kind=ErrorKind.KEY_VIOLATION,
            next_step="Leave the key out; to have another one, put the rows into a new table.",
            details={"key": [f.name for f in present]},
        )


def _double(
    schema: Schema, key: Sequence[Field], pieces: Sequence[Piece], among: pa.Table | None = None
) -> Violation | None:
    """Two rows with one key, looked for among some keys or all."""
    names = ", ".join(quote_name(f.birth) for f in key)
    keys = Schema(fields=tuple(key), next_id=schema.next_id)
    with segments.connect() as connection:
        rows = scan(keys, pieces, select=names).bind(Session(connection), "table")
        if among is not None:
            rows = f"SELECT * FROM {_near(connection, keys, among, rows)} SEMI JOIN wanted USING ({names})"
        query = f"SELECT {names} FROM ({rows}) GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
        double = connection.execute(query).fetchone()
    if double is None:
        return None
    values = ", ".join(f"{f.name} = {value}" for f, value in zip(key, double, strict=True))
    return Violation(reason=f"two rows have the key {values}", column=key[0].name)


def _near(connection: duckdb.DuckDBPyConnection, keys: Schema, among: pa.Table, rows: str) -> str:
    """Those of the rows whose key may be among some, which are the table ``wanted`` from now on.

    The bounds are said as values: those of a join tell no reader which segments it need not open.
    """
    first = quote_name(keys.fields[0].birth)
    connection.register("among", among)
    connection.execute(f"CREATE TEMP TABLE wanted AS SELECT DISTINCT {schemas.storage_columns(keys)} FROM among")
    connection.execute(f"SET VARIABLE least = (SELECT min({first}) FROM wanted)")
    connection.execute(f"SET VARIABLE most = (SELECT max({first}) FROM wanted)")
    return f"(SELECT * FROM ({rows}) WHERE {first} BETWEEN getvariable('least') AND getvariable('most'))"
