"""Keys: columns that tell a table's rows apart. They hold no null, and no combination of values twice."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.relations import Session
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.versions import spans
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import schemas, segments
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.roots import TableRoot
from jupyter_datasets.store.schemas import Field, Schema


def key_fields(root: TableRoot) -> list[Field]:
    """The fields of a table's key that it still has, in the key's order."""
    return fields_of(root, root.key)


def fields_of(root: TableRoot, ids: Sequence[int]) -> list[Field]:
    """The fields with these ids that a table still has, in their order."""
    known = {f.id: f for f in root.schema.fields}
    return [known[i] for i in ids if i in known]


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


def double(
    schema: Schema, fields: Sequence[Field], pieces: Sequence[Piece], among: pa.Table | None = None
) -> str | None:
    """The values that two rows share in some fields, for people; None where no two rows do.

    Rows with a null among them do not count, as in SQL.

    Parameters
    ----------
    among
        Values, in transfer form under birth names, one of which must be shared: those of rows that were added.
        Only rows near them are looked at: the least and greatest of them tell which.
    """
    names = ", ".join(quote_name(f.birth) for f in fields)
    whole = " AND ".join(f"{quote_name(f.birth)} IS NOT NULL" for f in fields)
    keys = Schema(fields=tuple(fields), next_id=schema.next_id)
    with segments.connect() as connection:
        near = [] if among is None else spans.around(fields, among.select([f.birth for f in fields]))
        rows = scan(keys, pieces, select=names, spans=near).bind(Session(connection), "table")
        if among is not None:
            rows = f"SELECT * FROM {_near(connection, keys, among, rows)} SEMI JOIN wanted USING ({names})"
        query = f"SELECT {names} FROM ({rows}) WHERE {whole} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
        found = connection.execute(query).fetchone()
    return None if found is None else ", ".join(f"{f.name} = {v}" for f, v in zip(fields, found, strict=True))


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
