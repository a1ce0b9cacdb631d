"""What a WHERE says about single columns: values outside of it need not be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlglot import exp

Wanted = tuple[exp.Column, int | None, int | None]
"""A column, and the least and greatest whole number wanted of it; None where there is no end."""

_MIRRORED: Mapping[type[exp.Expr], type[exp.Expr]] = {
    exp.EQ: exp.EQ,
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
}


def ranges(condition: exp.Expr, values: Mapping[str, Any]) -> list[Wanted]:
    """The ranges of whole numbers that a row must be in for the condition to hold; ``values`` are the parameters'."""
    parts = condition.flatten() if isinstance(condition, exp.And) else [condition]
    return [found for part in parts for found in _range(part.unnest(), values)]


def _range(part: exp.Expr, values: Mapping[str, Any]) -> Iterator[Wanted]:
    if isinstance(part, exp.And):
        yield from ranges(part, values)
    elif isinstance(part, exp.Between) and isinstance(part.this, exp.Column):
        least, most = _number(part.args["low"], values), _number(part.args["high"], values)
        if least is not None and most is not None and not part.args.get("symmetric"):
            yield part.this, least, most
    elif isinstance(part, exp.In) and isinstance(part.this, exp.Column) and part.expressions:
        numbers = [_number(each, values) for each in part.expressions]
        known = [number for number in numbers if number is not None]
        if len(known) == len(numbers):
            yield part.this, min(known), max(known)
    elif type(part) in _MIRRORED:
        yield from _compared(type(part), part.this, part.expression, values)


def _compared(kind: type[exp.Expr], left: exp.Expr, right: exp.Expr, values: Mapping[str, Any]) -> Iterator[Wanted]:
    if isinstance(right, exp.Column):
        kind, left, right = _MIRRORED[kind], right, left
    number = _number(right, values)
    if isinstance(left, exp.Column) and number is not None:
        least = number if kind in (exp.EQ, exp.GT, exp.GTE) else None
        most = number if kind in (exp.EQ, exp.LT, exp.LTE) else None
        yield left, least, most


def _number(value: exp.Expr, values: Mapping[str, Any]) -> int | None:
    if isinstance(value, exp.Neg):
        number = _number(value.this, values)
        return None if number is None else -number
    if isinstance(value, exp.Literal):
        return int(value.this) if value.is_int else None
    if isinstance(value, exp.Placeholder | exp.Parameter):
        given = values.get(value.name)
        return given if type(given) is int else None
    return None
