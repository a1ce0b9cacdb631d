"""A verb of a handler, described by its signature: path parts, query and body come in as models, one goes out."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property, wraps
from types import UnionType
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from jupyter_server.auth.decorator import authorized
from pydantic import BaseModel, ConfigDict, ValidationError
from tornado.web import HTTPError, authenticated

from jupyter_datasets.errors import DatasetsError, InvalidInputError
from jupyter_datasets.server import repeats
from jupyter_datasets.server.base import JSON, RESOURCE, ApiHandler
from jupyter_datasets.server.errors import from_validation

Action = Literal["read", "write"]
_NO_CONTENT = 204
Model = TypeVar("Model", bound=BaseModel)
Verb = Callable[..., Awaitable[BaseModel | None]]


class Input(BaseModel):
    """Base of what comes in: what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


@dataclass(frozen=True)
class Operation:
    """What a verb takes and gives, read from its signature when it is first needed.

    Attributes
    ----------
    method
        ``async def get(self, dataset: str, *, query: Q, body: B) -> Answer``; each part may be left out.
    action
        What jupyter_server's authorizer is asked for.
    status
        Of a success.
    media
        What the answer is made of, when it is not a model's JSON.
    takes
        What the body is made of, when it is not a model's JSON.
    """

    method: Verb
    action: Action
    status: int
    media: tuple[str, ...]
    takes: str | None

    @cached_property
    def hints(self) -> dict[str, Any]:
        return get_type_hints(self.method)

    @property
    def query(self) -> type[BaseModel] | None:
        return self.hints.get("query")

    @property
    def body(self) -> type[BaseModel] | None:
        return self.hints.get("body")

    @property
    def answer(self) -> type[BaseModel] | None:
        given = self.hints["return"]
        parts = get_args(given) if isinstance(given, UnionType) else (given,)
        return next((part for part in parts if part is not type(None)), None)

    @property
    def summary(self) -> str:
        return inspect.getdoc(self.method) or ""

    async def perform(self, handler: ApiHandler, path: tuple[str, ...]) -> None:
        """Read the input, call the method, write the output; an error that we know becomes an answer."""
        try:
            if peer := await handler.holder():
                await peer.answer(handler)
                return
            answer = await self._once(handler, path)
        except DatasetsError as error:
            handler.fail(error)
        else:
            if answer is not None:
                handler.reply(answer, self.status)
            elif self.status == _NO_CONTENT:
                handler.set_status(_NO_CONTENT)
                handler.finish()

    @property
    def repeatable(self) -> bool:
        """Whether a call may carry a key by which it is done once only."""
        return self.method.__name__ == "post" and self.action == "write"

    async def _once(self, handler: ApiHandler, path: tuple[str, ...]) -> str | None:
        """The answer's JSON: the first one's, if the call was made before; None if there is none or it was sent."""
        key = handler.request.headers.get(repeats.HEADER)
        if key is None or not self.repeatable:
            return await self._answer(handler, path)
        content = b"\0".join((str(handler.request.uri).encode(), handler.received))
        return await handler.keeper.repeats.once(key, content, lambda: self._answer(handler, path))

    async def _answer(self, handler: ApiHandler, path: tuple[str, ...]) -> str | None:
        answer = await self.method(handler, *path, **self._inputs(handler))
        return None if answer is None else await asyncio.to_thread(answer.model_dump_json, by_alias=True)

    def _inputs(self, handler: ApiHandler) -> dict[str, BaseModel]:
        if self.takes is not None:
            _check_media(handler, self.takes)
            inputs: dict[str, BaseModel] = {}
        else:
            inputs = {"body": read_body(handler, self.body)} if self.body else _no_body(handler)
        return inputs | ({"query": _read_query(handler, self.query)} if self.query else _no_query(handler))


def endpoint(
    action: Action, *, status: int = 200, media: tuple[str, ...] = (JSON,), takes: str | None = None
) -> Callable[[Verb], Callable[..., Any]]:
    """Make a method a verb: only for whom the server knows and its authorizer lets, with checked input."""

    def wrap(method: Verb) -> Callable[..., Any]:
        operation = Operation(method, action, status, media, takes)

        @authenticated
        @authorized(action=action, resource=RESOURCE)  # type: ignore[untyped-decorator]  # jupyter_server's
        @wraps(method)
        async def verb(self: ApiHandler, *path: str) -> None:
            await operation.perform(self, path)

        verb.operation = operation  # type: ignore[attr-defined]  # read by the route table
        return verb

    return wrap


def operation_of(handler: type[ApiHandler], verb: str) -> Operation | None:
    """The operation of a handler's verb; None where it has none."""
    return getattr(getattr(handler, verb), "operation", None)


def read_body(handler: ApiHandler, model: type[Model]) -> Model:
    """The body as a model, or what is wrong with it."""
    if handler.received:
        _check_media(handler, JSON)
    try:
        return model.model_validate_json(bytes(handler.received) or b"{}", strict=True)
    except ValidationError as error:
        raise from_validation(error, "body", model) from error


def _check_media(handler: ApiHandler, wanted: str) -> None:
    kind = handler.request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != wanted:
        raise HTTPError(415, f"The body is {kind or 'of no kind'}; it must be {wanted}.")


def _no_body(handler: ApiHandler) -> dict[str, BaseModel]:
    if handler.received:
        raise InvalidInputError("This call takes no body.")
    return {}


def _read_query(handler: ApiHandler, model: type[Model]) -> Model:
    given = {}
    for name, values in _arguments(handler).items():
        field = model.model_fields.get(name)
        many = field is not None and get_origin(field.annotation) is tuple
        if len(values) > 1 and not many:
            raise InvalidInputError(f"The parameter {name!r} is given {len(values)} times.")
        given[name] = values if many else values[0]
    try:
        return model.model_validate(given)
    except ValidationError as error:
        raise from_validation(error, "query", model) from error


def _no_query(handler: ApiHandler) -> dict[str, BaseModel]:
    if given := _arguments(handler):
        raise InvalidInputError(f"This call takes no parameter {next(iter(given))!r}.")
    return {}


def _arguments(handler: ApiHandler) -> dict[str, list[str]]:
    try:
        return {name: [v.decode() for v in values] for name, values in handler.parameters.items()}
    except UnicodeDecodeError as error:
        raise InvalidInputError("The query is not UTF-8.") from error
