"""A server and its store: who holds it, who may in, and what is left when the server is gone."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import httpx
import pytest
from jupyter_client.blocking import BlockingKernelClient

import jupyter_datasets as jd
from jupyter_datasets.container import build
from jupyter_datasets.server.keeper import Keeper
from jupyter_datasets.server.routes import BASE
from jupyter_datasets.settings import Settings
from tests.server.conftest import Ask

TOKEN = "the server's own"
CSV_ROWS = 3_000_000


async def test_a_busy_store_is_told_and_tried_again(ask: Ask, store: Path) -> None:
    """The server starts all the same; it says who holds the store, and has it as soon as that one lets go."""
    holder = build(Settings(store=store), program="a long script")
    with holder.database.hold():
        found = await ask("get", "/datasets")
        assert (found.status, found.error["kind"], found.headers["Retry-After"]) == (503, "store-busy", "1")
        assert "a long script" in found.error["message"]
        arrow = {"Content-Type": "application/vnd.apache.arrow.stream"}
        assert (await ask("put", "/datasets/a/edits/b/tables/c", b"rows", headers=arrow)).status == 503
        assert (await ask("get", "/health/live")).status == 200
        assert (await ask("get", "/health/ready")).status == 503
    holder.close()
    while (await ask("get", "/datasets")).status == 503:
        await asyncio.sleep(0.1)
    assert (await ask("get", "/health/ready")).status == 200


async def test_a_store_that_cannot_be_opened_is_told(ask: Ask, store: Path) -> None:
    """With the reason, and not as a mistake of the server."""
    shutil.rmtree(store)
    store.mkdir()
    (store / "somebody's.txt").write_text("x")
    found = await ask("get", "/datasets")
    assert found.status == 400
    assert str(store) in found.error["message"]


async def test_the_scoped_token_is_good_for_our_routes_only(ask: Ask, jp_serverapp: Any, jp_fetch: Any) -> None:
    """Kernels get it; it opens neither files nor terminals of the server, and is not taken from an address."""
    token = jp_serverapp.web_app.settings["jupyter_datasets"].keeper.token
    ours = {"Authorization": f"token {token}"}
    assert (await ask("post", "/datasets", {"name": "trips"}, headers=ours)).status == 201
    assert (await ask("get", "/datasets", query={"token": token}, headers={"Authorization": ""})).status == 403
    refused = await jp_fetch("api", "contents", headers=ours, raise_error=False)
    assert refused.code == 403


async def test_the_environment_gets_address_and_scoped_token_until_the_end(
    jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kernels copy it when they start; inherited values are overwritten."""
    monkeypatch.setenv("JUPYTER_DATASETS_URL", "inherited")
    monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", "inherited")
    app = jp_serverapp.web_app.settings["jupyter_datasets"]
    await app._start_jupyter_server_extension(jp_serverapp)
    assert os.environ["JUPYTER_DATASETS_URL"] == f"http://localhost:{jp_serverapp.port}{jp_serverapp.base_url}"
    assert os.environ["JUPYTER_DATASETS_TOKEN"] == app.keeper.token != jp_serverapp.identity_provider.token
    await app.stop_extension()
    assert "JUPYTER_DATASETS_TOKEN" not in os.environ


async def test_a_server_that_ends_while_it_opens_its_store_lets_go_of_it(store: Path) -> None:
    """Opening cannot be stopped; it is waited for, and the store is free."""
    keeper = Keeper(lambda: Settings.load(store))
    keeper.start()
    await asyncio.sleep(0)
    await keeper.close()
    with jd.connect(store, busy_timeout=0.0) as repo:
        assert repo._transport.place == str(store)


# --------------------------------------------------------------------------------------------------- a server's process


@dataclass(frozen=True)
class Jupyter:
    """A Jupyter server in a process of its own."""

    process: subprocess.Popen[bytes]
    url: str
    runtime: Path

    def ask(self, verb: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"token {TOKEN}"}
        return httpx.request(verb, self.url + path, headers=headers, timeout=60, trust_env=False, **options).json()

    def datasets(self, verb: str, path: str, **options: Any) -> Any:
        return self.ask(verb, BASE[1:] + path, **options)


