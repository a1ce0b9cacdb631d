"""Backups are made while the store is in use, each run adds what is new, and a restored store is whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_datasets.container import Container, build
from jupyter_datasets.errors import (
    AlreadyExistsError,
    DamagedObjectError,
    InvalidInputError,
    NotFoundError,
    PermissionDeniedError,
    StoreBusyError,
)
from jupyter_datasets.services.housekeeping import backups, service
from jupyter_datasets.services.housekeeping.models import Backup
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.values import Actor
from tests.services.conftest import World
from tests.services.housekeeping.conftest import failed, fill, flip, name_of, segment

SECOND = """
import sys
import jupyter_datasets as jd
try:
    with jd.connect(sys.argv[1], busy_timeout=0) as repo:
        list(repo)
except jd.errors.StoreBusyError:
    sys.exit(7)
"""


@pytest.fixture
def catalog_url() -> str:
    """A catalog on a server is backed up by the server's own tools."""
    return ""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backup"


@pytest.fixture
def filled(world: World) -> World:
    fill(world)
    world.tag("v1")
    world.append(7)
    return world


def back_up(world: World, folder: Path, *, links: bool = True) -> Backup:
    return world.container.housekeeping.back_up(world.me, folder, links=links)


@pytest.fixture
def restored(folder: Path, tmp_path: Path) -> Iterator[World]:
    """The store that is made of the backup when the test asks for it."""
    target = tmp_path / "restored"
    backups.restore(folder, target)
    container = build(Settings(store=target))
    found = World.__new__(World)
    found.container, found.me = container, Actor.local()
    found.datasets, found.versions, found.edits = container.datasets, container.versions, container.edits
    found.id = container.datasets.get(found.me, "trips").id
    yield found
    container.close(wait=False)


def inodes(root: Path) -> set[int]:
    return {file.stat().st_ino for kind in ("objects", "packs") for file in (root / kind).rglob("*") if file.is_file()}


@pytest.mark.parametrize("links", [True, False])
def test_a_restored_store_is_the_store_as_it_was(
    filled: World, folder: Path, links: bool, request: pytest.FixtureRequest
) -> None:
    """With its tags, numbers and log; later commits are not in it, and it goes its own way from there."""
    made = back_up(filled, folder, links=links)
    assert (made.datasets, made.commits, made.refs, made.linked) == (1, 2, 2, made.files if links else 0)
    assert (inodes(folder) == inodes(filled.container.backend.root)) is links
    log = filled.log()
    filled.append(8)
    restored: World = request.getfixturevalue("restored")
    assert (restored.log(), restored.head("v1")) == (log, filled.head("v1"))
    assert restored.rows() == [*range(1000), 7]
    assert failed(restored.container.housekeeping.fsck(restored.me)) == []
    restored.append(9)
    assert filled.rows()[-1] == 8


def test_a_further_run_adds_what_is_new(filled: World, folder: Path, request: pytest.FixtureRequest) -> None:
    """The rest stays as it is."""
    first = back_up(filled, folder, links=False)
    before = inodes(folder)
    again = back_up(filled, folder, links=False)
    assert (again.new_files, again.new_bytes, again.files) == (0, 0, first.files)
    fill(filled, first=5000)
    third = back_up(filled, folder, links=False)
    assert (third.new_files, third.files) == (2, first.files + 2)
    assert before < inodes(folder)
    assert request.getfixturevalue("restored").rows()[0] == 5000


def test_a_second_process_is_still_refused_after_a_backup(filled: World, folder: Path) -> None:
    """The copy is made through DuckDB, so that its lock and ours stay."""
    with filled.container.database.hold():
        back_up(filled, folder)
        root = filled.container.backend.root
        assert subprocess.run([sys.executable, "-c", SECOND, str(root)], check=False).returncode == 7
        (root / "lock").rename(root / "away")  # DuckDB's own lock alone
        try:
            assert subprocess.run([sys.executable, "-c", SECOND, str(root)], check=False).returncode == 7
        finally:
            (root / "away").rename(root / "lock")


