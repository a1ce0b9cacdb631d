"""Importing files as users do: new tables, next versions, reports, progress, cancelling, jobs."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.jobs import Job
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import (
    ConflictError,
    DatasetsError,
    ErrorKind,
    FileContentError,
    InvalidInputError,
    JobCancelledError,
    NotFoundError,
)
from jupyter_datasets.services.jobs.models import JobStatus, Progress
from tests.client.conftest import TRANSPORTS, append, rows

ROOT = Path(__file__).parents[2]
LARGE = 1_000_000


@pytest.fixture(scope="module", params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def repo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """One repository for all tests here, so that they share a warm child process."""
    with request.param(tmp_path_factory.mktemp("imports") / "store") as connect, connect() as opened:
        yield opened


@pytest.fixture
def trips(repo: Repository) -> Iterator[Dataset]:
    """An empty dataset, in the bin after the test."""
    made = repo.create("trips")
    yield made
    made.rename(f"trips {made.id}").delete()


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    """Three rows with a null and an empty text."""
    file = tmp_path / "trips.csv"
    file.write_text('n,text\n1,a\n2,\n3,""\n')
    return file


ROWS = {"n": [1, 2, 3], "text": ["a", None, ""]}


@pytest.fixture(scope="session")
def large_csv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file whose import takes some seconds."""
    file = tmp_path_factory.mktemp("large") / "large.csv"
    numbers = pa.array(range(LARGE))
    columns = {f"c{i}": numbers.cast(pa.string()) if i % 2 else numbers for i in range(10)}
    pyarrow.csv.write_csv(pa.table(columns), file)
    return file


def wait_until_reading(job: Job[Any]) -> None:
    while not job.status.ended and not job.progress.rows:
        time.sleep(0.01)


def staged(repo: Repository) -> list[Path]:
    folder = Path(repo._transport.place) / "staging"
    return sorted(folder.iterdir()) if folder.exists() else []


# --------------------------------------------------------------------------------------------------------- new versions


def test_a_csv_becomes_a_table_named_after_it_in_one_commit(trips: Dataset, csv: Path, repo: Repository) -> None:
    job = trips.import_file(csv)
    result = job.result()
    assert (result.table, result.rows, job.status) == ("trips", 3, JobStatus.SUCCEEDED)
    assert result.commit == trips.log()[0]
    assert (trips.log()[0].message, len(trips.log())) == ("Import trips.csv", 1)
    assert trips.table().to_arrow().to_pydict() == ROWS
    assert trips.table().types == {"n": "BIGINT", "text": "VARCHAR"}
    assert [c.nullable for c in trips.table().info.columns] == [False, True]
    assert staged(repo) == []


@pytest.mark.parametrize("name", ["a.parquet", "a.csv", "a.tsv", "a.txt", "a.csv.gz"])
def test_equal_rows_of_any_format_are_one_content(trips: Dataset, tmp_path: Path, name: str) -> None:
    with trips.edit() as edit:
        edit["a"].replace({"n": [1, 2, None], "text": ["x", "y", "z"]})
    file = tmp_path / name
    text = "n,text\n1,x\n2,y\n,z\n".replace(",", "\t" if name.endswith("tsv") else ",")
    if name.endswith("parquet"):
        pq.write_table(trips.table().to_arrow(), file)
    else:
        file.write_bytes(gzip.compress(text.encode()) if name.endswith("gz") else text.encode())
    result = trips.import_file(file).result()
    assert (result.table, result.rows, result.commit) == ("a", 3, None)


def test_the_same_file_again_is_no_commit_and_the_report_says_so(trips: Dataset, csv: Path, repo: Repository) -> None:
    trips.import_file(csv).result()
    again = trips.import_file(csv).result()
    assert (again.commit, again.rows) == (None, 3)
    assert any("changes nothing" in w for w in again.warnings)
    assert "nothing changed" in repr(again)
    assert len(trips.log()) == 1
    assert staged(repo) == []


