"""Forms: how a logical value looks inside a segment, between two connections, and to users as Arrow.

====================================  ==============================================  ==============================
logical type                          storage form                                    users get (Arrow)
====================================  ==============================================  ==============================
HUGEINT                               DECIMAL(38,0), or VARCHAR with ``as_text``      decimal128(38, 0), or string
UHUGEINT, BIGNUM, BIT, TIMETZ         VARCHAR                                         string
INTERVAL                              STRUCT(months, days, micros)                    month_day_nano_interval
ENUM                                  VARCHAR                                         dictionary of strings
TIMESTAMP_S, TIMESTAMP_MS             TIMESTAMP                                       timestamp[s], timestamp[ms]
ARRAY                                 LIST                                            fixed_size_list
UUID, JSON                            itself                                          string
all others that can be stored         itself                                          DuckDB's native Arrow type
====================================  ==============================================  ==============================

Between two connections values travel in the storage form with ``as_text``, and not as DuckDB's lossless Arrow export:
that still overflows long intervals in silence, forgets ENUMs, and turns BOOLEAN into an extension type for everybody,
because it is set for a whole database. DuckDB's plain export, on the other hand, destroys the database on a HUGEINT of
39 digits and returns wrong UHUGEINTs, so results go to users through :func:`to_public`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial

import duckdb
import pyarrow as pa

from jupyter_datasets.sqltext import quote_name, quote_text
from jupyter_datasets.store.logical import LogicalType, normalise, parse, rebuild

_INTERVAL = "STRUCT(months INTEGER, days INTEGER, micros BIGINT)"
_AS_VARCHAR = frozenset({"uhugeint", "bignum", "bit", "time with time zone"})
_SECONDS = frozenset({"timestamp_s", "timestamp_ms"})
_SENT_AS_TEXT = frozenset({"uuid", "json"})  # by Arrow
_SETTINGS = {
    "TimeZone": "UTC",
    "arrow_lossless_conversion": "false",
    "arrow_large_buffer_size": "false",
    "arrow_output_list_view": "false",
    "arrow_output_version": "1.0",
}


def configure(connection: duckdb.DuckDBPyConnection) -> None:
    """Set what this module relies on, for the connection's whole database: zone UTC, and plain Arrow types."""
    for name, value in _SETTINGS.items():
        connection.execute(f"SET GLOBAL {name} = {quote_text(value)}")


# --------------------------------------------------------------------------------------------------------------------
# Rewriting an expression, whatever its nesting


@dataclass(frozen=True, kw_only=True)
class _Rewrite:
    """Turns values of one form into another.

    Attributes
    ----------
    source, target
        The type text of a logical type before and after.
    leaf
        SQL for one value of a type in ``special``; it must keep NULL.
    special
        Kinds that no CAST can turn. Nests without them are cast as a whole.
    """

    source: Callable[[LogicalType], str]
    target: Callable[[LogicalType], str]
    leaf: Callable[[str, LogicalType], str]
    special: frozenset[str]

    def sql(self, expr: str, node: LogicalType, depth: int = 0) -> str:
        if not any(leaf.kind in self.special for leaf in node.leaves()):
            before, after = self.source(node), self.target(node)
            return expr if normalise(before) == normalise(after) else f"CAST({expr} AS {after})"
        if node.kind == "struct":
            return self._struct(expr, node, depth)
        if node.kind == "map":
            return self._map(expr, node, depth)
        if node.kind in ("list", "array"):
            return self._list(expr, node, depth)
        return self.leaf(expr, node)

    def _struct(self, expr: str, node: LogicalType, depth: int) -> str:
        fields = ", ".join(
            f"{quote_name(name)} := {self.sql(f'struct_extract({expr}, {quote_text(name)})', part, depth)}"
            for name, part in node.parts
        )
        return _keep_null(expr, f"struct_pack({fields})")

    def _list(self, expr: str, node: LogicalType, depth: int) -> str:
        variable = f"e{depth}"
        body = self.sql(variable, node.parts[0][1], depth + 1)
        return f"CAST(list_transform({expr}, lambda {variable}: {body}) AS {self.target(node)})"

    def _map(self, expr: str, node: LogicalType, depth: int) -> str:
        variable = f"e{depth}"
        fields = ", ".join(
            f"{quote_name(name)} := {self.sql(f'struct_extract({variable}, {quote_text(name)})', part, depth + 1)}"
            for name, part in node.parts
        )
        return f"map_from_entries(list_transform(map_entries({expr}), lambda {variable}: struct_pack({fields})))"


