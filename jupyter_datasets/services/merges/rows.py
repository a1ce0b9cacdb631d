"""The rows of a table merged three ways: what theirs did since the base, done to ours.

With a key, per row and cell. Without one a row is its values: ours loses what theirs lost beyond what ours lost
already, and gains what theirs gained; where both did the same, it is done once. Rows are compared by value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.edit_statements import GONE
from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.services.merges.keyed import Keyed
from jupyter_datasets.services.merges.reading import View, Wanted, lost, opened, read
from jupyter_datasets.services.merges.sides import ORDER, PLACE, Merged, Table, count, fetched
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store.schemas import Schema


def merge(table: Table) -> Merged:
    """Merge the rows of a table.

    Raises
    ------
    InvalidInputError
        A value does not fit the type that its column is to have.
    """
    with opened(table.name) as connection:
        _differences(connection, table)
        if table.key:
            return Keyed(connection, table).merge()
        if _did_the_same(connection):
            connection.execute("DELETE FROM theirs_gone")
            connection.execute("DELETE FROM theirs_come")
        return _without_key(connection, table)


def retyped(name: str, table: Wanted) -> pa.Table:
    """All rows of a table with other types, as users hand them over; raises as :func:`merge` does."""
    with opened(name) as connection:
        read(connection, name, {"whole": table})
        columns = zip(table.view.fields.fields, table.view.types, strict=True)
        schema = Schema(fields=tuple(replace(f, type=kind, as_text=False) for f, kind in columns))
        return fetched(connection, "FROM whole", schema)


def is_exact(name: str, columns: Sequence[Wanted]) -> bool:
    """Whether every value of some columns is the same one in the type that it is to have."""
    with opened(name) as connection:
        return not any(each.view.casts and lost(connection, each) for each in columns)


def is_touched(name: str, before: Wanted, after: Wanted) -> bool:
    """Whether the last column has another value in a row that both have; the columns before it tell rows apart."""
    with opened(name) as connection:
        read(connection, name, {"before": before, "after": after})
        *key, old = (quote_name(f.name) for f in before.view.fields.fields)
        *same, new = (quote_name(f.name) for f in after.view.fields.fields)
        on = " AND ".join(f"b.{one} = a.{other}" for one, other in zip(key, same, strict=True))
        query = f"SELECT count(*) FROM before b JOIN after a ON {on} WHERE b.{old} IS DISTINCT FROM a.{new}"
        return count(connection, query) > 0


def is_touched_by_value(name: str, before: Wanted, after: Wanted) -> bool:
    """Whether rows went and others came that differ in the last column, and in none of the columns before it."""
    before = replace(before, view=replace(before.view, types=after.view.types))
    with opened(name) as connection:
        read(connection, name, {"before": before, "after": after})
        one, other = (_unnamed(side, wanted.view) for side, wanted in (("before", before), ("after", after)))
        gone, come = f"({one} EXCEPT ALL {other})", f"({other} EXCEPT ALL {one})"
        query = f"SELECT * EXCLUDE (last) FROM {gone} INTERSECT SELECT * EXCLUDE (last) FROM {come}"
        return count(connection, f"SELECT count(*) FROM ({query})") > 0


def _unnamed(rows: str, view: View) -> str:
    """Rows under names that do not depend on what a side calls its columns, with one value that all of them share."""
    *same, last = (quote_name(f.name) for f in view.fields.fields)
    columns = [*(f"{name} AS c{place}" for place, name in enumerate(same)), f"{last} AS last"]
    return f"SELECT true AS row, {', '.join(columns)} FROM {rows}"


def _differences(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Temporary tables of the rows that ours and theirs lost and gained since the base, and of ours near them."""
    wanted = {"ours": Wanted(view=table.ours, pieces=table.near)}
    for side, view, (old, new) in (
        ("ours", table.ours, table.base_to_ours),
        ("theirs", table.theirs, table.base_to_theirs),
    ):
        wanted[f"{side}_before"] = Wanted(view=table.base, pieces=old)
        wanted[f"{side}_after"] = Wanted(view=view, pieces=new)
    read(connection, table.name, wanted)
    columns = ", ".join(quote_name(f.name) for f in table.schema.fields)
    for side in ("ours", "theirs"):
        before, after = f"SELECT {columns} FROM {side}_before", f"SELECT {columns} FROM {side}_after"
        connection.execute(f"CREATE TEMP TABLE {side}_gone AS {before} EXCEPT ALL {after}")
        connection.execute(f"CREATE TEMP TABLE {side}_new AS {after} EXCEPT ALL {before}")
        come = _in_order(table.schema, f"{side}_new", f"{side}_after")
        connection.execute(f"CREATE TEMP TABLE {side}_come AS {come}")


def _did_the_same(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether both sides lost and gained the same rows, though perhaps in other pieces: then all is done already."""
    pairs = (("ours", "theirs"), ("theirs", "ours"))
    beyond = (f"FROM {a}_{what} EXCEPT ALL FROM {b}_{what}" for what in ("gone", "new") for a, b in pairs)
    return not any(count(connection, f"SELECT count(*) FROM ({query})") for query in beyond)


def _in_order(schema: Schema, rows: str, placed: str) -> str:
    """Some of the rows of a table, as often as they are told, with what puts them into that table's order."""
    columns = [quote_name(f.name) for f in schema.fields]
    same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in columns)
    own = ", ".join(f"a.{name}" for name in columns)
    counted = f"SELECT {', '.join(columns)}, count(*) AS jd_n FROM {rows} GROUP BY ALL"
    order = f"(a.{quote_name(PIECE)} << 32) | a.{quote_name(ROW)}"
    found = (
        f"SELECT {own}, {order} AS {ORDER}, b.jd_n, "
        f"row_number() OVER (PARTITION BY {own} ORDER BY {order} DESC) AS jd_i "
        f"FROM {placed} a JOIN ({counted}) b ON {same}"
    )
    return f"SELECT * EXCLUDE (jd_n, jd_i) FROM ({found}) WHERE jd_i <= jd_n"


def _without_key(connection: duckdb.DuckDBPyConnection, table: Table) -> Merged:
    columns = [quote_name(f.name) for f in table.schema.fields]
    names = ", ".join(columns)
    same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in columns)
    connection.execute(f"CREATE TEMP TABLE lost AS SELECT {names}, count(*) AS jd_n FROM theirs_gone GROUP BY {names}")
    already = f"(SELECT count(*) FROM ours_gone a WHERE {same})"
    nulls = ", ".join(f"CAST(NULL AS {f.type}) AS {quote_name(f.name)}" for f in table.schema.fields)
    found = (
        f"SELECT a.{quote_name(PIECE)}, a.{quote_name(ROW)}, b.most, "
        f"row_number() OVER (PARTITION BY {', '.join(f'a.{name}' for name in columns)} "
        f"ORDER BY a.{quote_name(PIECE)} DESC, a.{quote_name(ROW)} DESC) AS number "
        f"FROM ours a JOIN (SELECT *, jd_n - {already} AS most FROM lost b) b ON {same}"
    )
    rows = f"SELECT {PLACE}, true AS {quote_name(GONE)}, {nulls} FROM ({found}) WHERE number <= most"
    return Merged(
        rows=fetched(connection, rows, table.schema, place=True),
        inserts=fetched(connection, "FROM theirs_come", table.schema, order=ORDER),
        doubtful=count(connection, f"SELECT count(*) FROM theirs_gone b WHERE EXISTS (FROM ours_gone a WHERE {same})"),
        doubled=count(connection, f"SELECT count(*) FROM theirs_come b WHERE EXISTS (FROM ours_come a WHERE {same})"),
    )
