"""Jobs over REST."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import Ask, Do

CSV = b"n\n1\n2\n3\n"


@pytest.fixture(autouse=True)
def dataset(ask: Ask, do: Do) -> str:
    """Where the files go."""
    return str(do(ask("post", "/datasets", {"name": "trips"})).json["id"])


async def ended(ask: Ask, job: str) -> Any:
    while True:
        found = (await ask("get", f"/jobs/{job}")).json
        if found["status"] not in ("queued", "running"):
            return found
        await asyncio.sleep(0.05)


async def start(ask: Ask, **source: str) -> Any:
    found = await ask("post", "/jobs", {"dataset": "trips", "source": source, "message": "load"})
    assert found.status == 201, found.content
    return found.json


async def test_a_file_of_this_machine_is_imported(ask: Ask, tmp_path: Path) -> None:
    """The table is named after the file; the result names the commit."""
    (tmp_path / "2024 (1).csv").write_bytes(CSV)
    job = await ended(ask, (await start(ask, path=str(tmp_path / "2024 (1).csv")))["id"])
    assert (job["status"], job["result"]["rows"], job["result"]["table"]) == ("succeeded", 3, "_2024 _1")
    log = (await ask("get", "/datasets/trips/commits")).json["items"]
    assert [(c["id"], c["message"]) for c in log] == [(job["result"]["commit"], "load")]


async def test_a_file_of_the_file_browser_is_imported(ask: Ask, jp_root_dir: Path) -> None:
    """Its path is the file browser's; nothing outside of that is reached."""
    (jp_root_dir / "data").mkdir()
    (jp_root_dir / "data" / "a.csv").write_bytes(CSV)
    assert (await ended(ask, (await start(ask, contents="data/a.csv"))["id"]))["result"]["table"] == "a"
    (jp_root_dir.parent / "secret.csv").write_bytes(CSV)
    (jp_root_dir / ".hidden.csv").write_bytes(CSV)
    for path in ("../secret.csv", "data/../../secret.csv", "nothing.csv", "data", ".hidden.csv", "a\0"):
        found = await ask("post", "/jobs", {"dataset": "trips", "source": {"contents": path}})
        assert (found.status, found.error["kind"]) == (404, "file-not-found"), path


async def test_an_uploaded_file_is_imported_and_forgotten(ask: Ask, store: Path) -> None:
    """Nothing is left in staging once the job has ended."""
    upload = (await ask("post", "/uploads", {"name": "a.csv", "bytes": len(CSV)})).json["id"]
    query = {"offset": 0, "sha256": hashlib.sha256(CSV).hexdigest()}
    headers = {"Content-Type": "application/octet-stream"}
    await ask("put", f"/uploads/{upload}", CSV, query=query, headers=headers)
    job = await ended(ask, (await start(ask, upload=upload))["id"])
    assert job["result"]["rows"] == 3
    assert (await ask("get", f"/uploads/{upload}")).status == 404
    assert list((store / "staging").iterdir()) == []


async def test_jobs_are_listed_by_what_they_are(ask: Ask, dataset: str, tmp_path: Path) -> None:
    """Newest first, filtered, by cursor and offset."""
    jobs = []
    for name in ("a.csv", "b.csv", "c.csv"):
        (tmp_path / name).write_bytes(CSV if name != "b.csv" else b"\x00\x01")
        jobs.append((await ended(ask, (await start(ask, path=str(tmp_path / name)))["id"]))["id"])
    newest = jobs[::-1]

    async def ids(**query: Any) -> list[str]:
        return [job["id"] for job in (await ask("get", "/jobs", query=query)).json["items"]]

    assert await ids() == await ids(dataset="trips") == await ids(dataset=dataset) == newest
    assert await ids(status="failed") == [jobs[1]]
    assert await ids(kind="export") == []
    page = (await ask("get", "/jobs", query={"limit": 2})).json
    assert [job["id"] for job in page["items"]] == newest[:2]
    assert await ids(cursor=page["cursor"]) == await ids(offset=2) == newest[2:]
    assert (await ask("get", "/jobs", query={"status": "done"})).status == 400
    assert (await ask("get", "/jobs", query={"dataset": "no"})).status == 404


async def test_events_tell_of_each_change_until_the_end(ask: Ask, tmp_path: Path) -> None:
    """Server-sent events, the last of which has the result."""
    (tmp_path / "a.csv").write_bytes(CSV)
    job = await start(ask, path=str(tmp_path / "a.csv"))
    found = await ask("get", f"/jobs/{job['id']}/events")
    assert found.headers["Content-Type"] == "text/event-stream"
    events = [json.loads(e.partition("data: ")[2]) for e in found.content.decode().split("\n\n") if "data: " in e]
    assert (events[0]["id"], events[-1]["status"], events[-1]["result"]["rows"]) == (job["id"], "succeeded", 3)


