"""Branches and tags get other names; each name remembers what it meant, and undo takes a rename back."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.events import RefMoved
from jupyter_datasets.services.versions.models import RefInfo
from jupyter_datasets.values import Micros, to_datetime
from tests.services.conftest import World


def rename(world: World, name: str, to: str) -> RefInfo:
    return world.versions.rename_ref(world.me, world.id, name, to)


def undo(world: World, ref: str) -> RefInfo:
    return world.versions.undo(world.me, world.id, ref)


def redo(world: World, ref: str) -> RefInfo:
    return world.versions.redo(world.me, world.id, ref)


def names(world: World) -> list[str]:
    return [ref.name for ref in world.versions.refs(world.me, world.id)]


def times(world: World, ref: str) -> list[Micros]:
    return [move.time for move in world.versions.moves(world.me, world.id, ref)]


def at(moment: int) -> str:
    return "@{" + to_datetime(Micros(moment)).isoformat() + "}"


@pytest.fixture
def fix(world: World) -> World:
    """A branch ``fix`` with two commits of its own behind that of ``main``, and a tag ``v1``."""
    world.append(1)
    world.tag("v1")
    world.branch("fix")
    world.append(2, branch="fix")
    world.append(3, branch="fix")
    return world


@pytest.mark.parametrize(("name", "kind"), [("fix", "branch"), ("v1", "tag"), ("branch:fix", "branch")])
def test_a_branch_or_tag_goes_on_under_its_new_name(fix: World, name: str, kind: Any) -> None:
    before = fix.resolve(name)
    plain = name.removeprefix("branch:")
    assert rename(fix, name, "new/name") == RefInfo(name="new/name", kind=kind, commit=before, formerly=plain)
    assert "new/name" in names(fix)
    assert plain not in names(fix)
    assert fix.resolve("new/name") == before


def test_a_renamed_branch_takes_commits_and_its_old_name_is_free(fix: World) -> None:
    rename(fix, "fix", "mend")
    fix.append(4, branch="mend")
    assert fix.rows("mend") == [1, 2, 3, 4]
    fix.branch("fix", at="v1")
    fix.append(9, branch="fix")
    assert (fix.rows("fix"), fix.rows("mend")) == ([1, 9], [1, 2, 3, 4])


def test_a_name_that_is_taken_or_breaks_a_rule_is_refused(fix: World) -> None:
    for taken in ("main", "v1", "fix"):
        with pytest.raises(AlreadyExistsError) as exists:
            rename(fix, "fix", taken)
        assert exists.value.kind is ErrorKind.REF_EXISTS
    with pytest.raises(InvalidInputError) as broken:
        rename(fix, "fix", "a b")
    assert broken.value.kind is ErrorKind.INVALID_NAME
    with pytest.raises(InvalidInputError, match="main"):
        rename(fix, "main", "trunk")
    with pytest.raises(InvalidInputError):
        rename(fix, "fix~1", "mend")
    assert names(fix) == ["fix", "main", "v1"]


def test_main_is_taken_even_while_it_is_unborn(fix: World) -> None:
    fix.versions.undo(fix.me, fix.id, "main")
    with pytest.raises(AlreadyExistsError):
        rename(fix, "fix", "main")


def test_what_is_unknown_is_told_with_the_nearest_and_where_a_renamed_one_went(fix: World) -> None:
    with pytest.raises(NotFoundError, match="Did you mean 'fix'"):
        rename(fix, "fixx", "mend")
    rename(fix, "fix", "quite_different")
    for use in (lambda: fix.resolve("fix"), lambda: fix.append(1, branch="fix"), lambda: rename(fix, "fix", "x")):
        with pytest.raises(NotFoundError, match="renamed to 'quite_different'"):
            use()


# ------------------------------------------------------------------------------------------------------- undo and redo


@pytest.mark.parametrize("name", ["mend", "fix"])
def test_undo_under_either_name_takes_the_rename_back_and_redo_plays_it_again(fix: World, name: str) -> None:
    head = fix.resolve("fix")
    rename(fix, "fix", "mend")
    assert undo(fix, name) == RefInfo(name="fix", kind="branch", commit=head, formerly="mend")
    assert names(fix) == ["fix", "main", "v1"]
    assert redo(fix, name) == RefInfo(name="mend", kind="branch", commit=head, formerly="fix")
    assert names(fix) == ["main", "mend", "v1"]


def test_before_the_rename_its_moves_are_undone_under_the_old_name(fix: World) -> None:
    rename(fix, "fix", "mend")
    undo(fix, "mend")
    undo(fix, "fix")
    assert fix.rows("fix") == [1, 2]
    with pytest.raises(ConflictError) as nothing:
        undo(fix, "mend")
    assert nothing.value.kind is ErrorKind.NOTHING_TO_UNDO


def test_moves_under_the_new_name_are_undone_before_the_rename(fix: World) -> None:
    rename(fix, "fix", "mend")
    fix.append(4, branch="mend")
    with pytest.raises(ConflictError, match="'mend' was used since"):
        undo(fix, "fix")
    assert undo(fix, "mend").formerly is None
    assert undo(fix, "mend").formerly == "mend"
    assert fix.rows("fix") == [1, 2, 3]


def test_a_rename_is_not_taken_back_while_the_old_name_is_used_otherwise(fix: World) -> None:
    rename(fix, "fix", "mend")
    fix.tag("fix", at="v1")
    with pytest.raises(ConflictError, match="'fix' was used since"):
        undo(fix, "mend")
    undo(fix, "fix")
    assert undo(fix, "mend").name == "fix"


def test_names_that_change_to_and_fro_are_undone_one_by_one(fix: World) -> None:
    steps = [("fix", "a"), ("a", "b"), ("b", "fix"), ("fix", "a")]
    for old, new in steps:
        rename(fix, old, new)
    for old, new in reversed(steps):
        assert undo(fix, new).name == old
    for old, new in steps:
        assert redo(fix, old).name == new


def test_a_redo_ends_with_what_is_done_under_either_name(fix: World) -> None:
    rename(fix, "fix", "mend")
    undo(fix, "mend")
    fix.append(4, branch="fix")
    for name in ("fix", "mend"):
        with pytest.raises(ConflictError):
            redo(fix, name)
    assert fix.rows("fix") == [1, 2, 3, 4]


# --------------------------------------------------------------------------------------------------- times, log, events


def test_a_name_at_a_time_means_what_it_meant_then(fix: World) -> None:
    """The old name as well as the new one; before the rename the new one stands for the old."""
    rename(fix, "fix", "mend")
    made, first, second, renamed = times(fix, "fix")
    after = fix.append(4, branch="mend")
    for name in ("fix", "mend", "branch:mend"):
        assert fix.resolve(name + at(made)) == fix.resolve("v1")
        assert fix.resolve(name + at(first)) == fix.resolve("mend~2")
        assert fix.resolve(name + at(second)) == fix.resolve(name + at(renamed - 1)) == fix.resolve("mend~1")
    assert fix.resolve("mend" + at(renamed)) == fix.resolve("mend~1")
    assert fix.resolve("mend@{2100-01-01}") == after.id
    with pytest.raises(NotFoundError, match="It had been renamed to 'mend'"):
        fix.resolve("fix@{2100-01-01}")
    with pytest.raises(NotFoundError) as early:
        fix.resolve("mend" + at(made - 1))
    assert early.value.details["earliest"] == made


def test_a_name_with_a_life_before_keeps_that_life(fix: World) -> None:
    fix.tag("mend", at="v1")
    (tagged,) = times(fix, "mend")
    fix.versions.delete_ref(fix.me, fix.id, "mend")
    rename(fix, "fix", "mend")
    _, deleted, renamed = times(fix, "mend")
    assert fix.resolve("mend" + at(tagged)) == fix.resolve("v1")
    assert fix.resolve("mend" + at(renamed)) == fix.resolve("mend")
    with pytest.raises(NotFoundError, match="pointed nowhere"):
        fix.resolve("mend" + at(deleted))


def test_both_names_log_the_rename_and_both_are_told(fix: World) -> None:
    heard: list[tuple[str, str]] = []
    fix.container.database.events.subscribe(RefMoved, lambda e: heard.append((e.ref, e.action)))
    rename(fix, "fix", "mend")
    going, coming = (fix.versions.moves(fix.me, fix.id, name)[-1] for name in ("fix", "mend"))
    head = fix.resolve("mend")
    assert (going.action, going.old, going.new, going.other) == ("rename", head, None, "mend")
    assert (coming.action, coming.old, coming.new, coming.other) == ("rename", None, head, "fix")
    undo(fix, "mend")
    assert heard == [("fix", "rename"), ("mend", "rename"), ("mend", "undo"), ("fix", "undo")]


def test_an_edit_of_a_branch_that_is_renamed_meanwhile_is_refused(fix: World) -> None:
    edit = fix.begin("fix")
    fix.put(edit, [4], mode="replace")
    rename(fix, "fix", "mend")
    with pytest.raises(ConflictError):
        fix.edits.commit(fix.me, edit)
    assert fix.rows("mend") == [1, 2, 3]
