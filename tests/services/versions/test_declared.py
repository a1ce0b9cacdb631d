"""What is declared of a table holds for every version of it, and declaring writes no row anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.container import Container
from jupyter_datasets.errors import AlreadyExistsError, DatasetsError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.declarations import DropCheck, SchemaChanges, TableDeclaration
from jupyter_datasets.services.versions.models import Commit, RowDiffPlan, TableInfo
from jupyter_datasets.store.roots import Check
from tests.services.conftest import World


def _alter(world: World, *changes: dict[str, Any], branch: str = "main") -> Commit | None:
    edit = world.begin(branch)
    try:
        world.edits.alter(world.me, edit, "trips", SchemaChanges.model_validate({"changes": changes}).changes)
        return world.edits.commit(world.me, edit)
    except DatasetsError:
        world.edits.abort(world.me, edit)
        raise


def _info(world: World, ref: str = "main") -> TableInfo:
    (table,) = world.versions.version(world.me, world.id, ref).tables
    return table


def _objects(container: Container) -> set[str]:
    return {str(path) for path in (container.settings.store / "objects").rglob("*") if path.is_file()}


ADD = {"do": "add_column", "name": "x", "type": "INTEGER"}
CHECK = {"do": "add_check", "expression": "n > 0", "name": "positive"}
ALL: list[dict[str, Any]] = [
    ADD | {"default": "7", "required": True, "comment": "what", "unit": "m"},
    {"do": "rename_column", "name": "n", "to": "number"},
    {"do": "widen_column", "name": "number", "type": "HUGEINT"},
    {"do": "require_columns", "names": ["number"]},
    {"do": "add_unique", "columns": ["number", "x"]},
    {"do": "add_check", "expression": "number >= 0"},
    {"do": "describe_column", "name": "number", "unit": "1"},
]


def test_no_change_of_a_schema_writes_an_object(world: World, container: Container) -> None:
    """On a table of many rows, all changes together publish no file, and rows are read as the last one says."""
    world.append(*range(100_000))
    before = _objects(container)
    assert _alter(world, *ALL) is not None
    assert _alter(world, {"do": "drop_unique", "columns": ["x", "number"]}, {"do": "drop_column", "name": "x"})
    assert _objects(container) == before
    seen = _info(world, "main~1")
    assert [c.model_dump(exclude={"id", "nullable"}) for c in seen.columns] == [
        {"name": "number", "type": "HUGEINT", "required": True, "default": None, "comment": "", "unit": "1"},
        {"name": "x", "type": "INTEGER", "required": True, "default": "7", "comment": "what", "unit": "m"},
    ]
    assert (seen.unique, [(c.name, c.expression) for c in seen.checks]) == (
        (("number", "x"),),
        [("number_check", '"number" >= 0')],
    )
    assert (_info(world).unique, len(_info(world).columns)) == ((), 1)


def test_a_change_of_the_schema_alone_is_a_difference_without_rows(world: World) -> None:
    """The table differs by its columns and rules, and comparing its rows reads no segment."""
    world.append(1, 2, 3)
    _alter(world, *ALL)
    (table,) = world.versions.diff(world.me, world.id, "main~1", "main").tables
    assert (table.kind, [c.kind for c in table.columns]) == ("changed", ["changed", "added"])
    assert [(r.kind, r.new) for r in table.rules] == [
        ("added", "UNIQUE (number, x)"),
        ("added", 'CHECK number_check ("number" >= 0)'),
    ]
    _alter(world, {"do": "rename_column", "name": "x", "to": "y"}, {"do": "describe_column", "name": "y", "unit": ""})
    (table,) = world.versions.diff(world.me, world.id, "main~1", "main").tables
    assert ([c.kind for c in table.columns], table.rules) == (["changed"], ())
    plan: RowDiffPlan = world.versions.row_diff(world.me, world.id, "main~1", "main", "trips")
    assert (plan.old and plan.old.segments, plan.new and plan.new.segments) == ((), ())


def test_rows_of_shared_columns_are_not_compared_for_a_new_column(world: World) -> None:
    """Adding or dropping a column leaves the others' values, so that no segment is read for them."""
    world.append(1, 2, 3)
    _alter(world, ADD | {"default": "1"})
    plan = world.versions.row_diff(world.me, world.id, "main~1", "main", "trips")
    assert (plan.old and plan.old.segments, plan.new and plan.new.segments) == ((), ())


