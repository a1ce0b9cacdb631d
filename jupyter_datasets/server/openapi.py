"""OpenAPI 3.1 from the route table and the models that its verbs take and give."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pydantic import BaseModel, RootModel
from pydantic.json_schema import models_json_schema

from jupyter_datasets.server import repeats
from jupyter_datasets.server.base import JSON
from jupyter_datasets.server.endpoint import Operation
from jupyter_datasets.server.errors import ErrorReply
from jupyter_datasets.server.route import Route

Mode = Literal["validation", "serialization"]
_REF = "#/components/schemas/{model}"


class Document(RootModel[dict[str, Any]]):
    """An OpenAPI document."""


def document(routes: Iterable[Route], base: str, version: str) -> Document:
    """The description of these routes below ``base``."""
    known = list(routes)
    used = {key: None for route in known for _, operation in route.operations() for key in _models(operation)}
    refs, schemas = models_json_schema([(ErrorReply, "serialization"), *used], ref_template=_REF)
    paths = {
        base + route.template: {verb: _operation(route, verb, op, refs) for verb, op in route.operations()}
        for route in known
    }
    operations = [operation for route in known for _, operation in route.operations()]
    # They stand with their calls, a parameter each.
    for query in {op.query for op in operations if op.query} - {op.body for op in operations}:
        del schemas["$defs"][refs[query, "validation"]["$ref"].rpartition("/")[2]]
    return Document(
        {
            "openapi": "3.1.0",
            "info": {"title": "jupyter_datasets", "version": version},
            "paths": paths,
            "components": {
                "schemas": schemas["$defs"],
                "securitySchemes": {"token": {"type": "apiKey", "in": "header", "name": "Authorization"}},
            },
            "security": [{"token": []}],
        }
    )


def _models(operation: Operation) -> Iterator[tuple[type[BaseModel], Mode]]:
    for model in (operation.body, operation.query):
        if model:
            yield model, "validation"
    if operation.answer:
        yield operation.answer, "serialization"


def _operation(route: Route, verb: str, operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": re.sub(r"\W+", "_", f"{verb}{route.template}").strip("_"),
        "summary": operation.summary.partition("\n")[0],
        "tags": [route.handler.__module__.rpartition(".")[2]],
        "parameters": [*_path_parameters(route), *_query_parameters(operation), *_headers(operation)],
        "responses": {
            str(operation.status): _success(operation, refs),
            "default": {"description": "An error.", "content": {JSON: {"schema": refs[ErrorReply, "serialization"]}}},
        },
    }
    if content := _body(operation, refs):
        described["requestBody"] = {"content": content}
    return described


def _path_parameters(route: Route) -> Iterator[dict[str, Any]]:
    for name in route.parts:
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _query_parameters(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.query is None:
        return
    schema = operation.query.model_json_schema(ref_template=_REF)
    for name, value in schema["properties"].items():
        yield {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": value}


def _headers(operation: Operation) -> Iterator[dict[str, Any]]:
    if operation.repeatable:
        schema = {"type": "string", "minLength": 1, "maxLength": 255}
        yield {"name": repeats.HEADER, "in": "header", "schema": schema, "description": repeats.DESCRIPTION}


def _body(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    if operation.takes:
        return {operation.takes: {}}
    return {JSON: {"schema": refs[operation.body, "validation"]}} if operation.body else {}


def _success(operation: Operation, refs: dict[Any, Any]) -> dict[str, Any]:
    if operation.answer is None and operation.media == (JSON,):
        return {"description": "Done."}
    schema = {"schema": refs[operation.answer, "serialization"]} if operation.answer else {}
    return {"description": "Done.", "content": {kind: schema if kind == JSON else {} for kind in operation.media}}