def test_a_changed_file_is_the_tables_next_version_and_the_diff_shows_the_change(trips: Dataset, csv: Path) -> None:
    trips.import_file(csv).result()
    csv.write_text(csv.read_text().replace("2,\n", "2,now\n"))
    trips.import_file(csv, message="mended").result()
    assert trips.log()[0].message == "mended"
    assert trips.diff("main~1")["trips"].counts == (1, 1, 0)
    assert rows(trips, "main~1") == [1, 2, 3]


def test_a_changed_header_drops_adds_and_keeps_columns_by_name(trips: Dataset, csv: Path) -> None:
    trips.import_file(csv).result()
    csv.write_text("more,n\n0.5,1\n,2\n")
    result = trips.import_file(csv).result()
    new, old = trips.table().info.columns, trips.table(at="main~1").info.columns
    assert [(c.name, c.type) for c in new] == [("more", "DOUBLE"), ("n", "BIGINT")]
    assert new[1].id == old[0].id
    assert new[0].id not in {c.id for c in old}
    assert result.rows == 2
    assert {tuple(row.values())[1] for row in trips.diff("main~1").schema().to_pylist()} >= {"added", "removed"}


def test_appended_rows_come_behind_and_missing_columns_are_null(trips: Dataset, csv: Path, tmp_path: Path) -> None:
    trips.import_file(csv).result()
    more = tmp_path / "more.csv"
    more.write_text("n\n4\n5\n")
    result = trips.import_file(more, "trips", mode="append").result()
    assert result.rows == 2
    assert trips.table().to_arrow().to_pydict() == {"n": [1, 2, 3, 4, 5], "text": ["a", None, "", None, None]}
    more.write_text("n,other\n6,7\n")
    with pytest.raises(InvalidInputError) as caught:
        trips.import_file(more, "trips", mode="append").result()
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert "other" in caught.value.message
    assert rows(trips) == [1, 2, 3, 4, 5]


def test_appending_to_a_table_that_is_not_there_is_refused_unless_it_is_the_first(trips: Dataset, csv: Path) -> None:
    """A name that was mistyped makes no second table; the error names the nearest one and the way to make it."""
    trips.import_file(csv, "journeys", mode="append").result()
    with pytest.raises(NotFoundError, match="no table 'journey' to append to") as caught:
        trips.import_file(csv, "journey", mode="append").result()
    assert caught.value.kind is ErrorKind.TABLE_NOT_FOUND
    assert caught.value.details["suggestions"] == ["journeys"]
    assert "'journeys'" in caught.value.next_step
    assert "mode='append'" in caught.value.next_step
    assert list(trips.tables) == ["journeys"]
    assert trips.import_file(csv, "journey").result().table == "journey"


def test_appending_makes_no_column_text(trips: Dataset, tmp_path: Path) -> None:
    """Neither a file of texts nor one of other types changes what the table's columns are, keys included."""
    file, frame = tmp_path / "trips.csv", tmp_path / "more.parquet"
    file.write_text("n,b\n1,true\n2,false\n")
    trips.import_file(file, key="n").result()
    for text, place in (("n,b\nx,true\n", "row 2 of column 'n'"), ("n,b\n3,true\n4,maybe\n", "row 3 of column 'b'")):
        file.write_text(text)
        with pytest.raises(FileContentError, match=place):
            trips.import_file(file, mode="append").result()
    file.write_text("n,b\n3,true\n4.5,false\n")
    with pytest.raises(
        FileContentError, match=r"'4\.5' in row 3 of column 'n', which is no BIGINT as in the table"
    ) as caught:
        trips.import_file(file, mode="append").result()
    assert "replace the whole table" in caught.value.next_step
    pq.write_table(pa.table({"n": ["x"]}), frame)
    with pytest.raises(InvalidInputError, match="'n' holds BIGINT; VARCHAR does not fit in"):
        trips.import_file(frame, "trips", mode="append").result()
    pq.write_table(pa.table({"n": [3], "b": pa.nulls(1)}), frame)
    trips.import_file(frame, "trips", mode="append").result()
    assert trips.table().to_arrow().to_pydict() == {"n": [1, 2, 3], "b": [True, False, None]}


