"""What base.py promises: mistakes stay inside, the event loop stays free, half an answer is none."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

import httpx
import pytest

from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, StorageError
from jupyter_datasets.server.handlers import data
from jupyter_datasets.server.routes import BASE
from jupyter_datasets.services.datasets.service import DatasetService
from tests.client.conftest import append
from tests.server.conftest import Ask
from tests.server.serving import TOKEN, serving


async def test_a_mistake_is_logged_and_not_shown(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The answer has the id by which the log is searched, and no detail."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("a detail that nobody shall see")

    monkeypatch.setattr(DatasetService, "get", fail)
    with caplog.at_level(logging.ERROR):
        found = await ask("get", "/datasets/trips")
    assert (found.status, found.error["kind"]) == (500, "internal")
    assert b"detail that" not in found.content
    assert found.headers["X-Request-Id"] == found.error["request_id"]
    assert found.error["request_id"] in caplog.text
    assert "a detail that nobody shall see" in caplog.text


async def test_a_slow_call_keeps_nobody_waiting(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Services run in threads; the event loop answers others meanwhile."""
    await ask("get", "/health/ready")
    slow = DatasetService.list
    monkeypatch.setattr(DatasetService, "list", lambda *a, **k: (time.sleep(1), slow(*a, **k))[1])
    waiting = asyncio.ensure_future(ask("get", "/datasets"))
    await asyncio.sleep(0.1)
    for _ in range(5):
        assert (await ask("get", "/datasets/none")).status == 404
    assert not waiting.done()
    assert (await waiting).status == 200


async def test_the_servers_authorizer_is_asked(ask: Ask, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """For reading and for writing datasets; what it refuses is 403, but for the bearer of our own token."""
    asked: list[tuple[str, str]] = []

    class ReadOnly:
        def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:  # noqa: ARG002  # its shape
            asked.append((action, resource))
            return action == "read"

    monkeypatch.setitem(jp_serverapp.web_app.settings, "authorizer", ReadOnly())
    assert (await ask("get", "/datasets")).status == 200
    refused = await ask("post", "/datasets", {"name": "trips"})
    assert (refused.status, refused.error["kind"]) == (403, "permission-denied")
    assert asked == [("read", "datasets"), ("write", "datasets")]
    ours = {"Authorization": f"token {jp_serverapp.web_app.settings['jupyter_datasets'].keeper.token}"}
    assert (await ask("post", "/datasets", {"name": "trips"}, headers=ours)).status == 201


def test_an_answer_that_breaks_off_is_no_answer(store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error behind the first piece ends the connection, and the client says so."""

    def half(*_: object) -> Any:
        yield whole[: len(whole) // 2]
        raise RuntimeError("in the middle")

    with serving(store) as served, Repository(HttpTransport(served.url, TOKEN, near=False)) as repo:
        append(repo.create("trips"), *range(1000))
        headers = {"Authorization": f"token {TOKEN}", "Accept": "application/vnd.apache.arrow.stream"}
        path = f"{served.url.rstrip('/')}{BASE}/datasets/trips/tables/trips/data"
        whole = httpx.get(path, headers=headers).content
        monkeypatch.setattr(data, "arrow_to_bytes", half)
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(path, headers=headers)
        with pytest.raises(StorageError) as caught:
            repo["trips"]["main"]["trips"].to_arrow()
    assert caught.value.kind is ErrorKind.SERVER_UNREACHABLE


def test_a_client_that_hangs_up_costs_nothing(store: Any) -> None:
    """The server goes on, and holds no thread for it."""
    with serving(store) as served, Repository(HttpTransport(served.url, TOKEN)) as repo:
        with repo.create("trips").edit() as edit:
            edit["trips"].append({"n": list(range(2_000_000))})
        headers = {"Authorization": f"token {TOKEN}", "Accept": "application/vnd.apache.arrow.stream"}
        path = f"{served.url.rstrip('/')}{BASE}/datasets/trips/tables/trips/data"
        for _ in range(20):
            with httpx.stream("GET", path, headers=headers) as response:
                next(response.iter_raw())
        assert repo["trips"].table().num_rows == 2_000_000
