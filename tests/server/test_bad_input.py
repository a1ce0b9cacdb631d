"""Input that is not as it should be: always 4xx with kind, message and next step; nothing is changed."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import pytest

from jupyter_datasets.server.base import MAX_JSON
from jupyter_datasets.server.routes import ROUTES
from tests.server.conftest import Ask
from tests.server.test_routes import VERBS, _path

OPERATIONS = [(verb, route, op) for route in ROUTES for verb, op in route.operations() if "events" not in route.path]
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
    {"limit": ["1", "2"]},
]


def _refused(found: Any) -> None:
    assert 400 <= found.status < 500, found.content
    assert found.error["kind"]
    assert found.error["message"]
    assert found.error["next_step"]


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


# ---------------------------------------------------------------------------------------------------------- every route

WRONG = ["{", "[]", "null", "5", '"x"', '{"unknown": 1}', "\xff", "[" * 5000, '{"a": 1e400}', '{"a": NaN}', "{}{}"]
TEXTS = ["", "\0", "a\0b", "../x", "\ud800", "x" * 9999]
VALUES: list[Any] = [*TEXTS, None, True, -1, 10**40, 0.5, [], {}, [[]], {"x": 1}]


def _fields(operation: Any, part: str) -> list[str]:
    model = getattr(operation, part)
    return [] if model is None else list(model.model_fields)


@pytest.mark.usefixtures("trips")
async def test_no_body_breaks_a_route(ask: Ask) -> None:
    """Each verb of each route, with bodies that are none, and with every kind of value in each field."""
    for verb, route, operation in OPERATIONS:
        path = _path(route, "trips")
        wrong = [text.encode("latin1") for text in WRONG]
        odd = [json.dumps({name: value}).encode() for name in _fields(operation, "body") for value in VALUES]
        for body in wrong + odd if operation.body else wrong[:2]:
            found = await ask(verb, path, body, headers=JSON)
            assert found.status < 500, (verb, path, body[:80], found.content)
            if body in wrong and operation.body is not None:
                _refused(found)
    assert (await ask("get", "/datasets/trips/tables/trips/data")).json["rows"] == 1001


@pytest.mark.usefixtures("trips")
async def test_no_query_breaks_a_route(ask: Ask) -> None:
    """Each parameter of each verb: numbers too large, none, negative; hostile texts; given twice; unknown ones."""
    texts = ["", "\0", "../x", "[]", "{}", "made-up", "main~99999999999999999999", "@{-1}"]
    odd = [*texts, "-1", str(10**40), "0.5", "nan", ["1", "2"], ["a", "", "a"]]
    for verb, route, operation in OPERATIONS:
        path = _path(route, "trips")
        _refused(await ask(verb, path, query={"unknown": "1"}))
        for name in _fields(operation, "query"):
            for value in odd:
                found = await ask(verb, path, query={name: value})
                assert found.status < 500, (verb, path, name, value, found.content)
        raw = await ask(verb, path + "?%ff=%ff&offset=%ff&&==&ref=%ed%a0%80")
        assert raw.status < 500, (verb, path, raw.content)
    assert (await ask("get", "/datasets/trips/tables/trips/data")).json["rows"] == 1001


@pytest.mark.usefixtures("trips")
async def test_a_part_of_a_path_that_is_bad_behind_a_good_one_is_refused(ask: Ask) -> None:
    """As the first part, so the last."""
    for verb, route in VERBS:
        for bad in ("%00", "..%2F..%2Fx", "%ff", "..", "-1", "9" * 400):
            path = re.sub(r"\{[^}]*\}$|\{[^}]*\}(?=/[^{}]*$)", bad, route.path)
            if path != route.path:
                found = await ask(verb, re.sub(r"\{[^}]*\}", "trips", path))
                _refused(found)


async def test_no_part_of_an_upload_breaks_it(ask: Ask) -> None:
    """Offsets and checksums of every kind: refused, and the upload is where it was."""
    upload = (await ask("post", "/uploads", {"name": "a.csv", "bytes": 10})).json["id"]
    good = {"offset": "0", "sha256": hashlib.sha256(b"abc").hexdigest()}
    for name, value in [
        *(("offset", v) for v in ("-1", "1", "11", str(2**62), str(10**40), "x", "", "0x0", "1e1")),
        *(("sha256", v) for v in ("", "0", "0" * 64, "zz" * 32, "\0", "\xe4", good["sha256"] + "0")),
    ]:
        headers = {"Content-Type": "application/octet-stream"}
        _refused(await ask("put", f"/uploads/{upload}", b"abc", query=good | {name: value}, headers=headers))
    assert (await ask("get", f"/uploads/{upload}")).json["received"] == 0
