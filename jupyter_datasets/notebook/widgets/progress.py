"""How far a job is."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import traitlets

from jupyter_datasets.client import display
from jupyter_datasets.client.jobs import Job, describe
from jupyter_datasets.errors import DatasetsError
from jupyter_datasets.notebook.widgets.base import StaticFallback, script
from jupyter_datasets.services.jobs.models import Job as JobModel
from jupyter_datasets.services.jobs.models import Progress


class JobProgress(StaticFallback):
    """A job with its progress and a button that cancels it; the widget follows the job until it has ended.

    Parameters
    ----------
    job
        What ``flights.import_file(...)`` gave.
    """

    _esm = script("progress.js")
    job = traitlets.Dict().tag(sync=True)

    def __init__(self, job: Job[Any]) -> None:
        self._job = job
        now = job.info
        super().__init__(_AsItWas(now), job=_state(now))
        self.on_msg(lambda _widget, content, _buffers: self._receive(content))
        if not self.job["ended"]:
            threading.Thread(target=self._follow, name="jupyter-datasets-progress", daemon=True).start()

    def _follow(self) -> None:
        try:
            self._job.follow(self._show)
        except DatasetsError as error:  # the repository was closed, or the server is gone
            self.job = {**self.job, "error": str(error), "ended": True}

    def _show(self, job: JobModel) -> None:
        self.job = _state(job)

    def _receive(self, content: Any) -> None:
        if isinstance(content, Mapping) and content.get("kind") == "stop":
            threading.Thread(target=self._stop, name="jupyter-datasets-cancel", daemon=True).start()

    def _stop(self) -> None:
        try:
            self._job.cancel()
        except DatasetsError as error:
            self.job = {**self.job, "error": str(error)}


class _AsItWas:
    """A job at a moment, for outputs that are read long after it."""

    def __init__(self, job: JobModel) -> None:
        self._title = job.title
        self._status = f"{job.status}{'' if job.status.ended else ' when this was shown'}"

    def __repr__(self) -> str:
        return f"<Job {self._title!r}: {self._status}>"

    def _repr_html_(self) -> str:
        return display.html_lines([self._title, self._status])


def _state(job: JobModel) -> dict[str, Any]:
    return {
        "title": job.title,
        "status": job.status.value,
        "ended": job.status.ended,
        "stopping": job.cancel_requested,
        "part": _part(job.progress),
        "text": _rows(job.progress) if job.status.ended else describe(job.progress),
        "messages": list(job.progress.messages),
        "error": (job.error or {}).get("message", ""),
    }


def _rows(progress: Progress) -> str:
    return display.count(progress.rows, "row") if progress.rows else ""


def _part(progress: Progress) -> float | None:
    return min(progress.done / progress.total, 1.0) if progress.total else None
