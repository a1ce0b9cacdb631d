"""A real Jupyter server with an empty store, and few words to call it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pyarrow as pa
import pytest
from pytest_jupyter.jupyter_server import *  # noqa: F403  # its fixtures need each other, and hold for this folder only

import jupyter_datasets as jd
from jupyter_datasets.server.routes import BASE
from tests.server.answers import Answer, check_described

Ask = Callable[..., Awaitable[Answer]]
Do = Callable[[Awaitable[Answer]], Answer]


@pytest.fixture
def jp_server_config(new_store: Path) -> dict[str, Any]:
    """Only our extension, on a store of the test's own; no route is open to everybody."""
    return {
        "ServerApp": {"jpserver_extensions": {"jupyter_datasets": True}, "allow_unauthenticated_access": False},
        "JupyterDatasets": {"store": str(new_store)},
    }


@pytest.fixture
def ask(http_server_client: Any, jp_auth_header: dict[str, str], jp_base_url: str) -> Ask:
    """Calls a route: ``await ask("post", "/datasets", {"name": "trips"})``; refusals are answers as well."""

    async def call(verb: str, path: str, body: Any = None, *, query: Any = (), **options: Any) -> Answer:
        headers = {**jp_auth_header, **options.pop("headers", {})}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers.setdefault("Content-Type", "application/json")
        url = f"{jp_base_url.rstrip('/')}{BASE}{path}?{urlencode(query, doseq=True)}"
        options |= {"method": verb.upper(), "body": body, "headers": headers, "allow_nonstandard_methods": True}
        found = await http_server_client.fetch(url, raise_error=False, **options)
        answer = Answer(status=found.code, headers=dict(found.headers), content=found.body)
        check_described(verb, path, answer)
        return answer

    return call


@pytest.fixture
def do(jp_asyncio_loop: Any) -> Do:
    """Waits for an answer where a fixture cannot."""
    return lambda call: jp_asyncio_loop.run_until_complete(call)


def table() -> pa.Table:
    """Values that JSON's numbers, or careless readers, would lose."""
    return pa.table(
        {
            "n": pa.array([2**62 + 1, -1, None], pa.int64()),
            "price": pa.array(
                [Decimal("0.00000001"), Decimal("12345678901234567890.12345678"), None], pa.decimal128(38, 8)
            ),
            "at": pa.array([1_577_934_245_000_001, 0, None], pa.timestamp("us")),
            "zone": pa.array([1_577_934_245_000_001, 0, None], pa.timestamp("us", "UTC")),
            "x": pa.array([0.1, float("nan"), float("inf")], pa.float64()),
            "small": pa.array([1, 2, None], pa.int32()),
            "yes": pa.array([True, False, None]),
            "text": pa.array(["<b>", "ä\u202e", None]),
            "blob": pa.array([b"\x00\xff", b"", None]),
            "many": pa.array([[1, None], [], None], pa.list_(pa.int64())),
        }
    )


@pytest.fixture
def trips(store: Path, tmp_path: Path) -> Path:
    """A store, made before the server opens it: dataset ``trips``, two commits, tag ``v1``, a table ``odd``, a file."""
    make_trips(store, tmp_path)
    return store


def make_trips(store: Path, folder: Path) -> None:
    """The same, in a folder for the file."""
    (folder / "notes.txt").write_text("read me")
    with jd.connect(store) as repo:
        dataset = repo.create("trips")
        with dataset.edit(message="first") as edit:
            edit["trips"].append({"n": list(range(1000))})
            edit["odd"].append(table())
            edit.attach(folder / "notes.txt")
        dataset.tag("v1")
        with dataset.edit(message="second") as edit:
            edit["trips"].append({"n": [1000]})