RULES: dict[str, tuple[dict[str, Any], list[int | None], ErrorKind, int]] = {
    "check": (CHECK, [5, -1, None, -2], ErrorKind.CHECK_VIOLATION, 2),
    "a check that cannot be computed": (
        {"do": "add_check", "expression": "CAST(n AS TINYINT) > 0"},
        [5, 1000],
        ErrorKind.CHECK_VIOLATION,
        1,
    ),
    "not null": ({"do": "require_columns", "names": ["n"]}, [5, None, None], ErrorKind.NOT_NULL_VIOLATION, 2),
    "unique": ({"do": "add_unique", "columns": ["n"]}, [5, 1, None, None, 6, 6], ErrorKind.UNIQUE_VIOLATION, 4),
}


@pytest.mark.parametrize(("rule", "rows", "kind", "count"), RULES.values(), ids=RULES.keys())
def test_a_rule_is_held_however_rows_and_rule_come_together(
    world: World, rule: dict[str, Any], rows: list[int | None], kind: ErrorKind, count: int
) -> None:
    """Rows that break it are refused when appended, inserted, put in place of all, or there already; all are told."""
    world.append(1, 2)
    world.branch("free")
    assert _alter(world, rule)
    world.append(3)
    table = pa.table({"n": pa.array(rows, pa.int64())})
    for mode, expected in (("append", count), ("insert", count), ("replace", None)):
        edit = world.begin()
        if mode == "replace" and kind is ErrorKind.UNIQUE_VIOLATION:
            expected = 2  # there is no 1 any more
        with pytest.raises(InvalidInputError) as caught:
            world.put(edit, table, mode=mode)
        assert caught.value.kind is kind
        assert caught.value.details["count"] == (count if expected is None else expected)
        assert len(caught.value.details["rows"]) == caught.value.details["count"]
        world.edits.abort(world.me, edit)
    edit = world.begin("free")
    world.put(edit, table)
    world.edits.commit(world.me, edit)
    with pytest.raises(InvalidInputError) as caught:
        _alter(world, rule, branch="free")
    assert (caught.value.kind, caught.value.details["count"]) == (kind, count)
    assert world.rows() == [1, 2, 3]


def test_the_first_hundred_rows_and_the_count_are_told(world: World) -> None:
    """An error holds no more rows than that, in the table's order, and names table, check and expression."""
    world.append(*range(-500, 10))
    with pytest.raises(InvalidInputError, match=r"'trips'.*positive \(n > 0\).*501 rows.*n = -500; n = -499") as caught:
        _alter(world, CHECK)
    details = caught.value.details
    assert (details["count"], details["rule"], details["table"]) == (501, "positive", "trips")
    assert details["rows"] == [{"n": str(n)} for n in range(-500, -400)]


def test_null_passes_a_check_and_a_rule_that_went_holds_no_more(world: World) -> None:
    """As in SQL; and what is dropped is dropped."""
    world.append(1)
    _alter(world, CHECK, {"do": "require_columns", "names": ["n"]}, {"do": "add_unique", "columns": ["n"]})
    _alter(
        world,
        {"do": "drop_check", "name": "POSITIVE"},
        {"do": "allow_nulls", "names": ["n"]},
        {"do": "drop_unique", "columns": ["n"]},
    )
    edit = world.begin()
    world.put(edit, pa.table({"n": pa.array([1, -1, None], pa.int64())}))
    world.edits.commit(world.me, edit)
    with pytest.raises(InvalidInputError):
        _alter(world, CHECK)
    assert _info(world).checks == ()


