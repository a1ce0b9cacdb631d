"""Collection deletes what nothing needs, in two steps, and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from jupyter_datasets.catalog.tables import condemned, datasets, ref_log
from jupyter_datasets.errors import (
    DamagedObjectError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    StoreBusyError,
)
from jupyter_datasets.services.housekeeping import service
from jupyter_datasets.services.housekeeping.models import Collected
from jupyter_datasets.services.merges.models import MergeRequest, Resolution
from jupyter_datasets.store import packs
from jupyter_datasets.store.canonical import hash_bytes
from jupyter_datasets.values import Actor, to_datetime
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, fill, name_of

HOUR = 3_600_000_000


def gc(world: World, *, dry: bool = False, grace: float = 0, days: float = 0) -> Collected:
    """A run without any grace, and in which nothing can be undone, unless told otherwise."""
    return world.container.housekeeping.gc(world.me, dry_run=dry, grace_hours=grace, undo_days=days)


def names(things: Any) -> set[str]:
    return {thing.name for thing in things}


def clean(world: World) -> bool:
    return not failed(world.container.housekeeping.fsck(world.me))


def age(world: World, hours: float) -> None:
    """Make all that is in the log and condemned so much older."""
    with world.container.database.begin() as uow:
        for column in (ref_log.c.time_us, condemned.c.since_us, datasets.c.deleted_us):
            uow.connection.execute(update(column.table).values({column: column - int(hours * HOUR)}))
        uow.commit()


@pytest.fixture
def left(world: World) -> Path:
    """The segment of a branch that was deleted; ``main`` has other rows."""
    fill(world, first=100_000)
    world.branch("fix")
    file = fill(world, branch="fix")
    world.versions.delete_ref(world.me, world.id, "fix")
    return file


def test_what_nothing_needs_goes_with_the_second_run(world: World, left: Path) -> None:
    """The first one condemns the commit, its pack and its segment; the second one deletes them."""
    first = gc(world)
    assert [thing.kind for thing in first.condemned] == ["commits", "packs", "objects"]
    assert (first.deleted, left.exists(), name_of(left) in names(first.condemned)) == ((), True, True)
    second = gc(world)
    assert names(second.deleted) == names(first.condemned)
    assert second.bytes == sum(thing.bytes for thing in first.condemned) > 0
    assert not left.exists()
    assert (world.rows()[0], clean(world)) == (100_000, True)
    assert world.container.health.check(world.me, "all").ok
    with pytest.raises(NotFoundError):
        world.resolve("#2")
    third = gc(world)
    assert (third.deleted, third.condemned) == ((), ())


def test_a_dry_run_says_all_that_and_changes_nothing(world: World, left: Path) -> None:
    """It also says who keeps each file."""
    gc(world)
    said = gc(world, dry=True)
    assert name_of(left) in names(said.deleted)
    assert left.exists()
    done = gc(world)
    assert done.deleted == said.deleted
    kept = Path(world.versions.plan(world.me, world.id, "main", "trips").segments[0].path)
    assert said.why[name_of(kept)] == "branch main of trips"
    assert (done.why, "bytes" in repr(said)) == ({}, True)


def test_nothing_is_deleted_before_the_grace(world: World, left: Path) -> None:
    """A file must be that old to be condemned, and condemned for that long to be deleted."""
    young = gc(world, grace=24)
    assert (young.young, names(young.deleted)) == (2, set())
    gc(world)
    assert gc(world, grace=24).deleted == ()
    age(world, 25)
    assert name_of(left) in names(gc(world, grace=24).deleted)


def test_what_a_merge_in_progress_names_is_kept(world: World) -> None:
    """Both sides, though their branches are gone; once it is aborted they go."""
    fill(world, first=100_000)
    for branch, row in (("into", 1), ("fix", 2)):
        world.branch(branch)
        world.append(row, branch=branch, table="odd")
    merges, me = world.container.merges, world.me
    kept = merges.merge(me, world.id, MergeRequest(source="fix", into="into")).merge
    assert kept is not None
    for branch in ("into", "fix"):
        world.versions.delete_ref(me, world.id, branch)
    for _ in range(2):
        report = gc(world)
        assert (report.deleted, report.condemned) == ((), ())
    assert str(report.kept[-1].keeper) == "a merge in progress on into of trips"
    world.branch("into", at=f"commit:{kept.ours}")
    answered = merges.answer(me, world.id, kept.id, [Resolution(take="theirs")])
    assert merges.state(me, world.id, answered.id).count == 0
    merges.abort(me, world.id, kept.id)
    gc(world)
    assert names(gc(world).deleted) >= {kept.commit}


def test_what_may_be_undone_is_kept(world: World, left: Path) -> None:
    """A branch that was deleted lately comes back by an undo, whole, and is kept by itself from then on."""
    for _ in range(2):
        report = gc(world, days=30)
        assert (report.deleted, report.condemned) == ((), ())
    assert {kept.keeper.reason for kept in report.kept} == {"branch", "undo"}
    world.versions.undo(world.me, world.id, "fix")
    gc(world)
    gc(world)
    assert (left.exists(), clean(world), world.rows("fix")[0]) == (True, True, 0)


@pytest.mark.usefixtures("left")
def test_what_was_collected_cannot_be_undone(world: World) -> None:
    """The move stays in the log, and bringing it back is refused."""
    gc(world)
    gc(world)
    with pytest.raises(NotFoundError, match="collected") as caught:
        world.versions.undo(world.me, world.id, "fix")
    assert caught.value.kind is ErrorKind.COMMIT_NOT_FOUND
    assert clean(world)


@pytest.mark.usefixtures("left")
@pytest.mark.parametrize("look", [World.resolve, lambda world, ref: world.branch("new", at=ref)])
def test_a_time_from_which_nothing_is_left_names_no_version(world: World, look: Callable[[World, str], object]) -> None:
    """``fix@{time}`` is an error that says so, and no branch is made there."""
    moment = max(move.time for move in world.versions.moves(world.me, world.id, "fix") if move.new)
    gc(world)
    gc(world)
    with pytest.raises(NotFoundError, match="collected"):
        look(world, f"fix@{{{to_datetime(moment).isoformat()}}}")


def test_what_is_named_again_is_pardoned(world: World, left: Path) -> None:
    """A branch at a condemned commit keeps it; a later run condemns it anew."""
    gc(world)
    world.branch("again", at="#2")
    report = gc(world)
    assert (report.pardoned, report.deleted, left.exists()) == (3, (), True)
    world.versions.delete_ref(world.me, world.id, "again")
    assert (gc(world).deleted, left.exists()) == ((), True)


def test_rows_that_come_again_keep_their_segment(world: World, left: Path) -> None:
    """A commit with the same rows names the condemned segment once more."""
    gc(world)
    fill(world)
    gc(world)
    assert (left.exists(), clean(world), world.rows()[:3]) == (True, True, [0, 1, 2])


def test_rows_that_come_again_after_all_was_deleted_are_written_again(world: World, left: Path) -> None:
    """Nothing that is in memory still is taken for being in the store."""
    gc(world)
    gc(world)
    fill(world)
    assert (left.exists(), clean(world), world.rows()[:3]) == (True, True, [0, 1, 2])


def test_small_rows_that_come_again_are_written_again(world: World) -> None:
    """They lie in a pack, of which the index and the memory know."""
    world.append(1)
    world.branch("fix")
    world.append(2, branch="fix")
    world.versions.delete_ref(world.me, world.id, "fix")
    gc(world)
    gc(world)
    world.append(2)
    world.container.objects.forget()
    assert (world.rows(), clean(world)) == ([1, 2], True)


def test_a_dataset_in_the_bin_is_kept_whole_until_the_bin_is_emptied(world: World) -> None:
    """It can be restored; once it is removed for good, its versions go with the next runs."""
    other = World(world.container, world.me, "other")
    file = fill(other)
    other.datasets.delete(world.me, other.id)
    empty_bin = world.container.housekeeping.empty_bin
    assert {kept.keeper.reason for kept in gc(world).kept} == {"bin"}
    assert (empty_bin(world.me), gc(world).deleted) == ((), ())
    age(world, 31 * 24)
    assert empty_bin(world.me) == ("other",)
    assert list(world.datasets.bin(world.me)) == []
    gc(world)
    gc(world)
    assert (file.exists(), clean(world)) == (False, True)
    with pytest.raises(NotFoundError):
        other.datasets.restore(world.me, "other")


def test_a_dataset_that_lives_is_not_removed_with_the_bin(world: World) -> None:
    """However old it is."""
    assert world.container.housekeeping.empty_bin(world.me, 0) == ()
    assert world.append(1)


def test_a_commit_that_two_datasets_share_content_with_is_kept_by_either(world: World) -> None:
    """Equal segments are one file, which goes with the last dataset."""
    other = World(world.container, world.me, "other")
    file = fill(other)
    assert fill(world) == file
    other.datasets.delete(world.me, other.id)
    world.container.housekeeping.empty_bin(world.me, 0)
    gc(world)
    gc(world)
    assert (file.exists(), clean(world), len(world.rows())) == (True, True, 1000)


def test_an_open_edit_keeps_what_it_began_from(world: World) -> None:
    """Even where nothing can be undone."""
    fill(world)
    world.branch("fix")
    fill(world, first=5000, branch="fix")
    edit = world.begin("fix")
    world.versions.delete_ref(world.me, world.id, "fix")
    assert "an edit that is open" in repr(gc(world))
    assert (gc(world).deleted, gc(world).condemned) == ((), ())
    world.edits.abort(world.me, edit)
    assert gc(world).condemned != ()


def test_files_that_an_interrupted_write_left_are_collected(world: World) -> None:
    """No version names them, and no commit ever did."""
    data = b"left by an interrupted write"
    world.container.backend.write("objects", hash_bytes(data), data)
    world.container.backend.write("packs", hash_bytes(data), data)
    gc(world)
    assert [thing.kind for thing in gc(world).deleted] == ["packs", "objects"]


def test_nothing_is_collected_while_a_version_cannot_be_read(world: World, left: Path) -> None:
    """What is below may be needed by it."""
    gc(world)
    backend = world.container.backend
    (pack,) = (n for n in backend.names("packs") if world.head() in packs.read_end(backend.read("packs", n))[0])
    backend.path("packs", pack).unlink()
    with pytest.raises(DamagedObjectError, match="nobody can tell"):
        gc(world)
    assert left.exists()


def test_while_others_write_nothing_is_deleted(world: World, left: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever collects waits for them, and gives up after a while; what is condemned stays so."""
    monkeypatch.setattr(service, "PATIENCE", 0.05)
    gc(world)
    with world.container.backend.gate.writing(), pytest.raises(StoreBusyError):
        gc(world)
    assert left.exists()
    assert gc(world).deleted != ()


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_error(world: World, left: Path) -> None:
    """Nothing is lost, and a later run deletes what this one could not."""
    gc(world)
    left.parent.chmod(0o500)
    try:
        with pytest.raises(StorageError):
            gc(world)
    finally:
        left.parent.chmod(0o700)
    assert clean(world)


@pytest.mark.parametrize("wrong", [{"grace": -1}, {"days": -0.5}, {"grace": float("nan")}, {"days": float("inf")}])
def test_spans_of_time_are_checked(world: World, wrong: dict[str, float]) -> None:
    """Before anything is looked at."""
    with pytest.raises(InvalidInputError):
        gc(world, **wrong)


def test_only_an_administrator_may_collect(world: World, stranger: Actor) -> None:
    """Nor may others empty the bin."""
    with pytest.raises(PermissionDeniedError):
        world.container.housekeeping.gc(stranger)
    with pytest.raises(PermissionDeniedError):
        world.container.housekeeping.empty_bin(stranger, 0)
