"""Edits: what they make of tables and files, when they make a commit, and what they leave behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.health import records
from jupyter_datasets.services.versions.models import Commit
from tests.services.conftest import World


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A file to attach."""
    file = tmp_path / "codebook.pdf"
    file.write_bytes(b"%PDF what the codes mean")
    return file


def commit(world: World, edit: str, message: str = "") -> Commit | None:
    return world.edits.commit(world.me, edit, message)


def nothing_is_staged(world: World) -> bool:
    return world.container.backend.stagings() == []


# -------------------------------------------------------------------------------------------------------------- commits


def test_several_tables_and_files_go_into_one_commit(world: World, book: Path) -> None:
    edit = world.begin()
    world.put(edit, [1, 2])
    world.put(edit, [3], table="planes", mode="replace")
    world.edits.attach(world.me, edit, "codebook.pdf", book)
    made = commit(world, edit, "first load")
    assert made is not None
    version = world.versions.version(world.me, world.id, "main")
    assert [t.name for t in version.tables] == ["planes", "trips"]
    assert [(f.name, f.media_type, f.bytes) for f in version.files] == [("codebook.pdf", "application/pdf", 24)]
    assert (made.message, made.author, made.seq, made.parents) == ("first load", world.me.name, 1, ())
    assert (world.head(), world.rows()) == (made.id, [1, 2])


def test_nothing_is_seen_before_the_commit_and_nothing_stays_after_an_abort(world: World) -> None:
    head = world.append(1).id
    edit = world.begin()
    world.put(edit, [2])
    assert (world.head(), world.rows()) == (head, [1])
    world.edits.abort(world.me, edit)
    assert (world.head(), world.rows()) == (head, [1])
    assert nothing_is_staged(world)


def test_a_committed_or_aborted_edit_is_over(world: World, book: Path) -> None:
    edit = world.begin()
    world.put(edit, [1])
    commit(world, edit)
    me, edits = world.me, world.edits
    calls = [
        lambda: world.put(edit, [2]),
        lambda: edits.drop(me, edit, "trips"),
        lambda: edits.rename(me, edit, "trips", "t"),
        lambda: edits.attach(me, edit, "f", book),
        lambda: edits.detach(me, edit, "f"),
        lambda: edits.change(me, edit, lambda _: None),
        lambda: edits.commit(me, edit),
        lambda: edits.abort(me, edit),
    ]
    for call in calls:
        with pytest.raises(NotFoundError) as caught:
            call()
        assert caught.value.kind is ErrorKind.EDIT_NOT_FOUND
    assert nothing_is_staged(world)


def test_an_edit_that_changes_nothing_makes_no_commit(world: World, book: Path) -> None:
    world.append(1, 2)
    edit = world.begin()
    world.edits.attach(world.me, edit, "book", book)
    head = commit(world, edit)
    changes: list[Any] = [
        lambda _: None,
        lambda edit: world.put(edit, [1, 2], mode="replace"),
        lambda edit: world.put(edit, []),
        lambda edit: world.edits.rename(world.me, edit, "trips", "trips"),
        lambda edit: world.edits.attach(world.me, edit, "book", book),
        lambda edit: (world.put(edit, [3], table="new"), world.edits.drop(world.me, edit, "new")),
        lambda edit: (world.put(edit, [9], mode="replace"), world.put(edit, [1, 2], mode="replace")),
    ]
    for change in changes:
        edit = world.begin()
        change(edit)
        assert commit(world, edit) is None
    assert head is not None
    assert world.head() == head.id
    assert nothing_is_staged(world)


def test_an_empty_edit_on_an_unborn_branch_leaves_it_unborn(world: World) -> None:
    assert commit(world, world.begin()) is None
    assert world.head() is None


@pytest.mark.parametrize("message", ["a\0", "a\udce4"])
def test_a_message_that_no_catalog_can_keep_is_refused_and_ends_the_edit(world: World, message: str) -> None:
    edit = world.begin()
    world.put(edit, [1])
    with pytest.raises(InvalidInputError, match="message"):
        commit(world, edit, message)
    assert world.head() is None
    assert nothing_is_staged(world)


