"""Columns and rules of a table are merged three ways, as its rows are."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.services.merges.models import Resolution
from jupyter_datasets.services.versions.declarations import (
    AddCheck,
    AddColumn,
    AddUnique,
    ColumnDeclaration,
    DescribeColumn,
    DropCheck,
    DropColumn,
    RenameColumn,
    RequireColumns,
    TableDeclaration,
    WidenColumn,
)
from jupyter_datasets.store.schemas import Schema
from tests.services.conftest import World
from tests.services.merges.sides import Sides


@pytest.fixture
def sides(world: World) -> Sides:
    return Sides(world, pa.table({"id": pa.array([1, 2, 3], pa.int32()), "x": pa.array([10, 20, 30], pa.int32())}))


def test_both_sides_add_columns(sides: Sides) -> None:
    """Each keeps its rows and gets the other's column: ours first, with the defaults where a row has no value."""
    sides.alter("main", AddColumn(name="a", type="VARCHAR", default="new"))
    sides.put("main", {"id": [4], "x": [40], "a": ["ours"]})
    sides.alter("fix", AddColumn(name="b", type="BIGINT"), AddColumn(name="c", type="DATE", default="2026-01-01"))
    sides.put("fix", {"id": [5], "x": [50], "b": [55], "c": [None]})
    assert sides.merge().commit is not None
    assert list(sides.fields()) == ["id", "x", "a", "b", "c"]
    found = [(row["id"], row["a"], row["b"], str(row["c"])) for row in sides.rows()]
    assert found == [
        (1, "new", None, "2026-01-01"),
        (2, "new", None, "2026-01-01"),
        (3, "new", None, "2026-01-01"),
        (4, "ours", None, "2026-01-01"),
        (5, "new", 55, "None"),
    ]


def test_either_way_round_the_rows_are_the_same(sides: Sides) -> None:
    """Whatever the order of columns."""
    sides.alter("main", AddColumn(name="a", type="BIGINT", default="7"), RenameColumn(name="x", to="y"))
    sides.put("main", {"id": [4], "y": [40], "a": [1]})
    sides.alter("fix", AddColumn(name="b", type="BIGINT"), WidenColumn(name="x", type="BIGINT"))
    sides.put("fix", {"id": [5], "x": [2**40], "b": [55]})
    sides.world.branch("other")
    sides.merge()
    sides.merge(source="other", into="fix")
    assert sides.fields() == {"id": "INTEGER", "y": "BIGINT", "a": "BIGINT", "b": "BIGINT"}
    assert set(sides.fields("fix")) == set(sides.fields())
    ours, theirs = ({row["id"]: row for row in sides.rows(ref)} for ref in ("main", "fix"))
    assert ours == theirs


def test_a_column_that_both_added_is_one(sides: Sides) -> None:
    """By name: under the id of ours, with the values of both."""
    sides.alter("main", AddColumn(name="other", type="DATE"), AddColumn(name="a", type="BIGINT"))
    sides.put("main", {"id": [4], "x": [40], "other": [None], "a": [2**40]})
    sides.alter("fix", AddColumn(name="a", type="BIGINT"))
    sides.put("fix", {"id": [5], "x": [50], "a": [2**41]})
    assert sides.merge().commit is not None
    assert sides.fields() == {"id": "INTEGER", "x": "INTEGER", "other": "DATE", "a": "BIGINT"}
    assert [row["a"] for row in sides.rows()] == [None, None, None, 2**40, 2**41]


@pytest.mark.parametrize(
    ("ours", "theirs", "told", "fields"),
    [
        (
            RenameColumn(name="x", to="y"),
            RenameColumn(name="x", to="z"),
            ("y", "name x", "name y", "name z"),
            (["id", "y"], ["id", "z"]),
        ),
        (
            DescribeColumn(name="x", unit="m"),
            DescribeColumn(name="x", unit="km"),
            ("x", "unit ", "unit m", "unit km"),
            (["id", "x"], ["id", "x"]),
        ),
        (
            DropColumn(name="x"),
            WidenColumn(name="x", type="BIGINT"),
            ("x", None, "dropped", "type BIGINT"),
            (["id"], ["id", "x"]),
        ),
        (
            AddColumn(name="z", type="DATE"),
            RenameColumn(name="x", to="z"),
            ("z", None, "z", "z"),
            (["id", "x", "z"], ["id", "z"]),
        ),
        (
            AddColumn(name="z", type="DATE"),
            AddColumn(name="z", type="BLOB"),
            ("z", None, "type DATE", "type BLOB"),
            (["id", "x", "z"], ["id", "x", "z"]),
        ),
    ],
    ids=["two names", "two units", "dropped against changed", "one name for two", "two types"],
)
def test_what_both_did_to_a_column_is_in_conflict(
    sides: Sides, ours: Any, theirs: Any, told: tuple[str | None, ...], fields: tuple[list[str], list[str]]
) -> None:
    """Nothing is changed until one side is taken, and then the column is as that side has it."""
    sides.alter("main", ours)
    sides.alter("fix", theirs)
    for branch in ("by ours", "by theirs"):
        sides.world.branch(branch.replace(" ", "-"))
    outcome = sides.merge()
    assert [(c.kind, c.column, c.base, c.ours, c.theirs) for c in outcome.conflicts] == [("column", *told)]
    assert sides.merge("ours", into="by-ours").commit is not None
    assert sides.merge("theirs", into="by-theirs").commit is not None
    assert (list(sides.fields("by-ours")), list(sides.fields("by-theirs"))) == fields
    if "x" in sides.fields("by-theirs"):
        assert [row["x"] for row in sides.rows("by-theirs")] == [10, 20, 30]


