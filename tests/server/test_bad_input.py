"""Input that is not as it should be: always 4xx with kind, message and next step; nothing is changed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_datasets.server.base import MAX_JSON
from tests.server.conftest import Ask
from tests.server.test_routes import VERBS, _path

JSON = {"Content-Type": "application/json"}
BODIES = {
    "no JSON": b"{",
    "not an object": b"[1]",
    "an unknown field": b'{"name": "a", "surname": "b"}',
    "a wrong type": b'{"name": 5}',
    "null": b"null",
    "not UTF-8": b'{"name": "\xff"}',
    "half a character": b'{"name": "\\ud800"}',
    "nested too deep": b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "a NUL": b'{"name": "a\\u0000"}',
    "no name": b"{}",
}
PARTS = [
    "..%2F..%2Fetc",
    "%00",
    "a%00b",
    "%ff",
    "%2e%2e",
    "%2F",
    "%ED%A0%80",
    "a" * 5000,
    "';%20DROP%20x;--",
    "%0A",
]
QUERIES: list[dict[str, Any]] = [
    {"cursor": "made-up"},
    {"cursor": "[]"},
    {"limit": "0"},
    {"limit": "-1"},
    {"limit": "many"},
    {"limit": 10**30},
    {"offset": "-1"},
    {"offset": 10**30},
    {"unknown": "1"},
    {"bin": "maybe"},
]


def _refused(found: Any) -> None:
    assert 400 <= found.status < 500, found.content
    assert found.error["kind"]
    assert found.error["message"]


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
async def test_a_bad_body_is_refused(ask: Ask, body: bytes) -> None:
    """The body must be JSON of the model's shape."""
    found = await ask("post", "/datasets", body, headers=JSON)
    _refused(found)
    assert found.error["next_step"]
    assert (await ask("get", "/datasets")).json["items"] == []


async def test_json_as_text_is_refused(ask: Ask) -> None:
    """What a form on another page could send is no request of ours."""
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        found = await ask("post", "/datasets", json.dumps({"name": "a"}).encode(), headers={"Content-Type": kind})
        assert (found.status, found.error["kind"]) == (415, "invalid-argument")
    assert (await ask("get", "/datasets")).json["items"] == []


async def test_a_body_has_a_limit(ask: Ask) -> None:
    """1 MiB is far more than any call needs."""
    found = await ask("post", "/datasets", {"name": "a", "description": "x" * MAX_JSON})
    assert found.status == 413


async def test_a_body_where_none_belongs_is_refused(ask: Ask) -> None:
    """A call that takes no body takes none."""
    _refused(await ask("get", "/datasets", b"{}", headers=JSON))


@pytest.mark.parametrize("query", QUERIES, ids=str)
async def test_a_bad_query_is_refused(ask: Ask, query: dict[str, Any]) -> None:
    """Cursors, numbers and names are checked."""
    _refused(await ask("get", "/datasets", query=query))


async def test_what_jupyterlab_adds_is_no_fault(ask: Ask) -> None:
    """JupyterLab appends the time to keep caches away."""
    assert (await ask("get", "/datasets", query={"1732200000000": ""})).status == 200


@pytest.mark.parametrize("part", PARTS)
async def test_hostile_parts_of_a_path_are_refused_everywhere(ask: Ask, part: str) -> None:
    """Names are labels, never paths."""
    for verb, route in VERBS:
        if "{" in route.path:
            found = await ask(verb, _path(route, part))
            assert 400 <= found.status < 500, (verb, route.path, found.content)
            assert found.error["message"]
