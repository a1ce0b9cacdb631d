"""A column is what it was made as: one that was dropped is gone, whatever has its name afterwards."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import InvalidInputError
from jupyter_datasets.services.merges.models import MergeOutcome, Resolution
from jupyter_datasets.services.versions.declarations import (
    AddCheck,
    AddColumn,
    AddUnique,
    DropCheck,
    DropColumn,
    WidenColumn,
)
from tests.services.conftest import World
from tests.services.merges.sides import Sides, table

NEW = (DropColumn(name="a"), AddColumn(name="a", type="VARCHAR", default="new"))


@pytest.fixture
def sides(world: World) -> Sides:
    return Sides(world, table({"id": [1, 2, 3], "a": ["p", "q", "r"], "b": [1, 2, 3]}))


def values(sides: Sides, ref: str = "main") -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in ("id", "a", "b")) for row in sides.rows(ref)]


def told(outcome: MergeOutcome) -> list[tuple[Any, ...]]:
    return [(c.kind, c.column, c.ours, c.theirs) for c in outcome.conflicts]


@pytest.mark.parametrize("again", [*NEW[1:], AddColumn(name="a", type="INTEGER", default="4")], ids=lambda c: c.type)
@pytest.mark.parametrize("replaced", ["main", "fix"])
def test_values_of_a_dropped_column_do_not_get_into_a_new_one(sides: Sides, replaced: str, again: AddColumn) -> None:
    """Whichever side dropped it and added another one of its name and type, or another type."""
    sides.alter(replaced, DropColumn(name="a"), again)
    sides.set("fix" if replaced == "main" else "main", b={2: 9})
    assert sides.merge().commit is not None
    new = 4 if again.type == "INTEGER" else "new"
    assert sorted(values(sides)) == [(1, new, 1), (2, new, 9), (3, new, 3)]


def test_columns_are_told_apart_after_merges_both_ways(sides: Sides) -> None:
    """Though where the lines were one last is no step of the line that the column was dropped on."""
    sides.alter("main", AddColumn(name="m", type="BIGINT", default="0"))
    sides.alter("fix", AddColumn(name="f", type="BIGINT", default="0"))
    assert sides.merge().commit is not None
    sides.alter("main", *NEW)
    sides.set("fix", b={2: 9}, f={1: 7})
    assert sides.merge().commit is not None
    assert values(sides) == [(1, "new", 1), (2, "new", 9), (3, "new", 3)]
    assert [row["f"] for row in sides.rows()] == [7, 0, 0]


@pytest.mark.parametrize("with_check", [False, True])
def test_changes_to_a_column_that_was_replaced_are_in_conflict(sides: Sides, with_check: bool) -> None:
    """Each answer gives one of the two columns as it is on that side."""
    rule = AddCheck(expression="a <> 'z'", name="no_z")
    if with_check:
        sides.alter("main", rule)
        sides.merge(source="main", into="fix")
    sides.alter("main", *((DropCheck(name="no_z"),) if with_check else ()), *NEW)
    sides.set("fix", a={1: "X"})
    sides.world.branch("other")
    assert ("column", "a", "dropped", "values changed") in told(sides.merge())
    assert sides.merge("ours").commit is not None
    assert values(sides) == [(1, "new", 1), (2, "new", 2), (3, "new", 3)]
    assert sides.merge("theirs", into="other").commit is not None
    assert values(sides, "other") == [(1, "X", 1), (2, "q", 2), (3, "r", 3)]


def test_a_dropped_column_does_not_come_back_into_another_one_of_its_name(sides: Sides) -> None:
    """Taking back the drop is a conflict between the two columns."""
    sides.alter("main", DropColumn(name="a"))
    dropped = str(sides.world.head())
    sides.alter("main", NEW[1])
    found = sides.revert(dropped)
    assert told(found) == [("column", "a", "type VARCHAR, default new", "type VARCHAR")]
    assert sides.revert(dropped, "theirs").commit is not None
    assert values(sides) == [(1, "p", 1), (2, "q", 2), (3, "r", 3)]


def test_a_repeated_change_does_not_get_into_another_column(sides: Sides) -> None:
    """Of a commit before which the column is the one that the branch dropped."""
    sides.set("fix", b={3: 0})
    sides.set("fix", a={1: "X"})
    sides.alter("main", *NEW)
    merges, world = sides.world.container.merges, sides.world
    found = merges.cherry_pick(world.me, world.id, "fix", "main", "")
    assert told(found) == [("column", "a", "dropped", "values changed")]


@pytest.mark.parametrize(
    ("ours", "theirs", "texts"),
    [
        (("INTEGER", "1"), ("INTEGER", "2"), ("type INTEGER, default 1", "type INTEGER, default 2")),
        (("INTEGER", None), ("INTEGER", "2"), ("type INTEGER", "type INTEGER, default 2")),
        (("INTEGER", None), ("BIGINT", None), ("type INTEGER", "type BIGINT")),
    ],
    ids=["two defaults", "one default", "two types"],
)
def test_additions_that_differ_are_in_conflict(
    sides: Sides, ours: tuple[str, str | None], theirs: tuple[str, str | None], texts: tuple[str, str]
) -> None:
    """And the column of the side that is taken is the one that there is, in all rows."""
    sides.alter("main", AddColumn(name="c", type=ours[0], default=ours[1]))
    sides.alter("fix", AddColumn(name="c", type=theirs[0], default=theirs[1]))
    sides.set("fix", b={2: 9})
    sides.world.branch("other")
    assert told(sides.merge()) == [("column", "c", *texts)]
    assert sides.merge("ours").commit is not None
    assert sides.merge("theirs", into="other").commit is not None
    for ref, (kind, default) in (("main", ours), ("other", theirs)):
        assert sides.fields(ref)["c"] == kind
        assert {row["c"] for row in sides.rows(ref)} == {None if default is None else int(default)}
        assert [row["b"] for row in sides.rows(ref)] == [1, 9, 3]


def test_one_addition_of_both_keeps_the_values_of_both(sides: Sides) -> None:
    """Each row has what either side gave it."""
    for branch, number in (("main", 1), ("fix", 2)):
        sides.alter(branch, AddColumn(name="c", type="INTEGER", default="0"))
        sides.set(branch, c={number: number * 10})
    assert sides.merge().commit is not None
    assert [row["c"] for row in sides.rows()] == [10, 20, 0]


@pytest.mark.parametrize(
    ("rule", "use"),
    [
        (AddCheck(expression="b > 0", name="positive"), "the check positive"),
        (AddUnique(columns=("b",)), "unique (b)"),
    ],
    ids=["check", "unique"],
)
@pytest.mark.parametrize("ruled", ["main", "fix"])
def test_a_rule_about_a_column_that_the_other_side_dropped_is_in_conflict(
    sides: Sides, ruled: str, rule: Any, use: str
) -> None:
    """The rule and the column stay, or both go."""
    sides.alter(ruled, rule)
    sides.alter("fix" if ruled == "main" else "main", DropColumn(name="b"))
    sides.world.branch("other")
    ours, theirs = ("named by " + use, "dropped") if ruled == "main" else ("dropped", "named by " + use)
    assert told(sides.merge()) == [("column", "b", ours, theirs)]
    keeps, drops = ("ours", "theirs") if ruled == "main" else ("theirs", "ours")
    assert sides.merge(keeps).commit is not None
    assert [row["b"] for row in sides.rows()] == [1, 2, 3]
    with pytest.raises(InvalidInputError, match="names it"):
        sides.alter("main", DropColumn(name="b"))
    assert sides.merge(drops, into="other").commit is not None
    assert "b" not in sides.fields("other")


def test_without_a_key_a_column_that_comes_back_is_a_conflict_over_the_table(world: World) -> None:
    """For its rows cannot be found again; none is there twice, whatever is answered."""
    sides = Sides(world, table({"a": ["p", "q", "q"], "b": [1, 2, 2]}), key=())
    sides.alter("main", DropColumn(name="a"))
    dropped = str(world.head())
    sides.put("main", {"b": [4]})
    outcome = sides.revert(dropped)
    assert [(c.kind, c.ours, c.theirs) for c in outcome.conflicts] == [
        ("table", "b INTEGER; no key", "a VARCHAR, b INTEGER; no key")
    ]
    assert outcome.merge is not None
    world.container.merges.answer(world.me, world.id, outcome.merge.id, [Resolution(take="theirs")])
    world.container.merges.commit(world.me, world.id, outcome.merge.id)
    assert [tuple(row.values()) for row in sides.rows()] == [("p", 1), ("q", 2), ("q", 2)]


LOOSE = {"a": ["p", "q", "q"], "b": [1, 2, 2], "c": [True, True, None]}


def loose(world: World) -> Sides:
    return Sides(world, table(LOOSE), key=())


@pytest.mark.parametrize("drops", ["main", "fix"])
def test_without_a_key_changes_to_a_column_that_was_dropped_are_in_conflict(world: World, drops: str) -> None:
    """Rows are found again by the columns that nobody dropped; either answer gives what that side has."""
    sides, changes = loose(world), "fix" if drops == "main" else "main"
    sides.alter(drops, DropColumn(name="b"), DropColumn(name="c"))
    sides.put(changes, LOOSE | {"b": [1, 2, 7], "c": [True, True, False]}, mode="replace")
    world.branch("other")
    ours, theirs = ("dropped", "values changed") if drops == "main" else ("values changed", "dropped")
    assert told(sides.merge()) == [("column", "b", ours, theirs), ("column", "c", ours, theirs)]
    drop, keep = ("ours", "theirs") if drops == "main" else ("theirs", "ours")
    outcome = sides.merge(keep)
    assert (outcome.commit is not None, outcome.warnings) == (True, ())
    assert [tuple(row.values()) for row in sides.rows()] == [("p", 1, True), ("q", 2, True), ("q", 7, False)]
    sides.merge(drop, into="other")
    assert [tuple(row.values()) for row in sides.rows("other")] == [("p",), ("q",), ("q",)]


def test_without_a_key_a_column_comes_back_with_the_whole_table(world: World) -> None:
    """Where the side that dropped it has rows of its own: they are kept out by no answer that does not say so."""
    sides = loose(world)
    sides.alter("main", DropColumn(name="b"))
    sides.put("main", {"a": ["own"], "c": [True]})
    sides.put("fix", LOOSE | {"b": [1, 2, 7]}, mode="replace")
    world.branch("other")
    merges, found = world.container.merges, sides.merge()
    assert found.merge is not None
    merges.answer(world.me, world.id, found.merge.id, [Resolution(take="theirs", column="b")])
    left = merges.commit(world.me, world.id, found.merge.id)
    assert [(c.kind, c.name) for c in left.conflicts] == [("table", "trips")]
    taken = sides.merge("theirs", into="other")
    assert [w.endswith("all of it is as theirs had it.") for w in taken.warnings] == [True]
    assert [row["b"] for row in sides.rows("other")] == [1, 2, 7]


def test_without_a_key_rows_that_come_and_go_do_not_change_a_column(world: World) -> None:
    """Nor do changes elsewhere, wider types or rows in other places; the dropped column stays dropped."""
    sides = loose(world)
    sides.alter("main", DropColumn(name="c"))
    sides.alter("fix", WidenColumn(name="b", type="BIGINT"))
    wide = {"a": ["q", "new", "q"], "b": [2, 9, 2], "c": [None, True, True]}
    sides.write("fix", table(wide).set_column(1, "b", pa.array(wide["b"], pa.int64())))
    assert sides.merge().commit is not None
    assert sorted(tuple(row.values()) for row in sides.rows()) == [("new", 9), ("q", 2), ("q", 2)]


def test_widening_does_not_make_it_another_column(sides: Sides) -> None:
    """Only dropping does."""
    sides.alter("main", WidenColumn(name="b", type="BIGINT"))
    sides.set("fix", b={2: 9})
    assert sides.merge().commit is not None
    assert values(sides) == [(1, "p", 1), (2, "q", 9), (3, "r", 3)]