def test_rows_for_which_a_check_cannot_be_run_are_refused(world: World) -> None:
    """Few errors of DuckDB get past TRY; then the check is named, and can be dropped."""
    world.append(1)
    _alter(world, {"do": "add_column", "name": "s", "type": "VARCHAR"})
    _alter(world, {"do": "add_check", "name": "odd", "expression": "like_escape(s, 'a', s)"})
    edit = world.begin()
    with pytest.raises(InvalidInputError, match="to the check odd: Invalid escape string") as caught:
        world.put(edit, pa.table({"n": [2], "s": ["long"]}))
    assert (caught.value.kind, caught.value.details) == (ErrorKind.INVALID_CHECK, {"checks": ["odd"]})
    world.edits.alter(world.me, edit, "trips", (DropCheck(name="odd"),))
    world.put(edit, pa.table({"n": [2], "s": ["long"]}))


def test_a_check_follows_its_columns(world: World) -> None:
    """Renamed columns are renamed in it, to hostile names and back; it holds all the time."""
    world.append(1)
    _alter(world, CHECK)
    for old, new, shown in (("n", 'a "b" --', '"a ""b"" --" > 0'), ('a "b" --', "n", "n > 0")):
        _alter(world, {"do": "rename_column", "name": old, "to": new})
        assert [c.expression for c in _info(world).checks] == [shown]
        edit = world.begin()
        with pytest.raises(InvalidInputError):
            world.put(edit, pa.table({new: pa.array([-1], pa.int64())}))
        world.edits.abort(world.me, edit)


def test_what_a_rule_names_cannot_be_dropped(world: World) -> None:
    """Neither by itself nor by rows that lack it."""
    world.append(1)
    _alter(world, ADD)
    for rule, undo in (
        (CHECK, {"do": "drop_check", "name": "positive"}),
        ({"do": "add_unique", "columns": ["n", "x"]}, {"do": "drop_unique", "columns": ["n", "x"]}),
    ):
        with pytest.raises(InvalidInputError) as caught:
            _alter(world, rule, {"do": "drop_column", "name": "n"})
        assert caught.value.kind is ErrorKind.COLUMN_IN_USE
        _alter(world, rule)
        edit = world.begin()
        with pytest.raises(InvalidInputError) as caught:
            world.put(edit, pa.table({"x": pa.array([1], pa.int32())}), mode="replace")
        assert caught.value.kind is ErrorKind.COLUMN_IN_USE
        world.edits.abort(world.me, edit)
        _alter(world, undo)


def test_a_type_that_breaks_a_check_is_refused(world: World) -> None:
    """Other types by a replacement may not fit an expression any more; then nothing is replaced."""
    world.append(1)
    _alter(world, CHECK)
    edit = world.begin()
    with pytest.raises(InvalidInputError) as caught:
        world.put(edit, pa.table({"n": ["text"]}), mode="replace")
    assert caught.value.kind is ErrorKind.INVALID_CHECK


WRONG: dict[str, tuple[dict[str, Any], type[DatasetsError], ErrorKind]] = {
    "a check twice": (CHECK, AlreadyExistsError, ErrorKind.CONSTRAINT_EXISTS),
    "unique twice": ({"do": "add_unique", "columns": ["n"]}, AlreadyExistsError, ErrorKind.CONSTRAINT_EXISTS),
    "one column twice": ({"do": "add_unique", "columns": ["n", "N"]}, InvalidInputError, ErrorKind.INVALID_ARGUMENT),
    **{
        f"a check called {name!r:.9}": (CHECK | {"name": name}, InvalidInputError, ErrorKind.INVALID_NAME)
        for name in ("a\nb", "a\x07", "  ", "x" * 101)
    },
    "no such check": ({"do": "drop_check", "name": "positiv"}, NotFoundError, ErrorKind.CONSTRAINT_NOT_FOUND),
    "not unique": ({"do": "drop_unique", "columns": ["y"]}, NotFoundError, ErrorKind.CONSTRAINT_NOT_FOUND),
    "no such column": ({"do": "require_columns", "names": ["m"]}, NotFoundError, ErrorKind.COLUMN_NOT_FOUND),
    "a hostile check": (
        {"do": "add_check", "expression": "n > 0) IS NOT FALSE FROM x WHERE (true"},
        InvalidInputError,
        ErrorKind.INVALID_CHECK,
    ),
}


