"""Jobs that run again."""

from __future__ import annotations

from pathlib import Path

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ConflictError, ErrorKind, InvalidInputError, NotFoundError
from tests.client.conftest import in_place, rows

BIG = b"n,m\n" + b"1,some text to be read\n" * 2_000_000


@in_place
def test_a_failed_import_runs_again_as_a_job_of_its_own(trips: Dataset, tmp_path: Path) -> None:
    """With the same request, and saying whose; the first one stays as it ended."""
    file = tmp_path / "trips.csv"
    file.write_text("n\n1\nx\n")
    failed = trips.import_file(file, types={"n": "BIGINT"}, message="load").wait()
    file.write_text("n\n1\n2\n")
    again = failed.retry()
    assert again.result().rows == 2
    assert (rows(trips), trips.log()[0].message) == ([1, 2], "load")
    assert (again.info.retry_of, again.info.title, again.info.params) == (
        failed.id,
        failed.info.title,
        failed.info.params,
    )
    assert (failed.status, failed.info.retry_of) == ("failed", None)


@in_place
def test_a_cancelled_import_runs_again(trips: Dataset, tmp_path: Path) -> None:
    (tmp_path / "trips.csv").write_bytes(BIG)
    job = trips.import_file(tmp_path / "trips.csv")
    job.cancel()
    with pytest.raises(jd.errors.JobCancelledError):
        job.result()
    assert job.retry().result().rows == 2_000_000


def test_what_runs_or_succeeded_is_not_run_again(trips: Dataset, tmp_path: Path) -> None:
    """Nothing is queued, and it is said why."""
    (tmp_path / "trips.csv").write_bytes(BIG)
    job = trips.import_file(tmp_path / "trips.csv")
    for done, said in ((lambda: job, "the job is "), (job.wait, "has succeeded")):
        with pytest.raises(ConflictError, match=said) as refused:
            done().retry()
        assert refused.value.kind is ErrorKind.JOB_NOT_RETRYABLE
        assert refused.value.next_step


def test_a_job_whose_file_is_gone_cannot_run_again(trips: Dataset, tmp_path: Path) -> None:
    """So it is, too, for a file that was sent to a server for the job."""
    file = tmp_path / "trips.csv"
    file.write_text("n\nx\n")
    failed = trips.import_file(file, types={"n": "BIGINT"}).wait()
    file.unlink()
    with pytest.raises(NotFoundError) as refused:
        failed.retry()
    assert refused.value.kind is ErrorKind.FILE_NOT_FOUND
    assert "anew" in refused.value.next_step


def test_a_job_whose_dataset_is_gone_cannot_run_again(repo: Repository, trips: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "trips.csv"
    file.write_text("n\nx\n")
    failed = trips.import_file(file, types={"n": "BIGINT"}).wait()
    trips.delete()
    with pytest.raises(NotFoundError) as refused:
        repo.job(failed.id).retry()
    assert refused.value.kind is ErrorKind.DATASET_NOT_FOUND


@pytest.mark.parametrize(
    ("options", "named", "meant"),
    [
        ({"encoding": "utf-9"}, "encoding", "utf-8"),
        ({"delimeter": ";"}, "delimeter", "delimiter"),
        ({"encoding": "a\0b"}, "encoding", None),
        ({"types": {"n": "BIGNIT"}}, "BIGNIT", None),
        ({"types": {"n": "(" * 20_000}}, "types", None),
        ({"types": "BIGINT"}, "types", None),
        ({"quote": "long"}, "quote", None),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_an_option_that_is_none_is_refused_at_once(
    repo: Repository, trips: Dataset, tmp_path: Path, options: dict[str, object], named: str, meant: str | None
) -> None:
    """There is no job; what is wrong is named, and what is nearest to it."""
    (tmp_path / "trips.csv").write_text("n\n1\n")
    with pytest.raises(InvalidInputError) as refused:
        trips.import_file(tmp_path / "trips.csv", **options)
    assert named in refused.value.message
    assert refused.value.next_step or refused.value.details
    if meant is not None:
        assert meant in refused.value.next_step
        assert meant in refused.value.details["suggestions"]
    assert repo.jobs() == ()
