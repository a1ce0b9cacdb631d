"""No merge changes a value because its column is to have another type."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from tests.services.conftest import World
from tests.services.merges.sides import Sides

NARROWED = [
    (pa.float64(), 3.7, pa.int64(), 4, "DOUBLE", "BIGINT"),
    (pa.float64(), 0.129, pa.decimal128(9, 2), Decimal("0.13"), "DOUBLE", "DECIMAL(9,2)"),
    (pa.timestamp("us"), datetime(2026, 1, 2, 3, 4), pa.date32(), date(2026, 1, 2), "TIMESTAMP", "DATE"),
]


def one(kind: pa.DataType, value: Any) -> pa.Table:
    return pa.table({"id": pa.array([1], pa.int32()), "x": pa.array([value], kind)})


@pytest.mark.parametrize("narrowed", NARROWED, ids=[case[5] for case in NARROWED])
@pytest.mark.parametrize("narrow", ["main", "fix"])
def test_a_type_that_does_not_hold_the_others_values_is_in_conflict(
    world: World, narrow: str, narrowed: tuple[Any, ...]
) -> None:
    """The wide type can be taken; the narrow one is refused with the value named, and nothing changed."""
    wide_kind, value, kind, rounded, wide, wanted = narrowed
    sides = Sides(world, one(wide_kind, value))
    sides.write(narrow, one(kind, rounded))
    other = "fix" if narrow == "main" else "main"
    more = pa.table({"id": pa.array([2], pa.int32()), "x": pa.array([value], wide_kind)})
    sides.write(other, pa.concat_tables([one(wide_kind, value), more]))
    before = world.head()
    outcome = sides.merge()
    assert [(c.kind, c.column) for c in outcome.conflicts] == [("column", "x")]
    answer = "ours" if narrow == "main" else "theirs"
    with pytest.raises(InvalidInputError) as caught:
        sides.merge(answer)
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    for text in ("'trips'", "'x'", wide, wanted, str(value)):
        assert text in str(caught.value)
    assert "SELECT" not in str(caught.value)
    assert world.head() == before


def test_taking_back_a_wider_type_is_in_conflict_with_values_that_need_it(world: World) -> None:
    """Ours keeps them."""
    sides = Sides(world, one(pa.int32(), 1))
    sides.write("main", one(pa.float64(), 1.0))
    widened = str(world.head())
    sides.write("main", one(pa.float64(), 0.7))
    outcome = sides.revert(widened)
    assert [(c.kind, c.column, c.ours, c.theirs) for c in outcome.conflicts] == [
        ("column", "x", "type DOUBLE", "type INTEGER")
    ]
    with pytest.raises(InvalidInputError, match=r"'0\.7'"):
        sides.revert(widened, "theirs")
    sides.revert(widened, "ours")
    assert sides.rows() == [{"id": 1, "x": 0.7}]


def test_values_that_both_types_hold_are_cast(world: World) -> None:
    """Whole numbers in a DOUBLE become whole numbers."""
    sides = Sides(world, one(pa.float64(), 3.0))
    sides.write("fix", one(pa.int64(), 3))
    sides.write("main", one(pa.float64(), 5.0))
    assert sides.merge().commit is not None
    assert (sides.fields()["x"], sides.rows()) == ("BIGINT", [{"id": 1, "x": 5}])


def test_a_sum_beyond_the_type_of_its_column_is_refused(world: World) -> None:
    """With the column and the row named, and nothing changed."""
    for kind in (pa.int64(), pa.int32()):
        most = 2 ** (kind.bit_width - 1) - 1
        sides = Sides(World(world.container, world.me, str(kind)), one(kind, 1))
        sides.write("main", one(kind, most))
        sides.write("fix", one(kind, most - 5))
        before = sides.world.head()
        with pytest.raises(InvalidInputError, match="'x' of the row id = 1 add up to no"):
            sides.merge("sum")
        assert sides.world.head() == before