def _keep_null(expr: str, value: str) -> str:
    return f"CASE WHEN {expr} IS NULL THEN NULL ELSE {value} END"


# --------------------------------------------------------------------------------------------------------------------
# Storage


def _storage(node: LogicalType, *, as_text: bool) -> str:
    return rebuild(node, lambda leaf: _storage_leaf(leaf, as_text), arrays=False)


def _storage_leaf(leaf: LogicalType, as_text: bool) -> str:
    if leaf.kind == "hugeint":
        return "VARCHAR" if as_text else "DECIMAL(38,0)"
    if leaf.kind in _AS_VARCHAR or leaf.kind == "enum":
        return "VARCHAR"
    if leaf.kind in _SECONDS:
        return "TIMESTAMP"
    return _INTERVAL if leaf.kind == "interval" else leaf.text


def _encode(expr: str, leaf: LogicalType) -> str:
    return _encode_interval(expr) if leaf.kind == "interval" else _encode_timestamp(expr, leaf)


def _encode_interval(expr: str) -> str:
    months = f"CAST(year({expr}) * 12 + month({expr}) AS INTEGER)"
    days = f"CAST(day({expr}) AS INTEGER)"
    return _keep_null(expr, f"struct_pack(months := {months}, days := {days}, micros := {_micros(expr)})")


def _encode_timestamp(expr: str, leaf: LogicalType) -> str:
    # A plain CAST of a value outside TIMESTAMP's range, which Arrow data can hold, invalidates the whole database.
    message = quote_text(f"A {leaf.text} lies outside the range of TIMESTAMP (290309 BC to 294247 AD).")
    refuse = f"CASE WHEN {expr} IS NOT NULL THEN CAST(error({message}) AS TIMESTAMP) END"
    return f"coalesce(TRY_CAST({expr} AS TIMESTAMP), {refuse})"


def _micros(expr: str) -> str:
    """All microseconds: DuckDB gives hours in full, minutes within the hour, and the rest within the minute."""
    return f"(hour({expr}) * 3600000000 + minute({expr}) * 60000000 + microsecond({expr}))"


def _decode(expr: str, leaf: LogicalType) -> str:
    if leaf.kind in _SECONDS:
        return f"CAST({expr} AS {leaf.text})"
    months, days, micros = (f"struct_extract({expr}, '{part}')" for part in ("months", "days", "micros"))
    return f"(to_months({months}) + to_days({days}) + to_microseconds({micros}))"


def storage_type(logical: str, *, as_text: bool = False) -> str:
    """The type of the segment's column, canonical.

    Parameters
    ----------
    logical
        A type that :func:`~jupyter_datasets.store.logical.check_supported` lets pass.
    as_text
        Whether HUGEINTs are stored as text, because the field once had a value of more than 38 digits.
    """
    return normalise(_storage(parse(logical), as_text=as_text))


def to_storage(expr: str, logical: str, *, as_text: bool = False) -> str:
    """SQL that turns a logical value into its storage form at every depth; ``expr`` itself where they are the same.

    The SQL fails with ``duckdb.ConversionException`` on a HUGEINT of 39 digits (unless ``as_text``), and with
    ``duckdb.InvalidInputException`` on a TIMESTAMP_S or TIMESTAMP_MS that TIMESTAMP cannot hold.
    """
    rewrite = _Rewrite(
        source=lambda node: node.text,
        target=lambda node: _storage(node, as_text=as_text),
        leaf=_encode,
        special=_SECONDS | {"interval"},
    )
    return rewrite.sql(expr, parse(logical))


def from_storage(expr: str, logical: str, *, as_text: bool = False) -> str:
    """SQL that turns a value in the storage form back into the logical one; ``expr`` itself where they are the same."""
    rewrite = _Rewrite(
        source=lambda node: _storage(node, as_text=as_text),
        target=lambda node: node.text,
        leaf=_decode,
        special=frozenset({"interval"}),
    )
    return rewrite.sql(expr, parse(logical))


def is_plain(logical: str) -> bool:
    """Whether the storage form is the logical value itself."""
    return storage_type(logical) == normalise(logical)


# --------------------------------------------------------------------------------------------------------------------
# Between two connections


def to_transfer(expr: str, logical: str) -> str:
    """SQL, for the sending connection, whose Arrow export holds the value exactly: its storage form ``as_text``."""
    return to_storage(expr, logical, as_text=True)


def from_transfer(expr: str, logical: str) -> str:
    """SQL, for the connection that received the Arrow data, that gives the logical value again."""
    sent = storage_type(logical, as_text=True)
    restored = expr if _arrives_as_sent(parse(logical)) else f"CAST({expr} AS {sent})"
    return from_storage(restored, logical, as_text=True)