async def test_a_job_is_cancelled(ask: Ask, tmp_path: Path) -> None:
    """One that ended stays as it is; of one that did not, nothing is kept."""
    big = tmp_path / "big.csv"
    big.write_bytes(b"n,m\n" + b"1,some text to be read\n" * 2_000_000)
    job = (await start(ask, path=str(big)))["id"]
    assert (await ask("post", f"/jobs/{job}/cancel", {})).status == 400
    assert (await ask("post", f"/jobs/{job}/cancel")).status == 200
    gone = await ended(ask, job)
    assert (gone["status"], gone["error"]["kind"]) == ("cancelled", "job-cancelled")
    state = (await ask("get", f"/jobs/{job}/status")).json
    assert (state["id"], state["status"]) == (job, "cancelled")
    assert (await ask("post", f"/jobs/{job}/cancel")).json["status"] == "cancelled"
    assert (await ask("get", "/datasets/trips/commits")).json["items"] == []


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"path": "a.csv"},
        {"path": "/a", "upload": "x"},
        {"upload": "no"},
        {"path": "/no/such/file.csv"},
        {"url": "x"},
    ],
    ids=str,
)
async def test_a_source_that_is_none_is_refused(ask: Ask, source: dict[str, str]) -> None:
    """Exactly one place, which is there."""
    found = await ask("post", "/jobs", {"dataset": "trips", "source": source})
    assert found.status in (400, 404)
    assert (await ask("get", "/jobs")).json["items"] == []


@pytest.mark.parametrize(
    ("options", "place", "meant"),
    [
        ({"no such option": 1}, "options.no such option", None),
        ({"delimeter": ";"}, "options.delimeter", "delimiter"),
        ({"delimiter": 5}, "options.delimiter", None),
        ({"types": "x"}, "options.types", None),
        ({"encoding": "utf-9"}, "encoding", "utf-8"),
        ({"encoding": "a\0b"}, "encoding", None),
        ({"types": {"n": "BIGNIT"}}, "BIGNIT", None),
        ({"types": {"n": "(" * 20_000}}, "types", None),
        ({"quote": "long"}, "quote", None),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_an_option_that_is_none_is_refused_at_once(
    ask: Ask, tmp_path: Path, options: dict[str, Any], place: str, meant: str | None
) -> None:
    """It is said which, and what is nearest to it; there is no job."""
    (tmp_path / "a.csv").write_bytes(CSV)
    body = {"dataset": "trips", "source": {"path": str(tmp_path / "a.csv")}, "options": options}
    found = await ask("post", "/jobs", body)
    assert (found.status, found.error["class"]) == (400, "InvalidInputError")
    assert place in found.error["message"]
    if meant is not None:
        assert meant in found.error["next_step"]
        assert meant in found.error["details"]["suggestions"]
    assert (await ask("get", "/jobs")).json["items"] == []


async def test_a_misspelled_field_is_told_what_it_may_be(ask: Ask) -> None:
    """In a body and in a query; where nothing is near, the description is named."""
    found = await ask("post", "/jobs", {"dataset": "trips", "source": {"path": "/a.csv"}, "mesage": "load"})
    assert (found.status, found.error["next_step"]) == (400, "Did you mean 'message'?")
    found = await ask("get", "/jobs", query={"statsu": "failed"})
    assert (found.status, found.error["next_step"]) == (400, "Did you mean 'status'?")
    found = await ask("get", "/jobs", query={"xyz": "1"})
    assert (found.status, found.error["details"]["suggestions"]) == (400, [])
    assert "openapi.json" in found.error["next_step"]


async def test_a_job_runs_again_only_if_it_came_to_nothing(ask: Ask, tmp_path: Path) -> None:
    """A new job that says which one it retries; one that succeeded or is not there is refused."""
    file = tmp_path / "a.csv"
    file.write_bytes(b"\x00\x01")
    failed = await ended(ask, (await start(ask, path=str(file)))["id"])
    file.write_bytes(CSV)
    found = await ask("post", f"/jobs/{failed['id']}/retry")
    assert (found.status, found.json["retry_of"]) == (201, failed["id"])
    assert found.json["params"] == failed["params"]
    again = await ended(ask, found.json["id"])
    assert (again["status"], again["result"]["rows"]) == ("succeeded", 3)
    refused = await ask("post", f"/jobs/{again['id']}/retry")
    assert (refused.status, refused.error["kind"]) == (409, "job-not-retryable")
    assert refused.error["details"] == {"job": again["id"], "status": "succeeded"}
    assert (await ask("post", "/jobs/no-such-job/retry")).status == 404
    assert [job["retry_of"] for job in (await ask("get", "/jobs")).json["items"]] == [failed["id"], None]
