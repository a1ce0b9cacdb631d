"""Killed anywhere in a merge, revert, cherry-pick or compacting, or the disk full: old versions, or new ones."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_datasets as jd
from jupyter_datasets import faults
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, StorageError
from tests.acceptance.conftest import PREAMBLE, Script, end
from tests.acceptance.killing import KILLED, TURNS, assert_sound, other_point, run_to

# What is done to the store. Each of them, done again, changes nothing.
OPERATIONS = """
def edit(trips):
    with trips.edit() as edit:
        edit["keyed"].upsert({"id": [5, 5000], "x": [50, 50]})
        edit["keyed"].delete({"id": [6]})
        edit.sql("UPDATE loose SET x = 1 WHERE id = 7")

DO = {
    "edit": edit,
    "merge": lambda trips: trips.merge("fix", into="main"),
    "squash": lambda trips: trips.merge("fix", into="main", squash=True),
    "settled": lambda trips: trips.merge("clash", into="main", take="theirs"),
    "forward": lambda trips: trips.merge("fix", into="old"),
    "revert": lambda trips: trips.revert("#3", branch="main"),
    "cherry-pick": lambda trips: trips.cherry_pick("fix", onto="main"),
    "compact": lambda trips: trips.compact(branch="main"),
}
"""
SCRIPT = f"""{OPERATIONS}
from jupyter_datasets import faults
repo = jd.connect(sys.argv[1])
faults._seen.clear()  # count from here, and not from the opening of the store
DO[sys.argv[2]](repo["trips"])
faults._armed = ""
repo.close()
"""
SPACE: dict[str, Any] = {}
exec(compile(PREAMBLE + OPERATIONS, "operations", "exec"), SPACE)  # the same words here and in other processes
DO = SPACE["DO"]

CATALOG_POINTS = ("catalog.before-commit", "catalog.after-commit")
COMMIT_POINTS = (
    "commit.before-objects",
    "store.before-sync",
    "store.before-rename",
    "store.after-rename",
    "commit.before-pack",
    "commit.before-catalog",
    *CATALOG_POINTS,
    "commit.after-catalog",
)
POINTS = {
    **dict.fromkeys(DO, COMMIT_POINTS),
    "forward": CATALOG_POINTS,
    "compact": ("store.segment-synced", "store.after-rename:kill:2", *COMMIT_POINTS),
}
# A dozen for each run; the others are for a long one.
ALWAYS = {
    "merge": ("store.before-rename", "commit.before-pack", *CATALOG_POINTS),
    "revert": ("commit.before-objects", "commit.before-catalog"),
    "compact": ("store.segment-synced", "store.after-rename", "commit.before-catalog", "catalog.after-commit"),
    "forward": CATALOG_POINTS,
}
CASES = [
    pytest.param(operation, point, marks=() if point in ALWAYS.get(operation, ()) else pytest.mark.slow)
    for operation, points in POINTS.items()
    for point in points
]
State = dict[str, dict[str, list[tuple[int, ...]]]]


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store whose tables have patches and tails, with branches that changed other rows and the same ones."""
    folder = tmp_path_factory.mktemp("template")
    with jd.connect(folder / "store") as repo:
        trips = repo.create("trips")
        rows = {"id": list(range(3000)), "x": [n % 7 for n in range(3000)]}
        with trips.edit() as edit:
            edit["keyed"].replace(rows, key="id")
            edit["loose"].append(rows)
        for branch in ("fix", "clash", "old"):
            trips.branch(branch)
        for branch, first, value in (("main", 10, 100), ("main", 20, 200), ("fix", 1000, 300), ("clash", 10, 400)):
            change(trips, branch, first, value)
    return folder


def change(trips: Dataset, branch: str, first: int, value: int) -> None:
    with trips.edit(branch) as edit:
        for table in ("keyed", "loose") if branch != "clash" else ("keyed",):
            edit.sql(f"UPDATE {table} SET x = {value} WHERE id BETWEEN {first} AND {first + 3}")
        edit["keyed"].append({"id": [value * 1000], "x": [value]})


@pytest.fixture
def store(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2)
    return tmp_path / "store"


