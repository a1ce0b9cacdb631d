"""An object is altered, missing or swapped: nobody reads other rows, and fsck names each version that it touches."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import update

import jupyter_datasets as jd
from jupyter_datasets.catalog.tables import objects
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.container import Container
from jupyter_datasets.errors import DamagedObjectError
from jupyter_datasets.services.versions import records
from jupyter_datasets.services.versions.drafts import Draft
from jupyter_datasets.services.versions.rows import Rows
from jupyter_datasets.store import trees
from jupyter_datasets.store.packs import Place
from jupyter_datasets.values import Actor, ObjectHash

VERSIONS = ("#1", "#2", "#3", "#4")
ROWS = pa.table({"n": pa.array(range(2000), pa.int64()), "s": [f"row {n}" for n in range(2000)]})


def cut_finely(draft: Draft) -> None:
    """A table of so many small segments that its root needs pages, as else only a large one does."""
    rows = Rows(ROWS.schema, ROWS.to_batches(), draft.parts.staging)
    draft.append("trips", rows)
    root = draft.root("trips")
    assert root is not None
    written = draft.parts.write(replace(root, k=4), rows.batches())
    tree = trees.build(written.segments, draft.parts.pages)
    assert tree.level == 1
    draft.put("trips", replace(root, k=4, tree=tree))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four versions: a table with pages; a row of it changed; a few rows behind it; another table."""
    folder = tmp_path_factory.mktemp("template")
    with jd.connect(folder / "store") as repo:
        trips = repo.create("trips")
        me, edits = Actor.local(), container(repo).edits
        with edits.draft(me, trips.id, "main") as (_, edit):
            edits.change(me, edit, cut_finely)
            edits.commit(me, edit)
        with trips.edit() as change:
            change.sql("UPDATE trips SET s = 'changed' WHERE n = 700")
        with trips.edit() as change:
            change["trips"].append({"n": [5000], "s": ["behind"]})
        with trips.edit() as change:
            change["notes"].append({"n": [1]})
    return folder


def container(repo: Repository) -> Container:
    services = repo._transport._services  # type: ignore[attr-defined]  # this transport is in process
    assert isinstance(services, Container)
    return services


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return tmp_path / "store"


def read(trips: Dataset, version: str) -> dict[str, Any]:
    return {name: table.to_arrow().to_pylist() for name, table in trips[version].tables.items()}


# -------------------------------------------------------------------------------------------------------- what there is


def two_of(kind: str, trips: Dataset, services: Container) -> tuple[ObjectHash, ObjectHash]:
    """Two objects of a kind, of which the first is to be damaged."""
    roots = [trips[version]["trips"].info.root for version in VERSIONS]
    first, second, third = (services.objects.root(root) for root in roots[:3])
    if kind == "commit":
        return ObjectHash(trips["#2"].commit.id), ObjectHash(trips["#1"].commit.id)
    if kind == "root":
        return roots[1], roots[0]
    if kind == "page":
        return first.tree.items[0].hash, first.tree.items[1].hash
    pages = trees.Pages(services.objects.load)
    if kind == "patch":
        patches = [item.patch for item in trees.segments(third.tree, pages) if item.patch]
        return patches[0], patches[1]
    segments = [item.hash for item in trees.segments(second.tree, pages)]
    return segments[3], segments[4]


def places(services: Container, *names: ObjectHash) -> list[Place]:
    with services.database.read() as connection:
        found = records.locate(connection, names)
    return [found[name] for name in names]


def written(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


# -------------------------------------------------------------------------------------------------------------- damages


def alter_file(services: Container, name: ObjectHash, _other: ObjectHash) -> None:
    path = services.backend.path("objects", name)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    written(path, bytes(content))


def lose_file(services: Container, name: ObjectHash, _other: ObjectHash) -> None:
    services.backend.path("objects", name).unlink()


def swap_files(services: Container, name: ObjectHash, other: ObjectHash) -> None:
    """As a careless copy does, which keeps the time of the other file."""
    path = services.backend.path("objects", name)
    path.chmod(0o644)
    path.unlink()
    shutil.copy2(services.backend.path("objects", other), path)


def alter_text(services: Container, name: ObjectHash, _other: ObjectHash) -> None:
    (place,) = places(services, name)
    path = services.backend.path("packs", place.pack)
    content = bytearray(path.read_bytes())
    content[place.offset + place.length // 2] ^= 1
    written(path, bytes(content))


def lose_pack(services: Container, name: ObjectHash, _other: ObjectHash) -> None:
    (place,) = places(services, name)
    services.backend.path("packs", place.pack).unlink()


def swap_packs(services: Container, name: ObjectHash, _other: ObjectHash) -> None:
    (place,) = places(services, name)
    other = next(pack for pack in services.backend.names("packs") if pack != place.pack)
    written(services.backend.path("packs", place.pack), services.backend.read("packs", other))


def swap_index(services: Container, name: ObjectHash, other: ObjectHash) -> None:
    """The catalog says of an object that it is where another one of its kind is."""
    (place,) = places(services, other)
    with services.database.begin() as uow:
        there = {"pack": place.pack, "offset": place.offset, "length": place.length}
        uow.connection.execute(update(objects).where(objects.c.hash == name).values(**there))
        uow.commit()


Damage = Callable[[Container, ObjectHash, ObjectHash], None]
CASES: list[tuple[str, Damage]] = [
    *(("segment", damage) for damage in (alter_file, lose_file, swap_files)),
    *(
        (kind, damage)
        for kind in ("page", "root", "patch", "commit")
        for damage in (alter_text, lose_pack, swap_packs, swap_index)
    ),
]


@pytest.mark.parametrize(("kind", "damage"), CASES, ids=lambda value: getattr(value, "__name__", value))
def test_damage_is_never_read_and_each_version_that_it_touches_is_named(store: Path, kind: str, damage: Damage) -> None:
    """By one who has nothing in memory: a version reads as it was or fails clearly; fsck names those that fail."""
    with jd.connect(store) as repo:
        expected = {version: read(repo["trips"], version) for version in VERSIONS}
        services = container(repo)
        name, other = two_of(kind, repo["trips"], services)
        damage(services, name, other)
    failing = set()
    with jd.connect(store) as repo:
        for number, version in enumerate(VERSIONS, 1):
            try:
                found = read(repo["trips"], version)
            except DamagedObjectError:
                failing.add(number)
            else:
                assert found == expected[version]
        checks = [check for check in repo.fsck().checks if check.status == "fail"]
    assert failing
    named = {version["number"] for check in checks for version in check.details.get("versions", ())}
    assert named == failing
    assert any(name in str(check.details) for check in checks)
