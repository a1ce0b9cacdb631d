"""Killed anywhere, or the disk full: the store holds the old version or the new one, whole, and a second try works."""

from __future__ import annotations

import itertools
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
from jupyter_datasets.services.jobs.models import JobStatus
from tests.acceptance import test_kill_housekeeping, test_kill_merges
from tests.acceptance.conftest import PREAMBLE, ROOT, Script, end
from tests.acceptance.killing import KILLED, TURNS, other_point, run_to

OLD = {"trips": [1, 2, 3], "planes": [0]}
NEW = {"trips": [1, 2, 3, 4], "added": [5]}
IMPORTED = {**OLD, "trips": [7, 8]}
AFTER = {"edit": NEW, "import": IMPORTED, "branch": OLD, "undo": {"trips": [1, 2, 3]}}

# What is done to the store; the second argument says which of them.
OPERATIONS = """
def edit(trips, folder):
    with trips.edit(message="new") as edit:
        edit["trips"].append({"n": [4]})
        edit["added"].append({"n": [5]})
        edit.drop("planes")
        edit.attach(folder / "book.txt")

def import_file(trips, folder):
    trips.import_file(folder / "trips.csv", keep_original=True).result()

def branch(trips, folder):
    trips.branch("fix", at="main~1")

def undo(trips, folder):
    trips.undo()

DO = {"edit": edit, "import": import_file, "branch": branch, "undo": undo}
"""
SCRIPT = f"""{OPERATIONS}
from pathlib import Path
from jupyter_datasets import faults
repo = jd.connect(sys.argv[1])
faults._seen.clear()  # count from here, and not from the opening of the store
DO[sys.argv[2]](repo["trips"], Path(sys.argv[3]))
faults._armed = ""
repo.close()
"""
DO: dict[str, Any] = {}
exec(compile(PREAMBLE + OPERATIONS, "operations", "exec"), DO)  # the same words here and in other processes


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with two commits, and the files that the operations need beside it."""
    folder = tmp_path_factory.mktemp("template")
    (folder / "book.txt").write_text("what the codes mean")
    (folder / "trips.csv").write_text("n\n7\n8\n")
    with jd.connect(folder / "store") as repo:
        trips = repo.create("trips")
        for table, rows in OLD.items():
            with trips.edit() as edit:
                edit[table].append({"n": rows})
    return folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Path:
    """A copy of the template; its store is ``folder / "store"``."""
    return Path(shutil.copytree(template, tmp_path, dirs_exist_ok=True, copy_function=shutil.copy2))


def content(trips: Dataset, ref: str = "main") -> dict[str, list[int]]:
    return {name: table.to_arrow()["n"].to_pylist() for name, table in trips[ref].tables.items()}


def check_whole(repo: Repository, operation: str) -> None:
    """Every reference resolves and reads, old or new; nothing is half there."""
    trips = repo["trips"]
    versions = {r.name: content(trips, r.name) for r in trips.refs()}
    assert versions["main"] in (OLD, AFTER[operation])
    assert versions.get("fix") in (None, {"trips": [1, 2, 3]})
    files = {name: file.read() for name, file in trips.files.items()}
    whole = {"edit": {"book.txt"}, "import": {"trips.csv"}}.get(operation, set())
    assert set(files) == (whole if versions["main"] == AFTER[operation] else set())
    assert [c.seq for c in trips.log()] == list(range(len(trips.log()), 0, -1))
    assert staged(repo) == []
    assert not [j for j in repo.jobs() if not j.status.ended]
    assert [check for check in repo.doctor("all").checks if check.status == "fail"] == []


def staged(repo: Repository) -> list[Path]:
    folder = Path(repo._transport.place) / "staging"
    return sorted(folder.iterdir()) if folder.exists() else []


def try_again(repo: Repository, operation: str, folder: Path) -> None:
    """A second try works, unless the first one had come through."""
    trips = repo["trips"]
    if not is_done(trips, operation):
        DO["DO"][operation](trips, folder)
    assert content(trips) == AFTER[operation]
    assert staged(repo) == []


def is_done(trips: Dataset, operation: str) -> bool:
    return "fix" in trips.refs() if operation == "branch" else content(trips) == AFTER[operation]


def kill(start_script: Script, folder: Path, operation: str, point: str, turn: int = 0) -> int:
    """Run an operation in a process that dies at a point, look at what it left, and try again.

    In later turns the next try dies at a point too, unless the first had come through.
    """
    status = run_to(point, start_script, SCRIPT, operation, folder)
    with jd.connect(folder / "store") as repo:
        check_whole(repo, operation)
        done = is_done(repo["trips"], operation)
    if turn and not done:
        run_to(other_point(POINTS, point, turn), start_script, SCRIPT, operation, folder)
    with jd.connect(folder / "store") as repo:
        check_whole(repo, operation)
        try_again(repo, operation, folder)
        check_whole(repo, operation)
    return status


@pytest.fixture
def store(folder: Path) -> Path:
    """For ``start_script``."""
    return folder / "store"


# ------------------------------------------------------------------------------------------------------------ kill -9

EDIT_POINTS = (
    "store.segment-synced",
    "commit.before-objects",
    "store.before-rename",
    "store.after-rename:kill:2",
    "commit.before-pack",
    "commit.before-catalog",
    "catalog.before-commit",
    "catalog.after-commit",
    "commit.after-catalog",
)
IMPORT_POINTS = (
    "job.claimed",
    "job.prepared",
    "child.task-start",
    "store.segment-synced",
    "job.task-done",
    "job.finished",
)
CATALOG_POINTS = ("catalog.before-commit", "catalog.after-commit")
POINTS = (*EDIT_POINTS, "store.before-sync", *IMPORT_POINTS)


CASES = [
    *(("edit", point) for point in EDIT_POINTS),
    *(("import", point) for point in IMPORT_POINTS),
    *((operation, point) for operation in ("branch", "undo") for point in CATALOG_POINTS),
]


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize(("operation", "point"), CASES)
def test_a_kill_leaves_the_old_version_or_the_new_one(
    start_script: Script, folder: Path, operation: str, point: str, turn: int
) -> None:
    status = kill(start_script, folder, operation, point, turn)
    in_child = operation == "import" and point in ("child.task-start", "store.segment-synced")
    assert status == (1 if in_child else KILLED)


def test_an_import_whose_process_was_killed_is_found_as_lost(start_script: Script, folder: Path) -> None:
    assert end(start_script(SCRIPT, "import", folder, fault="job.task-done:kill"))[0] == -9
    with jd.connect(folder / "store") as repo:
        assert [j.status for j in repo.jobs()] == [JobStatus.LOST]
        assert content(repo["trips"]) == OLD


def test_every_fault_point_of_the_source_is_killed_at() -> None:
    """Here or in the tests beside this file, more than two hundred times in a long run."""
    source = "".join(file.read_text() for file in (ROOT / "jupyter_datasets").rglob("*.py"))
    named = {part.split('"')[1] for part in source.split("faults.reach(")[1:]}
    others = (test_kill_housekeeping.POINTS, test_kill_merges.POINTS)
    killed = [*(point for _, point in CASES), *(p for points in others for some in points.values() for p in some)]
    assert {point.split(":")[0] for point in killed} == named
    assert len(killed) * (len(TURNS) - 1) > 200


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("operation", AFTER)
@pytest.mark.parametrize("point", sorted({point.split(":")[0] for point in POINTS}))
def test_a_kill_at_any_time_that_a_point_is_reached_leaves_a_whole_version(
    start_script: Script, template: Path, tmp_path: Path, operation: str, point: str
) -> None:
    for n in itertools.count(1):
        shutil.rmtree(tmp_path)
        shutil.copytree(template, tmp_path, copy_function=shutil.copy2)
        if kill(start_script, tmp_path, operation, f"{point}:kill:{n}") == 0:
            return


# ---------------------------------------------------------------------------------------------------- disks that refuse


@pytest.fixture
def repo(folder: Path) -> Iterator[Repository]:
    with jd.connect(folder / "store") as opened:
        yield opened


@pytest.mark.parametrize("action", ["enospc", "eio"])
def test_a_disk_that_refuses_is_a_clear_error_and_the_old_version_stays(
    repo: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """At each call that reaches the disk, the first, the second and so on, until an edit comes through."""
    refused = 0
    for point in ("store.before-sync", "store.before-rename", "store.segment-synced", "catalog.before-commit"):
        for n in itertools.count(1):
            arm(monkeypatch, f"{point}:{action}:{n}")
            error = refusal(repo, folder)
            arm(monkeypatch, "")
            if error is None:
                break
            assert (point, n, error.kind) == (point, n, KINDS[action])
            assert error.next_step
            assert content(repo["trips"]) == OLD
            assert staged(repo) == []
            refused += 1
        assert content(repo["trips"]) == NEW
        repo["trips"].undo()
    assert refused > 10


KINDS = {"enospc": ErrorKind.STORAGE_FULL, "eio": ErrorKind.STORAGE_IO}


def arm(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(faults, "_armed", fault)
    monkeypatch.setattr(faults, "_seen", {})


def refusal(repo: Repository, folder: Path) -> StorageError | None:
    try:
        DO["edit"](repo["trips"], folder)
    except StorageError as error:
        return error
    return None


@pytest.mark.parametrize("point", ["store.before-sync", "store.segment-synced"])
def test_an_import_onto_a_disk_that_refuses_fails_clearly_and_leaves_nothing(
    repo: Repository, folder: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setenv("JUPYTER_DATASETS_FAULT", f"{point}:enospc")  # for the child that is started
    with pytest.raises(StorageError) as caught:
        DO["import_file"](repo["trips"], folder)
    assert caught.value.kind is ErrorKind.STORAGE_FULL
    assert content(repo["trips"]) == OLD
    assert staged(repo) == []
    assert [j.status for j in repo.jobs()] == [JobStatus.FAILED]


FULL = """
import os, resource
from pathlib import Path
repo = jd.connect(sys.argv[1])
trips = repo["trips"]
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))

def told(work):
    try:
        work()
    except jd.StorageError as error:
        sys.stdout.write(error.kind.value + chr(10))

with trips.edit() as edit:
    told(lambda: edit["big"].append({"n": [os.urandom(5_000_000)]}))
    told(lambda: edit.attach(sys.argv[2]))
told(lambda: trips.import_file(sys.argv[2], keep_original=True).result())
repo.close()
"""


def test_files_that_may_grow_no_more_are_a_full_disk(start_script: Script, folder: Path) -> None:
    big = folder / "big.csv"
    big.write_text("n\n" + "1234567\n" * 500_000)
    status, output, noise = end(start_script(FULL, big))
    assert (status, output.split()) == (0, ["storage-full"] * 3), noise
    with jd.connect(folder / "store") as repo:
        assert content(repo["trips"]) == OLD
        assert staged(repo) == []
        DO["edit"](repo["trips"], folder)
        assert content(repo["trips"]) == NEW
