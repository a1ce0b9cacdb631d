"""How a task tells its progress. A task sees nothing else of the machinery that runs it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from jupyter_datasets.services.jobs.models import Progress, Unit

SMOOTHING = 3.0  # seconds after which an observation has lost two thirds of its weight
_MESSAGES = 100


class Reporter:
    """Given to a task, which reports through it from any of its threads. Reporting is cheap enough for each batch."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._stage = ""
        self._unit: Unit = "steps"
        self._done = 0
        self._total: int | None = None
        self._rows = 0
        self._bytes = 0
        self._messages: list[str] = []
        self._meter = RateMeter(clock())
        self._callbacks: list[Callable[[], object]] = []
        self._cancelled = False

    def stage(self, name: str, *, total: int | None = None, unit: Unit = "steps") -> None:
        """Begin a stage: ``done`` starts from 0 again, counted in ``unit`` up to ``total``."""
        with self._lock:
            self._stage, self._unit, self._total, self._done = name, unit, total, 0
            self._meter = RateMeter(self._clock())

    def advance(self, done: int = 0, *, rows: int = 0, bytes: int = 0) -> None:
        """Add to what is done in this stage, and to the rows and bytes of the whole job."""
        with self._lock:
            self._done += done
            self._rows += rows
            self._bytes += bytes

    def message(self, text: str) -> None:
        """Tell the person something; the first 100 messages of a job are kept."""
        with self._lock:
            if len(self._messages) < _MESSAGES:
                self._messages.append(text)

    def on_cancel(self, callback: Callable[[], object]) -> None:
        """Call this from another thread when the job is cancelled, such as ``connection.interrupt``.

        It is called again every 0.1 s until the task has ended.
        """
        with self._lock:
            self._callbacks.append(callback)
            late = self._cancelled
        if late:
            callback()

    @property
    def cancelled(self) -> bool:
        """Whether the job was asked to stop. The main thread gets an exception; other threads look here."""
        return self._cancelled

    def cancel(self) -> list[Exception]:
        """Mark the job as cancelled and call the callbacks; what these raise is returned."""
        with self._lock:
            self._cancelled = True
            callbacks = list(self._callbacks)
        return [error for callback in callbacks if (error := _outcome(callback))]

    def snapshot(self) -> Progress:
        """The progress of this moment; to be called several times a second, for the rate is measured between calls."""
        with self._lock:
            rate = self._meter.observe(self._done, self._clock())
            return Progress(
                stage=self._stage,
                done=self._done,
                total=self._total,
                unit=self._unit,
                rows=self._rows,
                bytes=self._bytes,
                rate=rate,
                seconds_left=_seconds_left(self._total, self._done, rate),
                messages=tuple(self._messages),
            )


def _outcome(callback: Callable[[], object]) -> Exception | None:
    try:
        callback()
    except Exception as error:  # one callback that fails must not keep the others from being called
        return error
    return None


class RateMeter:
    """Units per second, older observations counting exponentially less; at first the plain mean."""

    def __init__(self, start: float) -> None:
        self._time = start
        self._done = 0
        self._units = 0.0
        self._seconds = 0.0

    def observe(self, done: int, moment: float) -> float:
        """Take in that ``done`` units were reached at ``moment`` (seconds); give the rate."""
        passed = moment - self._time
        if passed > 0:
            keep = math.exp(-passed / SMOOTHING)
            self._units = self._units * keep + (done - self._done)
            self._seconds = self._seconds * keep + passed
            self._time, self._done = moment, done
        return self._units / self._seconds if self._seconds else 0.0


def _seconds_left(total: int | None, done: int, rate: float) -> float | None:
    if total is None or rate <= 0:
        return None
    return max(total - done, 0) / rate