def test_without_a_message_the_commit_says_what_it_does(world: World, book: Path) -> None:
    edit = world.begin()
    for table in ("a", "b", "c"):
        world.put(edit, [1], table=table)
    world.put(edit, [2], table="d")
    world.edits.attach(world.me, edit, "book", book)
    first = commit(world, edit)
    edit = world.begin()
    world.put(edit, [2], table="a")
    world.edits.drop(world.me, edit, "b")
    world.edits.rename(world.me, edit, "d", "e")
    world.edits.detach(world.me, edit, "book")
    second = commit(world, edit)
    assert first is not None
    assert second is not None
    assert first.message == "Add a, add b, add c, add d, attach book"
    assert second.message == "Rename d to e, change a, drop b, detach book"


# --------------------------------------------------------------------------------------------------------------- tables


def test_rows_are_appended_behind_those_there_are_in_any_number_of_steps(world: World) -> None:
    world.append(3, 1)
    edit = world.begin()
    world.put(edit, [2])
    world.put(edit, [9, 0])
    commit(world, edit)
    assert world.rows() == [3, 1, 2, 9, 0]
    assert world.rows("main~1") == [3, 1]


def test_a_table_is_found_without_regard_to_case_and_keeps_its_spelling(world: World) -> None:
    world.append(1, table="Trips")
    world.append(2, table="tRIPS")
    assert world.tables() == ["Trips"]
    assert world.rows(table="TRIPS") == [1, 2]


def test_a_replaced_table_takes_columns_and_types_of_the_rows(world: World) -> None:
    world.append(1)
    edit = world.begin()
    world.put(edit, pa.table({"m": ["x"], "n": [2.5]}), mode="replace")
    commit(world, edit)
    new, old = (world.versions.version(world.me, world.id, ref).tables[0] for ref in ("main", "main~1"))
    assert [(c.name, c.type) for c in new.columns] == [("m", "VARCHAR"), ("n", "DOUBLE")]
    assert [c.id for c in new.columns if c.name == "n"] == [c.id for c in old.columns]
    assert [(c.name, c.type) for c in old.columns] == [("n", "BIGINT")]


def test_appended_rows_may_lack_columns_but_bring_none(world: World) -> None:
    edit = world.begin()
    world.put(edit, pa.table({"n": [1], "m": ["x"]}))
    commit(world, edit)
    world.append(2)
    table = world.versions.version(world.me, world.id, "main").tables[0]
    assert [(c.name, c.nullable) for c in table.columns] == [("n", False), ("m", True)]
    edit = world.begin()
    with pytest.raises(InvalidInputError) as caught:
        world.put(edit, pa.table({"n": [3], "k": [1]}))
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert caught.value.details["column"] == "k"
    world.edits.abort(world.me, edit)
    assert world.rows() == [1, 2]


def test_a_type_that_appended_rows_widen_is_told(world: World) -> None:
    world.append(1)
    edit = world.begin()
    warnings = world.put(edit, pa.table({"n": pa.array([2**70], pa.decimal128(38, 0))}))
    commit(world, edit)
    assert [int(value) for value in world.rows()] == [1, 2**70]
    assert [w for w in warnings if "BIGINT" in w and "DECIMAL(38,0)" in w] == list(warnings) != []


def test_a_refused_change_leaves_the_edit_as_it_was(world: World) -> None:
    edit = world.begin()
    world.put(edit, [1])
    for rows in (pa.table({"n": [[1]]}), pa.table({"other": [1]})):
        with pytest.raises(InvalidInputError):
            world.put(edit, rows)
    world.put(edit, [2])
    commit(world, edit)
    assert world.rows() == [1, 2]


def test_doubled_and_empty_column_names_are_repaired_and_told(world: World) -> None:
    edit = world.begin()
    rows = pa.Table.from_arrays([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "A", ""])
    warnings = world.put(edit, rows)
    commit(world, edit)
    assert [c.name for c in world.versions.version(world.me, world.id, "main").tables[0].columns] == [
        "a",
        "A_2",
        "column_3",
    ]
    assert len(warnings) == 2
    assert "'A_2'" in warnings[0]


@pytest.mark.parametrize("name", ["", "a/b", "py", "1a", "x" * 101])
def test_a_new_table_needs_a_good_name(world: World, name: str) -> None:
    edit = world.begin()
    world.put(edit, [1])
    for call in (lambda: world.put(edit, [1], table=name), lambda: world.edits.rename(world.me, edit, "trips", name)):
        with pytest.raises(InvalidInputError) as caught:
            call()
        assert caught.value.kind is ErrorKind.INVALID_NAME