@pytest.mark.parametrize(("change", "error", "kind"), WRONG.values(), ids=WRONG.keys())
def test_wrong_changes_change_nothing(
    world: World, change: dict[str, Any], error: type[DatasetsError], kind: ErrorKind
) -> None:
    """One of several that is wrong takes the others with it."""
    world.append(1)
    _alter(world, ADD, CHECK, {"do": "add_unique", "columns": ["n"]})
    before = _info(world)
    with pytest.raises(error) as caught:
        _alter(world, {"do": "rename_column", "name": "x", "to": "y"}, {"do": "allow_nulls", "names": ["y"]}, change)
    assert caught.value.kind is kind
    assert _info(world) == before


def test_a_table_is_made_as_it_is_declared(world: World) -> None:
    """It has no rows, takes those that keep its rules, and there is one of each name."""
    declaration = TableDeclaration.model_validate(
        {
            "columns": [
                {"name": "id", "type": "int8", "comment": "which"},
                {"name": "v", "type": "VARCHAR", "required": True, "default": "none"},
            ],
            "key": ["id"],
            "unique": [["v"]],
            "checks": [{"expression": "id > 0"}, {"expression": "id < 9", "name": "small"}],
        }
    )
    edit = world.begin()
    world.edits.create(world.me, edit, "trips", declaration)
    with pytest.raises(AlreadyExistsError):
        world.edits.create(world.me, edit, "TRIPS", declaration)
    world.edits.commit(world.me, edit)
    info = _info(world)
    assert ([c.type for c in info.columns], info.key, info.rows) == (["BIGINT", "VARCHAR"], ("id",), 0)
    assert [c.name for c in info.checks] == ["id_check", "small"]
    edit = world.begin()
    world.put(edit, pa.table({"id": [1]}))
    for bad in ({"id": [1], "v": ["b"]}, {"id": [2], "v": ["none"]}, {"id": [9], "v": ["c"]}, {"id": [3], "v": [None]}):
        with pytest.raises(InvalidInputError):
            world.put(edit, pa.table(bad, schema=pa.schema([("id", pa.int64()), ("v", pa.string())])))
    world.edits.commit(world.me, edit)
    assert _info(world).rows == 1


def test_appends_that_are_applied_again_meet_the_rules_of_then(world: World) -> None:
    """A check that another edit brought meanwhile refuses rows that came before it could."""
    world.append(1)
    edit = world.begin()
    world.put(edit, [-1])
    _alter(world, CHECK)
    with pytest.raises(InvalidInputError) as caught:
        world.edits.commit(world.me, edit)
    assert caught.value.kind is ErrorKind.CHECK_VIOLATION
    assert world.rows() == [1]


def test_all_rows_can_be_verified(world: World) -> None:
    """What a merge puts together is looked at as a whole on demand."""
    world.append(1, -1)
    with world.edits.draft(world.me, world.id, "main") as (draft, _):
        draft.verify("trips")
        _, _, root = draft.table("trips")
        draft.put("trips", replace(root, checks=(Check(name="positive", expression="n > 0"),)))
        with pytest.raises(InvalidInputError) as caught:
            draft.verify("trips")
    assert caught.value.details["rows"] == [{"n": "-1"}]
