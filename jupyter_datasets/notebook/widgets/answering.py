"""Answers the questions of a widget's views: each in a thread, the newest of a view and kind wins.

A question is a custom message ``{"id", "view", "kind", ...}``. The answer has the same ``id`` and what the kind says,
with data as buffers; or ``error`` as :func:`jupyter_datasets.wire.error_to_json` writes it. ``{"kind": "cancel"}`` with
the id of a question takes that back. Kernels call :meth:`Answering.receive` from several threads at once.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from jupyter_datasets.errors import DatasetsError, ErrorKind, InternalError, InvalidInputError, StatementError
from jupyter_datasets.wire import error_to_json

_log = logging.getLogger(__name__)
_threads = ThreadPoolExecutor(4, thread_name_prefix="jupyter-datasets-widget")


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """JSON, and bytes beside it."""

    content: Mapping[str, Any] = field(default_factory=dict)
    buffers: tuple[bytes, ...] = ()


class Cancellation:
    """Tells work that nobody waits for it any more."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancelled = False
        self._stop: Callable[[], object] | None = None

    def cancel(self) -> None:
        """Stop the work, now or as soon as it says how."""
        with self._lock:
            self._cancelled = True
            stop = self._stop
        if stop:
            stop()

    def stop_by(self, stop: Callable[[], object]) -> None:
        """Say how the work is stopped from here on; raises when nobody waits for it already."""
        with self._lock:
            self._stop = stop
        self.check()

    def check(self) -> None:
        """Raise StatementError when nobody waits any more."""
        with self._lock:
            if self._cancelled:
                raise StatementError("A newer request took its place.", kind=ErrorKind.STATEMENT_INTERRUPTED)


class Question(BaseModel):
    """What every message holds; each kind adds what it needs."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: str = Field(min_length=1, max_length=100)
    view: str = Field(min_length=1, max_length=100)
    kind: str = Field(max_length=100)


Handler = Callable[[Mapping[str, Any], Cancellation], Answer]
"""Takes the message; it checks what it holds for itself, and raises :mod:`jupyter_datasets.errors` or pydantic's."""


class Answering:
    """Answers by handlers, one a kind of question.

    Parameters
    ----------
    send
        Sends JSON and buffers to all views.
    """

    def __init__(self, send: Callable[[dict[str, Any], list[bytes]], object], handlers: Mapping[str, Handler]) -> None:
        self._send = send
        self._handlers = handlers
        self._lock = threading.Lock()
        self._current: dict[tuple[str, str], tuple[str, Cancellation]] = {}

    def receive(self, message: object) -> None:
        """Take a message, and return at once; one without an id is nobody's question and is passed over."""
        try:
            question = Question.model_validate(message)
        except ValidationError:
            _log.warning("A widget was sent a message that is no question.")
            return
        if question.kind == "cancel":
            self._cancel(question)
        else:
            cancellation = self._take_turn(question)
            assert isinstance(message, Mapping)  # or it would not have been valid
            _threads.submit(contextvars.copy_context().run, self._answer, question, message, cancellation)

    def _take_turn(self, question: Question) -> Cancellation:
        mine = Cancellation()
        with self._lock:
            _, older = self._current.get(_turn(question), ("", None))
            self._current[_turn(question)] = question.id, mine
        if older:
            older.cancel()
        return mine

    def _cancel(self, question: Question) -> None:
        with self._lock:
            found = [cancellation for id, cancellation in self._current.values() if id == question.id]
        for cancellation in found:
            cancellation.cancel()

    def _answer(self, question: Question, message: Mapping[str, Any], cancellation: Cancellation) -> None:
        try:
            answer = self._work(question, message, cancellation)
        except DatasetsError as error:
            answer = Answer(content={"error": error_to_json(error)})
        except Exception as error:  # whatever it is, the view must not wait for an answer that never comes
            _log.exception("A widget could not answer %r.", question.kind)
            answer = Answer(content={"error": error_to_json(_unforeseen(error))})
        finally:
            self._leave(question, cancellation)
        self._send({"id": question.id, **answer.content}, list(answer.buffers))

    def _work(self, question: Question, message: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        handler = self._handlers.get(question.kind)
        if handler is None:
            raise InvalidInputError(f"There is no question {question.kind!r}.")
        cancellation.check()
        try:
            return handler(message, cancellation)
        except ValidationError as error:
            raise InvalidInputError(_told(error)) from error

    def _leave(self, question: Question, cancellation: Cancellation) -> None:
        with self._lock:
            if self._current.get(_turn(question), ("", None))[1] is cancellation:
                del self._current[_turn(question)]


def _unforeseen(error: Exception) -> InternalError:
    return InternalError(f"{type(error).__name__}: {error}", next_step="Run the cell again.")


def _turn(question: Question) -> tuple[str, str]:
    return question.view, question.kind


def _told(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}."