def test_a_dropped_table_stays_in_earlier_versions(world: World) -> None:
    world.append(1)
    world.append(2, table="planes")
    edit = world.begin()
    world.edits.drop(world.me, edit, "PLANES")
    commit(world, edit)
    assert (world.tables(), world.tables("main~1")) == (["trips"], ["planes", "trips"])
    assert world.rows("main~1", "planes") == [2]


def test_a_renamed_table_keeps_its_rows_and_frees_its_name(world: World) -> None:
    world.append(1)
    edit = world.begin()
    world.edits.rename(world.me, edit, "trips", "Journeys")
    world.put(edit, [2])
    commit(world, edit)
    assert world.tables() == ["Journeys", "trips"]
    assert (world.rows(table="journeys"), world.rows()) == ([1], [2])


def test_a_rename_may_change_the_case_but_not_take_a_name(world: World) -> None:
    world.append(1)
    world.append(2, table="planes")
    edit = world.begin()
    with pytest.raises(AlreadyExistsError) as caught:
        world.edits.rename(world.me, edit, "trips", "PLANES")
    assert caught.value.kind is ErrorKind.TABLE_EXISTS
    world.edits.rename(world.me, edit, "trips", "TRIPS")
    commit(world, edit)
    assert world.tables() == ["TRIPS", "planes"]


def test_what_is_not_there_is_not_dropped_renamed_or_detached_and_the_nearest_is_offered(
    world: World, book: Path
) -> None:
    edit = world.begin()
    world.put(edit, [1])
    world.edits.attach(world.me, edit, "book.pdf", book)
    calls = [
        (lambda: world.edits.drop(world.me, edit, "trip"), ErrorKind.TABLE_NOT_FOUND, "trips"),
        (lambda: world.edits.rename(world.me, edit, "trip", "t"), ErrorKind.TABLE_NOT_FOUND, "trips"),
        (lambda: world.edits.detach(world.me, edit, "bok.pdf"), ErrorKind.FILE_NOT_FOUND, "book.pdf"),
    ]
    for call, kind, hint in calls:
        with pytest.raises(NotFoundError) as caught:
            call()
        assert (caught.value.kind, caught.value.details["suggestions"]) == (kind, [hint])


# ----------------------------------------------------------------------------------------------------------------- keys


def test_a_key_is_kept_from_the_making_of_the_table_on(world: World) -> None:
    edit = world.begin()
    world.put(edit, pa.table({"b": [1, 1], "a": [1, 2]}), mode="replace", key=("a", "b"))
    commit(world, edit)
    edit = world.begin()
    world.put(edit, pa.table({"b": [2], "a": [1]}))
    commit(world, edit)
    assert world.versions.version(world.me, world.id, "main").tables[0].key == ("a", "b")


KEYED = pa.table({"n": [1, 2], "m": ["x", None]})


@pytest.mark.parametrize(
    ("mode", "rows"),
    [
        ("replace", {"n": [3, 3], "m": ["x", "y"]}),
        ("replace", {"n": [3, None], "m": ["x", "y"]}),
        ("append", {"n": [3, 3], "m": ["x", "y"]}),
        ("append", {"n": [2], "m": ["x"]}),
        ("append", {"m": ["x"]}),
    ],
)
def test_a_key_holds_no_null_and_nothing_twice(world: World, mode: str, rows: dict[str, list[object]]) -> None:
    edit = world.begin()
    world.put(edit, KEYED, mode="replace", key=("n",))
    with pytest.raises(InvalidInputError) as caught:
        world.put(edit, pa.table(rows), mode=mode)
    assert caught.value.kind is ErrorKind.KEY_VIOLATION
    assert caught.value.details["column"] == "n"
    commit(world, edit)
    assert world.rows() == [1, 2]


@pytest.mark.parametrize(
    ("key", "kind"),
    [(("x",), ErrorKind.COLUMN_NOT_FOUND), (("n", "N"), ErrorKind.INVALID_ARGUMENT), (("m",), ErrorKind.KEY_VIOLATION)],
)
def test_a_key_names_columns_once_and_fits_the_rows(world: World, key: tuple[str, ...], kind: ErrorKind) -> None:
    with pytest.raises((InvalidInputError, NotFoundError)) as caught:
        world.put(world.begin(), KEYED, mode="replace", key=key)
    assert caught.value.kind is kind


