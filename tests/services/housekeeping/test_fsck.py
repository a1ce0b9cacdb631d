"""fsck finds whatever is damaged or missing, names every version that it touches, and mends what can be mended."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert

from jupyter_datasets.catalog.tables import objects, refs
from jupyter_datasets.errors import NotFoundError, PermissionDeniedError
from jupyter_datasets.services.health.models import Check
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.store import packs
from jupyter_datasets.store.canonical import encode, hash_bytes
from jupyter_datasets.store.digests import Digest
from jupyter_datasets.values import Actor, CommitId, Micros, ObjectHash, short
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, fill, flip, name_of, numbers, segment


@pytest.fixture
def filled(world: World) -> World:
    """Three commits, of which the first two share a segment and the third has small rows behind another; a tag."""
    fill(world)
    world.tag("v1")
    edit = world.begin()
    world.put(edit, [1, 2, 3], table="notes")
    world.edits.commit(world.me, edit)
    fill(world, first=5000)
    world.append(7)
    return world


def fsck(world: World, dataset: str | None = None, *, repair: bool = False) -> list[Check]:
    return failed(world.container.housekeeping.fsck(world.me, dataset, repair=repair))


def pack_of(world: World, commit: str) -> Path:
    backend = world.container.backend
    held = [name for name in backend.names("packs") if commit in packs.read_end(backend.read("packs", name))[0]]
    return backend.path("packs", held[0])


@pytest.mark.parametrize("dataset", [None, "trips"])
def test_a_sound_store_is_clean(filled: World, dataset: str | None) -> None:
    """Nothing fails, and all bytes are told."""
    seen: list[tuple[int, int]] = []
    report = filled.container.housekeeping.fsck(filled.me, dataset, on_progress=lambda *at: seen.append(at))
    assert {check.status for check in report.checks} == {"ok"}
    assert seen[-1][0] == seen[-1][1] > 0


@pytest.mark.parametrize("damage", [flip, Path.unlink])
@pytest.mark.parametrize("dataset", [None, "trips"])
def test_a_damaged_segment_is_named_with_every_version_and_reference(
    filled: World, damage: type, dataset: str | None
) -> None:
    """Commits that share it are all named, with the tags that are there, and no others."""
    old = segment(filled, "v1")
    damage(old)
    (check,) = fsck(filled, dataset)
    assert check.details["object"] == name_of(old)
    assert check.details["versions"] == [
        {"dataset": "trips", "commit": filled.resolve("v1"), "number": 1, "refs": ["v1"]},
        {"dataset": "trips", "commit": filled.resolve("#2"), "number": 2, "refs": []},
    ]
    assert str(old) in check.message


def test_a_damaged_attached_file_is_named(filled: World, tmp_path: Path) -> None:
    """It is an object like any other."""
    book = tmp_path / "book.txt"
    book.write_text("what the codes mean" * 3)
    edit = filled.begin()
    filled.edits.attach(filled.me, edit, "book.txt", book)
    filled.edits.commit(filled.me, edit)
    flip(filled.container.backend.path("objects", hash_bytes(book.read_bytes())))
    (check,) = fsck(filled)
    assert numbers(check) == [5]


def test_a_lost_pack_is_named_with_what_was_in_it(filled: World) -> None:
    """Later versions that use its objects are named, though their own commits can be read."""
    pack_of(filled, filled.resolve("v1")).unlink()
    (check,) = fsck(filled)
    assert numbers(check) == [1, 2]
    assert filled.resolve("v1") in check.details["objects"]


def test_a_damaged_patch_names_the_versions_with_its_rows(filled: World) -> None:
    """Rows that are too few for a file lie in the pack."""
    pack = pack_of(filled, filled.resolve("#2"))
    place = next(p for n, p in packs.read_end(pack.read_bytes())[0].items() if n != filled.resolve("#2"))
    flip(pack, place.offset + 8)
    (check,) = fsck(filled)
    assert set(numbers(check)) <= {2, 3, 4}
    assert 2 in numbers(check)


def put_table(world: World, seq: int, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """Make a commit of that number and of no branch, whose table is that of ``main`` with another root."""
    loaded, head = world.container.objects.load, world.versions.version(world.me, world.id, "main")
    root, commit = head.tables[0].root, ObjectHash(head.commit.id)
    table, made = dict(loaded([root])[root]), dict(loaded([commit])[commit])
    lying = encode({**table, **change(table)})
    texts = [lying, encode({**made, "tables": {"trips": hash_bytes(lying)}})]
    pack = packs.build({hash_bytes(text): text for text in texts}, {})
    world.container.backend.write("packs", pack.name, pack.data)
    with world.container.database.begin() as uow:
        records.add_objects(uow.connection, pack.places)
        added = Commit(id=CommitId(hash_bytes(texts[1])), parents=(), seq=seq, author="", time=Micros(1), message="")
        records.add_commit(uow.connection, world.id, added)
        uow.commit()


def with_segment(table: dict[str, Any], *rest: Any) -> dict[str, Any]:
    """A tree in which the table's first segment is said to be otherwise."""
    return {**table["tree"], "items": [[table["tree"]["items"][0][0], *rest]]}


