"""Imports into a dataset that is made for them: it stays with its first version, else it goes into the bin."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import (
    DatasetsError,
    ErrorKind,
    FileContentError,
    InvalidInputError,
    JobCancelledError,
    NotFoundError,
)
from jupyter_datasets.services.jobs.models import JobStatus
from tests.client.conftest import TRANSPORTS, rows

ROOT = Path(__file__).parents[2]
LARGE = "n,text\n" + "1,some text to make it longer\n" * 2_000_000


@pytest.fixture(scope="module", params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def repo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """One repository for all tests here, so that they share a warm child process."""
    with request.param(tmp_path_factory.mktemp("new") / "store") as connect, connect() as opened:
        yield opened


@pytest.fixture
def name() -> str:
    """The name of a dataset that there is not."""
    return f"trips_{uuid4().hex[:8]}"


@pytest.fixture
def good(tmp_path: Path, name: str) -> Path:
    file = tmp_path / f"{name}.csv"
    file.write_text("n\n1\n2\n")
    return file


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """What is wrong with it shows only when it is read."""
    file = tmp_path / "bad.csv"
    file.write_text("n,m\n1,2\n3\n")
    return file


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose import takes some seconds."""
    file = tmp_path_factory.mktemp("large") / "large.csv"
    file.write_text(LARGE)
    return file


def binned(repo: Repository, name: str) -> int:
    return sum(dataset.name == name for dataset in repo.bin())


def test_the_first_import_makes_the_dataset_and_the_next_finds_it(repo: Repository, name: str, good: Path) -> None:
    """Both are named after the file unless told."""
    assert repo.import_file(good).result().rows == 2
    assert rows(repo[name], table=name) == [1, 2]
    assert repo.import_file(good, name, "more", message="again").result().table == "more"
    assert [commit.message for commit in repo[name].log()] == ["again", f"Import {good.name}"]


def test_it_goes_to_the_branch_that_is_checked_out(repo: Repository, name: str, good: Path) -> None:
    """As an import into the dataset itself does."""
    repo.import_file(good).result()
    repo[name].branch("fix")
    repo[name].checkout("fix")
    repo.import_file(good, table="more").result()
    assert [sorted(repo[name][ref]) for ref in ("main", "fix")] == [[name], sorted([name, "more"])]


def test_a_failed_import_leaves_the_name_free(repo: Repository, name: str, bad: Path, good: Path) -> None:
    """The dataset is gone at the latest when the job has ended, and lies in the bin."""
    with pytest.raises(FileContentError):
        repo.import_file(bad, name).result()
    assert name not in list(repo)
    assert binned(repo, name) == 1
    assert repo.import_file(good, name).result().commit is not None


def test_a_cancelled_import_leaves_the_name_free(repo: Repository, name: str, large: Path) -> None:
    """Whether it runs or waits for its turn."""
    jobs = [repo.import_file(large, f"{name}_{i}") for i in range(3)]
    for job in reversed(jobs):
        job.cancel()
    for job in jobs:
        with pytest.raises(JobCancelledError):
            job.result(60)
    assert not [known for known in repo if known.startswith(name)]


@pytest.mark.parametrize("table", ["9 lives?", None])
def test_what_can_be_told_at_once_makes_no_dataset(repo: Repository, name: str, good: Path, table: str | None) -> None:
    """A name that is none, an option that is none, a file that is not there: not even the bin has anything."""
    with pytest.raises(InvalidInputError):
        repo.import_file(good, name, table, **({"colour": "red"} if table is None else {}))
    with pytest.raises(NotFoundError) as caught:
        repo.import_file(good.with_name("none.csv"), name)
    assert caught.value.kind is ErrorKind.FILE_NOT_FOUND
    assert (name in list(repo), binned(repo, name)) == (False, 0)


def test_a_dataset_that_somebody_made_stays(repo: Repository, name: str, bad: Path) -> None:
    """However empty it is."""
    repo.create(name)
    with pytest.raises(FileContentError):
        repo.import_file(bad, name).result()
    with pytest.raises(FileContentError):
        repo[name].import_file(bad).result()
    assert name in list(repo)


@pytest.mark.parametrize("touch", ["describe", "commit", "rename"])
def test_a_dataset_that_somebody_touched_meanwhile_stays(repo: Repository, name: str, large: Path, touch: str) -> None:
    """It is theirs from then on."""
    job = repo.import_file(large, name)
    dataset = repo[name]
    if touch == "describe":
        dataset.describe("mine")
    elif touch == "rename":
        dataset.rename(f"{name}_mine")
    else:
        with dataset.edit() as edit:
            edit["mine"].append({"n": [1]})
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.result(60)
    assert dataset.id in {known.id for known in repo.datasets()}


def test_several_imports_share_the_dataset_that_is_made_for_them(
    repo: Repository, name: str, bad: Path, large: Path
) -> None:
    """It stays as long as one of them may come to something, and goes with the last that does not."""
    jobs = [repo.import_file(bad, name), repo.import_file(large, name), repo.import_file(bad, name, "other")]
    with pytest.raises(FileContentError):
        jobs[0].result()
    assert name in list(repo)
    jobs[1].cancel()
    for job in jobs[1:]:
        with pytest.raises(DatasetsError):
            job.result()
    assert name not in list(repo)
    assert binned(repo, name) == 1


def test_an_import_that_is_run_again_takes_its_dataset_out_of_the_bin(
    repo: Repository, name: str, tmp_path: Path
) -> None:
    """The same dataset, and in the bin again if it fails again."""
    file = tmp_path / "again.csv"
    file.write_text("n,m\n1,2\n3\n")
    first = repo.import_file(file, name)
    with pytest.raises(FileContentError):
        first.result()
    if not Path(first.info.params["path"]).exists():  # it was sent to a server, and went with the job
        with pytest.raises(NotFoundError):
            first.retry()
        assert name not in list(repo)
        return
    again = first.retry()
    with pytest.raises(FileContentError):
        again.result()
    assert name not in list(repo)
    file.write_text("n\n1\n")
    assert again.retry().result().rows == 1
    assert repo[name].id == first.info.dataset_id


SCRIPT = """
import os, signal, sys, time
import jupyter_datasets as jd
job = jd.connect(sys.argv[1]).import_file(sys.argv[2], "trips")
while not job.progress.rows:
    time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_next_to_open_the_store_clears_away_what_a_killed_import_left(store: Path, large: Path) -> None:
    """The job is lost and its dataset in the bin, from where it could come back."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    killed = subprocess.run([sys.executable, "-c", SCRIPT, store, large], env=environment, timeout=120, check=False)
    assert killed.returncode < 0
    with jd.connect(store) as repo:
        assert [job.status for job in repo.jobs()] == [JobStatus.LOST]
        assert (list(repo), [dataset.name for dataset in repo.bin()]) == ([], ["trips"])
