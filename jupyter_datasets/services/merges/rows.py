"""The rows of a table merged three ways: what theirs did since the base, done to ours.

With a key, per row and cell. Without one a row is its values: ours loses what theirs lost beyond what ours lost
already, and gains what theirs gained; where both did the same, it is done once. Rows are compared by value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import duckdb
import pyarrow as pa

from jupyter_datasets.engine.edit_statements import GONE
from jupyter_datasets.engine.relations import PIECE, ROW
from jupyter_datasets.services.merges.models import Conflict, Resolution
from jupyter_datasets.services.merges.reading import View, Wanted, opened, read
from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.store import forms, logical
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.schemas import Field, Schema
from jupyter_datasets.values import name_key

_PLACE = f"{quote_name(PIECE)}, {quote_name(ROW)}"
_ORDER = '"jd order"'

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
    """

    rows: pa.Table
    inserts: pa.Table
    conflicts: tuple[Conflict, ...] = ()
    count: int = 0
    doubtful: int = 0


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
            return _Keyed(connection, table).merge()
        if _did_the_same(connection):
            connection.execute("DELETE FROM theirs_gone")
            connection.execute("DELETE FROM theirs_come")
        return _without_key(connection, table)


def retyped(name: str, table: Wanted) -> pa.Table:
    """All rows of a table with other types, as users hand them over; raises as :func:`merge` does."""
    with opened(name) as connection:
        read(connection, {"whole": table})
        columns = zip(table.view.fields.fields, table.view.types, strict=True)
        schema = Schema(fields=tuple(replace(f, type=kind, as_text=False) for f, kind in columns))
        return _fetched(connection, "FROM whole", schema)


def is_touched(name: str, before: Wanted, after: Wanted) -> bool:
    """Whether the last column has another value in a row that both have; the columns before it tell rows apart."""
    with opened(name) as connection:
        read(connection, {"before": before, "after": after})
        *key, old = (quote_name(f.name) for f in before.view.fields.fields)
        *same, new = (quote_name(f.name) for f in after.view.fields.fields)
        on = " AND ".join(f"b.{one} = a.{other}" for one, other in zip(key, same, strict=True))
        query = f"SELECT count(*) FROM before b JOIN after a ON {on} WHERE b.{old} IS DISTINCT FROM a.{new}"
        return _count(connection, query) > 0


