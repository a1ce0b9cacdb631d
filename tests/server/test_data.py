"""Rows and files over REST: nothing is lost on the way."""

from __future__ import annotations

import math
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import jupyter_datasets as jd
from tests.server.conftest import Ask, table

ARROW = {"Accept": "application/vnd.apache.arrow.stream"}
pytestmark = pytest.mark.usefixtures("trips")
ODD = "/datasets/trips/tables/odd/data"
TRIPS = "/datasets/trips/tables/trips/data"


async def test_cells_are_what_duckdb_says(ask: Ask) -> None:
    """Integers of 64 bits, decimals, times, blobs and lists arrive as DuckDB's text; small numbers as numbers."""
    found = (await ask("get", ODD)).json
    odd = table()
    exact = [name for name in odd.column_names if name not in ("x", "small", "yes", "text")]
    with duckdb.connect() as con:
        con.execute("SET TimeZone = 'UTC'")
        casts = ", ".join(f'CAST("{name}" AS VARCHAR)' for name in exact)
        texts = con.sql(f"SELECT {casts} FROM odd").fetchall()
    names = [c["name"] for c in found["columns"]]
    assert names == odd.column_names
    assert [tuple(row[names.index(n)] for n in exact) for row in found["cells"]] == texts
    assert [row[names.index("x")] for row in found["cells"]] == [0.1, "NaN", "Infinity"]
    assert [row[names.index("small")] for row in found["cells"]] == [1, 2, None]
    assert [row[names.index("yes")] for row in found["cells"]] == [True, False, None]
    assert [row[names.index("text")] for row in found["cells"]] == odd["text"].to_pylist()


async def test_a_page_is_any_part_of_the_table(ask: Ask) -> None:
    """Offset, limit and columns; the page says how many rows there are in all."""
    found = (await ask("get", TRIPS, query={"offset": 998, "limit": 10})).json
    assert (found["rows"], found["offset"]) == (1001, 998)
    everything = (await ask("get", TRIPS, query={"limit": 10_000})).json["cells"]
    assert found["cells"] == everything[998:]
    assert sorted(int(n) for [n] in everything) == list(range(1001))
    assert (await ask("get", TRIPS, query={"offset": 5000})).json["cells"] == []
    assert (await ask("get", TRIPS, query={"limit": 0})).json["cells"] == []
    narrow = (await ask("get", ODD, query={"columns": ["yes", "small"]})).json
    assert [c["name"] for c in narrow["columns"]] == ["yes", "small"]
    assert narrow["cells"][0] == [True, 1]


async def test_a_digest_tells_rows_apart(ask: Ask) -> None:
    """48 hex digits: of a table, at a reference; another version with other rows has another one."""
    url = "/datasets/trips/tables/trips/digest"
    found = [(await ask("get", url, query={"ref": ref})).json["digest"] for ref in ("main", "v1", "v1")]
    assert [len(bytes.fromhex(each)) for each in found] == [24] * 3
    assert found[0] != found[1] == found[2]
    missing = await ask("get", "/datasets/trips/tables/no/digest")
    assert (missing.status, missing.error["kind"]) == (404, "table-not-found")


async def test_a_stream_of_arrow_is_the_table(ask: Ask) -> None:
    """All rows by default, or those and the columns asked for, compressed."""
    whole = await ask("get", ODD, headers=ARROW)
    assert whole.headers["Content-Type"] == ARROW["Accept"]
    got = pa.ipc.open_stream(whole.content).read_all()
    assert got.equals(table().cast(got.schema)) or math.isnan(got["x"][1].as_py())
    part = await ask("get", TRIPS, query={"offset": 990, "limit": 20, "ref": "v1"}, headers=ARROW)
    assert pa.ipc.open_stream(part.content).read_all().num_rows == 10


async def test_unknown_names_are_not_found(ask: Ask) -> None:
    """Table, column, version, file and segment: each says so, with its own kind."""
    wrong = {
        "/datasets/trips/tables/trip/data": "table-not-found",
        f"{ODD}?columns=no": "column-not-found",
        f"{ODD}?ref=no": "ref-not-found",
        "/datasets/trips/files/no.txt": "file-not-found",
        "/datasets/trips/segments/no?table=odd": "file-not-found",
        "/datasets/trips/scan?table=no": "table-not-found",
    }
    for path, kind in wrong.items():
        plain, _, query = path.partition("?")
        found = await ask("get", plain, query=dict([query.split("=")]) if query else {})
        assert (found.status, found.error["kind"]) == (404, kind), path


async def test_segments_and_files_come_as_they_are(ask: Ask) -> None:
    """Bytes for bytes, as attachments that no browser runs."""
    plan = (await ask("get", "/datasets/trips/scan", query={"table": "trips"})).json
    path = Path(plan["segments"][0]["path"])
    name = path.parent.name + path.name
    found = await ask("get", f"/datasets/trips/segments/{name}", query={"table": "trips"})
    assert found.content == path.read_bytes()
    notes = await ask("get", "/datasets/trips/files/notes.txt")
    assert notes.content == b"read me"
    assert notes.headers["Content-Disposition"].startswith("attachment")
    assert (notes.headers["X-Content-Type-Options"], notes.headers["Content-Type"]) == (
        "nosniff",
        "application/octet-stream",
    )


@pytest.mark.parametrize("limit", [1 << 63, -1, "x"])
async def test_impossible_pages_are_refused(ask: Ask, limit: object) -> None:
    """Numbers have bounds."""
    assert (await ask("get", ODD, query={"limit": limit})).status == 400


async def test_an_empty_table_is_a_page_and_a_stream(ask: Ask, store: Path) -> None:
    """No rows, but columns."""
    with jd.connect(store) as repo, repo.create("none").edit() as edit:
        edit["none"].append(pa.table({"n": pa.array([], pa.int64())}))
    assert (await ask("get", "/datasets/none/tables/none/data")).json["cells"] == []
    streamed = await ask("get", "/datasets/none/tables/none/data", headers=ARROW)
    assert pa.ipc.open_stream(streamed.content).read_all().schema.names == ["n"]