def transfer_to_storage(expr: str, logical: str, *, as_text: bool = False) -> str:
    """SQL, for the connection that received the Arrow data, that gives the storage form without the logical value.

    The SQL fails as that of :func:`to_storage` does on a HUGEINT of 39 digits.
    """
    form = storage_type(logical, as_text=as_text)
    arrived = _arrives_as_sent(parse(logical)) and form == storage_type(logical, as_text=True)
    return expr if arrived else f"CAST({expr} AS {form})"


def _arrives_as_sent(node: LogicalType) -> bool:
    return not any(leaf.kind in _SENT_AS_TEXT for leaf in node.leaves())


# --------------------------------------------------------------------------------------------------------------------
# What users get

_ARROW_MICROS = (2**63 - 1) // 1000


def _public(node: LogicalType, *, as_text: bool) -> str:
    return rebuild(node, lambda leaf: _public_leaf(leaf, as_text))


def _public_leaf(leaf: LogicalType, as_text: bool) -> str:
    kept = leaf.kind in _SECONDS or leaf.kind in ("enum", "interval")
    return leaf.text if kept else _storage_leaf(leaf, as_text)


def _guard_interval(expr: str, _leaf: LogicalType) -> str:
    message = quote_text("An INTERVAL exceeds 292 years of microseconds, which Arrow cannot hold. Cast it to VARCHAR.")
    fits = f"{_micros(expr)} BETWEEN -{_ARROW_MICROS} AND {_ARROW_MICROS}"
    return f"CASE WHEN {expr} IS NULL OR {fits} THEN {expr} ELSE CAST(error({message}) AS INTERVAL) END"


def to_public(expr: str, logical: str, *, as_text: bool = False) -> str:
    """SQL whose Arrow export is what users get: plain types, exact values; ``expr`` itself where nothing is to do.

    The SQL fails with ``duckdb.ConversionException`` on a HUGEINT of 39 digits (unless ``as_text``), and with
    ``duckdb.InvalidInputException`` on an interval whose microseconds pass Arrow's nanoseconds.
    """
    rewrite = _Rewrite(
        source=lambda node: node.text,
        target=lambda node: _public(node, as_text=as_text),
        leaf=_guard_interval,
        special=frozenset({"interval"}),
    )
    return rewrite.sql(expr, parse(logical))


def public_types(logical: str) -> frozenset[str]:
    """The types as which values of a logical type may come back from users: those in which they got them."""

    def text(leaf: LogicalType, as_text: bool) -> str:
        return "VARCHAR" if leaf.kind in _SENT_AS_TEXT else _public_leaf(leaf, as_text)

    return frozenset(normalise(rebuild(parse(logical), partial(text, as_text=each))) for each in (False, True))


def arrow_type(logical: str, *, as_text: bool = False) -> pa.DataType:
    """The Arrow type that users get for a logical type."""
    return _exported(normalise(_public(parse(logical), as_text=as_text)))


def transfer_arrow_type(logical: str) -> pa.DataType:
    """The Arrow type in which a value travels between two connections."""
    return _exported(storage_type(logical, as_text=True))


@lru_cache(maxsize=4096)
def _exported(type_text: str) -> pa.DataType:
    return _exporter().arrow_type(type_text)


@cache
def _exporter() -> _Exporter:
    return _Exporter()


class _Exporter:
    """A private database that shows how DuckDB exports a type."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._lock = threading.Lock()
        configure(self._connection)

    def arrow_type(self, type_text: str) -> pa.DataType:
        with self._lock:
            table = self._connection.sql(f"SELECT CAST(NULL AS {type_text}) AS x LIMIT 0").to_arrow_table()
        return table.schema.field("x").type


_NOT_AS_IS = _SECONDS | {"uuid", "json", "enum", "interval"}


def reads_as_is(logical: str) -> bool:
    """Whether PyArrow's Parquet reader gives, for a segment written with this type, what users get from DuckDB.

    Types are equal as Arrow compares them: the names of list elements and map entries differ. One limit is PyArrow's:
    it refuses, with an OSError and never a wrong value, some segments of 32-bit integers and dates that span more than
    half of their range, because DuckDB packs such deltas in more than 32 bits. A reader must fall back to DuckDB then.
    """
    return not _has_array(parse(logical)) and not any(leaf.kind in _NOT_AS_IS for leaf in parse(logical).leaves())


def _has_array(node: LogicalType) -> bool:
    return node.kind == "array" or any(_has_array(part) for _, part in node.parts)
