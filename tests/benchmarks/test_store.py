"""Import, reading and size of TPC-H lineitem, as multiples of what plain DuckDB and PyArrow need."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from tests.benchmarks.harness import Report, compare, peak_rss_of_children
from tests.benchmarks.references import Q1, References

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def repo(bench_folder: Path) -> Iterator[jd.Repository]:
    """A store on the disk that is measured, kept open."""
    with jd.connect(bench_folder / "store", idle_close=3600.0) as opened:
        yield opened


@pytest.fixture(scope="module")
def imported(repo: jd.Repository, lineitem: Path) -> Dataset:
    """Lineitem, imported once."""
    dataset = repo.create("lineitem")
    dataset.import_file(lineitem).result()
    return dataset


def stored_bytes(folder: Path) -> int:
    """What objects and packs take."""
    return sum(file.stat().st_size for kind in ("objects", "packs") for file in (folder / kind).rglob("*/*"))


def test_importing_costs_little_more_than_writing_one_file(
    repo: jd.Repository, lineitem: Path, references: References, report: Report
) -> None:
    names = (f"timed{i}" for i in itertools.count())
    times = compare(
        {"R": references.write, "ours": lambda: repo.create(next(names)).import_file(lineitem, "lineitem").result()},
        repeat=3,
    )
    report.add("R", times.median("R"))
    report.add("import and commit / R", times.ratio("ours", "R"), unit="R", limit=1.55)


def test_an_import_stays_below_a_gibibyte(repo: jd.Repository, lineitem: Path, report: Report) -> None:
    with peak_rss_of_children() as peak:
        repo.create("memory").import_file(lineitem, "lineitem").result()
    report.add("peak memory of an import's child", peak.together / 2**20, unit="MiB", limit=1024)


def test_the_stored_bytes_are_those_of_one_file(imported: Dataset, references: References, report: Report) -> None:
    size = imported["main"]["lineitem"].info.bytes
    report.add("bytes / snappy file", size / references.snappy.stat().st_size, unit="x", limit=0.80)
    report.add("bytes / zstd v2 file", size / references.zstd.stat().st_size, unit="x", limit=1.05)


@pytest.mark.usefixtures("imported")
def test_q1_over_a_version_costs_what_it_does_over_a_file(
    repo: jd.Repository, references: References, report: Report
) -> None:
    query = Q1.format(lineitem="lineitem")
    times = compare({"Q": references.q1, "ours": lambda: repo.sql(query).to_arrow()}, repeat=9)
    report.add("Q", times.median("Q"))
    report.add("Q1 over a version / Q", times.ratio("ours", "Q"), unit="Q", limit=1.15)


def test_a_full_read_costs_what_it_does_from_a_file(imported: Dataset, references: References, report: Report) -> None:
    table = imported["main"]["lineitem"]
    times = compare({"A": references.read, "ours": table.to_arrow}, repeat=7)
    report.add("A", times.median("A"), note=references.faster_reader)
    report.add("full read / A", times.ratio("ours", "A"), unit="A", limit=1.0)


def test_the_same_file_again_stores_nothing(
    imported: Dataset, lineitem: Path, bench_folder: Path, report: Report
) -> None:
    before = stored_bytes(bench_folder / "store")
    assert imported.import_file(lineitem).result().commit is None
    added = stored_bytes(bench_folder / "store") - before
    report.add("new bytes of the same file again", 100 * added / before, unit="%", limit=0.1)


def test_one_value_changed_stores_what_changed(
    imported: Dataset, lineitem: Path, bench_folder: Path, references: References, report: Report
) -> None:
    changed = with_one_value_changed(lineitem, bench_folder / "changed")
    size = imported["main"]["lineitem"].info.bytes
    before = stored_bytes(bench_folder / "store")
    files = itertools.cycle([changed, lineitem])
    imported.import_file(next(files), "lineitem").result()
    report.add(
        "new bytes of one changed value",
        100 * (stored_bytes(bench_folder / "store") - before) / size,
        unit="%",
        limit=2,
    )
    times = compare(
        {"R": references.write, "ours": lambda: imported.import_file(next(files), "lineitem").result()}, repeat=3
    )
    report.add("one changed value imported again / R", times.ratio("ours", "R"), unit="R", limit=1.45)


def with_one_value_changed(csv: Path, folder: Path) -> Path:
    """The file with the quantity of a row in its middle changed."""
    folder.mkdir(exist_ok=True)
    data = bytearray(csv.read_bytes())
    line = data.index(b"\n", len(data) // 2) + 1
    fields = bytes(data[line : data.index(b"\n", line)]).split(b",")
    fields[4] = b"99" if fields[4] != b"99" else b"98"
    data[line : data.index(b"\n", line)] = b",".join(fields)
    target = folder / "lineitem.csv"
    target.write_bytes(data)
    return target
