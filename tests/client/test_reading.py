"""Tables out of versions: Arrow, pandas, polars, relations, streams, heads, and files by export."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.client import exporting
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.client.version import Table
from jupyter_datasets.errors import DamagedObjectError, ErrorKind, InvalidInputError, NotFoundError, StorageError
from tests.client.conftest import Open, append, in_place

ROWS = pa.table({"n": [3, None, 1], "text": ["ü", "", None], "x": [0.5, -1.5, None]})


@pytest.fixture
def table(trips: Dataset) -> Table:
    """Three rows of three columns."""
    with trips.edit(message="load") as edit:
        edit["trips"].replace(ROWS)
    return trips.table()


# -------------------------------------------------------------------------------------------------------------- reading


def test_a_table_reads_the_same_in_every_way(table: Table) -> None:
    assert table.to_arrow() == ROWS
    assert pa.table(table) == ROWS
    assert table.scan().read_all() == ROWS
    assert table.to_polars().equals(pl.from_arrow(ROWS))
    pd.testing.assert_frame_equal(table.to_pandas(), ROWS.to_pandas())
    assert sorted(table.relation().fetchall(), key=str) == sorted(zip(*ROWS.to_pydict().values(), strict=True), key=str)
    assert pl.DataFrame(table).equals(pl.from_arrow(ROWS))
    assert duckdb.connect().from_arrow(table.scan()).aggregate("count(*), sum(n)").fetchall() == [(3, 4)]


def test_a_table_knows_its_shape_without_reading(table: Table) -> None:
    assert (table.name, table.columns, table.num_rows, len(table)) == ("trips", ["n", "text", "x"], 3, 3)
    assert table.schema == ROWS.schema
    assert table.types == {"n": "BIGINT", "text": "VARCHAR", "x": "DOUBLE"}


def test_chosen_columns_come_in_the_order_asked_for(table: Table) -> None:
    wanted = ["x", "n"]
    assert table.to_arrow(wanted) == ROWS.select(wanted)
    assert table.scan(wanted).read_all() == ROWS.select(wanted)
    assert list(table.to_pandas(wanted).columns) == table.to_polars(wanted).columns == wanted
    with pytest.raises(NotFoundError) as caught:
        table.to_arrow(["txt"])
    assert caught.value.kind is ErrorKind.COLUMN_NOT_FOUND
    assert caught.value.details["suggestions"][0] == "text"


@pytest.mark.parametrize(("count", "expected"), [(0, []), (2, [3, None]), (5, [3, None, 1])])
def test_a_head_is_the_first_rows(table: Table, count: int, expected: list[Any]) -> None:
    assert table.head(count)["n"].to_pylist() == expected


@in_place
def test_a_head_spans_segments_and_reads_no_more(trips: Dataset) -> None:
    with trips.edit() as edit:
        edit["trips"].append({"n": list(range(200_000))})
    table = trips.table()
    first = table._plan.segments[0].rows
    Path(table._plan.segments[-1].path).chmod(0o600)
    Path(table._plan.segments[-1].path).write_bytes(b"not read")
    assert table.head(first - 1)["n"].to_pylist() == list(range(first - 1))
    assert table.head()["n"].to_pylist() == [0, 1, 2, 3, 4]


def test_order_is_kept_over_many_segments(trips: Dataset) -> None:
    numbers = [n * 7919 % 200_003 for n in range(200_000)]
    with trips.edit() as edit:
        edit["trips"].append({"n": numbers})
    table = trips.table()
    assert len(table._plan.segments) > 1
    assert table.to_arrow()["n"].to_pylist() == numbers
    assert table.scan().read_all()["n"].to_pylist() == numbers
    assert table.relation().aggregate("count(*), sum(n), count(DISTINCT n)").fetchall() == [
        (200_000, sum(numbers), 200_000)
    ]


def test_a_table_without_rows_reads_as_empty_with_its_types(trips: Dataset) -> None:
    with trips.edit() as edit:
        edit["trips"].append(ROWS.schema.empty_table())
    table = trips.table()
    assert table.to_arrow() == ROWS.schema.empty_table()
    assert (table.relation().columns, table.relation().fetchall()) == (["n", "text", "x"], [])
    assert table.head().num_rows == 0
    assert table._repr_html_()


def test_a_version_once_held_does_not_change(trips: Dataset, table: Table) -> None:
    version = trips["main"]
    append(trips, 1, table="later")
    trips.undo()
    trips.undo()
    assert list(version) == ["trips"]
    assert version["TRIPS"].to_arrow() == table.to_arrow() == ROWS
    assert ("trips" in version, "later" in version, len(version)) == (True, False, 1)
    with pytest.raises(NotFoundError, match="Did you mean 'trips'"):
        version["trip"]


def test_a_table_of_an_older_version_has_the_columns_of_its_time(trips: Dataset, table: Table) -> None:
    with trips.edit() as edit:
        edit["trips"].replace({"text": ["new"], "k": [1]})
    assert (trips.table().columns, trips.table(at="main~1").columns) == (["text", "k"], table.columns)
    assert trips["main~1"]["trips"].to_arrow() == ROWS


def test_a_relation_of_a_closed_repository_is_gone_but_what_was_read_stays(open_repo: Open) -> None:
    repo = open_repo()
    append(repo.create("trips"), 1)
    read = repo["trips"].table().to_arrow()
    repo.close()
    assert read["n"].to_pylist() == [1]


def test_a_damaged_segment_is_never_read(table: Table, repo: Repository) -> None:
    path = Path(table._plan.segments[0].path)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-8])
    fresh = repo["trips"].table()
    for read in (fresh.to_arrow, fresh.scan, fresh.relation, fresh.head, fresh.to_pandas):
        with pytest.raises(DamagedObjectError) as caught:
            read()
        assert caught.value.details["versions"] == [repo["trips"].log()[0].id]


def overwrite(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(b"?")


@in_place
@pytest.mark.usefixtures("table")
@pytest.mark.parametrize("damage", [Path.unlink, overwrite])
def test_a_segment_that_is_lost_after_planning_is_named_with_what_to_do(
    trips: Dataset, repo: Repository, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    """Whatever reads it, the error names the object and is never one of Arrow or DuckDB."""
    append(trips, *range(10), table="other")
    other, scan, stale = trips.table("other"), trips.table("other").scan(), trips.table("other").scan()
    changes, result = trips.diff("main~1", "main")["other"], repo.sql("SELECT sum(n) FROM trips.other")
    repo._queries._plans._plans.clear()  # as after 64 other queries
    path = Path(other._plan.segments[0].path)
    damage(path)
    reads: list[Callable[[], object]] = [
        *(other.to_arrow, other.head, other.to_pandas, other.to_polars, other.relation),
        *(scan.read_all, changes.rows, result.to_arrow, lambda: exporting.export(stale, tmp_path / "other.csv")),
    ]
    for read in reads:
        with pytest.raises(DamagedObjectError, match="jupyter datasets doctor --rehash all") as caught:
            read()
        assert caught.value.details["object"] == path.parent.name + path.name
    assert not list(tmp_path.glob("*other*"))


# ------------------------------------------------------------------------------------------------------------ exporting


@pytest.mark.parametrize("ending", ["csv", "tsv", "parquet"])
def test_what_is_exported_and_imported_again_is_the_same_table(trips: Dataset, tmp_path: Path, ending: str) -> None:
    """Nulls, empty texts, quotes, line breaks and words that look like nulls all come back."""
    rows = pa.table(
        {
            "n": [1, None, 3, 4],
            "text": ["", None, 'a "b", c;\td\r\ne', "NULL"],
            "only null": pa.array([None] * 4, pa.string()),
            "x": [0.1, float("inf"), None, -0.0],
        }
    )
    with trips.edit() as edit:
        edit["trips"].replace(rows)
    file = trips.export("trips", tmp_path / f"trips.{ending}")
    result = trips.import_file(file).result()
    assert result.commit is None, trips.diff("main~1")["trips"].rows()
    assert trips.table().to_arrow() == rows


def test_a_csv_tells_null_from_empty_text(trips: Dataset, tmp_path: Path) -> None:
    with trips.edit() as edit:
        edit["trips"].replace({"text": ["", None, "x"], "n": [1, 2, None]})
    file = trips.export("trips", tmp_path / "trips.csv")
    assert file.read_text() == 'text,n\n"",1\n,2\nx,\n'


def test_an_export_is_of_the_version_and_in_the_order_of_rows(trips: Dataset, tmp_path: Path) -> None:
    numbers = [n * 7919 % 200_003 for n in range(200_000)]
    with trips.edit() as edit:
        edit["trips"].replace({"n": numbers})
    append(trips, -1)
    file = trips.export(None, tmp_path / "whatever", at="main~1", format="parquet")
    assert pq.read_table(file)["n"].to_pylist() == numbers
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["whatever"]


def test_an_export_replaces_a_file_only_when_the_new_one_is_whole(trips: Dataset, table: Table, tmp_path: Path) -> None:
    del table
    file = tmp_path / 'it\'s a "file".csv'
    file.write_text("old")
    with pytest.raises(InvalidInputError):
        trips.export("trips", file, format="xlsx")  # type: ignore[arg-type]  # that is what is tested
    with pytest.raises(NotFoundError):
        trips.export("trip", file)
    assert file.read_text() == "old"
    trips.export("trips", file)
    assert file.read_text().startswith("n,text,x\n")
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == [file.name]


@pytest.mark.parametrize("place", ["no such folder/a.csv", "file/a.csv"])
def test_a_place_that_cannot_be_written_is_an_error_with_its_name(
    trips: Dataset, table: Table, tmp_path: Path, place: str
) -> None:
    del table
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError) as caught:
        trips.export("trips", tmp_path / place)
    assert f"{tmp_path / place} cannot be written: there is no folder" in caught.value.message


def test_an_ending_that_says_nothing_is_refused(trips: Dataset, table: Table, tmp_path: Path) -> None:
    del table
    with pytest.raises(InvalidInputError, match=re.escape(".parquet")):
        trips.export("trips", tmp_path / "a.xlsx")


# -------------------------------------------------------------------------------------------------------------- showing

HOSTILE = "<script>alert(1)</script>\x1b[2J\u202e\n'\"&"


def shown(repo: Repository) -> dict[str, Any]:
    trips = repo["trips"]
    return {
        "repository": repo,
        "datasets": repo.datasets(),
        "dataset": trips,
        "version": trips["main"],
        "table": trips.table("trips"),
        "files": trips.files,
        "log": trips.log(),
        "graph": trips.graph(),
        "refs": trips.refs(),
        "commit": trips.log()[0],
        "diff": trips.diff("main~1"),
        "bin": repo.bin(),
        "jobs": repo.jobs(),
    }


@pytest.fixture
def hostile(repo: Repository, tmp_path: Path) -> Repository:
    """A store in which everything that people may type freely is an attack."""
    trips = repo.create("trips", description=HOSTILE, labels=["<b>label</b>"])
    append(trips, "plain", message=HOSTILE)
    (tmp_path / "f").write_text("x")
    with trips.edit(message=HOSTILE) as edit:
        edit["trips"].replace({"n": [HOSTILE, "x" * 1_000_000], HOSTILE: [1, 2]})
        edit.attach(tmp_path / "f", "<img src=x>\u202e")
    trips.tag("<v1>")
    repo.create("gone", description=HOSTILE).delete()
    return repo


def test_nothing_that_people_typed_reaches_html_as_markup(hostile: Repository) -> None:
    for name, thing in shown(hostile).items():
        if hasattr(thing, "_repr_html_"):
            html = thing._repr_html_()
            assert not re.search(r"<(script|img|b>label|v1)", html), name
            assert len(html) < 100_000, name


def test_nothing_that_people_typed_steers_a_terminal(hostile: Repository) -> None:
    for name, thing in shown(hostile).items():
        text = repr(thing)
        assert all(c.isprintable() or c == "\n" for c in text), name
        assert len(text) < 10_000, name


def test_everything_shows_what_it_is(trips: Dataset, repo: Repository, table: Table, tmp_path: Path) -> None:
    (tmp_path / "book").write_text("x")
    trips.attach(tmp_path / "book")
    trips.describe("Of taxis").label("nyc")
    texts = {name: repr(thing) for name, thing in shown(repo).items() if name != "changes" or thing}
    assert "trips" in texts["repository"]
    assert "Of taxis" in texts["datasets"]
    for part in ("Dataset 'trips' at main: Of taxis", "labels: nyc", "3 rows", "book"):
        assert part in texts["dataset"]
        assert part.replace("'", "&#x27;") in trips._repr_html_()
    assert texts["table"].splitlines()[0].startswith(f"trips@{trips.log()[0].short}.trips: 3 rows")
    assert "text    VARCHAR" in texts["table"]
    assert "<td style='text-align:left'><bdi>ü</bdi></td>" in table._repr_html_()
    assert texts["commit"].startswith(f"<Commit {trips.log()[0].short} #2 'Attach book' by ")
    assert "load" in texts["log"]
    assert re.search(r"main +branch", texts["refs"])
    assert "file added" in texts["diff"]
    assert (texts["bin"], texts["jobs"]) == ("No datasets. Make one: repo.create('flights')", "No jobs.")


def test_what_is_empty_says_what_to_do(repo: Repository) -> None:
    assert "repo.create" in repr(repo)
    assert "repo.create" in repo._repr_html_()
    trips = repo.create("trips")
    for thing in (trips, trips.log(), trips.graph()):
        assert "no commits yet" in repr(thing).lower()
        assert "no commits yet" in thing._repr_html_().lower()
    assert "no commits yet" in repr(trips.refs())


def test_a_dataset_with_files_alone_is_not_shown_as_empty(trips: Dataset, tmp_path: Path) -> None:
    (tmp_path / "book").write_text("x")
    trips.attach(tmp_path / "book")
    assert "book" in repr(trips)
    assert "No commits yet" not in repr(trips) + trips._repr_html_()


def test_intervals_are_not_cut_by_an_export_to_parquet(repo: Repository, tmp_path: Path) -> None:
    """Parquet keeps milliseconds of an interval: the export refuses, and CSV takes it."""
    spans = repo.create("spans")
    with spans.edit() as edit:
        edit["spans"].append(pa.table({"t": pa.array([1, 123_456], pa.duration("us"))}))
    with pytest.raises(InvalidInputError, match="'t' holds intervals"):
        spans.export("spans", tmp_path / "spans.parquet")
    assert not (tmp_path / "spans.parquet").exists()
    assert "00:00:00.123456" in spans.export("spans", tmp_path / "spans.csv").read_text()
