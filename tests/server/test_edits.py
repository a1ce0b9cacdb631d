"""Edits over REST: what is sent becomes one commit, or nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tests.server.conftest import Ask, Do

ARROW = {"Content-Type": "application/vnd.apache.arrow.stream"}
BYTES = {"Content-Type": "application/octet-stream"}


def stream(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return sink.getvalue().to_pybytes()


NUMBERS = stream(pa.table({"n": [1, 2, 3]}))


@pytest.fixture
def edit(ask: Ask, do: Do) -> str:
    """The path of an edit of the empty dataset ``trips``."""
    do(ask("post", "/datasets", {"name": "trips"}))
    begun = do(ask("post", "/datasets/trips/edits", {}))
    assert (begun.status, begun.json["branch"], begun.json["base"]) == (201, "main", None)
    return f"/datasets/trips/edits/{begun.json['id']}"


async def numbers(ask: Ask, table: str = "trips", ref: str = "main") -> list[Any]:
    found = await ask("get", f"/datasets/trips/tables/{table}/data", query={"ref": ref})
    return [row[0] for row in found.json["cells"]]


async def test_rows_and_files_become_one_commit(ask: Ask, edit: str) -> None:
    """Append, replace, rename, drop, attach, detach; one commit at the end, and the edit is over."""
    await ask("put", f"{edit}/tables/trips", NUMBERS, headers=ARROW)
    await ask("put", f"{edit}/tables/trips", NUMBERS, headers=ARROW, query={"mode": "append"})
    await ask("put", f"{edit}/tables/other", NUMBERS, headers=ARROW, query={"mode": "replace", "key": "n"})
    await ask("put", f"{edit}/tables/gone", NUMBERS, headers=ARROW)
    assert (await ask("delete", f"{edit}/tables/gone")).status == 204
    assert (await ask("post", f"{edit}/tables/other/rename", {"name": "second"})).status == 204
    assert (await ask("put", f"{edit}/files/a.txt", b"hello", headers=BYTES)).status == 204
    assert (await ask("put", f"{edit}/files/b.txt", b"bye", headers=BYTES)).status == 204
    assert (await ask("delete", f"{edit}/files/b.txt")).status == 204
    commit = (await ask("post", f"{edit}/commit", {"message": "all"})).json["commit"]
    version = (await ask("get", "/datasets/trips/version")).json
    assert (version["commit"]["id"], version["commit"]["message"]) == (commit["id"], "all")
    assert {t["name"]: (t["rows"], t["key"]) for t in version["tables"]} == {"trips": (6, []), "second": (3, ["n"])}
    assert [(f["name"], f["media_type"]) for f in version["files"]] == [("a.txt", "text/plain")]
    assert (await ask("get", "/datasets/trips/files/a.txt")).content == b"hello"
    again = await ask("post", f"{edit}/commit", {})
    assert (again.status, again.error["kind"]) == (404, "edit-not-found")


async def test_a_file_keeps_the_bytes_that_memory_does_not(ask: Ask, edit: str, store: Path) -> None:
    """A body of many megabytes goes by way of staging, of which nothing is left."""
    body = bytes(range(256)) * 50_000
    await ask("put", f"{edit}/files/big.bin", body, headers=BYTES)
    rows = pa.table({"n": pa.array(range(2_000_000))})
    await ask("put", f"{edit}/tables/trips", stream(rows), headers=ARROW)
    await ask("post", f"{edit}/commit", {})
    assert (await ask("get", "/datasets/trips/files/big.bin")).content == body
    assert (await ask("get", "/datasets/trips/tables/trips/data")).json["rows"] == 2_000_000
    assert list((store / "staging").iterdir()) == []


async def test_an_edit_that_is_given_up_leaves_nothing(ask: Ask, edit: str, store: Path) -> None:
    """No commit, no staging."""
    await ask("put", f"{edit}/tables/trips", NUMBERS, headers=ARROW)
    assert (await ask("delete", edit)).status == 204
    assert (await ask("get", "/datasets/trips/commits")).json["items"] == []
    assert list((store / "staging").iterdir()) == []


async def test_an_edit_that_is_left_alone_is_dropped(ask: Ask, edit: str, jp_serverapp: Any) -> None:
    """Its maker may have gone without a word."""
    edits = jp_serverapp.web_app.settings["jupyter_datasets"].keeper.edits
    edits._touched = dict.fromkeys(edits._touched, -1000000000.0)
    await edits.sweep()
    assert (await ask("put", f"{edit}/tables/trips", NUMBERS, headers=ARROW)).error["kind"] == "edit-not-found"


async def test_who_expects_another_commit_is_told_both(ask: Ask, edit: str) -> None:
    """409 with expected and actual commit, before anything is sent."""
    await ask("put", f"{edit}/tables/trips", NUMBERS, headers=ARROW)
    made = (await ask("post", f"{edit}/commit", {})).json["commit"]["id"]
    found = await ask("post", "/datasets/trips/edits", {"expected": "0" * 64})
    assert (found.status, found.error["kind"]) == (409, "ref-moved")
    assert (found.error["details"]["expected"], found.error["details"]["actual"]) == ("0" * 64, made)
    assert (await ask("post", "/datasets/trips/edits", {"expected": made})).status == 201


async def test_what_changes_nothing_makes_no_commit(ask: Ask, edit: str) -> None:
    """The commit is null."""
    assert (await ask("post", f"{edit}/commit", {})).json == {"commit": None}


@pytest.mark.parametrize(
    "body",
    [b"", b"x", NUMBERS[:-8], NUMBERS[:40], b"\xff" * 4096, b"PAR1" * 50, NUMBERS[:100] + b"\0" * 40 + NUMBERS[140:]],
    ids=["nothing", "a letter", "no end", "a beginning", "noise", "Parquet", "altered"],
)
async def test_what_is_no_whole_stream_is_refused(ask: Ask, edit: str, body: bytes) -> None:
    """400, and the edit goes on as if nothing had been sent."""
    found = await ask("put", f"{edit}/tables/trips", body, headers=ARROW)
    assert (found.status, found.error["kind"]) == (400, "file-format")
    assert (await ask("post", f"{edit}/commit", {})).json == {"commit": None}


async def test_rows_as_json_are_refused(ask: Ask, edit: str) -> None:
    """Rows travel as Arrow."""
    assert (await ask("put", f"{edit}/tables/trips", {"n": [1]})).status == 415


async def test_an_edit_belongs_to_its_dataset(ask: Ask, edit: str) -> None:
    """Under another one there is no such edit, and it goes on; the dataset is known by its id and its name of now."""
    other = (await ask("post", "/datasets", {"name": "other"})).json
    known = (await ask("put", "/datasets/trips", {"name": "voyages"})).json["id"]
    ours = edit.rpartition("/")[2]
    for name, kind in (("other", "edit"), (other["id"], "edit"), ("nothing", "dataset"), ("trips", "dataset")):
        path = f"/datasets/{name}/edits/{ours}"
        for verb, tail, body in (
            ("put", "/tables/t", NUMBERS), ("delete", "/tables/t", None), ("post", "/tables/t/rename", {"name": "u"}),
            ("put", "/files/f", b"f"), ("delete", "/files/f", None), ("post", "/commit", {}), ("delete", "", None),
        ):  # fmt: skip
            headers = {} if verb != "put" else ARROW if "tables" in tail else BYTES
            found = await ask(verb, path + tail, body, headers=headers)
            assert (found.status, found.error["kind"]) == (404, f"{kind}-not-found"), (verb, name, tail)
    assert (await ask("put", f"/datasets/{known}/edits/{ours}/tables/trips", NUMBERS, headers=ARROW)).status == 200
    assert (await ask("post", f"/datasets/voyages/edits/{ours}/commit", {})).json["commit"]["message"] == "Add trips"
