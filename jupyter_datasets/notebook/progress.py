"""Progress in the output of a cell: one line, which ends as a short summary."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from html import escape
from typing import Any

from IPython.display import DisplayHandle

from jupyter_datasets.client.display import count, plain
from jupyter_datasets.client.jobs import describe, use_progress
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress

_PAUSE = 0.1  # seconds between two updates


def install() -> None:
    """Show all progress of this process so, from now on."""
    use_progress(Line)


class Line:
    """See :class:`jupyter_datasets.client.jobs.ProgressView`."""

    def __init__(self, title: str) -> None:
        self._title = plain(title)
        self._shown = 0.0
        self._job: Job | None = None
        self._handle: DisplayHandle | None = None

    def update(self, job: Job) -> None:
        self._job = job
        moment = time.monotonic()
        if self._handle is None or moment - self._shown >= _PAUSE:
            self._shown = moment
            self._show(_Running(self._title, job.progress))

    def close(self) -> None:
        if self._job is not None:
            self._show(_Text(f"{self._title}: {_summary(self._job)}"))

    def _show(self, shown: Any) -> None:
        if self._handle is None:
            # Known before it shows: Ctrl-C may come while it does, and the line ends where it began.
            self._handle = DisplayHandle()  # type: ignore[no-untyped-call]  # IPython has no types here
            self._handle.display(shown)  # type: ignore[no-untyped-call]  # likewise
        else:
            self._handle.update(shown)  # type: ignore[no-untyped-call]  # likewise


class _Running:
    def __init__(self, title: str, progress: Progress) -> None:
        self._title = title
        self._part = progress.done / progress.total if progress.total else None
        self._text = describe(progress)

    def __repr__(self) -> str:
        percent = "" if self._part is None else f"{self._part:.0%} "
        return f"{self._title}: {percent}{self._text}"

    def _repr_html_(self) -> str:
        value = "" if self._part is None else f" value='{self._part:.3f}'"
        title = escape(self._title)
        return f"<div><bdi>{title}</bdi> <progress aria-label='{title}'{value}></progress> {escape(self._text)}</div>"


class _Text:
    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return f"<div><bdi>{escape(self._text)}</bdi></div>"


def _summary(job: Job) -> str:
    """What came out: ``336,776 rows in 2.1 s``."""
    rows = count(job.progress.rows, "row") if job.progress.rows else ""
    took = f"{((job.finished or datetime.now(UTC)) - (job.started or job.created)).total_seconds():.1f} s"
    if job.status is JobStatus.SUCCEEDED:
        return f"{rows or 'done'} in {took}"
    if job.status.ended:
        return str(job.status)
    return f"{rows} so far, {took}" if rows else took