@pytest.fixture
def start(tmp_path: Path, store: Path) -> Iterator[Callable[[], Jupyter]]:
    """Starts Jupyter servers with one store, one after the other, as a person would."""
    started: list[subprocess.Popen[bytes]] = []
    logs: list[BinaryIO] = []
    runtime = tmp_path / "runtime"
    (tmp_path / "work").mkdir()
    environ = {k: v for k, v in os.environ.items() if not k.startswith(("JPY_", "JUPYTER"))}
    environ |= {"JUPYTER_RUNTIME_DIR": str(runtime), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}
    extensions = "{'jupyter_datasets': True}"

    def run() -> Jupyter:
        log = (tmp_path / "log").open("ab")
        logs.append(log)
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root", "--port=0",
             f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={tmp_path / 'work'}",
             f"--ServerApp.jpserver_extensions={extensions}", f"--JupyterDatasets.store={store}"],
            env=environ, stdout=subprocess.DEVNULL, stderr=log,
        )  # fmt: skip
        started.append(process)
        note = runtime / f"jpserver-{process.pid}.json"
        while not (note.exists() and note.read_bytes().endswith(b"}")):
            assert process.poll() is None
            time.sleep(0.05)
        return Jupyter(process, json.loads(note.read_bytes())["url"], runtime)

    yield run
    for process in started:
        process.kill()
        process.wait()
    for log in logs:
        log.close()


@contextmanager
def kernel(jupyter: Jupyter, path: str) -> Iterator[Callable[[str], str]]:
    """A notebook's kernel; gives what some code prints."""
    notebook = {"path": path, "name": "", "type": "notebook", "kernel": {"name": "python3"}}
    found = jupyter.ask("POST", "api/sessions", json=notebook)["kernel"]["id"]
    client = BlockingKernelClient(connection_file=str(jupyter.runtime / f"kernel-{found}.json"))
    client.load_connection_file()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    said: list[str] = []

    def run(code: str) -> str:
        said.clear()
        client.execute_interactive(code, timeout=60, output_hook=lambda m: said.append(_text(m)))
        return "".join(said)

    try:
        yield run
    finally:
        client.stop_channels()


def _text(message: dict[str, Any]) -> str:
    content = message["content"]
    return str(content.get("text") or "\n".join(content.get("traceback", ())))


CONNECT = """
import os, jupyter_datasets as jd
repo = jd.connect()
print(type(repo._transport).__name__, repo._transport._near, list(repo))
"""


@pytest.mark.timeout(120)
def test_a_kernel_of_a_real_server_reaches_the_store_through_it(start: Callable[[], Jupyter]) -> None:
    """By the environment, by its parent's note, by its notebook's folder; it reads the segments in place."""
    jupyter = start()
    jupyter.datasets("POST", "/datasets", json={"name": "trips"})
    with kernel(jupyter, "a.ipynb") as run:
        assert run(CONNECT) == "HttpTransport True ['trips']\n"
        assert TOKEN not in run("print(os.environ)")
        run("del os.environ['JUPYTER_DATASETS_URL']")
        assert run(CONNECT) == "HttpTransport True ['trips']\n"
        run("del os.environ['JPY_PARENT_PID']")
        assert run(CONNECT) == "HttpTransport True ['trips']\n"


@pytest.mark.timeout(120)
@pytest.mark.parametrize(
    ("end", "status", "kind", "reason", "logged"),
    [
        (signal.SIGTERM, "cancelled", "job-cancelled", "was closed", " is cancelled, because the server shuts down"),
        (signal.SIGKILL, "lost", "job-lost", "ended before the job did", ": The job was lost: process"),
    ],
)
def test_what_ran_when_a_server_ended_is_told_by_the_next_one(
    start: Callable[[], Jupyter],
    tmp_path: Path,
    store: Path,
    end: signal.Signals,
    status: str,
    kind: str,
    reason: str,
    logged: str,
) -> None:
    """Shut down, a job is cancelled; killed, it is lost. The store is whole and a second import works."""
    (tmp_path / "big.csv").write_bytes(b"n,text\n" + b"1,some text\n" * CSV_ROWS)
    first = start()
    first.datasets("POST", "/datasets", json={"name": "trips"})
    source = {"dataset": "trips", "source": {"path": str(tmp_path / "big.csv")}}
    job = first.datasets("POST", "/jobs", json=source)["id"]
    while first.datasets("GET", f"/jobs/{job}")["status"] != "running":
        time.sleep(0.02)
    first.process.send_signal(end)
    first.process.wait(30)
    second = start()
    found = second.datasets("GET", f"/jobs/{job}")
    assert (found["status"], reason in found["error"]["message"]) == (status, True), found
    assert (found["error"]["kind"], bool(found["error"]["next_step"])) == (kind, True)
    assert [j["id"] for j in second.datasets("GET", "/jobs", params={"status": status})["items"]] == [job]
    assert f"Import big.csv into trips.big{logged}" in (tmp_path / "log").read_text()
    assert second.datasets("GET", "/datasets/trips/commits")["items"] == []
    with jd.connect(store) as repo:
        assert repo._transport.place == second.url.rstrip("/")
        (tmp_path / "small.csv").write_text("n\n1\n")
        assert repo["trips"].import_file(tmp_path / "small.csv").result(60).rows == 1
