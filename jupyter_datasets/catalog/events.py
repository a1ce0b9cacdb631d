"""What happened, told after the commit to those who want to know. What must happen is a row instead."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Base of everything that features announce; they subclass it in their ``events.py``."""


E = TypeVar("E", bound=Event)


class EventBus:
    """Calls listeners in the thread that publishes, in the order in which they subscribed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: tuple[tuple[type[Event], Callable[[Any], None]], ...] = ()

    def subscribe(self, event_type: type[E], listener: Callable[[E], None]) -> None:
        """Call ``listener`` with each event of this type or of a type derived from it."""
        with self._lock:
            self._listeners = (*self._listeners, (event_type, listener))

    def publish(self, events: Iterable[Event]) -> None:
        """Tell the listeners. One that fails is logged and keeps nobody else from hearing."""
        for event in events:
            for event_type, listener in self._listeners:
                if isinstance(event, event_type):
                    _tell(listener, event)


def _tell(listener: Callable[[Any], None], event: Event) -> None:
    try:
        listener(event)
    except Exception:
        logger.exception("A listener failed on %r; what was committed stays.", event)
