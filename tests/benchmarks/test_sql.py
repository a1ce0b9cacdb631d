"""``%%sql`` against plain DuckDB on the same files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.repository import Repository
from tests.benchmarks.harness import Report, compare

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(1800)]

MILLION = "SELECT * FROM {lineitem} LIMIT 1000000"
SMALL = "SELECT b, sum(a) AS s FROM {small} WHERE a > 3 GROUP BY b"


@pytest.fixture(scope="module")
def repo(lineitem: Path, bench_folder: Path) -> Iterator[Repository]:
    """``lineitem`` as imported, and a table of a thousand rows."""
    with connect(bench_folder / "sql") as made:
        made.create("lineitem").import_file(lineitem).result()
        with made.create("small").edit("main") as edit:
            edit["small"].append(pa.table({"a": range(1000), "b": ["x", "y"] * 500}))
        yield made


class Plain:
    """DuckDB on the files of our tables, with as many threads."""

    def __init__(self, repo: Repository) -> None:
        self.connection = duckdb.connect()
        threads = repo.sql("SELECT current_setting('threads')").fetchall()[0][0]
        self.connection.execute(f"SET threads = {threads}")
        self._repo = repo

    def relation(self, query: str, dataset: str) -> duckdb.DuckDBPyRelation:
        """The query over ``read_parquet([...])``."""
        segments = self._repo._transport.plan(dataset, "main", dataset).segments
        files = ", ".join(f"'{segment.path}'" for segment in segments)
        return self.connection.sql(query.format(**{dataset: f"read_parquet([{files}])"}))


@pytest.fixture(scope="module")
def plain(repo: Repository) -> Iterator[Plain]:
    made = Plain(repo)
    yield made
    made.connection.close()


def test_a_million_rows(repo: Repository, plain: Plain, report: Report) -> None:
    """A million rows of lineitem to Arrow and to pandas take at most 1.05 times what plain DuckDB takes."""
    ours = MILLION.format(lineitem="lineitem")
    theirs = plain.relation(MILLION, "lineitem")

    def shown_first() -> pa.Table:
        result = repo.sql(ours)
        repr(result)
        return result.to_arrow()

    def to_pandas() -> pd.DataFrame:
        return repo.sql(ours).to_pandas()

    times = compare(
        {
            "DuckDB to Arrow": lambda: plain.connection.sql(theirs.sql_query()).to_arrow_table(),
            "to Arrow": lambda: repo.sql(ours).to_arrow(),
            "shown, then to Arrow": shown_first,
            "DuckDB to pandas": lambda: plain.connection.sql(theirs.sql_query()).df(),
            "to pandas": to_pandas,
        },
        repeat=7,
    )
    for form in ("Arrow", "pandas"):
        base = f"DuckDB to {form}"
        report.add(base, times.median(base))
        report.add(f"%%sql to {form}", times.ratio(f"to {form}", base), base, limit=1.05)
    report.add("%%sql shown, then to Arrow", times.ratio("shown, then to Arrow", "DuckDB to Arrow"), "DuckDB to Arrow")


def test_a_small_statement(repo: Repository, plain: Plain, report: Report) -> None:
    """What ``%%sql`` adds to a small statement is under 10 ms: names, versions, plan, view of the result."""
    theirs = plain.relation(SMALL, "small").sql_query()
    ours = SMALL.format(small="small")
    times = compare(
        {
            "plain": lambda: plain.connection.sql(theirs).to_arrow_table(),
            "ours": lambda: repo.sql(ours).to_arrow(),
            "shown": lambda: repr(repo.sql(ours)),
        },
        repeat=60,
        warmup=5,
    )
    base = times.median("plain")
    report.add("plain DuckDB, a small statement", base * 1000, "ms")
    report.add("%%sql adds, to Arrow", (times.median("ours") - base) * 1000, "ms", limit=10)
    report.add("%%sql adds, shown", (times.median("shown") - base) * 1000, "ms", limit=10)
