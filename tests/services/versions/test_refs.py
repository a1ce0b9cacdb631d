"""Branches and tags: made, deleted, moved back and forth; every move is kept."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_datasets.errors import AlreadyExistsError, ConflictError, ErrorKind, InvalidInputError, NotFoundError
from jupyter_datasets.services.versions.events import RefMoved
from jupyter_datasets.services.versions.models import RefInfo
from tests.services.conftest import World


def undo(world: World, ref: str = "main") -> str | None:
    return world.versions.undo(world.me, world.id, ref).commit


def redo(world: World, ref: str = "main") -> str | None:
    return world.versions.redo(world.me, world.id, ref).commit


def refs(world: World) -> dict[str, str | None]:
    return {r.name: r.commit for r in world.versions.refs(world.me, world.id)}


# --------------------------------------------------------------------------------------------------- create and delete


def test_main_is_there_from_the_start_and_unborn(world: World) -> None:
    assert world.versions.refs(world.me, world.id) == [RefInfo(name="main", kind="branch", commit=None)]


def test_a_branch_or_tag_is_made_at_any_version(world: World) -> None:
    first, second = world.append(1), world.append(2)
    made = world.versions.create_ref(world.me, world.id, "fix", "branch", "main~1")
    assert made == RefInfo(name="fix", kind="branch", commit=first.id)
    world.tag("v1", at=second.short)
    assert refs(world) == {"fix": first.id, "main": second.id, "v1": second.id}


@pytest.mark.parametrize("kind", ["branch", "tag"])
def test_branches_and_tags_share_one_name_space(world: World, kind: Any) -> None:
    world.append(1)
    world.branch("fix")
    world.tag("v1")
    for name in ("fix", "v1", "main"):
        with pytest.raises(AlreadyExistsError) as caught:
            world.versions.create_ref(world.me, world.id, name, kind, "main")
        assert caught.value.kind is ErrorKind.REF_EXISTS


def test_a_reference_needs_a_good_name_and_a_commit(world: World) -> None:
    with pytest.raises(NotFoundError) as unborn:
        world.branch("fix")
    assert unborn.value.kind is ErrorKind.UNBORN_BRANCH
    world.append(1)
    with pytest.raises(InvalidInputError) as caught:
        world.branch("a b")
    assert caught.value.kind is ErrorKind.INVALID_NAME
    with pytest.raises(NotFoundError):
        world.branch("fix", at="v9")
    assert list(refs(world)) == ["main"]


def test_names_of_references_differ_by_case(world: World) -> None:
    """By Git's rules, unlike names of datasets and tables."""
    world.append(1)
    world.branch("Fix")
    world.branch("fix")
    assert set(refs(world)) == {"Fix", "fix", "main"}


def test_a_deleted_reference_is_gone_and_its_commits_stay(world: World) -> None:
    world.append(1)
    world.branch("fix")
    made = world.append(2, branch="fix")
    assert world.versions.delete_ref(world.me, world.id, "fix").commit == made.id
    assert list(refs(world)) == ["main"]
    assert world.rows(made.id) == [1, 2]


def test_main_cannot_be_deleted_nor_what_is_not_there(world: World) -> None:
    world.append(1)
    for name in ("main", "branch:main"):
        with pytest.raises(InvalidInputError, match="main"):
            world.versions.delete_ref(world.me, world.id, name)
    with pytest.raises(NotFoundError) as caught:
        world.versions.delete_ref(world.me, world.id, "mainn")
    assert caught.value.kind is ErrorKind.REF_NOT_FOUND
    with pytest.raises(InvalidInputError):
        world.versions.delete_ref(world.me, world.id, "main~0")


def test_a_prefix_may_name_what_is_deleted_or_undone(world: World) -> None:
    world.append(1)
    world.tag("v1")
    world.versions.delete_ref(world.me, world.id, "tag:v1")
    assert undo(world, "tag:v1") == world.head()
    assert set(refs(world)) == {"main", "v1"}


# ------------------------------------------------------------------------------------------------------- undo and redo


def test_undo_takes_back_one_commit_after_the_other_down_to_nothing(world: World) -> None:
    made = [world.append(n).id for n in range(3)]
    assert [undo(world), undo(world), undo(world)] == [made[1], made[0], None]
    assert refs(world) == {"main": None}
    assert world.log() == []
    with pytest.raises(ConflictError) as caught:
        undo(world)
    assert caught.value.kind is ErrorKind.NOTHING_TO_UNDO