def test_a_dropped_column_whose_values_the_other_side_changed_is_in_conflict(sides: Sides) -> None:
    """Else it goes; rows that came with values in it do not hold it."""
    sides.alter("main", DropColumn(name="x"))
    sides.put("fix", {"id": [4], "x": [40]})
    sides.world.branch("other", "fix")
    assert sides.merge().commit is not None
    assert sides.rows() == [{"id": n} for n in (1, 2, 3, 4)]
    sides.put("other", {"id": [1, 2, 3, 4], "x": [10, 99, 30, 40]}, mode="replace")
    outcome = sides.merge(source="other")
    assert [(c.kind, c.column, c.ours, c.theirs) for c in outcome.conflicts] == [
        ("column", "x", "dropped", "values changed")
    ]
    assert sides.merge("theirs", source="other").commit is not None
    assert [row["x"] for row in sides.rows()] == [10, 99, 30, 40]


def test_a_type_of_theirs_that_needs_rewriting_is_taken(sides: Sides) -> None:
    """Ours is written anew, and its own changes stay."""
    sides.put("main", {"id": [4], "x": [40]})
    sides.put("fix", {"id": [1, 2, 3], "x": ["ten", "20", "30"]}, mode="replace")
    assert sides.merge().commit is not None
    assert sides.fields()["x"] == "VARCHAR"
    assert [row["x"] for row in sides.rows()] == ["ten", "20", "30", "40"]


def test_a_value_that_does_not_fit_the_type_taken_is_named(sides: Sides) -> None:
    """And nothing is changed."""
    sides.put("main", {"id": [1, 2, 3], "x": [10.5, 20.5, 30.5]}, mode="replace")
    sides.put("fix", {"id": [1, 2, 3], "x": ["ten", "20", "30"]}, mode="replace")
    before = sides.world.head()
    assert [c.column for c in sides.merge().conflicts] == ["x"]
    with pytest.raises(InvalidInputError, match="'ten'"):
        sides.merge("ours")
    assert sides.world.head() == before


def test_rules_of_both_sides_hold(sides: Sides) -> None:
    """A check, a comment or a unique column that either side declared is there; what either dropped is gone."""
    sides.alter("main", AddCheck(expression="x > 0", name="positive"), AddCheck(expression="x < 1000", name="small"))
    sides.merge(source="main", into="fix")
    sides.alter("main", AddUnique(columns=("x",)), DropCheck(name="small"))
    sides.alter("fix", AddCheck(expression="id < 100", name="few"), DescribeColumn(name="x", comment="price"))
    assert sides.merge().commit is not None
    edit = sides.world.begin()
    for row, kind in (
        ({"id": [9], "x": [-1]}, ErrorKind.CHECK_VIOLATION),
        ({"id": [900], "x": [9]}, ErrorKind.CHECK_VIOLATION),
        ({"id": [9], "x": [10]}, ErrorKind.UNIQUE_VIOLATION),
    ):
        with pytest.raises(InvalidInputError) as caught:
            sides.world.put(edit, pa.table(row))
        assert caught.value.kind is kind
    sides.world.put(edit, pa.table({"id": [9], "x": [2000]}))
    assert Schema.from_json(sides.plan().fields).field("x").comment == "price"


def test_a_check_follows_its_column(sides: Sides) -> None:
    """Though ours has given the name under which it was made to another one."""
    sides.alter("main", AddColumn(name="a", type="BIGINT", default="-5"), RenameColumn(name="a", to="b"))
    sides.alter("fix", AddColumn(name="a", type="BIGINT", default="1"), AddCheck(expression="a > 0"))
    assert sides.merge().commit is not None
    assert sides.rows()[0] == {"id": 1, "x": 10, "b": -5, "a": 1}
    edit = sides.world.begin()
    with pytest.raises(InvalidInputError, match="the check a_check"):
        sides.world.put(edit, pa.table({"id": [9], "x": [9], "b": [9], "a": [-1]}))
    sides.world.put(edit, pa.table({"id": [9], "x": [9], "b": [-1], "a": [9]}))


