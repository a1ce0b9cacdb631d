"""Small edits of TPC-H lineitem, differences and merges: what they cost, and what reading costs after them."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.engine.relations import Session
from jupyter_datasets.services.versions.scans import scan_of
from jupyter_datasets.store.segments import connect
from tests.benchmarks.harness import Report, compare, median_seconds
from tests.benchmarks.references import Q1, References
from tests.benchmarks.test_store import stored_bytes

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

KEYS = {"with a key": ("l_orderkey", "l_linenumber"), "without a key": ()}


@pytest.fixture(scope="module", params=KEYS)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def store(bench_folder: Path, kind: str) -> Path:
    return bench_folder / f"store {kind}"


@pytest.fixture(scope="module")
def repo(store: Path) -> Iterator[jd.Repository]:
    """A store on the disk that is measured, kept open."""
    with jd.connect(store, idle_close=3600.0) as opened:
        yield opened


@pytest.fixture(scope="module")
def lines(repo: jd.Repository, lineitem: Path, kind: str) -> Dataset:
    """Lineitem, imported once and tagged ``first``."""
    dataset = repo.create("lineitem")
    dataset.import_file(lineitem, key=KEYS[kind]).result()
    dataset.tag("first")
    return dataset


def changing(dataset: Dataset, *statements: str, branch: str = "main") -> None:
    with dataset.edit(branch) as edit:
        for statement in statements:
            edit.sql(statement)


def appending(dataset: Dataset, rows: pa.Table) -> None:
    with dataset.edit() as edit:
        edit["lineitem"].append(rows)


def bytes_of(store: Path, work: Callable[[], object]) -> int:
    before = stored_bytes(store)
    work()
    return stored_bytes(store) - before


def test_an_edit_costs_what_changes(
    lines: Dataset, store: Path, kind: str, references: References, report: Report
) -> None:
    orders, marks = itertools.count(1_000_003, 32), itertools.count()

    def one() -> None:
        changing(lines, f"UPDATE lineitem SET l_comment = 'x' WHERE l_orderkey = {next(orders)}")

    report.add(f"UPDATE of one order, {kind}", 1000 * median_seconds(one, repeat=9), unit="ms", limit=50)
    report.add(f"UPDATE of one order, {kind}: new bytes", bytes_of(store, one) / 1000, unit="kB", limit=20)
    rows = lines["first"]["lineitem"].to_arrow().slice(1000, 10_000)
    fresh = itertools.count(10**8, 10**5)

    def more() -> None:
        numbers = pa.array(range(start := next(fresh), start + rows.num_rows))
        appending(lines, rows.set_column(0, "l_orderkey", numbers))

    report.add(f"append of 10,000 rows, {kind}", 1000 * median_seconds(more, repeat=5), unit="ms", limit=30)

    def scattered() -> None:
        where = "hash(l_orderkey, l_linenumber) % 6000 = 7"
        changing(lines, f"UPDATE lineitem SET l_comment = 'm{next(marks)}' WHERE {where}")

    times = compare({"R": references.write, "edit": scattered}, repeat=2)
    report.add(f"1,000 scattered rows / R, {kind}", times.ratio("edit", "R"), unit="R", limit=0.25)
    share = bytes_of(store, scattered) / lines["first"]["lineitem"].info.bytes
    report.add(f"1,000 scattered rows: new bytes, {kind}", 100 * share, unit="%", limit=3)


def test_a_difference_costs_what_differs(lines: Dataset, kind: str, report: Report) -> None:
    changing(lines, "UPDATE lineitem SET l_comment = 'differs' WHERE l_orderkey = 3000003 AND l_linenumber = 1")

    def one() -> pa.Table:
        return lines.diff("main~1", "main")["lineitem"].rows()

    report.add(f"difference of one row, {kind}", 1000 * median_seconds(one, repeat=9), unit="ms", limit=30)
    changing(lines, "UPDATE lineitem SET l_comment = 'scattered' WHERE hash(l_orderkey, l_linenumber) % 6000 = 11")

    def except_all() -> None:
        with connect() as connection:
            sides = [
                scan_of(lines[ref]["lineitem"]._plan).bind(Session(connection), name)
                for ref, name in (("main~1", "old"), ("main", "new"))
            ]
            connection.sql(f"({sides[0]}) EXCEPT ALL ({sides[1]})").to_arrow_table()

    times = compare({"EXCEPT ALL": except_all, "ours": one}, repeat=2)
    report.add(f"1,000 scattered rows / EXCEPT ALL, {kind}", times.ratio("ours", "EXCEPT ALL"), unit="x", limit=0.05)


def test_branches_with_a_thousand_changes_each_are_merged_within_a_second(
    lines: Dataset, kind: str, report: Report
) -> None:
    for number, branch in enumerate(("left", "right")):
        lines.branch(branch, at="first")
        where = f"hash(l_orderkey, l_linenumber) % 12000 = {number}"
        changing(lines, f"UPDATE lineitem SET l_comment = '{branch}' WHERE {where}", branch=branch)

    def merging() -> None:
        assert lines.merge("left", into="right") is not None
        lines.undo("right")

    report.add(f"merge of 500 and 500 changed rows, {kind}", median_seconds(merging, repeat=3), limit=1)


def test_reading_after_fifty_small_commits(
    repo: jd.Repository, lines: Dataset, kind: str, references: References, report: Report
) -> None:
    lines.branch("busy", at="first")
    rows = lines["first"]["lineitem"].to_arrow().slice(0, 100)
    for number in range(25):
        order = 200_000 * (number + 1)
        with lines.edit("busy") as edit:
            edit.sql(f"UPDATE lineitem SET l_comment = 'busy' WHERE l_orderkey BETWEEN {order} AND {order + 100}")
        start = 2 * 10**8 + 100 * number
        with lines.edit("busy") as edit:
            edit["lineitem"].append(rows.set_column(0, "l_orderkey", pa.array(range(start, start + 100))))
    query = Q1.format(lineitem="lineitem")
    times = compare(
        {
            "Q": references.q1,
            "Q1": lambda: repo.sql(query, at="busy").to_arrow(),
            "A": references.read,
            "read": lambda: lines["busy"]["lineitem"].to_arrow(),
        },
        repeat=3,
    )
    report.add(f"Q1 after 50 small commits, {kind}", times.ratio("Q1", "Q"), unit="Q", limit=1.35)
    report.add(f"full read after 50 small commits, {kind}", times.ratio("read", "A"), unit="A", limit=1.2)
