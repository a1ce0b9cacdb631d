"""What made a commit is kept, checked, copied and brought back with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.services.housekeeping import backups
from jupyter_datasets.services.housekeeping.rebuilding import rebuild
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.provenance import Claim, InputVersion, Provenance
from jupyter_datasets.store import packs
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.values import Actor, ObjectHash
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, flip
from tests.services.housekeeping.test_rebuilding import lose, opened

ME = Actor.local()
embedded = pytest.mark.parametrize("catalog_url", [""])


def append(world: World, *inputs: InputVersion, branch: str = "main") -> Commit:
    said = Provenance.of(Claim(kind="script", script="load.py", packages={"a": "1.0" * 100}, inputs=inputs))
    edit = world.begin(branch)
    world.put(edit, [1])
    made = world.edits.commit(world.me, edit, provenance=said)
    assert made is not None
    return made


def read(world: World, commit: Commit) -> InputVersion:
    return InputVersion(dataset=world.id, commit=commit.id)


def object_of(world: World, commit: Commit) -> ObjectHash:
    name = world.container.objects.commit(commit.id).provenance
    assert name is not None
    return name


def pack_with(world: World, name: ObjectHash) -> Path:
    with world.container.database.read() as connection:
        return world.container.backend.path("packs", records.locate(connection, [name])[name].pack)


def collect(world: World) -> None:
    for _ in range(2):
        world.container.housekeeping.gc(world.me, dry_run=False, grace_hours=0, undo_days=0)


def test_collection_keeps_what_made_a_commit_that_is_kept(world: World) -> None:
    """Also where it lies in the pack of another commit, which goes."""
    world.append(0)
    world.branch("fix")
    append(world, branch="fix")
    kept = append(world)
    world.versions.delete_ref(world.me, world.id, "fix")
    collect(world)
    world.container.objects.forget()
    found = world.versions.provenance(world.me, world.id, kept.id)
    assert found is not None
    assert found.script == "load.py"
    assert failed(world.container.housekeeping.fsck(world.me)) == []


def test_collection_forgets_the_lineage_of_commits_that_go(world: World) -> None:
    """And of datasets that are removed for good, which are gone as inputs."""
    other = World(world.container, world.me, "other")
    first = other.append(1)
    world.append(0)
    world.branch("fix")
    append(world, read(other, first), branch="fix")
    assert len(other.versions.lineage(world.me, other.id).edges) == 1
    world.versions.delete_ref(world.me, world.id, "fix")
    collect(world)
    assert other.versions.lineage(world.me, other.id).edges == ()
    append(world, read(other, first))
    other.datasets.delete(other.me, other.id)
    world.container.housekeeping.empty_bin(world.me, 0)
    collect(world)
    (_, node) = world.versions.lineage(world.me, world.id).nodes
    assert (node.state, node.dataset) == ("gone", "other")


def test_fsck_finds_what_made_a_commit_damaged(world: World) -> None:
    """And names every commit that it made."""
    first, second = append(world), append(world)
    name = object_of(world, first)
    path = pack_with(world, name)
    place = packs.read_end(path.read_bytes())[0][name]
    flip(path, place.offset + place.length - 2)
    checks = failed(world.container.housekeeping.fsck(world.me))
    touched = {version["commit"] for check in checks for version in check.details["versions"]}
    assert {first.id, second.id} <= touched
    world.container.objects.forget()
    with pytest.raises(DamagedObjectError):
        world.versions.provenance(world.me, world.id)


@embedded
def test_a_rebuild_brings_lineage_back(world: World) -> None:
    """Of each commit, although several share what is told of them."""
    other = World(world.container, world.me, "other")
    source = other.append(1)
    append(world, read(other, source))
    append(world, read(other, source))
    world.container.close()
    rebuild(lose(world.container.backend.root), ME)
    with opened(world.container.backend.root, "other") as found:
        (edge,) = found.versions.lineage(ME, found.id).edges
        assert edge.made_by == "load.py"
        assert found.versions.lineage(ME, "trips", "#1", "up").nodes[1].dataset == "other"


@embedded
def test_a_rebuild_tells_what_it_cannot_bring_back(world: World) -> None:
    """The commit is there, and what it was made from is not known."""
    other = World(world.container, world.me, "other")
    source = other.append(1)
    first, second = append(world, read(other, source)), append(world, read(other, source))
    path = pack_with(world, object_of(world, first))
    world.container.close()
    store = lose(world.container.backend.root)
    backend = LocalBackend(store)
    backend.remove("packs", ObjectHash(path.parent.name + path.name))
    told = rebuild(store, ME)
    assert any(f"What commit {second.short} was made from" in line for line in told.lost)


@embedded
def test_a_backup_holds_what_made_a_commit(world: World, tmp_path: Path) -> None:
    """As it holds all that commits name."""
    other = World(world.container, world.me, "other")
    append(world, read(other, other.append(1)))
    world.container.housekeeping.back_up(world.me, tmp_path / "copy", links=False)
    backups.restore(tmp_path / "copy", tmp_path / "again")
    with opened(tmp_path / "again", "trips") as found:
        said = found.versions.provenance(ME, found.id)
        assert said is not None
        assert [i.name for i in said.inputs] == ["other"]
        assert len(found.versions.lineage(ME, found.id).edges) == 1
