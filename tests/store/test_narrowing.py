"""Values of a type that a column cannot take as a whole are taken one by one, exactly or not at all."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import incoming
from jupyter_datasets.store.schemas import Column, Schema

NAN, INF = float("nan"), float("inf")
NS = pa.timestamp("ns")


def joined(values: pa.Array, kind: str, batch_rows: int | None = None) -> list[Any]:
    """What becomes of values that join a column of a type."""
    target = Schema.create([Column(name="X", type=kind)])
    rows = pa.table({"x": values})
    columns = incoming.joining(incoming.inspect(rows.schema).columns, rows.schema, target)
    grown = target.appended_by(columns)
    batches = rows.to_batches(max_chunksize=batch_rows)
    found = pa.Table.from_batches(incoming.conform(batches, rows.schema, columns, grown)).column("X")
    return [int(value) if isinstance(value, str) else value for value in found.to_pylist()]


def floats(*values: float | None, kind: pa.DataType | None = None) -> pa.Array:
    return pa.array(values, kind or pa.float64())


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        (floats(1.0, NAN, None, -0.0, -(2.0**53), 2.0**53), "BIGINT", [1, None, None, 0, -(2**53), 2**53]),
        (floats(0.0, 2.0**53), "UBIGINT", [0, 2**53]),
        (floats(2.0**24, NAN, kind=pa.float32()), "BIGINT", [2**24, None]),
        (floats(5.0, NAN), "HUGEINT", [5, None]),
        (floats(1.25, NAN, None, 100.0), "DECIMAL(10,2)", [Decimal("1.25"), None, None, Decimal("100.00")]),
        (floats(0.1, kind=pa.float32()), "DECIMAL(4,1)", [Decimal("0.1")]),
        (floats(1e20, 12345678901234568.0), "DECIMAL(38,2)", [Decimal("1e20"), Decimal("12345678901234568")]),
        (floats(1.5e-5), "DECIMAL(10,6)", [Decimal("0.000015")]),
        (pa.array([1000, None], NS), "TIMESTAMP", [datetime(1970, 1, 1, 0, 0, 0, 1), None]),
        (pa.array([10**9], NS), "TIMESTAMP_S", [datetime(1970, 1, 1, 0, 0, 1)]),
        (pa.array([1], pa.timestamp("s")), "TIMESTAMP_NS", [datetime(1970, 1, 1, 0, 0, 1)]),
    ],
)  # fmt: skip
def test_values_that_are_exact_are_taken(values: pa.Array, kind: str, expected: list[Any]) -> None:
    """NaN is null in a column that has no such value; the column's type stays, or becomes what it does anyway."""
    assert joined(values, kind) == expected


@pytest.mark.parametrize(
    ("values", "kind", "row", "told"),
    [
        (floats(1.0, 1.5), "BIGINT", 2, "1.5"),
        (floats(2.0**53 + 2), "BIGINT", 1, "9.007199254740994e+15"),
        (floats(2.0**24 + 2, kind=pa.float32()), "BIGINT", 1, "16777218"),
        (floats(-1.0), "UBIGINT", 1, "-1"),
        (floats(None, INF), "BIGINT", 2, "inf"),
        (floats(1.0, 1.25, 1.255), "DECIMAL(10,2)", 3, "1.255"),
        (floats(0.1 + 0.2), "DECIMAL(10,2)", 1, "0.30000000000000004"),
        (floats(1e8), "DECIMAL(10,2)", 1, "100000000"),
        (floats(1e-7), "DECIMAL(10,2)", 1, "1e-7"),
        (floats(INF), "DECIMAL(10,2)", 1, "inf"),
        (pa.array([1000, 1001], NS), "TIMESTAMP", 2, "000001001"),
        (pa.array([0, 10**11], pa.timestamp("s")), "TIMESTAMP_NS", 2, "5138-11-16"),
    ],
)
def test_the_first_value_that_is_not_is_named(values: pa.Array, kind: str, row: int, told: str) -> None:
    """With its row, counted over all batches, and what to do about it."""
    with pytest.raises(InvalidInputError) as caught:
        joined(values, kind, batch_rows=1)
    error = caught.value
    assert (error.kind, error.details["column"], error.details["row"]) == (ErrorKind.SCHEMA_MISMATCH, "X", row)
    assert told in error.message
    assert "first" in error.next_step


def test_rows_are_counted_over_batches_that_are_converted_apart() -> None:
    """However many there are before it."""
    values = np.zeros(200_000)
    values[150_000] = 0.5
    with pytest.raises(InvalidInputError, match=r"0\.5 in row 150,001 "):
        joined(pa.array(values), "BIGINT")


@given(st.floats(allow_infinity=False) | st.decimals(-(10**6), 10**6, places=4).map(float), st.integers(0, 30))
def test_a_decimal_is_the_shortest_text_of_the_float(value: float, scale: int) -> None:
    """As Python writes it, if that has no more digits behind the point; nothing is rounded."""
    try:
        (found,) = joined(floats(value), f"DECIMAL(38,{scale})")
    except InvalidInputError:
        assert Decimal(repr(value)).normalize().as_tuple().exponent < -scale or abs(value) >= 10 ** (38 - scale)  # type: ignore[operator]  # of a finite number it is an integer
    else:
        assert found is None if value != value else found == Decimal(repr(value))


def test_names_that_differ_in_case_are_one_column() -> None:
    """Under the table's spelling, also beside columns that are new."""
    target = Schema.create([Column(name="Id", type="BIGINT")])
    rows = pa.table({"new": [1], "ID": [2]})
    columns = incoming.joining(incoming.inspect(rows.schema).columns, rows.schema, target)
    assert [column.name for column in columns] == ["new", "Id"]
