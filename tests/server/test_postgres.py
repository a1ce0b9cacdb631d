"""A server whose catalog is in PostgreSQL: the same story as with the embedded one, and another server beside it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.server.events import DATASET, JOB, REFERENCE
from tests.conftest import NewPostgres
from tests.server.conftest import Ask
from tests.server.serving import TOKEN, serving
from tests.server.test_edits import ARROW, stream
from tests.server.test_events import heard
from tests.server.test_jobs import ended


@pytest.fixture
def catalog_url(new_postgres: NewPostgres, catalog_template: str) -> str:
    """An empty catalog on a PostgreSQL server."""
    return new_postgres(template=catalog_template)


@pytest.fixture
def jp_server_config(jp_server_config: dict[str, Any], catalog_url: str) -> dict[str, Any]:
    """As everywhere here, but for the catalog."""
    options = jp_server_config["JupyterDatasets"] | {"catalog_url": catalog_url}
    return jp_server_config | {"JupyterDatasets": options}


@pytest.fixture
def prices(jp_root_dir: Path) -> str:
    """A file of the file browser."""
    (jp_root_dir / "prices.csv").write_text("id,price\n" + "".join(f"{i},{i / 4}\n" for i in range(1000)))
    return "prices.csv"


async def imported(ask: Ask, file: str, **more: Any) -> Any:
    """The job that imported it, once it has ended."""
    found = await ask("post", "/jobs", {"dataset": "shop", "source": {"contents": file}, "key": ["id"], **more})
    assert found.status == 201, found.content
    return await ended(ask, found.json["id"])


async def test_the_main_story(ask: Ask, prices: str) -> None:
    """Create, import, read, edit, compare, branch, undo; each step shows in the next."""
    assert (await ask("get", "/health/ready")).status == 200
    made = (await ask("post", "/datasets", {"name": "shop", "labels": ["a"]})).json
    job = await imported(ask, prices)
    assert (job["status"], job["result"]["rows"]) == ("succeeded", 1000)
    page = (await ask("get", "/datasets/shop/tables/prices/data", query={"offset": 998})).json
    assert (page["rows"], page["cells"]) == (1000, [["998", 249.5], ["999", 249.75]])

    edit = (await ask("post", "/datasets/shop/edits", {"ref": "main"})).json["id"]
    rows = stream(pa.table({"id": [1000], "price": [250.0]}))
    assert (await ask("put", f"/datasets/shop/edits/{edit}/tables/prices", rows, headers=ARROW)).status == 200
    commit = (await ask("post", f"/datasets/shop/edits/{edit}/commit", {"message": "more"})).json["commit"]

    log = (await ask("get", "/datasets/shop/commits")).json["items"]
    assert [c["id"] for c in log] == [commit["id"], job["result"]["commit"]]
    diff = (await ask("get", "/datasets/shop/diff", query={"old": "main~1", "new": "main"})).json
    assert [(t["new_name"], t["old_rows"], t["new_rows"]) for t in diff["tables"]] == [("prices", 1000, 1001)]
    assert (await ask("post", "/datasets/shop/refs", {"name": "fix", "kind": "branch", "at": "main~1"})).status == 201
    assert (await ask("post", "/datasets/shop/undo", {"ref": "main"})).json["commit"] == job["result"]["commit"]

    assert (await ask("delete", "/datasets/shop")).status == 200
    assert (await ask("get", "/datasets")).json["items"] == []
    assert (await ask("post", "/datasets/shop/restore", {})).json["id"] == made["id"]
    assert [d["id"] for d in (await ask("get", "/datasets")).json["items"]] == [made["id"]]


async def test_jobs_are_watched_listed_cancelled_and_run_again(ask: Ask, jp_root_dir: Path) -> None:
    """Their end is told by the stream of events, and one that failed runs again as another."""
    await ask("post", "/datasets", {"name": "shop"})
    (jp_root_dir / "bad.csv").write_text("id,price\n1,x\n")
    failed = await imported(ask, "bad.csv", options={"types": {"price": "DOUBLE"}})
    assert (failed["status"], failed["error"]["kind"]) == ("failed", "file-value")
    assert (await ask("post", f"/jobs/{failed['id']}/cancel")).json["status"] == "failed"
    (jp_root_dir / "bad.csv").write_text("id,price\n1,2\n")
    again = (await ask("post", f"/jobs/{failed['id']}/retry")).json
    told = (await ask("get", f"/jobs/{again['id']}/events")).content.decode().split("\n\n")
    last = json.loads([event for event in told if "data: " in event][-1].partition("data: ")[2])
    assert (last["status"], last["retry_of"]) == ("succeeded", failed["id"])
    listed = (await ask("get", "/jobs", query={"dataset": "shop"})).json["items"]
    assert [(job["id"], job["status"]) for job in listed] == [(again["id"], "succeeded"), (failed["id"], "failed")]


async def test_changes_are_told(ask: Ask, jp_ws_fetch: Callable[..., Any], prices: str) -> None:
    """After the commit, as Jupyter's own events."""
    socket = await jp_ws_fetch("api/events/subscribe")
    await ask("post", "/datasets", {"name": "shop"})
    await imported(ask, prices)
    schemas = [(await heard(socket))[0] for _ in range(4)]
    assert schemas == [DATASET, JOB, REFERENCE, JOB]
    socket.close()


@pytest.fixture
def beside(store: Path, catalog_url: str) -> Iterator[Repository]:
    """A client of a second server of the same store."""
    with (
        serving(store, catalog_url=catalog_url) as served,
        Repository(HttpTransport(served.url, TOKEN)) as repo,
    ):
        yield repo


async def test_two_servers_see_each_other_s_changes(ask: Ask, prices: str, beside: Repository) -> None:
    """Neither holds the store; what one commits or renames, the other shows in its next answer."""
    await ask("post", "/datasets", {"name": "shop"})
    await imported(ask, prices)

    def change() -> list[int]:
        dataset = beside["shop"]
        with dataset.edit(message="beside") as edit:
            edit["prices"].append({"id": [5000], "price": [1.5]})
        return dataset["main"]["prices"].to_arrow()["id"].to_pylist()[-2:]

    assert await asyncio.to_thread(change) == [999, 5000]
    assert (await ask("get", "/datasets/shop/commits")).json["items"][0]["message"] == "beside"
    assert (await ask("get", "/datasets/shop/tables/prices/data")).json["rows"] == 1001
    assert (await ask("put", "/datasets/shop", {"name": "store"})).status == 200
    assert await asyncio.to_thread(lambda: list(beside)) == ["store"]
    jobs = await asyncio.to_thread(beside.jobs)
    assert [job.status for job in jobs] == ["succeeded"]