def state(trips: Dataset) -> dict[str, tuple[int, State]]:
    """All versions that references name, whole, with the length of what led to them."""
    return {
        ref.name: (
            len(trips.log(ref.name)),
            {name: table.to_arrow().to_pylist() for name, table in trips[ref.name].tables.items()},
        )
        for ref in trips.refs()
    }


@pytest.fixture(scope="module")
def after(template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the references are before anything is done (``""``), and after each operation."""
    found = {}
    for operation in ("", *DO):
        folder = tmp_path_factory.mktemp("after")
        shutil.copytree(template, folder, dirs_exist_ok=True, copy_function=shutil.copy2)
        with jd.connect(folder / "store") as repo:
            if operation:
                assert DO[operation](repo["trips"]) is not None or operation == "edit"
            found[operation] = state(repo["trips"])
    assert all(found[operation] != found[""] for operation in DO)
    return found


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("operation", "point"), CASES)
def test_a_kill_leaves_the_old_versions_or_the_new_ones(
    start_script: Script, store: Path, after: dict[str, Any], operation: str, point: str, turn: int
) -> None:
    """Whole, and a second try does what was left to be done."""
    assert run_to(point, start_script, SCRIPT, operation) == KILLED
    if turn:
        run_to(other_point(POINTS[operation], point, turn), start_script, SCRIPT, operation)
    with jd.connect(store) as repo:
        assert_sound(repo)
        found = state(repo["trips"])
        assert found in (after[""], after[operation])
        if found != after[operation]:
            DO[operation](repo["trips"])
        assert state(repo["trips"]) == after[operation]
        assert_sound(repo)


# ---------------------------------------------------------------------------------------------------- disks that refuse


@pytest.fixture
def repo(store: Path) -> Iterator[Repository]:
    with jd.connect(store) as opened:
        yield opened


@pytest.mark.parametrize("operation", ["edit", "merge", "revert", "compact"])
def test_a_disk_that_refuses_is_a_clear_error_and_the_old_versions_stay(
    repo: Repository, after: dict[str, Any], monkeypatch: pytest.MonkeyPatch, operation: str
) -> None:
    """At each call that reaches the disk, the first, the second and so on, until the operation comes through."""
    refused = 0
    for action, kind in (("enospc", ErrorKind.STORAGE_FULL), ("eio", ErrorKind.STORAGE_IO)):
        for point in ("store.before-sync", "store.before-rename", "catalog.before-commit"):
            for n in itertools.count(1):
                monkeypatch.setattr(faults, "_armed", f"{point}:{action}:{n}")
                monkeypatch.setattr(faults, "_seen", {})
                error = refusal(repo, operation)
                monkeypatch.setattr(faults, "_armed", "")
                if error is None:
                    break
                assert (point, n, error.kind) == (point, n, kind)
                assert error.next_step
                assert state(repo["trips"]) == after[""]
                assert_sound(repo)
                refused += 1
            assert state(repo["trips"]) == after[operation]
            repo["trips"].undo("main")
    assert refused >= 8


def refusal(repo: Repository, operation: str) -> StorageError | None:
    try:
        DO[operation](repo["trips"])
    except StorageError as error:
        return error
    return None


def test_a_collection_on_a_disk_that_refuses_is_a_clear_error_and_takes_nothing_else(
    repo: Repository, after: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever step it comes to; a later one takes what was left."""
    repo["trips"].delete_ref("clash")
    expected = {name: found for name, found in after[""].items() if name != "clash"}
    for action, kind in (("enospc", ErrorKind.STORAGE_FULL), ("eio", ErrorKind.STORAGE_IO)):
        gone = repo.create(f"gone {action}")
        change_alone(gone)
        gone.delete()
        repo.empty_bin(0)
        for point in ("catalog.before-commit", "catalog.before-commit:2"):
            name, _, n = point.partition(":")
            monkeypatch.setattr(faults, "_armed", f"{name}:{action}:{n or 1}")
            monkeypatch.setattr(faults, "_seen", {})
            with pytest.raises(StorageError) as caught:
                collect(repo)
            monkeypatch.setattr(faults, "_armed", "")
            assert caught.value.kind is kind
            assert state(repo["trips"]) == expected
    collect(repo)
    assert_sound(repo)
    (collectable,) = (check for check in repo.fsck().checks if check.name == "collectable")
    assert collectable.details["bytes"] == 0
    assert state(repo["trips"]) == expected


def collect(repo: Repository) -> None:
    """Condemn, and delete; and delete what a run that failed had condemned."""
    for _ in range(3):
        repo.gc(grace_hours=0)


def change_alone(dataset: Dataset) -> None:
    with dataset.edit() as edit:
        edit["t"].append({"n": list(range(1000))})


TOLD = """
def told(work):
    try:
        work()
    except jd.StorageError as error:
        sys.stdout.write(error.kind.value + chr(10))
"""
FULL = f"""{TOLD}
import resource
repo = jd.connect(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
blobs = repo["blobs"]
told(lambda: blobs.merge("fix", into="main"))
told(lambda: blobs.cherry_pick("fix", onto="main"))
told(lambda: blobs.compact("halves", branch="main"))
repo.close()
"""


def test_files_that_may_grow_no_more_are_a_full_disk_for_merges_and_compacting(
    start_script: Script, store: Path
) -> None:
    """Rows of the other branch, and halves that compacting puts together, need larger files than there may be."""
    with jd.connect(store) as repo:
        blobs = repo.create("blobs")
        for _ in range(2):
            with blobs.edit() as edit:
                edit["halves"].append({"b": [os.urandom(2_000_000)]})
        blobs.branch("fix")
        with blobs.edit("fix") as edit:
            edit["wholes"].append({"b": [os.urandom(4_000_000)]})
            edit["halves"].append({"b": [os.urandom(4_000_000)]})
        with blobs.edit() as edit:
            edit["halves"].append({"b": [b"small"]})
        before = state(blobs)
    status, output, noise = end(start_script(FULL))
    assert (status, output.split()) == (0, ["storage-full"] * 3), noise
    with jd.connect(store) as repo:
        assert_sound(repo)
        assert state(repo["blobs"]) == before
        assert repo["blobs"].compact("halves") is not None
        assert repo["blobs"].merge("fix") is not None


LOCKED = f"""{OPERATIONS}{TOLD}
import ctypes
if sys.platform == "linux":  # or the administrator, who may go on reading, would be let through
    header, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert ctypes.CDLL(None).capget(header, sets) == 0
    CAP_DAC_READ_SEARCH = 1 << 2
    sets[:] = [sets[0] & CAP_DAC_READ_SEARCH, sets[1] & CAP_DAC_READ_SEARCH, 0, 0, 0, 0]
    assert ctypes.CDLL(None).capset(header, sets) == 0
repo = jd.connect(sys.argv[1])
for name in sys.argv[2:]:
    told(lambda: DO[name](repo["trips"]))
for _ in range(3):
    told(lambda: repo.gc(grace_hours=0))
repo.close()
"""


def test_folders_that_may_not_be_written_to_are_a_clear_error_and_nothing_is_lost(
    start_script: Script, store: Path, after: dict[str, Any]
) -> None:
    """An edit, a merge, a revert and compacting are refused as a whole; what gc cannot delete is left for later."""
    with jd.connect(store) as repo:
        change_alone(repo.create("gone"))
        repo["gone"].delete()
        repo.empty_bin(0)
    folders = [folder for kind in ("objects", "packs") for folder in (store / kind, *(store / kind).iterdir())]
    for folder in folders:
        folder.chmod(0o555)
    operations = ("edit", "merge", "revert", "compact")
    status, output, noise = end(start_script(LOCKED, *operations))
    for folder in folders:
        folder.chmod(0o755)
    assert (status, set(output.split())) == (0, {"storage-io"}), noise
    assert len(output.split()) > len(operations)
    with jd.connect(store) as repo:
        assert_sound(repo)
        assert state(repo["trips"]) == after[""]
        collect(repo)
        (collectable,) = (check for check in repo.fsck().checks if check.name == "collectable")
        assert collectable.details["bytes"] == 0
        DO["merge"](repo["trips"])
        assert state(repo["trips"]) == after["merge"]