def test_redo_plays_again_what_undo_took_back(world: World) -> None:
    made = [world.append(n).id for n in range(3)]
    for _ in made:
        undo(world)
    assert [redo(world), redo(world)] == made[:2]
    assert undo(world) == made[0]
    assert [redo(world), redo(world)] == made[1:]
    assert world.rows() == [0, 1, 2]
    with pytest.raises(ConflictError) as caught:
        redo(world)
    assert caught.value.kind is ErrorKind.NOTHING_TO_UNDO


def test_a_new_commit_ends_what_can_be_redone_and_is_undone_first(world: World) -> None:
    first, _ = world.append(1), world.append(2)
    undo(world)
    third = world.append(3)
    assert third.seq == 3
    with pytest.raises(ConflictError):
        redo(world)
    assert [undo(world), redo(world)] == [first.id, third.id]
    assert world.rows() == [1, 3]


def test_an_unborn_branch_that_was_undone_takes_commits_again(world: World) -> None:
    world.append(1)
    undo(world)
    made = world.append(2)
    assert (made.parents, world.rows()) == ((), [2])
    assert undo(world) is None


def test_undoing_the_making_of_a_branch_removes_it(world: World) -> None:
    head = world.append(1).id
    world.branch("fix")
    world.append(2, branch="fix")
    assert [undo(world, "fix"), undo(world, "fix")] == [head, None]
    assert "fix" not in refs(world)
    assert redo(world, "fix") == head
    assert refs(world)["fix"] == head


def test_undoing_a_deletion_brings_the_reference_back_with_its_kind(world: World) -> None:
    head = world.append(1).id
    world.tag("v1")
    world.versions.delete_ref(world.me, world.id, "v1")
    back = world.versions.undo(world.me, world.id, "v1")
    assert back == RefInfo(name="v1", kind="tag", commit=head)
    assert redo(world, "v1") is None
    assert "v1" not in refs(world)


def test_a_name_that_was_used_twice_is_undone_through_both_lives(world: World) -> None:
    first, second = world.append(1).id, world.append(2).id
    world.branch("fix", at=first)
    world.versions.delete_ref(world.me, world.id, "fix")
    world.tag("fix", at=second)
    steps = [world.versions.undo(world.me, world.id, "fix") for _ in range(3)]
    assert [(s.kind, s.commit) for s in steps] == [("tag", None), ("branch", first), ("branch", None)]
    steps = [world.versions.redo(world.me, world.id, "fix") for _ in range(3)]
    assert [(s.kind, s.commit) for s in steps] == [("branch", first), ("branch", None), ("tag", second)]


def test_branches_are_undone_each_by_itself(world: World) -> None:
    world.append(1)
    world.branch("fix")
    fixed = world.append(2, branch="fix").id
    world.append(3)
    undo(world)
    assert refs(world) == {"fix": fixed, "main": world.resolve("#1")}


def test_nothing_can_be_undone_where_nothing_was(world: World) -> None:
    with pytest.raises(ConflictError):
        undo(world)
    with pytest.raises(NotFoundError) as caught:
        undo(world, "never")
    assert caught.value.kind is ErrorKind.REF_NOT_FOUND
    world.append(1)
    for ref in ("main~0", "#1", "commit:abcdef", "main@{2100-01-01}"):
        with pytest.raises(InvalidInputError):
            undo(world, ref)


# -------------------------------------------------------------------------------------------------- the ref log, events


def test_the_ref_log_keeps_every_move_with_who_and_whence(world: World) -> None:
    first = world.append(1).id
    world.branch("fix")
    second = world.append(2, branch="fix").id
    undo(world, "fix")
    world.versions.delete_ref(world.me, world.id, "fix")
    found = world.versions.moves(world.me, world.id, "fix")
    assert [(m.action, m.old, m.new) for m in found] == [
        ("create", None, first),
        ("commit", first, second),
        ("undo", second, first),
        ("delete", first, None),
    ]
    assert found[2].target == found[1].id
    assert {m.actor for m in found} == {world.me.id}
    assert [m.time for m in found] == sorted(m.time for m in found)
    assert world.versions.moves(world.me, world.id, "never") == []


def test_each_move_is_told_once_and_a_refused_one_never(world: World) -> None:
    heard: list[tuple[str, str]] = []
    world.container.database.events.subscribe(RefMoved, lambda e: heard.append((e.ref, e.action)))
    world.append(1)
    world.branch("fix")
    with pytest.raises(AlreadyExistsError):
        world.branch("fix")
    undo(world, "fix")
    redo(world, "fix")
    world.versions.delete_ref(world.me, world.id, "fix")
    assert heard == [("main", "commit"), *(("fix", a) for a in ("create", "undo", "redo", "delete"))]
