"""Logical types, parsed: which there are, which can be stored, which hold the values of others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import duckdb
from duckdb.sqltypes import DuckDBPyType

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.sqltext import quote_name

LeafText = Callable[["LogicalType"], str]

FIELD_ID = "__duckdb_field_id"
"""What DuckDB's Parquet writer calls a field's own id among those of its parts; no column or part can be called so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogicalType:
    """A parsed type.

    Attributes
    ----------
    text
        Canonical SQL text.
    kind
        DuckDB's id of the type in lower case (``"bigint"``, ``"struct"``), or ``"json"``.
    parts
        Children by name: the fields of a STRUCT, ``element`` of a LIST or ARRAY, ``key`` and ``value`` of a MAP.
    size
        Length of an ARRAY, width of a DECIMAL, else 0.
    scale
        Digits after the point of a DECIMAL, else 0.
    """

    text: str
    kind: str
    parts: tuple[tuple[str, LogicalType], ...] = ()
    size: int = 0
    scale: int = 0

    def leaves(self) -> Iterator[LogicalType]:
        """The types without parts, depth first."""
        if not self.parts:
            yield self
        for _, part in self.parts:
            yield from part.leaves()


class _Parser:
    """DuckDB's own type parser, on a private database that holds no user types."""

    def __init__(self) -> None:
        self._connection = duckdb.connect(":memory:", config={"threads": 1})
        self._lock = threading.Lock()

    def parse(self, text: str) -> LogicalType:
        with self._lock:
            return _node(self._connection.type(text))


def _node(found: DuckDBPyType) -> LogicalType:
    text, kind = str(found), str(found.id)
    if kind == "decimal":
        digits = _children(found)
        return LogicalType(text=text, kind=kind, size=digits["precision"], scale=digits["scale"])
    if kind in ("list", "array"):
        inside = _children(found)
        parts = (("element", _node(inside["child"])),)
        return LogicalType(text=text, kind=kind, parts=parts, size=inside.get("size", 0))
    if kind in ("struct", "map"):
        return LogicalType(
            text=text, kind=kind, parts=tuple((name, _node(part)) for name, part in _children(found).items())
        )
    return LogicalType(text=text, kind="json" if text == "JSON" else kind)


def _children(found: DuckDBPyType) -> dict[str, Any]:
    """Types, or the numbers of a DECIMAL or ARRAY; their class depends on the name."""
    return dict(found.children)


@cache
def _parser() -> _Parser:
    return _Parser()


@lru_cache(maxsize=4096)
def parse(type_text: str) -> LogicalType:
    """Read a type.

    Raises
    ------
    InvalidInputError
        With ``kind`` UNSUPPORTED_TYPE, when DuckDB knows no such type.
    """
    try:
        return _parser().parse(type_text)
    except duckdb.Error as error:
        raise InvalidInputError(
            f"{_clip(type_text)!r} is not a type.",
            kind=ErrorKind.UNSUPPORTED_TYPE,
            next_step="Use an SQL type of DuckDB, such as BIGINT, DECIMAL(18,3) or VARCHAR[].",
            details={"type": type_text},
        ) from error


