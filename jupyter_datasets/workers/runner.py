"""Runs the jobs that this process submitted.

The worker threads are not daemons: an interpreter that ends waits for them by itself, after which no thread can be
started and none needs to be. To have a hand in that wait, to show progress and to cancel on Ctrl-C, whoever puts the
program together calls ``wait_all`` and ``close`` from a hook that runs before threads are joined.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from jupyter_datasets import faults
from jupyter_datasets.errors import DatasetsError, JobCancelledError
from jupyter_datasets.services.jobs.models import Job, Progress
from jupyter_datasets.services.jobs.service import JobService, cancelled
from jupyter_datasets.values import Actor
from jupyter_datasets.workers.failures import from_exception
from jupyter_datasets.workers.pool import Pool
from jupyter_datasets.workers.registry import JobKind, Registry, Result

_POLL = 0.1  # seconds between two looks at a job that nothing is heard of
_log = logging.getLogger(__name__)
OnProgress = Callable[[Job], object]


class Runner:
    """Runs queued jobs in worker threads, each job's task in a child process.

    Parameters
    ----------
    jobs
        Where jobs are queued, where their progress is shown and their ends are written.
    registry
        What to do for each kind.
    pool
        Where children come from. Closed by its owner, after the runner.
    workers
        How many jobs may run at the same time.
    """

    def __init__(self, jobs: JobService, registry: Registry, pool: Pool, workers: int = 1) -> None:
        self._jobs = jobs
        self._registry = registry
        self._pool = pool
        self._workers = workers
        self._threads_changed = threading.Condition()
        self._threads: set[threading.Thread] = set()
        self._stopping = threading.Event()
        jobs.live.on_added(self._wake)

    def recover(self, *, alone: bool) -> tuple[Job, ...]:
        """Mark jobs whose process died as lost and discard what they left: to be called when the store is opened.

        ``alone`` is explained at :meth:`JobService.mark_lost`.
        """
        lost = self._jobs.mark_lost(alone=alone)
        for job in lost:
            self._discard(job)
        return lost

    def wait(self, job_id: str, timeout: float | None = None, on_progress: OnProgress | None = None) -> Job:
        """Wait until the job has ended, at most ``timeout`` seconds; the job as it is then.

        ``on_progress`` is called in this thread, with the job, each time that the job has changed.
        """
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        seen = None
        while True:
            job = self._jobs.find(job_id)
            if on_progress and job != seen:
                on_progress(job)
            seen = job
            left = deadline - time.monotonic()
            if job.status.ended or left <= 0:
                return job
            self._jobs.live.wait(min(left, _POLL))

    def wait_all(self, on_progress: OnProgress | None = None) -> None:
        """Wait until every job of this process has ended."""
        while unfinished := self._jobs.live.unfinished():
            self.wait(unfinished[0].id, on_progress=on_progress)

    def close(self, *, wait: bool = True) -> None:
        """Take no further jobs. Those that have not ended are waited for, or cancelled when ``wait`` is False.

        When a KeyboardInterrupt ends the wait, ``close(wait=False)`` may follow; it returns within 2 s or so.
        """
        if wait:
            self.wait_all()
        self._stopping.set()
        while claimed := self._jobs.claim():
            self._jobs.fail(claimed[0].id, _stopped())
        with self._threads_changed:  # not by joining, for a join that Ctrl-C interrupts takes the thread for ended
            self._threads_changed.wait_for(lambda: not self._threads)

    def _wake(self) -> None:
        with self._threads_changed:
            if len(self._threads) < self._workers:
                thread = threading.Thread(target=self._work, name="jupyter-datasets-job")
                thread.start()
                self._threads.add(thread)

    def _work(self) -> None:
        while claimed := self._next():
            self._run(*claimed)

    def _next(self) -> tuple[Job, Actor] | None:
        with self._threads_changed:  # so that a job which comes now finds this thread at work, or gone from the set
            claimed = self._jobs.claim()
            if claimed is None:
                self._threads.discard(threading.current_thread())
                self._threads_changed.notify_all()
            return claimed

    def _run(self, job: Job, actor: Actor) -> None:
        try:
            with self._jobs.hold():
                self._run_held(job, actor)
        except DatasetsError as error:  # the store could not be opened
            self._jobs.fail(job.id, error)

    def _run_held(self, job: Job, actor: Actor) -> None:
        try:
            if not self._jobs.start(job.id):
                return
            faults.reach("job.claimed")
            result = self._carry_out(self._registry[job.kind], job, actor)
        except Exception as error:
            _log.debug("Job %s failed.", job.id, exc_info=True)
            self._discard(job)
            self._jobs.fail(job.id, self._reason(job, from_exception(error)))
        else:
            self._jobs.succeed(job.id, result)

    def _reason(self, job: Job, error: DatasetsError) -> DatasetsError:
        """Why a job ended; one that nobody cancelled but the end of its program says so."""
        asked = self._jobs.find(job.id).cancel_requested
        return _stopped() if isinstance(error, JobCancelledError) and self._stopping.is_set() and not asked else error

    def _carry_out(self, kind: JobKind, job: Job, actor: Actor) -> Result:
        with self._pool.lease() as child:  # it starts while the plan is made
            self._show_stage(job, "preparing")
            plan = kind.prepare(actor, job)
            faults.reach("job.prepared")
            made = child.perform(kind.task, plan, _Observer(self._jobs, job.id, self._stopping))
        faults.reach("job.task-done")
        self._show_stage(job, "committing")
        if not self._jobs.confirm(job.id):
            raise cancelled()
        result = kind.finish(actor, job, made)
        faults.reach("job.finished")
        return result

    def _show_stage(self, job: Job, stage: str) -> None:
        progress = self._jobs.find(job.id).progress
        changes = {"stage": stage, "done": 0, "total": None, "unit": "steps", "rate": 0.0, "seconds_left": None}
        self._jobs.report(job.id, progress.model_copy(update=changes))

    def _discard(self, job: Job) -> None:
        kind = self._registry.get(job.kind)
        if kind is None:
            return
        try:
            kind.discard(job)
        except Exception:
            _log.exception("What job %s left behind could not be removed.", job.id)


def _stopped() -> JobCancelledError:
    return JobCancelledError(
        "The job was cancelled because the program that ran it was closed; nothing of it was kept.",
        next_step="Run it again.",
    )


class _Observer:
    """Passes a task's progress on to the jobs, and their wish to stop on to the task."""

    def __init__(self, jobs: JobService, job_id: str, stopping: threading.Event) -> None:
        self._jobs = jobs
        self._job_id = job_id
        self._stopping = stopping

    def progress(self, progress: Progress) -> None:
        self._jobs.report(self._job_id, progress)

    def going(self) -> bool:
        return not self._stopping.is_set() and self._jobs.keep(self._job_id)