def test_a_table_that_is_there_takes_no_other_key(world: World) -> None:
    edit = world.begin()
    world.put(edit, KEYED, mode="replace", key=("n",))
    world.put(edit, [1], table="keyless")
    world.put(edit, KEYED, mode="replace", key=("n",))
    for table, key in (("trips", ("m",)), ("keyless", ("n",))):
        with pytest.raises(InvalidInputError) as caught:
            world.put(edit, KEYED, table=table, mode="replace", key=key)
        assert caught.value.kind is ErrorKind.KEY_VIOLATION


# ---------------------------------------------------------------------------------------------------------------- files


def test_an_attached_file_is_kept_as_it_was_and_replaced_by_name(world: World, book: Path) -> None:
    for content in (b"old", b"new"):
        book.write_bytes(content)
        edit = world.begin()
        world.edits.attach(world.me, edit, "book.bin", book, "application/x-book")
        commit(world, edit)
    book.unlink()
    read = [world.versions.file(world.me, world.id, ref, "book.bin").read_bytes() for ref in ("main~1", "main")]
    assert read == [b"old", b"new"]
    assert world.versions.version(world.me, world.id, "main").files[0].media_type == "application/x-book"


def test_a_detached_file_stays_in_earlier_versions(world: World, book: Path) -> None:
    edit = world.begin()
    world.edits.attach(world.me, edit, "a", book)
    world.edits.attach(world.me, edit, "b", book)
    commit(world, edit)
    edit = world.begin()
    world.edits.detach(world.me, edit, "a")
    commit(world, edit)
    assert [f.name for f in world.versions.version(world.me, world.id, "main").files] == ["b"]
    assert world.versions.file(world.me, world.id, "main~1", "a").read_bytes() == book.read_bytes()


def test_only_files_that_are_there_with_good_names_are_attached(world: World, book: Path) -> None:
    edit = world.begin()
    for path in (book.parent, book.parent / "no such file"):
        with pytest.raises(NotFoundError) as caught:
            world.edits.attach(world.me, edit, "x", path)
        assert caught.value.kind is ErrorKind.FILE_NOT_FOUND
    for name in ("", "a/b", "..", "a\0"):
        with pytest.raises(InvalidInputError):
            world.edits.attach(world.me, edit, name, book)
    assert commit(world, edit) is None


# ------------------------------------------------------------------------------------------------ two edits at one time


def test_two_appends_to_one_branch_both_land_in_a_line(world: World) -> None:
    first_commit = world.append(0)
    first, second = world.begin(), world.begin()
    world.put(first, [1])
    world.put(second, [2])
    world.put(second, [3], table="planes")
    made = [commit(world, edit) for edit in (first, second)]
    assert world.rows() == [0, 1, 2]
    assert world.rows(table="planes") == [3]
    assert [c.parents for c in made if c] == [(first_commit.id,), (made[0].id,)] if made[0] else False
    assert nothing_is_staged(world)


def test_two_first_appends_to_an_unborn_branch_both_land(world: World) -> None:
    first, second = world.begin(), world.begin()
    world.put(first, [1])
    world.put(second, [2])
    commit(world, first)
    commit(world, second)
    assert world.rows() == [1, 2]


CHANGES: dict[str, Any] = {
    "replace": lambda world, edit: world.put(edit, [9], mode="replace"),
    "drop": lambda world, edit: world.edits.drop(world.me, edit, "trips"),
    "rename": lambda world, edit: world.edits.rename(world.me, edit, "trips", "t"),
    "detach": lambda world, edit: world.edits.detach(world.me, edit, "book"),
    "append and drop": lambda world, edit: (world.put(edit, [9]), world.edits.drop(world.me, edit, "planes")),
}


def test_any_other_change_to_a_branch_that_moved_is_a_conflict(world: World, book: Path) -> None:
    """Both commits are told, and nothing is changed."""
    edit = world.begin()
    world.edits.attach(world.me, edit, "book", book)
    commit(world, edit)
    world.append(1)
    expected = world.append(2, table="planes").id
    edits = {name: world.begin() for name in CHANGES}
    for name, change in CHANGES.items():
        change(world, edits[name])
    actual = world.append(3).id
    for name, edit in edits.items():
        with pytest.raises(ConflictError) as caught:
            commit(world, edit)
        assert (name, caught.value.kind) == (name, ErrorKind.REF_MOVED)
        assert caught.value.details == {"ref": "main", "expected": expected, "actual": actual}
    assert (world.head(), world.rows()) == (actual, [1, 3])
    assert nothing_is_staged(world)