def _differences(connection: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Temporary tables of the rows that ours and theirs lost and gained since the base, and of ours near them."""
    wanted = {"ours": Wanted(view=table.ours, pieces=table.near)}
    for side, view, (old, new) in (
        ("ours", table.ours, table.base_to_ours),
        ("theirs", table.theirs, table.base_to_theirs),
    ):
        wanted[f"{side}_before"] = Wanted(view=table.base, pieces=old)
        wanted[f"{side}_after"] = Wanted(view=view, pieces=new)
    read(connection, wanted)
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
    return not any(_count(connection, f"SELECT count(*) FROM ({query})") for query in beyond)


def _in_order(schema: Schema, rows: str, placed: str) -> str:
    """Some of the rows of a table, as often as they are told, with what puts them into that table's order."""
    columns = [quote_name(f.name) for f in schema.fields]
    same = " AND ".join(f"a.{name} IS NOT DISTINCT FROM b.{name}" for name in columns)
    own = ", ".join(f"a.{name}" for name in columns)
    counted = f"SELECT {', '.join(columns)}, count(*) AS jd_n FROM {rows} GROUP BY ALL"
    order = f"(a.{quote_name(PIECE)} << 32) | a.{quote_name(ROW)}"
    found = (
        f"SELECT {own}, {order} AS {_ORDER}, b.jd_n, "
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
    rows = f"SELECT {_PLACE}, true AS {quote_name(GONE)}, {nulls} FROM ({found}) WHERE number <= most"
    return Merged(
        rows=_fetched(connection, rows, table.schema, place=True),
        inserts=_fetched(connection, "FROM theirs_come", table.schema, order=_ORDER),
        doubtful=_count(connection, f"SELECT count(*) FROM theirs_gone b WHERE EXISTS (FROM ours_gone a WHERE {same})"),
    )


class _Keyed:
    """A merge per row and cell."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, table: Table) -> None:
        self._connection = connection
        self._table = table
        self._fields = table.schema.fields
        self._keys = ", ".join(quote_name(f.name) for f in table.key)
        self._cells = [f for f in self._fields if f not in table.key]

    def merge(self) -> Merged:
        """See :func:`merge`."""
        self._connection.execute(f"CREATE TEMP TABLE met AS {self._met()}")
        self._connection.execute(f"CREATE TEMP TABLE decided AS {self._decided()}")
        columns = ", ".join(quote_name(f.name) for f in self._fields)
        places = f"SELECT {self._keys}, {_PLACE} FROM ours"
        rows = (
            f"SELECT {_PLACE}, action = 'delete' AS {quote_name(GONE)}, {columns} FROM decided "
            f"JOIN ({places}) USING ({self._keys}) WHERE action IN ('update', 'delete')"
        )
        inserts = f"SELECT {columns}, {_ORDER} FROM decided WHERE action = 'insert'"
        return Merged(
            rows=_fetched(self._connection, rows, self._table.schema, place=True),
            inserts=_fetched(self._connection, inserts, self._table.schema, order=_ORDER),
            conflicts=tuple(self._conflicts()),
            count=_count(self._connection, "SELECT coalesce(sum(len(open)), 0) FROM decided"),
        )

    def _met(self) -> str:
        """Each key that theirs touched, with the row on all three sides, and who has lost and gained one."""
        cells = ", ".join(
            f"coalesce(tg.{n}, og.{n}) AS {_of('b', f)}, tc.{n} AS {_of('t', f)}, oc.{n} AS {_of('o', f)}"
            for f in self._cells
            for n in [quote_name(f.name)]
        )
        flags = ", ".join(
            f"{alias}.{self._first_key} IS NOT NULL AS {name}"
            for alias, name in (("tg", "t_gone"), ("tc", "t_come"), ("og", "o_gone"), ("oc", "o_come"))
        )
        keys = f"SELECT {self._keys} FROM theirs_gone UNION SELECT {self._keys} FROM theirs_come"
        joins = " ".join(
            f"LEFT JOIN {table} {alias} ON {self._same(alias)}"
            for table, alias in (("theirs_gone", "tg"), ("theirs_come", "tc"), ("ours_gone", "og"), ("ours_come", "oc"))
        )
        own = ", ".join([*(f"k.{quote_name(f.name)}" for f in self._table.key), f"tc.{_ORDER}"])
        return f"SELECT {', '.join(filter(None, [own, flags, cells]))} FROM ({keys}) k {joins}"

    def _decided(self) -> str:
        """Each key with what is to be done, the row's values then, and the cells that nothing decides."""
        values = ", ".join(self._value(f) for f in self._fields)
        clashes = ", ".join(self._open_cell(f) for f in self._cells)
        kinds = "STRUCT(kind VARCHAR, col VARCHAR, base VARCHAR, ours VARCHAR, theirs VARCHAR)[]"
        cells = f"list_filter([{clashes}], lambda c: c IS NOT NULL)" if clashes else f"CAST([] AS {kinds})"
        row = (
            "[{kind: 'row', col: CAST(NULL AS VARCHAR), base: CAST(NULL AS VARCHAR), "
            "ours: if(o_come, 'changed', 'removed'), theirs: if(t_come, 'changed', 'removed')}]"
        )
        take = self._row_take()
        action = (
            "CASE WHEN t_come AND o_come THEN 'update' "
            f"WHEN {_ROW_CLASH} THEN CASE WHEN {take} = 'theirs' THEN if(t_come, 'insert', 'delete') ELSE 'keep' END "
            "WHEN o_gone THEN 'keep' "
            "WHEN t_come AND t_gone THEN 'update' WHEN t_come THEN 'insert' ELSE 'delete' END"
        )
        unsettled = (
            f"CASE WHEN {_ROW_CLASH} AND {take} IS NULL THEN {row} WHEN t_come AND o_come THEN {cells} ELSE [] END"
        )
        return f"SELECT {values}, {_ORDER}, {action} AS action, {unsettled} AS open FROM met"

    def _value(self, field: Field) -> str:
        name = quote_name(field.name)
        if field in self._table.key:
            return name
        base, ours, theirs = (_of(side, field) for side in "bot")
        both = (
            f"CASE WHEN {_same_as_base(theirs, base)} THEN {ours} WHEN {_same_as_base(ours, base)} THEN {theirs} "
            f"WHEN {ours} IS NOT DISTINCT FROM {theirs} THEN {ours} ELSE {self._settled(field)} END"
        )
        return f"CASE WHEN t_come AND o_come THEN CAST({both} AS {field.type}) ELSE {theirs} END AS {name}"

    def _open_cell(self, field: Field) -> str:
        """The cell as a conflict, or NULL where the sides agree or something settles it."""
        base, ours, theirs = (_of(side, field) for side in "bot")
        agreed = f"{_same_as_base(theirs, base)} OR {_same_as_base(ours, base)} OR {ours} IS NOT DISTINCT FROM {theirs}"
        settled = " OR ".join(self._fits(r) for r in self._settling(field)) or "false"
        texts = ", ".join(
            f"{side}: CAST({value} AS VARCHAR)" for side, value in (("base", base), ("ours", ours), ("theirs", theirs))
        )
        found = f"{{kind: 'cell', col: {quote_text(field.name)}, {texts}}}"
        return f"CASE WHEN {agreed} OR {settled} THEN NULL ELSE {found} END"

    def _settling(self, field: Field) -> list[Resolution]:
        own = [r for r in self._resolutions if r.column is None or name_key(r.column) == name_key(field.name)]
        return [r for r in own if r.take != "sum" or logical.parse(field.type).kind in _NUMBERS]

    def _settled(self, field: Field) -> str:
        whens = "".join(
            f"WHEN {self._fits(r)} THEN {_taken(r.take, field, self._table.theirs_is_newer)} "
            for r in reversed(self._settling(field))
        )
        return f"CASE {whens}ELSE NULL END" if whens else "NULL"

    def _row_take(self) -> str:
        """Which side decides about a row that one removed and the other changed; NULL when nothing tells."""
        newest = "theirs" if self._table.theirs_is_newer else "ours"
        whens = "".join(
            f"WHEN {self._fits(r)} THEN {quote_text(newest if r.take == 'newest' else r.take)} "
            for r in reversed(self._resolutions)
            if r.column is None and r.take in ("ours", "theirs", "newest")
        )
        return f"CASE {whens}ELSE NULL END" if whens else "CAST(NULL AS VARCHAR)"

    @property
    def _resolutions(self) -> list[Resolution]:
        table = name_key(self._table.name)
        return [r for r in self._table.resolutions if r.table is None or name_key(r.table) == table]

    def _fits(self, resolution: Resolution) -> str:
        if resolution.key is None:
            return "true"
        pairs = zip(self._table.key, resolution.key, strict=False)
        return " AND ".join(f"CAST({quote_name(f.name)} AS VARCHAR) = {quote_text(text)}" for f, text in pairs)

    def _conflicts(self) -> Iterator[Conflict]:
        keys = ", ".join(f"CAST({quote_name(f.name)} AS VARCHAR)" for f in self._table.key)
        cells = f"SELECT {self._keys}, unnest(open) AS c FROM decided WHERE len(open) > 0"
        query = (
            f"SELECT {keys}, c.kind, c.col, c.base, c.ours, c.theirs FROM ({cells}) "
            f"ORDER BY {self._keys}, c.col LIMIT {self._table.room:d} OFFSET {self._table.skip:d}"
        )
        names = [f.name for f in self._table.key]
        for line in self._connection.execute(query).fetchall():
            kind, column, base, ours, theirs = line[len(names) :]
            key = dict(zip(names, line[: len(names)], strict=True))
            yield Conflict(
                kind=kind, name=self._table.name, key=key, column=column, base=base, ours=ours, theirs=theirs
            )

    @property
    def _first_key(self) -> str:
        return quote_name(self._table.key[0].name)

    def _same(self, alias: str) -> str:
        return " AND ".join(f"k.{quote_name(f.name)} = {alias}.{quote_name(f.name)}" for f in self._table.key)


_NUMBERS = frozenset(f"{sign}{size}int" for sign in ("", "u") for size in ("tiny", "small", "big", "huge")) | {
    "integer",
    "uinteger",
    "float",
    "double",
    "decimal",
}
_ROW_CLASH = "((t_gone AND NOT t_come AND o_come) OR (t_come AND o_gone AND NOT o_come))"


def _of(side: str, field: Field) -> str:
    return quote_name(f"jd {side} {field.id}")


def _same_as_base(value: str, base: str) -> str:
    """Whether a side left a cell alone; a row that both sides added has no base."""
    return f"((t_gone OR o_gone) AND {value} IS NOT DISTINCT FROM {base})"


def _taken(take: str, field: Field, theirs_is_newer: bool) -> str:
    base, ours, theirs = (_of(side, field) for side in "bot")
    return {
        "ours": ours,
        "theirs": theirs,
        "newest": theirs if theirs_is_newer else ours,
        "max": f"greatest({ours}, {theirs})",
        "min": f"least({ours}, {theirs})",
        "sum": f"({ours} + {theirs} - coalesce({base}, 0))",
    }[take]


def _count(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    found = connection.execute(query).fetchone()
    return int(found[0]) if found else 0


def _fetched(
    connection: duckdb.DuckDBPyConnection, query: str, schema: Schema, *, place: bool = False, order: str = _PLACE
) -> pa.Table:
    """Rows as users hand them over, behind their places where they have some."""
    cells = [
        f"{forms.to_public(quote_name(f.name), f.type, as_text=f.as_text)} AS {quote_name(f.name)}"
        for f in schema.fields
    ]
    columns = [_PLACE, quote_name(GONE), *cells] if place else cells
    return connection.sql(f"SELECT {', '.join(columns)} FROM ({query}) ORDER BY {order}").to_arrow_table()
