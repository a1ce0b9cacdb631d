"""Jobs as users hold them, and the progress that they show."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from tqdm import tqdm

from jupyter_datasets import wire
from jupyter_datasets.client import display
from jupyter_datasets.client.transport import Transport
from jupyter_datasets.services.jobs.models import Job as JobModel
from jupyter_datasets.services.jobs.models import JobStatus, Progress

T = TypeVar("T")


class ProgressView(Protocol):
    """Shows how a job gets on."""

    def update(self, job: JobModel) -> None:
        """Show the job as it is now."""

    def close(self) -> None:
        """The job has ended, or is no longer watched."""


# tqdm puts a comma before what it calls the postfix; a text of our own goes in as the unit.
_OPEN_END = "{desc}: {unit}"
_KNOWN_END = "{desc}: {percentage:3.0f}% |{bar}| {unit}"


class Bar:
    """A progress bar on standard error."""

    def __init__(self, title: str) -> None:
        self._bar = tqdm(desc=display.plain(title), leave=True, file=sys.stderr, bar_format=_OPEN_END, unit="")
        self._stage = ""

    def update(self, job: JobModel) -> None:
        progress = job.progress
        if progress.stage != self._stage or self._bar.total != progress.total:
            self._restyle(progress)
        self._bar.n, self._bar.unit = progress.done, describe(progress)
        self._bar.refresh()

    def close(self) -> None:
        self._bar.close()

    def _restyle(self, progress: Progress) -> None:
        self._stage, self._bar.total = progress.stage, progress.total
        known = progress.total is not None
        self._bar.bar_format = _KNOWN_END if known else _OPEN_END


class Lines:
    """One line a stage, for pipes and logs."""

    def __init__(self, title: str, write: Callable[[str], object] | None = None) -> None:
        self._title = display.plain(title)
        self._write = write or sys.stderr.write
        self._stage = ""

    def update(self, job: JobModel) -> None:
        if job.progress.stage != self._stage:
            self._stage = job.progress.stage
            self._write(f"{self._title}: {self._stage}\n")

    def close(self) -> None:
        """Nothing is left open."""


def describe(progress: Progress) -> str:
    """What is being done, how many rows so far, how fast, and how long it will take."""
    parts = [progress.stage]
    if progress.rows:
        parts.append(display.count(progress.rows, "row"))
    if progress.rate and progress.unit == "bytes":
        parts.append(f"{display.size(progress.rate)}/s")
    if progress.seconds_left is not None and progress.seconds_left >= 1:
        parts.append(f"{progress.seconds_left:.0f} s left")
    return ", ".join(part for part in parts if part)


_factory: Callable[[str], ProgressView] | None = None
_factory_lock = threading.Lock()


def use_progress(factory: Callable[[str], ProgressView] | None) -> None:
    """Show progress by what ``factory(title)`` gives, from now on; None for the usual."""
    global _factory
    with _factory_lock:
        _factory = factory


@contextmanager
def shown(title: str) -> Iterator[Callable[[JobModel], None]]:
    """A place to show a job: a bar on a terminal or in a notebook, nothing elsewhere."""
    view = _factory(title) if _factory else (Bar(title) if _is_watched() else None)
    try:
        yield view.update if view else lambda _: None
    finally:
        if view:
            view.close()


def _is_watched() -> bool:
    return sys.stderr is not None and (sys.stderr.isatty() or "ipykernel" in sys.modules)


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """Work that goes on in the background.

    Examples
    --------
    >>> job = flights.import_file("flights.csv")
    >>> job.result().rows
    336776
    """

    id: str
    _transport: Transport
    _value: Callable[[JobModel], T]

    @property
    def info(self) -> JobModel:
        """All that is known of the job now."""
        return self._transport.get_job(self.id)

    @property
    def status(self) -> JobStatus:
        """Queued, running, succeeded, failed, cancelled or lost."""
        return self.info.status

    @property
    def progress(self) -> Progress:
        """Stage, amount done, rate and time left."""
        return self.info.progress

    def wait(self, timeout: float | None = None) -> Job[T]:
        """Wait until the job has ended, showing its progress; at most ``timeout`` seconds."""
        with shown(self.info.title) as show:
            self._transport.wait_job(self.id, timeout, show)
        return self

    def follow(self, on_change: Callable[[JobModel], object]) -> None:
        """Call a function with the job as it is, and at each change until it has ended; returns then."""
        self._transport.wait_job(self.id, None, on_change)

    def result(self, timeout: float | None = None) -> T:
        """What the job made, once it has ended; Ctrl-C cancels it.

        Raises
        ------
        TimeoutError
            It has not ended in time; it goes on.
        DatasetsError
            What made the job fail.
        """
        try:
            job = self.wait(timeout).info
        except KeyboardInterrupt:
            self.cancel()
            raise
        if not job.status.ended:
            raise TimeoutError(f"{job.title} is still {job.status} after {timeout} s; it goes on.")
        if job.error is not None:
            raise wire.error_from_json(job.error)
        return self._value(job)

    def cancel(self) -> None:
        """Ask the job to stop; nothing of it is kept."""
        self._transport.cancel_job(self.id)

    def retry(self) -> Job[T]:
        """Run it again, from the same file and with the same options, as a new job whose ``info.retry_of`` it is.

        Raises
        ------
        ConflictError
            It succeeded, or has not ended.
        NotFoundError
            Its file or dataset is gone, such as a file that was sent to a server for it.
        """
        return Job(self._transport.retry_job(self.id).id, self._transport, self._value)

    def __repr__(self) -> str:
        job = self.info
        return f"<Job {job.title!r}: {job.status}{_so_far(job)}>"

    def _repr_html_(self) -> str:
        job = self.info
        return display.html_lines([job.title, f"{job.status}{_so_far(job)}", *job.progress.messages])


def _so_far(job: JobModel) -> str:
    if job.error is not None:
        return f", {display.plain(job.error.get('message', ''))}"
    text = "" if job.status.ended else describe(job.progress)
    return f", {text}" if text else ""