def test_an_append_to_a_table_that_was_replaced_meanwhile_follows_the_new_rows(world: World) -> None:
    world.append(1)
    late, edit = world.begin(), world.begin()
    world.put(late, [2])
    world.put(edit, [7, 8], mode="replace")
    commit(world, edit)
    commit(world, late)
    assert world.rows() == [7, 8, 2]


def test_an_append_that_fits_no_more_is_refused_and_nothing_is_changed(world: World) -> None:
    world.append(1)
    late, edit = world.begin(), world.begin()
    world.put(late, [2])
    world.put(edit, pa.table({"n": [["now", "lists"]]}), mode="replace")
    head = commit(world, edit)
    with pytest.raises(InvalidInputError) as caught:
        commit(world, late)
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert head is not None
    assert world.head() == head.id
    assert nothing_is_staged(world)


def test_a_change_of_a_job_is_made_again_on_a_branch_that_moved(world: World) -> None:
    """An import is read long before it is committed: what others append meanwhile must not make it vanish."""
    world.append(1)
    with world.edits.draft(world.me, world.id, "main") as (_, edit):
        world.edits.change(world.me, edit, lambda draft: draft.drop("trips"))
        world.append(2, table="planes")
        made = commit(world, edit, "by a job")
    assert made is not None
    assert (world.tables(), made.message) == (["planes"], "by a job")


def packs(world: World) -> tuple[set[str], set[str]]:
    """Those on the disk, and those that the catalog names."""
    with world.container.database.read() as connection:
        return set(world.container.backend.names("packs")), set(records.pack_ends(connection))


def test_a_try_to_commit_that_is_lost_leaves_no_pack(world: World) -> None:
    """One that conflicts, and one whose table is in the index of the store already, which this process forgot."""
    world.append(1)
    edit = world.begin()
    world.put(edit, [9], mode="replace")
    world.append(2)
    with pytest.raises(ConflictError):
        commit(world, edit)
    world.container.objects._cache.clear()
    again = World(world.container, world.me, "again")
    again.append(1)
    assert again.rows() == [1]
    there, named = packs(world)
    assert there == named


def test_edits_of_different_branches_do_not_meet(world: World) -> None:
    world.append(1)
    world.branch("fix")
    edit = world.begin("fix")
    world.put(edit, [9], mode="replace")
    world.append(2)
    commit(world, edit)
    assert (world.rows("main"), world.rows("fix")) == ([1, 2], [9])


def test_an_edit_of_a_branch_that_was_undone_meanwhile_is_a_conflict(world: World) -> None:
    world.append(1)
    world.append(2)
    edit = world.begin()
    world.put(edit, [9], mode="replace")
    world.versions.undo(world.me, world.id, "main")
    with pytest.raises(ConflictError):
        commit(world, edit)
    assert world.rows() == [1]


def test_an_edit_of_a_branch_that_was_deleted_meanwhile_does_not_bring_it_back(world: World) -> None:
    world.append(1)
    for mode in ("append", "replace"):
        world.branch("fix")
        edit = world.begin("fix")
        world.put(edit, [9], mode=mode)
        world.versions.delete_ref(world.me, world.id, "fix")
        with pytest.raises((ConflictError, NotFoundError)):
            commit(world, edit)
        assert world.head("fix") is None


@pytest.mark.parametrize("before", [[], [1]], ids=["the first commit", "a later one"])
def test_an_edit_of_a_dataset_that_was_deleted_meanwhile_is_refused_and_changes_nothing(
    world: World, before: list[int]
) -> None:
    """The error names the dataset; restored, the dataset is as it was."""
    for row in before:
        world.append(row)
    head, edit = world.head(), world.begin()
    world.put(edit, [2])
    world.datasets.delete(world.me, world.id)
    with pytest.raises(NotFoundError, match=r"'trips'.*bin") as caught:
        commit(world, edit)
    assert caught.value.kind is ErrorKind.DATASET_NOT_FOUND
    world.datasets.restore(world.me, world.id)
    assert world.head() == head
    assert len(world.log()) == len(before)
    assert nothing_is_staged(world)


def test_a_draft_that_is_left_without_commit_is_forgotten(world: World) -> None:
    with world.edits.draft(world.me, world.id, "main") as (draft, edit):
        world.put(edit, [1])
        assert list(draft.tables) == ["trips"]
    assert world.head() is None
    assert nothing_is_staged(world)
    with pytest.raises(NotFoundError):
        commit(world, edit)
