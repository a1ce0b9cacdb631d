"""The rows of a table with a key merged three ways: per row and cell."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from jupyter_datasets.engine.edit_statements import GONE
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.models import Conflict, Resolution
from jupyter_datasets.services.merges.sides import ORDER, PLACE, Merged, Table, count, fetched
from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.store import logical
from jupyter_datasets.store.schemas import Field
from jupyter_datasets.values import name_key


class Keyed:
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
        self._check_sums()
        self._connection.execute(f"CREATE TEMP TABLE decided AS {self._decided()}")
        columns = ", ".join(quote_name(f.name) for f in self._fields)
        places = f"SELECT {self._keys}, {PLACE} FROM ours"
        rows = (
            f"SELECT {PLACE}, action = 'delete' AS {quote_name(GONE)}, {columns} FROM decided "
            f"JOIN ({places}) USING ({self._keys}) WHERE action IN ('update', 'delete')"
        )
        inserts = f"SELECT {columns}, {ORDER} FROM decided WHERE action = 'insert'"
        return Merged(
            rows=fetched(self._connection, rows, self._table.schema, place=True),
            inserts=fetched(self._connection, inserts, self._table.schema, order=ORDER),
            conflicts=tuple(self._conflicts()),
            count=count(self._connection, "SELECT coalesce(sum(len(open)), 0) FROM decided"),
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
        own = ", ".join([*(f"k.{quote_name(f.name)}" for f in self._table.key), f"tc.{ORDER}"])
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
        return f"SELECT {values}, {ORDER}, {action} AS action, {unsettled} AS open FROM met"

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
        agreed = _agreed(base, ours, theirs)
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

    def _check_sums(self) -> None:
        """Refuse changes that add up to more than the type of their column holds."""
        for field in self._cells:
            if any(r.take == "sum" for r in self._settling(field)):
                query = f"SELECT {self._sum_key()}, {self._too_much(field)} FROM met WHERE t_come AND o_come"
                found = self._connection.execute(f"FROM ({query}) t(key, much) WHERE much LIMIT 1").fetchone()
                if found:
                    raise _too_great(self._table.name, field, found[0])

    def _sum_key(self) -> str:
        texts = (f"{quote_text(f'{f.name} = ')} || CAST({quote_name(f.name)} AS VARCHAR)" for f in self._table.key)
        return f"concat_ws(', ', {', '.join(texts)})"

    def _too_much(self, field: Field) -> str:
        """Whether a cell is settled by a sum that is no value of its type."""
        base, ours, theirs = (_of(side, field) for side in "bot")
        total = _taken("sum", field, self._table.theirs_is_newer)
        fails = f"{ours} IS NOT NULL AND {theirs} IS NOT NULL AND TRY(CAST({total} AS {field.type})) IS NULL"
        whens = "".join(
            f"WHEN {self._fits(r)} THEN {fails if r.take == 'sum' else 'false'} "
            for r in reversed(self._settling(field))
        )
        return f"NOT {_agreed(base, ours, theirs)} AND CASE {whens}ELSE false END"

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
        if len(resolution.key) != len(self._table.key):
            return "false"
        pairs = zip(self._table.key, resolution.key, strict=True)
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


def _agreed(base: str, ours: str, theirs: str) -> str:
    same = f"{ours} IS NOT DISTINCT FROM {theirs}"
    return f"({_same_as_base(theirs, base)} OR {_same_as_base(ours, base)} OR {same})"


def _too_great(table: str, field: Field, key: str) -> InvalidInputError:
    return InvalidInputError(
        f"In table {table!r}, both changes to column {field.name!r} of the row {key} add up to no {field.type}.",
        kind=ErrorKind.SCHEMA_MISMATCH,
        next_step="Settle that row with 'ours', 'theirs', 'max' or 'min', or widen the column on both sides first.",
        details={"table": table, "column": field.name, "key": key},
    )


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