def test_a_backup_is_no_store(filled: World, folder: Path) -> None:
    """Nobody writes to it by mistake."""
    back_up(filled, folder)
    container = Container(Settings(store=folder))
    with pytest.raises(InvalidInputError):
        container.open()
    container.close()


def test_nothing_is_deleted_while_a_backup_is_made(
    filled: World, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its catalog would name what it lacks."""
    filled.container.backend.write("objects", "ab" * 32, b"idle")  # type: ignore[arg-type]  # any hash will do
    gc = filled.container.housekeeping.gc
    gc(filled.me, grace_hours=0)
    monkeypatch.setattr(service, "PATIENCE", 0.05)
    met: list[str] = []

    def look(done: int, total: int) -> None:
        with pytest.raises(StoreBusyError):
            gc(filled.me, grace_hours=0)
        met.append(f"{done} of {total}")

    filled.container.housekeeping.back_up(filled.me, folder, links=True, on_progress=look)
    assert met


def test_a_damaged_file_is_not_copied(filled: World, folder: Path, tmp_path: Path) -> None:
    """The error names it; an earlier backup stays whole and can be restored."""
    back_up(filled, folder, links=False)
    bad = fill(filled, first=9000)
    flip(bad)
    with pytest.raises(DamagedObjectError) as caught:
        back_up(filled, folder, links=False)
    assert caught.value.details["object"] == name_of(bad)
    assert backups.restore(folder, tmp_path / "restored").commits == 2


def test_a_damaged_backup_is_not_restored(filled: World, folder: Path, tmp_path: Path) -> None:
    """Nothing becomes a store that is not whole."""
    back_up(filled, folder, links=False)
    flip(LocalBackend(folder).path("objects", name_of(segment(filled))))
    for links in (False, True):
        with pytest.raises(DamagedObjectError):
            backups.restore(folder, tmp_path / "restored", links=links)
    assert not (tmp_path / "restored" / "format.json").exists()


def test_folders_with_something_else_are_refused(filled: World, tmp_path: Path, folder: Path) -> None:
    """Of the user's, of this store, or of another one."""
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("all of it")
    (tmp_path / "file").touch()
    root = filled.container.backend.root
    for wrong in (tmp_path / "mine", tmp_path / "file", root, root / "backup"):
        with pytest.raises(InvalidInputError):
            back_up(filled, wrong)
    back_up(filled, folder)
    for wrong in (tmp_path / "mine", tmp_path / "file", root, folder):
        with pytest.raises(AlreadyExistsError):
            backups.restore(folder, wrong)
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]


def test_the_folder_around_a_backup_is_not_made(filled: World, tmp_path: Path) -> None:
    """A mistyped place, or a disk that is not mounted, fills no other disk."""
    with pytest.raises(InvalidInputError, match="no folder"):
        back_up(filled, tmp_path / "no" / "such")
    assert not (tmp_path / "no").exists()


@pytest.mark.parametrize("note", [None, "", "[]", '{"path": 1}'])
def test_what_is_no_backup_cannot_be_restored(tmp_path: Path, folder: Path, note: str | None) -> None:
    """Nothing is made then."""
    if note is not None:
        folder.mkdir()
        (folder / "backup.json").write_text(note)
    with pytest.raises(NotFoundError):
        backups.restore(folder, tmp_path / "restored")
    assert not (tmp_path / "restored").exists()


def test_the_note_tells_what_is_there(filled: World, folder: Path) -> None:
    """For programs that look after many backups."""
    made = back_up(filled, folder)
    assert Backup.model_validate(json.loads((folder / "backup.json").read_text())) == made == backups.read(folder)
    assert "1 datasets, 2 commits" in repr(made)


def test_only_an_administrator_may_copy_it_all(world: World, stranger: Actor, folder: Path) -> None:
    with pytest.raises(PermissionDeniedError):
        world.container.housekeeping.back_up(stranger, folder)