def test_rows_that_do_not_add_up_are_named(world: World) -> None:
    """Content with the right hash but other rows than its tree says is told, of the version that says so."""
    fill(world)
    put_table(world, 9, lambda table: {"rows": 999, "tree": with_segment(table, 999, 10)})
    (check,) = fsck(world)
    assert "holds 1,000 rows where 999 are stated" in check.message
    assert numbers(check) == [9]


def test_digests_that_do_not_agree_with_the_rows_are_named(world: World) -> None:
    """That of a table is what those of its segments add up to."""
    fill(world)
    put_table(world, 9, lambda _: {"digest": str(Digest(7, 1, 1))})
    (check,) = fsck(world)
    assert "holds other rows than its digest states" in check.message
    assert numbers(check) == [9]


def test_digests_of_segments_are_counted_again(world: World) -> None:
    """Those that were made by another rule for hashing values cannot be, and are let be."""
    name = name_of(fill(world))

    def told(digest: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
        return lambda table: {"digest": digest, "tree": with_segment(table, 1000, 10, "", digest)}

    put_table(world, 9, told(str(Digest(7, 1, 1))))
    assert fsck(world) == []
    root = world.versions.version(world.me, world.id, "main").tables[0].root
    layout = world.container.objects.root(root).schema.layout
    put_table(world, 10, told(str(Digest(layout, 1, 1))))
    (check,) = fsck(world)
    assert f"Object {short(name)} holds other rows than its digest states" in check.message
    assert numbers(check) == [10]


def test_a_repaired_store_is_mended_by_importing_the_same_rows(filled: World) -> None:
    """The damaged file is in quarantine, nothing is deleted, and the same rows bring it back."""
    bad = segment(filled, "main")
    flip(bad)
    (check,) = fsck(filled, repair=True)
    assert "quarantine" in check.message
    assert not bad.exists()
    (kept,) = (filled.container.backend.root / "quarantine").iterdir()
    assert name_of(bad) in kept.name
    fill(filled, first=5000)
    assert fsck(filled) == []


def test_what_can_be_read_of_a_damaged_pack_is_saved(filled: World) -> None:
    """All its objects but the damaged one are found in another pack, by a process that has nothing in memory."""
    pack = pack_of(filled, filled.resolve("#3"))
    flip(pack, -3)  # within the trailer: no object is hurt
    (check,) = (c for c in filled.container.housekeeping.fsck(filled.me, repair=True).checks if "pack" in c.name)
    assert not pack.exists()
    assert check.details["pack"] == name_of(pack)
    assert fsck(filled) == []
    assert filled.rows()[:2] == [5000, 5001]


def test_a_pack_that_the_index_lacks_is_put_into_it(filled: World) -> None:
    """Its versions cannot be read before, and can be after."""
    pack = name_of(pack_of(filled, filled.resolve("v1")))
    with filled.container.database.begin() as uow:
        uow.connection.execute(delete(objects).where(objects.c.pack == pack))
        uow.commit()
    assert fsck(filled) != []
    fsck(filled, repair=True)
    assert fsck(filled) == []


def test_index_rows_that_point_nowhere_are_told_and_taken_out(filled: World) -> None:
    """They touch no version, so they are no failure; without them the object can be written again."""
    with filled.container.database.begin() as uow:
        uow.connection.execute(insert(objects), {"hash": "ab" * 32, "pack": "cd" * 32, "offset": 8, "length": 9})
        uow.commit()

    def warned() -> list[str]:
        found = filled.container.housekeeping.fsck(filled.me, repair=True).checks
        return [check.details["pack"] for check in found if check.status == "warn"]

    assert warned() == ["cd" * 32]
    assert warned() == []


def test_what_nothing_names_is_collectable_and_no_fault(filled: World) -> None:
    """It is counted, with its bytes."""
    data = b"left by an interrupted write"
    filled.container.backend.write("objects", hash_bytes(data), data)
    found = filled.container.housekeeping.fsck(filled.me).checks
    (collectable,) = (check for check in found if check.name == "collectable")
    assert collectable.details == {"objects": 1, "packs": 0, "bytes": len(data)}
    assert fsck(filled) == []


def test_a_branch_that_points_at_no_commit_is_named(filled: World) -> None:
    """It is in no pack, so only the catalog can tell."""
    with filled.container.database.begin() as uow:
        row = {"dataset_id": filled.id, "name": "lost", "kind": "branch", "commit_id": "ab" * 32}
        uow.connection.execute(insert(refs), row)
        uow.commit()
    (check,) = fsck(filled)
    assert check.details["refs"] == ["lost"]


def test_only_what_a_dataset_needs_is_read_when_it_is_named(filled: World) -> None:
    """Damage elsewhere does not matter then."""
    other = World(filled.container, filled.me, "other")
    flip(fill(other, first=90_000))
    assert fsck(filled, "trips") == []
    assert len(fsck(filled, "other")) == 1


def test_only_an_administrator_may_look(world: World, stranger: Actor) -> None:
    """And an unknown dataset is an error."""
    with pytest.raises(PermissionDeniedError):
        world.container.housekeeping.fsck(stranger)
    with pytest.raises(NotFoundError):
        world.container.housekeeping.fsck(world.me, "nothing")


def test_an_empty_store_is_clean(world: World) -> None:
    """Before the first write there is nothing to find."""
    assert fsck(world) == []
