"""Killed anywhere in housekeeping: every version is whole, fsck is clean, and a second try does what was left."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow as pa
import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.services.housekeeping import backups, rebuilding
from jupyter_datasets.store.backends import LocalBackend
from jupyter_datasets.values import Actor
from tests.acceptance.conftest import Script
from tests.acceptance.killing import KILLED, TURNS, other_point, run_to

SCRIPT = """
from pathlib import Path
from jupyter_datasets import faults
from jupyter_datasets.services.housekeeping import backups, rebuilding
from jupyter_datasets.values import Actor
store, what = Path(sys.argv[1]), sys.argv[2]
if what == "restore":
    backups.restore(store.parent / "backup", store.parent / "restored")
elif what == "rebuild":
    rebuilding.rebuild(store, Actor.local())
else:
    repo = jd.connect(store)
    faults._seen.clear()  # count from here, and not from the opening of the store
    if what == "backup":
        repo.backup(store.parent / "backup", links=False)
    else:
        repo.gc(grace_hours=0) if what == "gc" else repo.fsck(repair=True)
    faults._armed = ""
    repo.close()
"""
GC_POINTS = (
    "gc.marked",
    "gc.before-forgetting",
    "catalog.before-commit",
    "catalog.after-commit",
    "gc.forgotten",
    "gc.deleted",
    "gc.deleted:kill:2",
    "gc.condemned",
)
REPAIR_POINTS = (
    "store.before-rename",
    "store.after-rename",
    "fsck.salvaged",
    "catalog.before-commit",
    "fsck.index-set",
)
BACKUP_POINTS = (
    "backup.catalog-copied",
    "backup.staged",
    "store.after-rename",
    "backup.files-copied",
    "backup.catalog-in-place",
)
RESTORE_POINTS = ("backup.staged", "store.after-rename", "restore.files-copied", "restore.before-format")
REBUILD_POINTS = ("catalog.before-commit", "catalog.after-commit", "rebuild.built", "rebuild.in-place")
POINTS = {
    "gc": GC_POINTS,
    "fsck": REPAIR_POINTS,
    "backup": BACKUP_POINTS,
    "restore": RESTORE_POINTS,
    "rebuild": REBUILD_POINTS,
}


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with a segment, small rows, and files of a dataset that was removed for good."""
    folder = tmp_path_factory.mktemp("template")
    with jd.connect(folder / "store") as repo:
        for name in ("trips", "gone"):
            with repo.create(name).edit() as edit:
                edit[name].append(pa.table({"n": [len(name) * n for n in range(1000)]}))
            with repo[name].edit() as edit:
                edit[name].append({"n": [7]})
        repo["gone"].delete()
        repo.empty_bin(0)
    return folder


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return tmp_path / "store"


def kill(start_script: Script, what: str, point: str, turn: int) -> int:
    """Run in a process that dies at the point; in later turns the next one dies too, or comes through: its status."""
    status = run_to(point, start_script, SCRIPT, what)
    assert status == KILLED
    return run_to(other_point(POINTS[what], point, turn), start_script, SCRIPT, what) if turn else status


def is_whole(repo: Repository) -> bool:
    """Nothing is damaged, and the rows are what they were."""
    rows = repo["trips"]["main"]["trips"].to_arrow()["n"].to_pylist()
    return rows == [*(5 * n for n in range(1000)), 7] and len(repo["trips"].log()) == 2 and repo.fsck().ok


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("point", GC_POINTS)
def test_gc(store: Path, start_script: Script, point: str, turn: int) -> None:
    """What is left goes with later runs, and nothing else."""
    with jd.connect(store) as repo:
        repo.gc(grace_hours=0)
    if point == "gc.condemned":
        with jd.connect(store) as repo:
            repo.gc(grace_hours=0)
    kill(start_script, "gc", point, turn)
    with jd.connect(store) as repo:
        assert is_whole(repo)
        for _ in range(3):
            repo.gc(grace_hours=0)
        assert is_whole(repo)
        (collectable,) = (check for check in repo.fsck().checks if check.name == "collectable")
    assert collectable.details == {"objects": 0, "packs": 0, "bytes": 0}


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("point", REPAIR_POINTS)
def test_repair(store: Path, start_script: Script, point: str, turn: int) -> None:
    """A pack with a damaged end is saved by whoever comes next."""
    backend = LocalBackend(store)
    for pack in list(backend.names("packs")):
        path = backend.path("packs", pack)
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        content[-1] ^= 1
        path.write_bytes(content)
    kill(start_script, "fsck", point, turn)
    with jd.connect(store) as repo:
        repo.fsck(repair=True)
        assert is_whole(repo)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("point", BACKUP_POINTS)
def test_backup(store: Path, start_script: Script, point: str, turn: int) -> None:
    """The earlier backup can be restored still, or the new one can; a second try works."""
    backup = store.parent / "backup"
    with jd.connect(store) as repo:
        repo.backup(backup, links=False)
        with repo["trips"].edit() as edit:
            edit["more"].append(pa.table({"n": range(2000)}))
    kill(start_script, "backup", point, turn)
    for turn in ("first", "second"):
        target = store.parent / turn
        backups.restore(backup, target)
        with jd.connect(target) as restored:
            assert restored.fsck().ok
            assert len(restored["trips"].log()) in ((2, 3) if turn == "first" else (3,))
        with jd.connect(store) as repo:
            repo.backup(backup, links=False)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("point", RESTORE_POINTS)
def test_restore(store: Path, start_script: Script, point: str, turn: int) -> None:
    """What was begun is no store, and a second try makes one of it."""
    with jd.connect(store) as repo:
        repo.backup(store.parent / "backup")
    died = kill(start_script, "restore", point, turn) == KILLED
    target = store.parent / "restored"
    assert (target / "format.json").exists() is not died
    if died:
        backups.restore(store.parent / "backup", target)
    with jd.connect(target) as restored:
        assert is_whole(restored)


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("point", REBUILD_POINTS)
def test_rebuild(store: Path, start_script: Script, point: str, turn: int) -> None:
    """There is no catalog still, or a whole one."""
    (store / "catalog.duckdb").unlink()
    kill(start_script, "rebuild", point, turn)
    if not (store / "catalog.duckdb").exists():
        rebuilding.rebuild(store, Actor.local())
    with jd.connect(store) as repo:
        assert is_whole(repo)
