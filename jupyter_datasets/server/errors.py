"""Errors as answers: the one place that decides about HTTP status."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel, Field, ValidationError
from tornado.web import HTTPError

from jupyter_datasets import wire
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DamagedObjectError,
    DatasetsError,
    ErrorKind,
    FormatError,
    InternalError,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
    PermissionDeniedError,
    StorageError,
    StoreBusyError,
)
from jupyter_datasets.values import nearest

_STATUS: dict[type[DatasetsError], int] = {
    NotFoundError: 404,
    AlreadyExistsError: 409,
    ConflictError: 409,
    InvalidInputError: 400,
    PermissionDeniedError: 403,
    StoreBusyError: 503,
    StorageError: 507,
    DamagedObjectError: 500,
    FormatError: 500,
    JobFailedError: 500,
    JobCancelledError: 409,
    DatasetsError: 500,
}
# Not the category's: a server behind this one that was lost on the way.
_STATUS_OF_KIND = {ErrorKind.SERVER_UNREACHABLE: 502}
_LOG_IN = (
    "Log in, or send a token as 'Authorization: token ...'; after a restart of the server it is another one. "
    "A call with a cookie also needs the header X-XSRFToken."
)
_DESCRIBED = "What it should be stands in openapi.json."
_STEPS = {
    401: _LOG_IN,
    403: _LOG_IN,
    404: "The routes there are stand in openapi.json.",
    405: "The verbs that a route takes stand in openapi.json.",
    413: "Send rows and files through an edit or an upload, in parts.",
    415: "Send it with the header 'Content-Type' that openapi.json names for this call.",
}


class ErrorInfo(BaseModel):
    """What went wrong: ``kind`` is for programs and never changes, ``class`` is the category that it belongs to."""

    class_: str = Field(alias="class")
    kind: str
    message: str
    next_step: str
    details: dict[str, Any]
    request_id: str


class ErrorReply(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorInfo


def status_of(error: DatasetsError) -> int:
    """The HTTP status that an error's kind or category has."""
    return _STATUS_OF_KIND.get(error.kind) or next(_STATUS[cls] for cls in type(error).__mro__ if cls in _STATUS)


def body_of(error: DatasetsError, request_id: str) -> dict[str, Any]:
    """The JSON of an error, with the id by which the log tells more."""
    said = wire.error_to_json(error)
    if isinstance(error, InvalidInputError):
        said["next_step"] = said["next_step"] or _DESCRIBED
    return {"error": {**said, "request_id": request_id}}


def from_http(error: HTTPError) -> DatasetsError:
    """What Tornado or jupyter_server refused, in our words; the status stays theirs."""
    status, step = error.status_code, _STEPS.get(error.status_code, "")
    reason = (error.log_message or "") % error.args if error.log_message and error.args else error.log_message
    message = reason or error.reason or "The request was refused."
    if status in (401, 403):
        message = reason or "The server does not know who asks."
        return PermissionDeniedError(message, next_step=step)
    if status == 404:
        return NotFoundError("There is no such route.", kind=ErrorKind.ROUTE_NOT_FOUND, next_step=step)
    if status >= 500:
        return InternalError(message)
    return InvalidInputError(message, next_step=step)


def unexpected(request_id: str) -> InternalError:
    """What is said of a mistake of ours; the log has the rest."""
    return InternalError(
        "The server made a mistake.",
        next_step=f"The server's log tells more; look for {request_id}.",
    )


def from_validation(error: ValidationError, part: str, model: type[BaseModel]) -> InvalidInputError:
    """The first thing that is wrong with a body or a query, and what may have been meant."""
    wrong = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in wrong["loc"])
    hints = nearest(str(wrong["loc"][-1]), _fields(model, wrong["loc"])) if wrong["type"] == "extra_forbidden" else []
    return InvalidInputError(
        f"The {part} is not as it should be: {place + ': ' if place else ''}{wrong['msg']}.",
        next_step=f"Did you mean {hints[0]!r}?" if hints else _DESCRIBED,
        details={"place": place, "problems": error.error_count(), "suggestions": hints},
    )


def _fields(model: type[BaseModel], place: Sequence[int | str]) -> list[str]:
    """The names that there are beside the last step of a place in a model."""
    for step in place[:-1]:
        if isinstance(step, str):
            model = next(_models(model.model_fields[step].annotation))
    return list(model.model_fields)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models(part)
