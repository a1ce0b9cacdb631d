"""The server: calls while it imports, rows to a client, pages for the grid."""

from __future__ import annotations

import io
import random
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

import duckdb
import httpx
import pyarrow as pa
import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from tests.benchmarks.harness import Report, compare
from tests.ui.server import TOKEN, Server

pytestmark = [pytest.mark.benchmark, pytest.mark.timeout(3600)]

ROWS = 1_000_000
API = "/jupyter-datasets/api/v1"
# What anybody would write: the same rows from the same files, as lz4 Arrow.
PLAIN = """
import asyncio, io, sys
import duckdb, pyarrow as pa, tornado.web

OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")

class Rows(tornado.web.RequestHandler):
    async def get(self):
        rows = duckdb.connect().sql("FROM read_parquet($files)", params={"files": sys.argv[1:]}).to_arrow_reader(65536)
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, rows.schema, options=OPTIONS) as writer:
            for batch in rows:
                writer.write_batch(batch)
                self.write(sink.getvalue())
                sink.seek(0), sink.truncate()
                await self.flush()
        self.finish(sink.getvalue())

async def main():
    server = tornado.web.Application([("/", Rows)]).listen(0, "127.0.0.1")
    print(next(iter(server._sockets.values())).getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A JupyterLab of its own."""
    started = Server(tmp_path_factory.mktemp("bench-server"))
    started.start()
    yield started
    started.stop()


@pytest.fixture(scope="module")
def repo(server: Server) -> Iterator[jd.Repository]:
    """Its store, reached as by a client on the same machine."""
    with jd.connect(server.url, token=TOKEN) as connected:
        yield connected


@pytest.fixture(scope="module")
def million(repo: jd.Repository, lineitem: Path) -> str:
    """A dataset of a million rows of lineitem."""
    rows = duckdb.sql(f"FROM read_csv('{lineitem}') LIMIT {ROWS}").to_arrow_table()
    with repo.create("million").edit(message="a million") as edit:
        edit["million"].append(rows)
    return "million"


def percentile(seconds: Sequence[float], percent: int) -> float:
    """In milliseconds."""
    return 1000 * statistics.quantiles(seconds, n=100)[percent - 1]


def timed(client: httpx.Client, path: str) -> float:
    """Seconds of a call."""
    started = perf_counter()
    client.get(path).raise_for_status()
    return perf_counter() - started


def test_calls_beside_an_import_stay_quick(server: Server, repo: jd.Repository, lineitem: Path, report: Report) -> None:
    for i in range(1000):
        repo.create(f"d{i}")
    lists, alive = [], []
    with httpx.Client(base_url=server.url + API, headers={"Authorization": f"token {TOKEN}"}) as client:
        job = repo["d0"].import_file(lineitem, "lineitem")
        while not job.status.ended:
            lists.append(timed(client, "/datasets?limit=1000"))
            alive.append(timed(client, "/health/live"))
    report.add("list of 1,000 datasets beside an import, p99", percentile(lists, 99), unit="ms", limit=50)
    report.add("a call that does nothing beside it, p99", percentile(alive, 99), unit="ms", limit=50)


def test_a_million_rows_reach_a_client_like_from_a_plain_handler(
    server: Server, repo: jd.Repository, million: str, report: Report
) -> None:
    files = _files(repo, million)
    with (
        Repository(HttpTransport(server.url, TOKEN, near=False)) as elsewhere,
        subprocess.Popen([sys.executable, "-c", PLAIN, *files], stdout=subprocess.PIPE, text=True) as plain,
    ):
        assert plain.stdout is not None
        url = f"http://127.0.0.1:{int(plain.stdout.readline())}/"
        far = elsewhere[million]["main"][million]
        times = compare({"plain": lambda: _fetched(url), "ours": far.to_arrow}, repeat=7)
        plain.terminate()
    report.add("million rows by a plain handler", times.median("plain"), unit="s")
    report.add("million rows from the server / plain", times.ratio("ours", "plain"), unit="x", limit=1.0)


def test_a_million_rows_are_read_here_like_by_duckdb(repo: jd.Repository, million: str, report: Report) -> None:
    connection, files = duckdb.connect(), {"files": _files(repo, million)}
    table = repo[million]["main"][million]
    times = compare(
        {
            "here": table.to_arrow,
            "duckdb": lambda: connection.sql("FROM read_parquet($files)", params=files).to_arrow_table(),
            "query": lambda: repo.sql(f"SELECT count(*) FROM {million}").to_arrow(),
            "duckdb's query": lambda: connection.sql(
                "SELECT count(*) FROM read_parquet($files)", params=files
            ).fetchall(),
        },
        repeat=15,
    )
    report.add("million rows by the scan plan / DuckDB", times.ratio("here", "duckdb"), unit="x", limit=1.05)
    more = times.median("query") - times.median("duckdb's query")
    report.add("a query by name, beyond the same one by files", 1000 * more, unit="ms")


def _files(repo: jd.Repository, dataset: str) -> list[str]:
    plan = repo._transport.plan(dataset, "main", dataset)
    return [segment.path for segment in plan.segments]


def _fetched(url: str) -> pa.Table:
    with httpx.stream("GET", url, timeout=60) as answer:
        body = b"".join(answer.iter_raw())
    table = pa.ipc.open_stream(io.BytesIO(body)).read_all()
    assert table.num_rows == ROWS
    return table


def test_a_page_of_the_grid_comes_at_once(server: Server, repo: jd.Repository, million: str, report: Report) -> None:
    places, dice = [], random.Random(7)
    path = f"/datasets/{million}/tables/{million}/data?limit=100&offset="
    with httpx.Client(base_url=server.url + API, headers={"Authorization": f"token {TOKEN}"}) as client:
        timed(client, f"{path}0")
        places = [timed(client, f"{path}{dice.randrange(ROWS - 100)}") for _ in range(200)]
    assert len(repo[million]["main"][million]) == ROWS
    report.add("page of 100 rows at any offset, p95", percentile(places, 95), unit="ms", limit=100)