def test_columns_are_where_the_side_has_put_them_that_did(sides: Sides) -> None:
    """Those of the other side come behind."""
    sides.put("fix", {"new": [1, 2, 3], "x": [10, 20, 30], "id": [1, 2, 3]}, mode="replace")
    sides.alter("main", AddColumn(name="a", type="DATE"))
    assert sides.merge().commit is not None
    assert list(sides.fields()) == ["new", "x", "id", "a"]
    assert [row["new"] for row in sides.rows()] == [1, 2, 3]


@pytest.mark.parametrize(
    "rule", [AddCheck(expression="x < 35"), AddUnique(columns=("x",)), RequireColumns(names=("x",))], ids=lambda r: r.do
)
def test_rows_of_one_side_are_held_to_the_rules_of_the_other(sides: Sides, rule: Any) -> None:
    """A merge whose result breaks one is refused, and the branch stays."""
    sides.alter("main", rule)
    sides.put("fix", {"id": [4, 5, 6], "x": [40, 40, None]})
    before = sides.world.head("main"), sides.world.head("fix")
    with pytest.raises(InvalidInputError, match="cannot have these rows"):
        sides.merge()
    with pytest.raises(InvalidInputError, match="cannot have these rows"):
        sides.merge(source="main", into="fix")
    assert (sides.world.head("main"), sides.world.head("fix")) == before


def test_two_keys_are_in_conflict(sides: Sides) -> None:
    """As the whole table, for one of them must be chosen."""
    world, edit = sides.world, sides.world.begin("fix")
    columns = tuple(ColumnDeclaration(name=name, type="INTEGER") for name in ("id", "x"))
    world.edits.drop(world.me, edit, "trips")
    world.edits.create(world.me, edit, "trips", TableDeclaration(columns=columns, key=("x",)))
    world.edits.commit(world.me, edit)
    edit = world.begin("main")
    world.edits.drop(world.me, edit, "trips")
    world.edits.create(world.me, edit, "trips", TableDeclaration(columns=columns))
    world.edits.commit(world.me, edit)
    told = [(c.kind, c.ours, c.theirs) for c in sides.merge().conflicts]
    assert told == [("table", "id INTEGER, x INTEGER; no key", "id INTEGER, x INTEGER; key x")]
    assert sides.merge("theirs").commit is not None
    assert sides.plan().key == (2,)


def test_columns_of_a_table_without_a_key_are_merged(world: World) -> None:
    """By the values of whole rows."""
    sides = Sides(world, pa.table({"x": [1, 1, 2]}), key=())
    sides.alter("main", AddColumn(name="a", type="BIGINT", default="0"))
    sides.put("main", {"x": [3], "a": [3]})
    sides.alter("fix", AddColumn(name="b", type="BIGINT", default="9"))
    sides.put("fix", {"x": [4], "b": [4]})
    assert sides.merge().commit is not None
    assert [tuple(row.values()) for row in sides.rows()] == [(1, 0, 9), (1, 0, 9), (2, 0, 9), (3, 3, 9), (4, 0, 4)]


def test_a_dropped_column_comes_back_by_a_revert(sides: Sides) -> None:
    """With its values, also in rows that were changed since; new ones have none, and one that went is in conflict."""
    sides.alter("main", DropColumn(name="x"))
    sides.alter("main", AddColumn(name="a", type="BIGINT"))
    sides.put("main", {"id": [2, 1, 4], "a": [7, 7, 7]}, mode="replace")
    merges, me, trips = sides.world.container.merges, sides.world.me, sides.world.id
    found = merges.revert(me, trips, "main~2", "main", "")
    assert [(c.kind, c.key, c.ours) for c in found.conflicts] == [("row", {"id": "3"}, "removed")]
    assert found.merge is not None
    merges.answer(me, trips, found.merge.id, [Resolution(take="ours")])
    merges.commit(me, trips, found.merge.id)
    assert [tuple(row.values()) for row in sides.rows()] == [(2, 7, 20), (1, 7, 10), (4, 7, None)]


def test_a_column_is_added_elsewhere_by_a_cherry_pick_and_dropped_by_a_revert(sides: Sides) -> None:
    """Though other columns have its id there."""
    sides.alter("main", AddColumn(name="a", type="DATE"))
    sides.alter("fix", AddColumn(name="b", type="BIGINT", default="9"))
    world = sides.world
    picked = world.container.merges.cherry_pick(world.me, world.id, "fix", "main", "")
    assert picked.commit is not None
    assert [tuple(row.values()) for row in sides.rows()] == [(1, 10, None, 9), (2, 20, None, 9), (3, 30, None, 9)]
    world.container.merges.revert(world.me, world.id, "main~1", "main", "")
    assert list(sides.fields()) == ["id", "x", "b"]
    world.container.merges.revert(world.me, world.id, picked.commit.id, "main", "")
    assert list(sides.fields()) == ["id", "x"]
