"""What a route answered, held against the description."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from jupyter_datasets.server.openapi import document
from jupyter_datasets.server.routes import ROUTES


@dataclass(frozen=True)
class Answer:
    """Status, headers and content."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.content)

    @property
    def error(self) -> Any:
        return self.json["error"]


@cache
def described() -> Any:
    """The description of all routes."""
    return document(ROUTES, "", "0").root


def check_described(verb: str, path: str, answer: Answer) -> None:
    """An answer in JSON is as the description says; what no route gives is an error as the description says."""
    if not answer.headers.get("Content-Type", "").startswith("application/json"):
        return
    schema = _schema(verb, path, answer.status)
    problems = [str(e) for e in Draft202012Validator({**schema, **described()}).iter_errors(answer.json)]
    assert problems == [], (verb, path, answer.content[:500])


def _schema(verb: str, path: str, status: int) -> Any:
    route = next((r for r in ROUTES if re.fullmatch(r.pattern, path)), None)
    if route is None or status >= 400:
        return {"$ref": "#/components/schemas/ErrorReply"}
    answers = described()["paths"][route.template][verb]["responses"]
    return answers[str(status)]["content"]["application/json"]["schema"]
