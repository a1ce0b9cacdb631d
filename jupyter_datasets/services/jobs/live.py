"""The jobs of this process that have not ended, in memory: their order, and progress fresher than the catalog's."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from jupyter_datasets.services.jobs.models import Job
from jupyter_datasets.values import Actor


class LiveJobs:
    """Thread-safe. A job enters when it is submitted and leaves when its end is in the catalog."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: dict[str, Job] = {}
        self._queue: deque[tuple[str, Actor]] = deque()
        self._listeners: list[Callable[[], object]] = []

    def on_added(self, listener: Callable[[], object]) -> None:
        """Call this after each job that is added, in the thread that adds it."""
        self._listeners.append(listener)

    def add(self, job: Job, actor: Actor) -> None:
        """Put a queued job at the end of the queue."""
        with self._changed:
            self._jobs[job.id] = job
            self._queue.append((job.id, actor))
            self._changed.notify_all()
        for listener in self._listeners:
            listener()

    def take(self) -> tuple[Job, Actor] | None:
        """Take the oldest queued job out of the queue; None when no job waits."""
        with self._changed:
            while self._queue:
                job_id, actor = self._queue.popleft()
                if job := self._jobs.get(job_id):
                    return job, actor
            return None

    def get(self, job_id: str) -> Job | None:
        """The job, if it is one of these."""
        return self._jobs.get(job_id)

    def unfinished(self) -> tuple[Job, ...]:
        """The jobs that have not ended, oldest first."""
        with self._changed:
            return tuple(job for job in self._jobs.values() if not job.status.ended)

    def update(self, job_id: str, **changes: Any) -> None:
        """Change fields of a job, if it is one of these."""
        with self._changed:
            if job := self._jobs.get(job_id):
                self._jobs[job_id] = job.evolve(**changes)
                self._changed.notify_all()

    def forget(self, job_id: str) -> None:
        """From now on the catalog knows best."""
        with self._changed:
            self._jobs.pop(job_id, None)
            self._changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Wait until a job changes, at most ``timeout`` seconds."""
        with self._changed:
            self._changed.wait(timeout)