def _clip(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."


def normalise(type_text: str) -> str:
    """The canonical text of a type: ``int`` and ``INT4`` are ``INTEGER``. Raises as :func:`parse` does."""
    return parse(type_text).text


def rebuild(node: LogicalType, leaf: LeafText, *, arrays: bool = True) -> str:
    """The text of the same nesting over other leaves.

    Parameters
    ----------
    node
        The type to start from.
    leaf
        Gives the new type text of a type without parts.
    arrays
        Whether a fixed ARRAY stays one; else it becomes a LIST.
    """
    inner = [(name, rebuild(part, leaf, arrays=arrays)) for name, part in node.parts]
    if node.kind == "list" or (node.kind == "array" and not arrays):
        return f"{inner[0][1]}[]"
    if node.kind == "array":
        return f"{inner[0][1]}[{node.size}]"
    if node.kind == "map":
        return f"MAP({inner[0][1]}, {inner[1][1]})"
    if node.kind == "struct":
        return "STRUCT(" + ", ".join(f"{quote_name(name)} {text}" for name, text in inner) + ")"
    return leaf(node)


def nested_count(logical: str) -> int:
    """How many types lie inside a nested type, at every depth: elements, keys, values and fields."""
    return _count(parse(logical))


def _count(node: LogicalType) -> int:
    return sum(1 + _count(part) for _, part in node.parts)


def concrete(logical: str) -> str:
    """The type with DuckDB's ``"NULL"`` type, that of a bare NULL or ``[]``, replaced by VARCHAR at every depth.

    A column of type ``"NULL"`` could never take a value. VARCHAR is what DuckDB's own CSV reader gives a column without
    values, and ``CAST(x AS concrete type)`` keeps NULLs, empty lists and empty maps as they are.
    """
    return normalise(rebuild(parse(logical), lambda leaf: "VARCHAR" if leaf.kind == "null" else leaf.text))


# --------------------------------------------------------------------------------------------------------------------
# Which types can be stored

_INTEGERS = {
    "tinyint": (-(2**7), 2**7 - 1),
    "utinyint": (0, 2**8 - 1),
    "smallint": (-(2**15), 2**15 - 1),
    "usmallint": (0, 2**16 - 1),
    "integer": (-(2**31), 2**31 - 1),
    "uinteger": (0, 2**32 - 1),
    "bigint": (-(2**63), 2**63 - 1),
    "ubigint": (0, 2**64 - 1),
    "hugeint": (-(2**127), 2**127 - 1),
    "uhugeint": (0, 2**128 - 1),
}
_TIMES = {
    "date",
    "time",
    "time_ns",
    "time with time zone",
    "timestamp",
    "timestamp_s",
    "timestamp_ms",
    "timestamp_ns",
    "timestamp with time zone",
    "timestamptz_ns",
    "interval",
}
_OTHERS = {"boolean", "bignum", "float", "double", "decimal", "varchar", "blob", "bit", "uuid", "json", "enum"}
_STORABLE = frozenset(_INTEGERS) | _TIMES | _OTHERS

_REMEDIES = {
    "union": "Cast it to a STRUCT or to VARCHAR.",
    "tuple": "Give its fields names, as in {'a': 1, 'b': 2}.",
    "geometry": "Store ST_AsWKB(...) of it, a BLOB.",
    "variant": "Cast it to JSON, or to the type of its values.",
    "null": "Cast it to the type that its values will have.",
}


def check_supported(column: str, logical: str) -> None:
    """Refuse a column whose type cannot be stored exactly.

    Raises
    ------
    InvalidInputError
        With ``kind`` UNSUPPORTED_TYPE; ``details``: ``column``, ``part`` (the path inside a nested type), ``type``.
    """
    node = parse(logical)
    for path, leaf in _paths(column, node):
        if leaf.kind not in _STORABLE:
            raise _unsupported(column, path, leaf)
    if reserved := next((name for name in _names(node) if name.casefold() == FIELD_ID), None):
        raise InvalidInputError(
            f"Column {column!r} has a part called {reserved!r}, a name that segments keep for themselves.",
            kind=ErrorKind.UNSUPPORTED_TYPE,
            next_step="Give that part another name.",
            details={"column": column, "part": reserved, "type": node.text},
        )


def _names(node: LogicalType) -> Iterator[str]:
    for name, part in node.parts:
        yield name
        yield from _names(part)


def _paths(path: str, node: LogicalType) -> Iterator[tuple[str, LogicalType]]:
    if not node.parts:
        yield path, node
    for name, part in node.parts:
        step = "[]" if node.kind in ("list", "array") else f".{name}"
        yield from _paths(path + step, part)


def _unsupported(column: str, path: str, leaf: LogicalType) -> InvalidInputError:
    where = f"Column {column!r}" if path == column else f"The part {path} of column {column!r}"
    return InvalidInputError(
        f"{where} has the type {_clip(leaf.text)}, which cannot be stored.",
        kind=ErrorKind.UNSUPPORTED_TYPE,
        next_step=_REMEDIES.get(leaf.kind, "Cast it to VARCHAR, or leave it out."),
        details={"column": column, "part": path, "type": leaf.text},
    )


# --------------------------------------------------------------------------------------------------------------------
# Widening

_FLOATS = {"float": 2**24, "double": 2**53}  # integers up to here are exact
_MAX_DIGITS = 38
_LADDERS = (("date", "timestamp_s", "timestamp_ms", "timestamp"), ("time", "time_ns"))
_OPAQUE = {"blob"}  # its text is an escape, not what the bytes mean
_TEXT_IS_EXACT = {"boolean", "decimal", "bignum", "uuid", "enum", "json", "bit", "time with time zone", *_INTEGERS}


def integer_span(logical: str) -> tuple[int, int] | None:
    """The least and greatest number of a type of integers, both included; None for any other type."""
    return _INTEGERS.get(parse(logical).kind)


def widen(a: str, b: str) -> str | None:
    """The smallest type that takes every value of both, or None.

    Integers widen up to BIGNUM, decimals up to 38 digits, dates to timestamps. Every type but BLOB and nested ones
    widens to VARCHAR when the other side is text, and so do two different ENUMs. Any number and a float give DOUBLE
    (FLOAT if that is exact), the one step that may round: :func:`widens_to` says which are exact. Unlike types, such as
    DATE and BIGINT, have no common type but text, which the caller must choose. Nested types must be equal. ``"NULL"``
    takes part as the type that has no values.
    """
    left, right = parse(a), parse(b)
    if left.text == right.text:
        return left.text
    kinds = {left.kind, right.kind}
    if "null" in kinds:
        return right.text if left.kind == "null" else left.text
    if left.parts or right.parts:
        return None
    if "varchar" in kinds or kinds == {"enum"}:
        return None if kinds & _OPAQUE or not kinds <= _STORABLE else "VARCHAR"
    return _widen_numbers(left, right) or _widen_times(left, right)


def _widen_numbers(left: LogicalType, right: LogicalType) -> str | None:
    sides = (left, right)
    if not all(side.kind in _INTEGERS or side.kind in ("bignum", "decimal", *_FLOATS) for side in sides):
        return None
    if any(side.kind in _FLOATS for side in sides):
        return "FLOAT" if all(_fits_float(side, "float") for side in sides) else "DOUBLE"
    if any(side.kind == "decimal" for side in sides):
        return _widen_decimals(left, right)
    return _widen_integers(left, right)


def _widen_integers(left: LogicalType, right: LogicalType) -> str:
    if "bignum" in (left.kind, right.kind):
        return "BIGNUM"
    (low_a, high_a), (low_b, high_b) = _INTEGERS[left.kind], _INTEGERS[right.kind]
    low, high = min(low_a, low_b), max(high_a, high_b)
    return next((kind.upper() for kind, span in _INTEGERS.items() if span[0] <= low and high <= span[1]), "BIGNUM")


def _widen_decimals(left: LogicalType, right: LogicalType) -> str | None:
    if "bignum" in (left.kind, right.kind):
        return None
    whole = max(_whole_digits(left), _whole_digits(right))
    scale = max(left.scale, right.scale)
    return f"DECIMAL({whole + scale},{scale})" if whole + scale <= _MAX_DIGITS else None


def _whole_digits(node: LogicalType) -> int:
    return node.size - node.scale if node.kind == "decimal" else len(str(_INTEGERS[node.kind][1]))


def _fits_float(node: LogicalType, kind: str) -> bool:
    """Whether a float of this kind holds every value of the type exactly."""
    if node.kind in _FLOATS:
        return _FLOATS[node.kind] <= _FLOATS[kind]
    return node.kind in _INTEGERS and max(map(abs, _INTEGERS[node.kind])) <= _FLOATS[kind]


def _widen_times(left: LogicalType, right: LogicalType) -> str | None:
    for ladder in _LADDERS:
        if left.kind in ladder and right.kind in ladder:
            return ladder[max(ladder.index(left.kind), ladder.index(right.kind))].upper()
    return None


def widens_to(a: str, b: str) -> bool:
    """Whether segments of type ``a`` may be read as ``b`` through ``read_parquet(schema => ...)``, exactly and always.

    Then widening a column changes the schema alone. False for what :func:`widen` allows but rounds or may fail, which
    must be rewritten: integers beyond 2**53 and decimals to DOUBLE, DATE to a timestamp (dates reach further), and the
    text of floats, times and intervals, which is DuckDB's choice of the day.
    """
    if widen(a, b) != normalise(b):
        return False
    source, target = parse(a), parse(b)
    if source.text == target.text:
        return True
    if target.kind == "varchar":
        return source.kind in _TEXT_IS_EXACT
    if target.kind in _FLOATS:
        return _fits_float(source, target.kind)
    return source.kind not in ("date", "null")
