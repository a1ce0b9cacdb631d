"""What holds for every route of the table."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from openapi_spec_validator import validate

from jupyter_datasets.server.base import ApiHandler
from jupyter_datasets.server.routes import BASE, ROUTES
from tests.server.conftest import Ask

VERBS = [(verb, route) for route in ROUTES for verb, _ in route.operations()]
CHANGES = [(verb, route) for verb, route in VERBS if verb != "get"]


def _path(route: Any, part: str = "x") -> str:
    return re.sub(r"\{[^}]*\}", part, route.path)


async def test_nobody_without_a_token_gets_anywhere(ask: Ask) -> None:
    """Every verb of every route answers 403, as an error of ours."""
    for verb, route in VERBS:
        found = await ask(verb, _path(route), headers={"Authorization": ""})
        assert (found.status, found.error["kind"]) == (403, "permission-denied"), (verb, route.path)


async def test_a_wrong_token_is_as_good_as_none(ask: Ask) -> None:
    """Made-up tokens open nothing."""
    found = await ask("get", "/datasets", headers={"Authorization": "token made-up"})
    assert found.status == 403


async def test_with_the_token_no_route_says_403(ask: Ask) -> None:
    """What is wrong with these calls is their content; none breaks the server."""
    for verb, route in VERBS:
        if "events" not in route.path:
            found = await ask(verb, _path(route))
            assert found.status not in (401, 403, 405), (verb, route.path, found.content)
            assert found.status < 500, (verb, route.path, found.content)


async def test_a_cookie_needs_the_xsrf_token_for_every_change(jp_serverapp: Any, ask: Ask) -> None:
    """A page elsewhere that a logged-in browser visits can change nothing."""
    cookie = await _login_cookie(jp_serverapp)
    assert (await ask("get", "/datasets", headers={"Cookie": cookie, "Authorization": "", "Referer": ""})).status in (
        200,
    )
    for verb, route in CHANGES:
        found = await ask(verb, _path(route), {}, headers={"Cookie": cookie, "Authorization": ""})
        assert (found.status, found.error["kind"]) == (403, "permission-denied"), (verb, route.path)
        assert "_xsrf" in found.error["message"]


async def _login_cookie(app: Any) -> str:
    from tornado.web import create_signed_value

    name = f"username-127-0-0-1-{app.port}"
    value = create_signed_value(app.cookie_secret, name, app.identity_provider.user_to_cookie(_user()))
    return f"{name}={value.decode()}"


def _user() -> Any:
    from jupyter_server.auth import User

    return User("somebody")


async def test_a_foreign_origin_is_refused(jp_serverapp: Any, ask: Ask) -> None:
    """A page elsewhere cannot even read with the browser's cookie."""
    headers = {"Cookie": await _login_cookie(jp_serverapp), "Authorization": "", "Origin": "https://elsewhere.example"}
    for verb, route in VERBS:
        found = await ask(verb, _path(route), headers=headers)
        assert (found.status in (403, 404), bool(found.error["next_step"])) == (True, True), route.path


async def test_the_description_is_valid_and_complete(ask: Ask, jp_base_url: str) -> None:
    """openapi.json is OpenAPI 3.1 and has each verb of each route, nothing else."""
    found = (await ask("get", "/openapi.json")).json
    validate(found)
    described = {(verb, path) for path, verbs in found["paths"].items() for verb in verbs}
    base = jp_base_url.rstrip("/") + BASE
    assert described == {(verb, base + route.template) for verb, route in VERBS}
    assert found["openapi"].startswith("3.1")


async def test_every_reference_in_the_description_leads_somewhere(ask: Ask) -> None:
    """Programs that are made from it find each model."""
    content = (await ask("get", "/openapi.json")).content.decode()
    models = set(json.loads(content)["components"]["schemas"])
    named = set(re.findall(r'"\$ref": ?"#/components/schemas/([^"]*)"', content))
    assert named
    assert named <= models


@pytest.mark.parametrize(("verb", "route"), VERBS, ids=lambda value: getattr(value, "path", value))
def test_every_verb_is_an_endpoint(verb: str, route: Any) -> None:
    """No handler has a verb beside those that check who asks."""
    handler: type[ApiHandler] = route.handler
    own = {name for name in ("get", "post", "put", "patch", "delete") if name in vars(handler)}
    assert own == {name for name, _ in route.operations()}
    assert getattr(handler, verb).operation.summary


async def test_no_route_is_said_in_our_words(ask: Ask) -> None:
    """A path that the table lacks is an error like any other, and only for whom the server knows."""
    found = await ask("get", "/nowhere")
    assert (found.status, found.error["kind"]) == (404, "route-not-found")
    assert found.error["next_step"]
    assert (await ask("get", "/nowhere", headers={"Authorization": ""})).status == 403


async def test_a_wrong_verb_is_said_in_our_words(ask: Ask) -> None:
    """405 is an error like any other."""
    found = await ask("patch", "/datasets", b"{}")
    assert (found.status, found.error["kind"]) == (405, "invalid-argument")