def test_a_parquet_file_of_spans_of_time_comes_back_as_such(trips: Dataset, tmp_path: Path) -> None:
    lengths = pa.table({"d": pa.array([1_500_000_000, None, -1000], pa.duration("ns"))})
    pq.write_table(lengths, tmp_path / "trips.parquet")
    trips.import_file(tmp_path / "trips.parquet").result()
    assert trips.table().to_polars()["d"].to_list() == [timedelta(seconds=1.5), None, timedelta(microseconds=-1)]


def test_a_file_may_go_to_a_branch_a_table_and_keep_its_original(trips: Dataset, csv: Path) -> None:
    append(trips, 0)
    trips.branch("fix")
    trips.import_file(csv, "other", branch="fix", keep_original=True).result()
    assert list(trips["fix"]) == ["other", "trips"]
    assert list(trips["main"]) == ["trips"]
    assert trips["fix"].files["trips.csv"].read() == csv.read_bytes()
    trips.checkout("fix")
    trips.import_file(csv, "third").result()
    assert "third" in trips["fix"]


def test_a_bad_file_name_is_repaired_and_told_and_a_bad_table_name_refused(trips: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "2024-sales (1).csv.gz"
    file.write_bytes(gzip.compress(b"n\n1\n"))
    result = trips.import_file(file).result()
    assert result.table == "_2024-sales _1"
    assert any("2024-sales (1)" in w for w in result.warnings)
    with pytest.raises(InvalidInputError) as caught:
        trips.import_file(file, "2024/sales")
    assert caught.value.kind is ErrorKind.INVALID_NAME


def test_a_key_is_checked_and_kept_for_all_later_imports(trips: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "trips.csv"
    file.write_text("id,n\n1,1\n1,2\n")
    with pytest.raises(FileContentError) as caught:
        trips.import_file(file, key="id").result()
    assert caught.value.kind is ErrorKind.KEY_VIOLATION
    file.write_text("id,n\n1,1\n2,2\n")
    trips.import_file(file, key="id").result()
    assert trips.table().info.key == ("id",)
    for text, mode, key in (
        ("id,n\n3,3\n3,4\n", "replace", ()),
        ("id,n\n3,3\n,4\n", "replace", "id"),
        ("id,n\n2,3\n", "append", ()),
        ("id,n\n3,3\n", "replace", "n"),
    ):
        file.write_text(text)
        options: dict[str, Any] = {"mode": mode, "key": key}
        with pytest.raises(InvalidInputError) as refused:
            trips.import_file(file, **options).result()
        assert refused.value.kind is ErrorKind.KEY_VIOLATION
    assert rows(trips) == [1, 2]
    file.write_text("id,n\n3,3\n")
    trips.import_file(file, mode="append").result()
    assert rows(trips) == [1, 2, 3]


# ------------------------------------------------------------------------------------------------- bad input, conflicts

BAD_FILES: dict[str, tuple[bytes, ErrorKind]] = {
    "empty.csv": (b"", ErrorKind.FILE_EMPTY),
    "ragged.csv": (b"a,b\n1,2\n3\n4,5\n", ErrorKind.FILE_RAGGED),
    "encoding.csv": (b"a,b\n1,\xff\xfe\xfa\n", ErrorKind.FILE_ENCODING),
    "not.parquet": (b"PAR1 and then nothing", ErrorKind.FILE_FORMAT),
    "cut.csv.gz": (gzip.compress(b"n\n" + b"1\n" * 1000)[:-20], ErrorKind.FILE_UNREADABLE),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_a_clear_error_and_leaves_nothing(
    trips: Dataset, tmp_path: Path, repo: Repository, name: str
) -> None:
    (tmp_path / name).write_bytes(BAD_FILES[name][0])
    with pytest.raises(FileContentError) as caught:
        trips.import_file(tmp_path / name).result()
    assert name in caught.value.message
    assert caught.value.next_step
    assert caught.value.kind in (BAD_FILES[name][1], ErrorKind.FILE_FORMAT)
    assert list(trips.log()) == []
    assert staged(repo) == []


@pytest.mark.parametrize("way", ["import", "append", "replace"])
def test_a_part_of_a_column_with_a_name_that_segments_need_is_refused_naming_the_column(
    trips: Dataset, tmp_path: Path, way: str
) -> None:
    """A column itself may be called so."""
    fine, bad = pa.table({"__duckdb_field_id": [1]}), pa.table({"n": [1], "point": [{"x": 1, "__duckdb_field_id": 2}]})

    def write(table: pa.Table) -> None:
        if way == "import":
            pq.write_table(table, tmp_path / "trips.parquet")
            trips.import_file(tmp_path / "trips.parquet").result()
        else:
            with trips.edit() as edit:
                getattr(edit["trips"], way)(table)

    with pytest.raises(InvalidInputError, match="Column 'point'") as caught:
        write(bad)
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    write(fine)
    assert trips.table("trips").to_arrow() == fine


@pytest.mark.parametrize(
    "options",
    [{"colour": "red"}, {"encoding": "none"}, {"types": {"n": "NO_TYPE"}}, {"mode": "upset"}, {"delimiter": "::"}],
)
def test_an_option_that_makes_no_sense_is_refused(trips: Dataset, csv: Path, options: dict[str, Any]) -> None:
    with pytest.raises((InvalidInputError, NotFoundError)):
        trips.import_file(csv, **options).result()
    assert list(trips.log()) == []


def test_a_missing_file_is_told_at_once(trips: Dataset, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(DatasetsError) as caught:
            trips.import_file(path).result()
        assert caught.value.kind in (ErrorKind.FILE_NOT_FOUND, ErrorKind.FILE_UNREADABLE)


@pytest.mark.parametrize("ref", ["v1", "main~0", "nowhere"])
def test_an_import_goes_to_a_branch_that_is_there(trips: Dataset, csv: Path, ref: str) -> None:
    append(trips, 0)
    trips.tag("v1")
    with pytest.raises((InvalidInputError, NotFoundError)):
        trips.import_file(csv, branch=ref).result()


def test_what_others_commit_while_a_file_is_read_is_kept(trips: Dataset, large_csv: Path) -> None:
    """Other tables stay, appended rows come before the file's, and a changed table is a conflict."""
    append(trips, 0)
    with trips.edit() as edit:
        edit["appended"].append({f"c{i}": pa.array(["0"] if i % 2 else [0]) for i in range(10)})
    jobs = [trips.import_file(large_csv, "appended", mode="append"), trips.import_file(large_csv, "replaced")]
    wait_until_reading(jobs[0])
    append(trips, 1)
    with trips.edit() as edit:
        edit["appended"].append({"c0": [-1]})
    assert jobs[0].result(60).rows == LARGE
    wait_until_reading(jobs[1])
    append(trips, 2, table="replaced")
    with pytest.raises(ConflictError, match=r"while large\.csv was read"):
        jobs[1].result(60)
    assert rows(trips) == [0, 1]
    assert trips.table("appended").head(3)["c0"].to_pylist() == [0, -1, 0]
    assert trips.table("appended").num_rows == LARGE + 2
    assert rows(trips, table="replaced") == [2]


def test_a_dataset_that_is_deleted_while_a_file_is_read_stays_as_it_was(
    trips: Dataset, large_csv: Path, repo: Repository
) -> None:
    """The job fails with the dataset's name, and leaves nothing."""
    append(trips, 0)
    head = trips.log()[0].id
    job = trips.import_file(large_csv, "large")
    wait_until_reading(job)
    trips.delete()
    with pytest.raises(NotFoundError, match=r"'trips'.*bin") as caught:
        job.result(60)
    assert caught.value.kind is ErrorKind.DATASET_NOT_FOUND
    restored = repo.restore(trips.id)
    assert restored.log()[0].id == head
    assert list(restored.tables) == ["trips"]


# ----------------------------------------------------------------------------------------------------------------- jobs


def test_a_running_import_shows_stage_rows_bytes_rate_and_time_left_and_is_cancelled_within_two_seconds(
    trips: Dataset, large_csv: Path, repo: Repository
) -> None:
    job = trips.import_file(large_csv)
    seen: list[Progress] = []
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not any(p.rows and p.rate and p.seconds_left is not None for p in seen):
        seen.append(job.progress)
        time.sleep(0.02)
    last = seen[-1]
    assert (last.unit, last.total) == ("bytes", large_csv.stat().st_size)
    assert 0 < last.done <= last.total
    assert "rows" in repr(job)
    assert "running" in job._repr_html_()
    began = time.monotonic()
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.result(30)
    assert time.monotonic() - began < 2
    assert (job.status, list(trips.log()), staged(repo)) == (JobStatus.CANCELLED, [], [])


def test_jobs_are_listed_newest_first_by_status_and_dataset(trips: Dataset, csv: Path, repo: Repository) -> None:
    other = repo.create("other")
    ids = [trips.import_file(csv).wait().id, other.import_file(csv).wait().id]
    csv.write_bytes(b"")
    failed = trips.import_file(csv).wait()
    assert [j.id for j in repo.jobs()][:3] == [failed.id, ids[1], ids[0]]
    assert repo.jobs(status="failed")[0].id == failed.id
    assert {*ids, failed.id} & {j.id for j in repo.jobs(status="failed")} == {failed.id}
    assert [j.id for j in repo.jobs(dataset="trips")] == [failed.id, ids[0]]
    assert [j.id for j in repo.jobs(limit=1)] == [failed.id]
    assert "Import trips.csv into other.trips" in repr(repo.jobs())
    assert "failed" in repo.jobs()._repr_html_()


def test_a_job_is_found_again_by_its_id_and_gives_its_result(trips: Dataset, csv: Path, repo: Repository) -> None:
    job = trips.import_file(csv)
    assert repo.job(job.id).result().commit == job.result().commit == trips.log()[0]
    trips.delete()
    assert repo.job(job.id).status is JobStatus.SUCCEEDED
    repo.restore(trips.id)


def test_a_wait_that_is_too_short_leaves_the_job_running(trips: Dataset, csv: Path) -> None:
    job = trips.import_file(csv)
    with pytest.raises(TimeoutError, match="goes on"):
        job.result(0)
    assert job.result(60).rows == 3


def test_closing_the_repository_waits_for_its_jobs(open_repo: Any, csv: Path) -> None:
    with open_repo() as first:
        job = first.create("trips").import_file(csv)
        assert not job.status.ended
    with open_repo() as second:
        assert second.job(job.id).status is JobStatus.SUCCEEDED
        assert rows(second["trips"]) == [1, 2, 3]


SCRIPT = """
import sys
import jupyter_datasets as jd
trips = jd.connect(sys.argv[1]).create("trips")
trips.import_file(sys.argv[2])
"""


def test_a_script_that_ends_right_after_an_import_has_imported(open_repo: Any, csv: Path, store: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT, str(store), str(csv)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
    repo = open_repo()
    assert rows(repo["trips"]) == [1, 2, 3]
    assert [j.status for j in repo.jobs()] == [JobStatus.SUCCEEDED]


def test_a_lost_segment_is_mended_by_the_same_file(repo: Repository, tmp_path: Path) -> None:
    """The file changes nothing, so there is no commit; what the version lacks comes back."""
    file = tmp_path / "numbers.csv"
    file.write_text("n\n1\n2\n")
    numbers = repo.create("numbers")
    numbers.import_file(file).result()
    segment = Path(numbers["main"]["numbers"]._plan.segments[0].path)
    segment.unlink()
    assert numbers.import_file(file).result().commit is None
    assert numbers["main"]["numbers"].to_arrow().to_pydict() == {"n": [1, 2]}
