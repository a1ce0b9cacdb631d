"""Small commits, references and long histories: costs that follow the change, not the table or its past."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pytest
from sqlalchemy import insert

from jupyter_datasets.catalog.tables import commits, ref_log, refs
from jupyter_datasets.container import Container, build
from jupyter_datasets.services.datasets.models import Dataset
from jupyter_datasets.services.versions.models import LogFilter
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.segments import SegmentWriter
from jupyter_datasets.values import Actor, new_id, now
from tests.benchmarks.harness import Report, compare, median_seconds, seconds_of

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

ACTOR = Actor.local()
ROW = pa.table({"n": pa.array([1], pa.int64()), "name": ["one"], "value": [1.5]})


@pytest.fixture
def container(tmp_path: Path) -> Iterator[Container]:
    """A store of its own, kept open."""
    made = build(Settings.load(tmp_path / "store", idle_close=3600.0))
    yield made
    made.close()


@pytest.fixture
def dataset(container: Container) -> Dataset:
    """An empty dataset."""
    return container.datasets.create(ACTOR, "small")


def append(container: Container, dataset: Dataset, rows: pa.Table = ROW, table: str = "small") -> None:
    """Append rows and commit."""
    edit = container.edits.begin(ACTOR, dataset.id)
    container.edits.put(ACTOR, edit.id, table, "append", rows.schema, rows.to_batches())
    container.edits.commit(ACTOR, edit.id)


def floor(container: Container, folder: Path) -> None:
    """What a commit cannot go below: two durable files and one transaction of as many rows as a commit writes."""
    for _ in range(2):
        container.backend.write("packs", os.urandom(32).hex(), b"x" * 1000)
    commit = os.urandom(32).hex()
    with container.database.begin() as uow:
        run = uow.connection.execute
        row = {"dataset_id": folder.name, "id": commit, "seq": now() % 2**31, "parents": ""}
        run(insert(commits).values(**row, author="x", time_us=now(), message="x"))
        run(insert(refs).values(dataset_id=folder.name, name=commit, kind="branch", commit_id=commit))
        run(
            insert(ref_log).values(
                id=new_id(), dataset_id=folder.name, ref="x", kind="branch", action="commit", actor="x", time_us=now()
            )
        )
        uow.commit()


def test_a_commit_of_one_row_stays_near_the_floor_and_flat(
    container: Container, dataset: Dataset, tmp_path: Path, report: Report
) -> None:
    append(container, dataset)
    paired = [
        (seconds_of(lambda: append(container, dataset)), seconds_of(lambda: floor(container, tmp_path)))
        for _ in range(1000)
    ]
    times = [ours for ours, _ in paired]
    report.add("commit of one row", statistics.median(times) * 1000, unit="ms", limit=15)
    report.add("commit of one row / floor", statistics.median(o / f for o, f in paired), unit="x", limit=2.0)
    growth = statistics.median(times[-100:]) / statistics.median(times[:100])
    report.add("last tenth / first tenth of 1,000 commits", growth, unit="x", limit=1.2)


def test_a_branch_and_a_tag_are_cheap(container: Container, dataset: Dataset, report: Report) -> None:
    append(container, dataset)
    names = (f"b{i}" for i in range(10_000))
    time = median_seconds(
        lambda: container.versions.create_ref(ACTOR, dataset.id, next(names), "branch", "main"), repeat=50
    )
    report.add("branch", time * 1000, unit="ms", limit=5)


def test_one_row_appended_to_lineitem_rewrites_one_segment(
    container: Container, lineitem: Path, tmp_path: Path, report: Report
) -> None:
    big = container.datasets.create(ACTOR, "lineitem")
    import_lineitem(container, big, lineitem)
    plan = container.versions.plan(ACTOR, big.id, "main", "lineitem")
    rows = pa.parquet.read_table(plan.segments[-1].path).slice(0, 1)
    whole = pa.parquet.read_table(plan.segments[0].path)
    kinds = [c.type for c in container.versions.version(ACTOR, big.id, "main").tables[0].columns]
    schema = Schema.create([Column(name=n, type=k) for n, k in zip(whole.column_names, kinds, strict=True)])

    def rewrite() -> None:
        staging = container.backend.new_staging()
        again = pa.parquet.read_table(plan.segments[0].path)
        with SegmentWriter(schema=schema, cut=(1,), k=17, staging=staging) as writer:
            writer.write(again.to_batches())
        container.backend.discard(staging)

    times = compare(
        {
            "ours": lambda: append(container, big, rows, "lineitem"),
            "rewrite": rewrite,
            "floor": lambda: floor(container, tmp_path),
        },
        repeat=15,
    )
    allowed = times.median("floor") + 1.5 * times.median("rewrite")
    report.add("rewriting one segment", times.median("rewrite") * 1000, unit="ms")
    report.add("one row to lineitem / (floor + 1.5 rewrites)", times.median("ours") / allowed, unit="x", limit=1.0)


def import_lineitem(container: Container, dataset: Dataset, csv: Path) -> None:
    """Import the file and wait."""
    from jupyter_datasets.services.imports.models import ImportRequest

    job = container.imports.start(ACTOR, dataset.id, ImportRequest(path=str(csv), table="lineitem"))
    assert container.runner.wait(job.id).status == "succeeded"


def test_a_long_log_is_a_page(container: Container, dataset: Dataset, report: Report) -> None:
    make_history(container, dataset, 100_000)
    log = partial(container.versions.log, ACTOR, dataset.id, "main")
    report.add("log of 1,000", median_seconds(lambda: log(1000)) * 1000, unit="ms", limit=10)
    middle, last = (log(1, offset=offset).cursor for offset in (49_949, 99_899))
    pages = compare(
        {"first": lambda: log(100), "middle": lambda: log(100, middle), "last": lambda: log(100, last)}, repeat=25
    )
    assert [len(log(100, cursor).items) for cursor in (middle, last)] == [100, 100]
    for name in ("first", "middle", "last"):
        report.add(f"{name} page of 100, of 100,000", pages.median(name) * 1000, unit="ms", limit=20)
    for name in ("middle", "last"):
        report.add(f"{name} page / first page", pages.ratio(name, "first"), unit="x", limit=1.5)
    far = median_seconds(lambda: log(100, offset=99_900), repeat=5)
    report.add("page of 100 behind an offset of 99,900", far * 1000, unit="ms")


def test_a_log_is_narrowed_without_reading_what_it_leaves_out(
    container: Container, dataset: Dataset, report: Report
) -> None:
    make_history(container, dataset, 100_000)
    log = partial(container.versions.log, ACTOR, dataset.id, "main", 100)
    for table, limit in (("often", 50), ("seldom", 500)):
        where = LogFilter(table=table)
        assert len(log(where=where).items) == {"often": 100, "seldom": 4}[table]
        time = median_seconds(lambda where=where: log(where=where))
        report.add(f"100 commits of 100,000 that touch a table {table}", time * 1000, unit="ms", limit=limit)


def test_an_overview_costs_a_few_statements(container: Container, dataset: Dataset, report: Report) -> None:
    append(container, dataset)
    for number in range(100):
        container.versions.create_ref(ACTOR, dataset.id, f"v{number}", "tag", "main")
    time = median_seconds(lambda: container.versions.overview(ACTOR, dataset.id), repeat=25)
    report.add("overview with 100 tags", time * 1000, unit="ms", limit=30)


def make_history(container: Container, dataset: Dataset, length: int) -> None:
    """A line of commits, written as rows: only the catalog's part of a history is measured."""
    ids = [f"{i:064x}" for i in range(1, length + 1)]
    parents = [[]] + [[i] for i in ids]
    with container.database.begin() as uow:
        for start in range(0, length, 10_000):
            block = range(start, min(start + 10_000, length))
            rows = [
                {
                    "dataset_id": dataset.id,
                    "id": ids[i],
                    "seq": i + 1,
                    "parents": " ".join(parents[i]),
                    "author": "x",
                    "time_us": i,
                    "message": f"m{i}",
                    "touched": "\nt" + ("often" if i % 30_000 else "seldom") + "\n",
                }
                for i in block
            ]
            uow.connection.execute(insert(commits), rows)
        uow.connection.execute(
            insert(refs).values(dataset_id=dataset.id, name="main", kind="branch", commit_id=ids[-1])
        )
        uow.commit()


def test_starting_is_quick(tmp_path: Path, report: Report) -> None:
    run = [sys.executable, "-c", "import jupyter_datasets"]
    bare = median_seconds(lambda: subprocess.run([sys.executable, "-c", "pass"], check=True), repeat=7)
    time = median_seconds(lambda: subprocess.run(run, check=True), repeat=7) - bare
    report.add("import jupyter_datasets", time * 1000, unit="ms", limit=100)
    datasets = [sys.executable, "-m", "jupyter_datasets.cli", "--store", str(tmp_path / "store")]
    subprocess.run([*datasets, "create", "small"], check=True, capture_output=True)
    ls = [*datasets, "ls"]
    listing = median_seconds(lambda: subprocess.run(ls, check=True, capture_output=True), repeat=7)
    report.add("jupyter datasets ls", listing, unit="s", limit=1)
