"""Notices what was begun and then left alone."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

_log = logging.getLogger(__name__)


class Idle:
    """Drops what nobody touched for a while. For one thread, the event loop's.

    Parameters
    ----------
    seconds
        How long something may be left alone.
    drop
        Called with its id after that.
    """

    def __init__(self, seconds: float, drop: Callable[[str], Awaitable[object]]) -> None:
        self._seconds = seconds
        self._drop = drop
        self._touched: dict[str, float] = {}

    def touch(self, each: str) -> None:
        """It is used now."""
        self._touched[each] = time.monotonic()

    def still_used(self, each: str) -> None:
        """It is used now, if it was not dropped or forgotten yet."""
        if each in self._touched:
            self.touch(each)

    def forget(self, each: str) -> None:
        """It has come to its end."""
        self._touched.pop(each, None)

    async def watch(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(self._seconds / 10)
            await self.sweep()

    async def sweep(self) -> None:
        """Drop what was left alone too long."""
        latest = time.monotonic() - self._seconds
        for each in [each for each, touched in self._touched.items() if touched < latest]:
            self.forget(each)
            try:
                await self._drop(each)
            except Exception:
                _log.exception("%s was left alone and could not be dropped.", each)
