"""A protected branch is moved by nothing but merges, and keeps its name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_datasets.errors import DatasetsError, ErrorKind, InvalidInputError, NotFoundError, PermissionDeniedError
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.services.versions.models import RefInfo
from jupyter_datasets.values import Actor
from tests.services.conftest import World


@pytest.fixture
def guarded(world: World) -> World:
    """``main`` and ``stable`` are protected, ``fix`` is not."""
    world.append(1)
    world.append(2)
    for name in ("fix", "stable"):
        world.branch(name)
    for name in ("main", "stable"):
        protect(world, name)
    return world


def protect(world: World, branch: str, protected: bool = True) -> RefInfo:
    return world.versions.protect(world.me, world.id, branch, protected)


def state(world: World) -> list[tuple[str, str | None, bool]]:
    return [(r.name, r.commit, r.protected) for r in world.versions.refs(world.me, world.id)]


def refused(call: Callable[[], object]) -> InvalidInputError:
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert caught.value.kind is ErrorKind.BRANCH_PROTECTED
    assert "unprotect" in caught.value.next_step
    return caught.value


def test_a_list_of_references_says_which_are_protected(guarded: World) -> None:
    assert [(name, protected) for name, _, protected in state(guarded)] == [
        ("fix", False),
        ("main", True),
        ("stable", True),
    ]
    assert protect(guarded, "main").protected
    assert not protect(guarded, "branch:main", False).protected
    assert [protected for *_, protected in state(guarded)] == [False, False, True]


@pytest.mark.parametrize("branch", ["main", "branch:main", "stable"])
def test_nothing_changes_a_protected_branch(guarded: World, branch: str) -> None:
    before, versions, ours = state(guarded), guarded.versions, (guarded.me, guarded.id)
    refused(lambda: guarded.begin(branch))
    refused(lambda: versions.undo(*ours, branch))
    if "main" not in branch:
        refused(lambda: versions.delete_ref(*ours, branch))
        refused(lambda: versions.rename_ref(*ours, branch, "other"))
    assert state(guarded) == before


def test_neither_redo_nor_the_undoing_of_a_rename_touches_it(world: World) -> None:
    world.append(1)
    world.append(2)
    world.versions.undo(world.me, world.id, "main")
    protect(world, "main")
    refused(lambda: world.versions.redo(world.me, world.id, "main"))
    world.branch("fix")
    world.versions.rename_ref(world.me, world.id, "fix", "mend")
    protect(world, "mend")
    for name in ("mend", "fix"):
        refused(lambda name=name: world.versions.undo(world.me, world.id, name))  # type: ignore[misc]  # bound at once
    assert [name for name, *_ in state(world)] == ["main", "mend"]


def test_once_unprotected_everything_goes_on_as_before(guarded: World) -> None:
    """Protecting is in the log, but is no move: undo passes over it."""
    protect(guarded, "main", False)
    assert [m.action for m in guarded.versions.moves(guarded.me, guarded.id)][2:] == ["protect", "unprotect"]
    assert guarded.versions.undo(guarded.me, guarded.id).commit == guarded.resolve("#1")
    protect(guarded, "main")
    protect(guarded, "main", False)
    assert guarded.versions.redo(guarded.me, guarded.id).commit == guarded.resolve("#2")
    guarded.append(3)
    assert guarded.rows() == [1, 2, 3]


def test_what_is_there_can_be_read_and_branched_from(guarded: World) -> None:
    guarded.branch("new", at="main")
    guarded.append(3, branch="new")
    guarded.tag("v1", at="main")
    assert (guarded.rows(), guarded.rows("new")) == ([1, 2], [1, 2, 3])
    assert guarded.resolve("main@{2100-01-01}") == guarded.head()


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_an_edit_that_began_before_the_protection_is_refused_at_its_commit(world: World, mode: str) -> None:
    world.append(1)
    edit = world.begin()
    world.put(edit, [2], mode=mode)
    protect(world, "main")
    packs = sorted(world.container.backend.names("packs"))
    refused(lambda: world.edits.commit(world.me, edit))
    assert world.rows() == [1]
    assert sorted(world.container.backend.names("packs")) == packs


def test_an_import_is_refused_before_it_is_queued(guarded: World, tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_text("n\n3\n")
    request = ImportRequest(path=str(tmp_path / "trips.csv"), table="trips")
    imports, jobs = guarded.container.imports, guarded.container.jobs
    refused(lambda: imports.start(guarded.me, guarded.id, request))
    assert list(jobs.list(guarded.me).items) == []


def test_an_import_that_began_before_the_protection_is_refused_at_its_commit(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.append(1)
    (tmp_path / "trips.csv").write_text("n\n3\n")
    commit = world.edits.commit

    def commit_late(*args: object, **more: object) -> object:
        protect(world, "main")
        return commit(*args, **more)  # type: ignore[arg-type]  # passed on as they came

    monkeypatch.setattr(world.edits, "commit", commit_late)
    job = world.container.imports.start(
        world.me, world.id, ImportRequest(path=str(tmp_path / "trips.csv"), table="trips", mode="append")
    )
    ended = world.container.runner.wait(job.id)
    assert ended.status is JobStatus.FAILED
    assert ended.error is not None
    assert ended.error["kind"] == ErrorKind.BRANCH_PROTECTED
    assert world.rows() == [1]


def test_only_a_branch_with_commits_is_protected_and_by_an_administrator(world: World, stranger: Actor) -> None:
    with pytest.raises(NotFoundError) as unborn:
        protect(world, "main")
    assert unborn.value.kind is ErrorKind.UNBORN_BRANCH
    world.append(1)
    world.tag("v1")
    for name, kind in (("v1", ErrorKind.NOT_A_BRANCH), ("main~0", ErrorKind.NOT_A_BRANCH)):
        with pytest.raises(InvalidInputError) as caught:
            protect(world, name)
        assert caught.value.kind is kind
    with pytest.raises(NotFoundError, match="Did you mean 'main'"):
        protect(world, "mian")
    with pytest.raises(PermissionDeniedError):
        world.versions.protect(stranger, world.id, "main")
    assert not any(protected for *_, protected in state(world))


def test_the_error_survives_the_wire(guarded: World) -> None:
    from jupyter_datasets import wire

    error = refused(lambda: guarded.begin())
    back = wire.error_from_json(wire.error_to_json(error))
    assert isinstance(back, DatasetsError)
    assert (back.kind, back.details) == (error.kind, {"ref": "main"})
