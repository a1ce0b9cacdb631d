"""A lost catalog is made anew of the packs' notes, and what they do not tell is said."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jupyter_datasets.container import build
from jupyter_datasets.errors import AlreadyExistsError, DamagedObjectError, NotFoundError, StoreBusyError
from jupyter_datasets.services.housekeeping.models import Rebuilt
from jupyter_datasets.services.housekeeping.rebuilding import rebuild
from jupyter_datasets.settings import Settings
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.values import Actor
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, fill, flip

ME = Actor.local()


@pytest.fixture
def catalog_url() -> str:
    """Only an embedded catalog can be lost like this."""
    return ""


@pytest.fixture
def lost(world: World) -> Path:
    """A store whose catalog is gone: two datasets, a branch, an undone commit, a tag, a new name."""
    fill(world)
    world.branch("fix")
    world.append(1, branch="fix")
    world.append(2, message="second")
    world.append(3)
    world.versions.undo(world.me, world.id, "main")
    world.append(4)
    world.tag("v1")
    world.datasets.update(world.me, world.id, name="rides")
    world.append(5)
    World(world.container, world.me, "other").append(6, message="alone")
    world.container.close()
    return lose(world.container.backend.root)


def lose(store: Path) -> Path:
    for file in store.glob("catalog.duckdb*"):
        file.unlink()
    return store


@contextmanager
def opened(store: Path, name: str) -> Iterator[World]:
    container = build(Settings(store=store))
    found = World.__new__(World)
    found.container, found.me = container, ME
    found.datasets, found.versions, found.edits = container.datasets, container.versions, container.edits
    found.id = container.datasets.get(ME, name).id
    yield found
    container.close(wait=False)


def test_datasets_branches_and_commits_come_back(lost: Path, world: World) -> None:
    """Under the last name that a commit knew, with their ids; the branch is where its last commit put it."""
    made = rebuild(lost, ME)
    assert (made.datasets, made.branches, made.commits, made.export) == (2, 3, 7, "")
    with opened(lost, "rides") as found:
        assert (found.id, found.rows(), found.rows("fix")) == (
            world.id,
            [*range(1000), 2, 4, 5],
            [*range(1000), 1],
        )
        log = found.versions.log(ME, found.id).items
        assert [c.message for c in log][2:] == ["second", "Add trips"]
        assert [c.seq for c in log] == sorted((c.seq for c in log), reverse=True)
        assert failed(found.container.housekeeping.fsck(ME)) == []
        found.append(8)
    with opened(lost, "other") as found:
        assert found.rows() == [6]


def test_what_packs_do_not_tell_is_said(lost: Path) -> None:
    """Tags and such in general, and each branch that an undo bent."""
    made = rebuild(lost, ME)
    assert made.lost[0].startswith("'main' of 'trips' did not follow one line")
    assert "tags" in made.lost[-1]
    assert "2 datasets" in repr(made)


def test_an_export_is_the_beginning(world: World) -> None:
    """What it knew is kept, tags too; newer commits come from the packs."""
    fill(world)
    world.tag("v1")
    store = world.container.backend.root
    (store / "backup").mkdir()
    for second in ("01", "02"):
        world.append(int(second))
        world.container.database.copy_to(store / "backup" / f"catalog-0003-20260101T0000{second}.0Z.duckdb")
    world.append(3)
    world.container.close()
    made = rebuild(lose(store), ME)
    assert made.export.endswith("02.0Z.duckdb")
    with opened(store, "trips") as found:
        assert (found.rows()[1000:], found.rows("v1"), len(found.log())) == ([1, 2, 3], list(range(1000)), 4)


def test_damaged_packs_are_told_and_the_rest_comes_back(lost: Path) -> None:
    """Whatever they held is lost with them."""
    backend = LocalBackend(lost)
    (bad,) = (n for n in backend.names("packs") if packs.read_end(backend.read("packs", n))[1]["name"] == "other")
    flip(backend.path("packs", bad))
    made = rebuild(lost, ME)
    assert made.datasets == 1
    assert bad[:12] in made.lost[0]


def test_two_datasets_of_one_name_get_two(world: World) -> None:
    """One that was deleted comes back too, and both need a name."""
    world.append(1)
    world.datasets.delete(world.me, world.id)
    World(world.container, world.me).append(2)
    world.container.close()
    made = rebuild(lose(world.container.backend.root), ME)
    assert made.datasets == 2
    assert "is called 'trips_2' now" in made.lost[0]


def test_a_lost_catalog_is_told_with_what_to_do(lost: Path) -> None:
    """Opening the store makes no new one in its place."""
    with pytest.raises(DamagedObjectError, match="rebuild"):
        build(Settings(store=lost))


def test_a_store_with_a_catalog_is_left_alone(world: World, tmp_path: Path) -> None:
    """As is one that a process holds, and a folder without a store."""
    world.append(1)
    store = world.container.backend.root
    with world.container.database.hold(), pytest.raises(StoreBusyError):
        rebuild(store, ME)
    world.container.close()
    with pytest.raises(AlreadyExistsError):
        rebuild(store, ME)
    with pytest.raises(NotFoundError):
        rebuild(tmp_path / "nothing", ME)


def test_a_second_rebuild_gives_the_same(lost: Path) -> None:
    """It depends on the store alone, and leaves nothing behind."""
    made: list[Rebuilt] = []
    for _ in range(2):
        made.append(rebuild(lose(lost), ME))
        assert LocalBackend(lost).stagings() == []
    assert made[0] == made[1]
