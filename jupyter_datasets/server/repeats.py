"""Calls that are sent again because their answer was lost: they get the first answer and are not done twice."""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from jupyter_datasets.errors import DatasetsError, InvalidInputError
from jupyter_datasets.server.errors import status_of

HEADER = "Idempotency-Key"
DESCRIPTION = (
    "Chosen by the caller, another one for each thing to be done. The same call with the same key gives the first "
    "answer again and does nothing, within 24 hours and this run of the server, which remembers the last 4,096."
)
_SECONDS = 24 * 3600.0
_MOST = 4096
_KEY = re.compile(r"[!-~]{1,255}")


@dataclass(frozen=True, slots=True)
class _Call:
    """A call that was begun, and what came or will come of it."""

    content: bytes
    begun: float
    answer: asyncio.Task[str | None]


class Repeats:
    """First answers by key, in memory. For one thread, the event loop's.

    Answers of this run of the server only, the last ``most`` and no older than ``seconds``. Refusals are remembered
    as well; what failed by a fault of the server is not, so that it may be tried again.

    Parameters
    ----------
    most
        Answers that are remembered.
    seconds
        How long.
    """

    def __init__(self, most: int = _MOST, seconds: float = _SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._calls: dict[str, _Call] = {}

    async def once(self, key: str, content: bytes, work: Callable[[], Awaitable[str | None]]) -> str | None:
        """What the work gave to the first call with that key; a call that comes meanwhile waits for it.

        Parameters
        ----------
        content
            What tells calls apart: path, parameters and body.

        Raises
        ------
        InvalidInputError
            The key was sent with other content before, or is none.
        """
        if not _KEY.fullmatch(key):
            raise InvalidInputError(f"{HEADER} must have 1 to 255 visible characters of ASCII.")
        self._forget_old()
        call = self._calls.get(key)
        if call is None:
            call = _Call(_digest(content), time.monotonic(), asyncio.ensure_future(_awaited(work)))
            self._calls[key] = call
            call.answer.add_done_callback(lambda task: self._keep(key, task))
        elif call.content != _digest(content):
            raise _used(key)
        return await asyncio.shield(call.answer)

    def _keep(self, key: str, task: asyncio.Task[str | None]) -> None:
        error = None if task.cancelled() else task.exception()
        refused = isinstance(error, DatasetsError) and status_of(error) < 500
        known = self._calls.get(key)
        if known and known.answer is task and (task.cancelled() or not (error is None or refused)):
            del self._calls[key]

    def _forget_old(self) -> None:
        """Those that are too old or too many; they stand in the order in which they were begun."""
        oldest = time.monotonic() - self._seconds
        for key, call in list(self._calls.items()):
            if call.begun >= oldest and len(self._calls) < self._most:
                return
            if call.answer.done():
                del self._calls[key]


async def _awaited(work: Callable[[], Awaitable[str | None]]) -> str | None:
    return await work()


def _digest(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def _used(key: str) -> InvalidInputError:
    return InvalidInputError(
        f"The {HEADER} {key!r} was sent before with another path or body.",
        next_step="Choose another key for each thing to be done; send the same one only to repeat a call.",
        details={"key": key},
    )
