"""Calls made up by Hypothesis from what openapi.json says of each route."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from jupyter_datasets.server.routes import BASE, ROUTES
from tests.server.answers import Answer, check_described, described
from tests.server.conftest import make_trips
from tests.server.serving import TOKEN, serving

CALLS = 15  # of each verb of each route
OPERATIONS = [(verb, route) for route in ROUTES for verb, _ in route.operations()]
# What the store holds, ids included once it is there, so that calls get beyond their first check; and what it does not.
KNOWN = ["trips", "main", "v1", "odd", "notes.txt", "first", "HEAD", "main~1", "#1", "#9", "n", "/no/such/file.csv"]
KNOWN_TEXTS = st.integers(0, 99).map(lambda number: KNOWN[number % len(KNOWN)])
TEXTS = KNOWN_TEXTS | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.sampled_from([-1, 0, 1, 2, 100, 10_000, 2**31, 2**62, 2**63, 10**40]) | st.integers()
ANYTHING = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
    max_leaves=4,
)


def fitting(schema: dict[str, Any]) -> SearchStrategy[Any]:
    """Values that a schema of ours describes, but for the limits that it puts on them."""
    if "$ref" in schema:
        return fitting(described()["components"]["schemas"][schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        return st.one_of([fitting(each) for each in schema["anyOf"]])
    if "enum" in schema or "const" in schema:
        return st.sampled_from(schema.get("enum", [schema.get("const")]))
    return _of_type(schema)


def _of_type(schema: dict[str, Any]) -> SearchStrategy[Any]:
    match schema.get("type"):
        case "string":
            return TEXTS
        case "integer":
            return NUMBERS
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
        case "array":
            return st.lists(fitting(schema.get("items", {})), max_size=3)
        case "object":
            return _of_fields(schema)
    return ANYTHING


def _of_fields(schema: dict[str, Any]) -> SearchStrategy[dict[str, Any]]:
    fields = schema.get("properties")
    if fields is None:
        return st.dictionaries(TEXTS, fitting(schema.get("additionalProperties", {})), max_size=2)
    needed = {name: _mostly(fitting(fields[name])) for name in schema.get("required", ())}
    free = {name: _mostly(fitting(field)) for name, field in fields.items() if name not in needed}
    return st.fixed_dictionaries(needed, optional=free)


def _mostly(values: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.integers(0, 9).flatmap(lambda dice: values if dice else ANYTHING)


def _body(operation: dict[str, Any]) -> SearchStrategy[bytes | None]:
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" in content:
        return _mostly(fitting(content["application/json"]["schema"])).map(lambda value: json.dumps(value).encode())
    return st.binary(max_size=50) if content else st.none()


@st.composite
def calls(draw: st.DrawFn, verb: str, template: str) -> dict[str, Any]:
    """The path, query and body of one call."""
    operation = described()["paths"][template][verb]
    path, query = template, {}
    for parameter in operation["parameters"]:
        name, place = parameter["name"], parameter["in"]
        if place == "path":
            path = path.replace(f"{{{name}}}", quote(draw(TEXTS), safe=""))
        elif place == "query" and (parameter["required"] or draw(st.booleans())):
            query[name] = draw(_mostly(fitting(parameter["schema"])))
    takes = next(iter(operation.get("requestBody", {}).get("content", {})), None)
    return {
        "url": path,
        "params": {name: value for name, value in query.items() if value is not None},
        "content": draw(_body(operation)),
        "headers": {} if takes is None else {"Content-Type": takes},
    }


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """Calls a server whose store holds what is ``KNOWN``; what the calls do to it stays."""
    home = tmp_path_factory.mktemp("properties")
    make_trips(home / "store", home)
    headers = {"Authorization": f"token {TOKEN}"}
    with serving(home / "store", "/") as served, httpx.Client(base_url=served.url, headers=headers) as made:
        KNOWN.extend(_ids(made))
        yield made


def _ids(client: httpx.Client) -> Iterator[str]:
    """Of an edit, an upload, a job that failed and a merge in progress."""
    bad = {"dataset": "trips", "source": {"contents": "notes.txt"}, "mode": "append", "table": "none"}
    bodies = {"/datasets/trips/edits": {"ref": "main"}, "/uploads": {"name": "a.csv", "bytes": 10}, "/jobs": bad}
    for path, body in bodies.items():
        yield client.post(BASE + path, json=body).raise_for_status().json()["id"]
    reverted = client.post(f"{BASE}/datasets/trips/revert", json={"commit": "#1"}).raise_for_status()
    yield reverted.json()["merge"]["id"]


@pytest.mark.parametrize(("verb", "route"), OPERATIONS, ids=lambda value: getattr(value, "path", value))
def test_every_call_is_answered_as_described(verb: str, route: Any, client: httpx.Client) -> None:
    """Never by a mistake of the server: what is no good is refused, with kind and next step, in JSON."""

    @settings(max_examples=CALLS, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(call=calls(verb, route.template))
    def holds(call: dict[str, Any]) -> None:
        found = client.request(verb, BASE + call.pop("url"), **call)
        _check(verb, route, Answer(status=found.status_code, headers=dict(found.headers), content=found.content))

    holds()


def _check(verb: str, route: Any, answer: Answer) -> None:
    assert answer.status < 500, answer.content
    responses = described()["paths"][route.template][verb]["responses"]
    told = responses[str(answer.status)] if str(answer.status) in responses else responses["default"]
    kind = answer.headers.get("content-type", "").partition(";")[0]
    assert kind in told.get("content", {"": None}) or not answer.content, answer.headers
    check_described(verb, route.path, answer)
    if answer.status >= 400:
        assert answer.error["kind"]
        assert answer.error["next_step"]
