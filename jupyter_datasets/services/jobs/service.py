"""Jobs: submitted, watched and cancelled by people; claimed, reported and ended by the runner.

A job ends once: its end is written only while the catalog has it as queued or running.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import (
    ConflictError,
    DatasetsError,
    ErrorKind,
    InvalidInputError,
    JobCancelledError,
    JobFailedError,
    NotFoundError,
)
from jupyter_datasets.services.jobs import holders, records
from jupyter_datasets.services.jobs.events import JobCancelRequested, JobEnded, JobSubmitted
from jupyter_datasets.services.jobs.live import LiveJobs
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor, DatasetId, Page, Role, check_offset, new_id, now, to_datetime
from jupyter_datasets.wire import error_to_json

SAVE_INTERVAL = 2.0  # seconds between two writes of a job's progress to the catalog
_MAX_PAGE = 1000
_log = logging.getLogger(__name__)


class JobService:
    """The jobs of a store.

    Parameters
    ----------
    database
        The catalog.
    permissions
        Who may see and stop which job.
    """

    def __init__(self, database: Database, permissions: PermissionService) -> None:
        self._database = database
        self._permissions = permissions
        self._holder = holders.this_process()
        self.live = LiveJobs()
        # Before all other listeners, so that these find the job as it ended.
        database.events.subscribe(JobEnded, lambda event: self.live.forget(event.job_id))
        # Writers take turns, so that on DuckDB two changes of one job never meet.
        self._turn = threading.RLock()
        self._saved: dict[str, float] = {}

    # What people do -------------------------------------------------------------------------------------------------

    def submit(
        self,
        actor: Actor,
        kind: str,
        dataset_id: DatasetId | None,
        title: str,
        params: dict[str, Any],
        retry_of: str | None = None,
    ) -> Job:
        """Queue a job, to be run by this process; ``retry_of`` is the job whose request it carries out again.

        The feature whose job it is checks the role that its own work needs; this asks only for reading.
        """
        self._permissions.require(actor, dataset_id, Role.READ)
        job = Job(
            id=new_id(),
            kind=kind,
            dataset_id=dataset_id,
            title=title,
            params=params,
            retry_of=retry_of,
            created_by=actor.id,
            created=to_datetime(now()),
        )
        with self._turn, self._database.begin() as uow:
            records.insert(uow.connection, job, self._holder)
            uow.record(JobSubmitted(job_id=job.id))
            uow.commit()
        self.live.add(job, actor)
        return job

    def get(self, actor: Actor, job_id: str) -> Job:
        """The job, with its progress of this moment.

        Raises
        ------
        NotFoundError
            With ``kind`` JOB_NOT_FOUND.
        """
        job = self.find(job_id)
        self._permissions.require(actor, _dataset(job), Role.READ)
        return job

    def list(
        self,
        actor: Actor,
        *,
        status: JobStatus | None = None,
        kind: str | None = None,
        dataset_id: DatasetId | None = None,
        limit: int = 100,
        cursor: str | None = None,
        offset: int = 0,
    ) -> Page[Job]:
        """Jobs that match, newest first, without the first ``offset``; the cursor is the id of the last one shown."""
        self._permissions.require(actor, dataset_id, Role.READ)
        if not 1 <= limit <= _MAX_PAGE:
            raise InvalidInputError(f"A page has 1 to {_MAX_PAGE} jobs; {limit} were asked for.")
        with self._database.read() as connection:
            found = records.page(
                connection,
                status=status,
                kind=kind,
                dataset_id=dataset_id,
                before=cursor,
                limit=limit + 1,
                offset=check_offset(offset),
            )
        items = [self.live.get(job.id) or job for job in found[:limit]]
        return Page(items=items, cursor=items[-1].id if len(found) > limit else None)

    def cancel(self, actor: Actor, job_id: str) -> Job:
        """Cancel a queued job, ask a running one to stop (it does within 2 s), leave one that ended as it is."""
        job = self.find(job_id)
        self._permissions.require(actor, _dataset(job), Role.READ if job.created_by == actor.id else Role.ADMIN)
        with self._turn:  # a queued job must not start between the two
            if not self._ask_to_stop(job_id):
                self.fail(job_id, cancelled())
        return self.find(job_id)

    def _ask_to_stop(self, job_id: str) -> bool:
        with self._turn, self._database.begin() as uow:
            asked = records.request_cancel(uow.connection, job_id, error_to_json(cancelled()))
            if asked:
                self.live.update(job_id, cancel_requested=True)
                uow.record(JobCancelRequested(job_id=job_id))
                uow.commit()
        return asked

    # What the runner does -------------------------------------------------------------------------------------------

    def hold(self) -> AbstractContextManager[object]:
        """Keep the store open, as long as a job is queued or running."""
        return self._database.hold()

    def find(self, job_id: str) -> Job:
        """The job as this process knows it best, asked by the machinery and not by a person."""
        if job := self.live.get(job_id):
            return job
        with self._database.read() as connection:
            stored = records.get(connection, job_id)
        if stored is None:
            raise NotFoundError(
                f"There is no job {job_id!r}.",
                kind=ErrorKind.JOB_NOT_FOUND,
                next_step="The list of jobs shows those there are.",
                details={"job": job_id},
            )
        return stored

    def claim(self) -> tuple[Job, Actor] | None:
        """Take the oldest job that waits in this process, with the person who submitted it."""
        return self.live.take()

    def start(self, job_id: str) -> bool:
        """Mark a claimed job as running; False when it was cancelled in the meantime."""
        moment = now()
        with self._turn, self._database.begin() as uow:
            if not records.start(uow.connection, job_id, moment):
                self.live.forget(job_id)
                return False
            uow.commit()
        self._saved[job_id] = time.monotonic()
        self.live.update(job_id, status=JobStatus.RUNNING, started=to_datetime(moment))
        return True

    def report(self, job_id: str, progress: Progress) -> None:
        """Show this progress from now on; it reaches the catalog with the next :meth:`keep`."""
        self.live.update(job_id, progress=progress)

    def keep(self, job_id: str) -> bool:
        """Write the progress when 2 s have passed; False when the job was asked to stop, here or elsewhere."""
        job = self.live.get(job_id)
        if job is None or job.cancel_requested:
            return False
        if time.monotonic() - self._saved.get(job_id, 0.0) < SAVE_INTERVAL:
            return True
        self._saved[job_id] = time.monotonic()
        try:
            return self.confirm(job_id)
        except DatasetsError as error:
            _log.warning("The progress of job %s could not be written to the catalog: %s", job_id, error)
            return True

    def confirm(self, job_id: str) -> bool:
        """Write the progress now; False when the job was asked to stop, or was declared ended by somebody else."""
        with self._turn, self._database.begin() as uow:
            going = records.save_progress(uow.connection, job_id, self.find(job_id).progress)
            uow.commit()
        return going

    def succeed(self, job_id: str, result: dict[str, Any]) -> Job:
        """End the job with its result."""
        return self._end(job_id, status=JobStatus.SUCCEEDED, result=result)

    def fail(self, job_id: str, error: DatasetsError) -> Job:
        """End the job with an error: as cancelled by a :class:`JobCancelledError`, else as failed."""
        status = JobStatus.CANCELLED if isinstance(error, JobCancelledError) else JobStatus.FAILED
        return self._end(job_id, status=status, error=error_to_json(error))

    def ended(self, ids: Sequence[str]) -> set[str]:
        """Those of these ids that are jobs which have ended."""
        with self._database.read() as connection:
            return records.ended(connection, ids)

    def awaits(self, dataset_id: DatasetId) -> bool:
        """Whether a job of that dataset, in this process or another, has not ended by what the catalog says."""
        with self._database.read() as connection:
            return any(job.dataset_id == dataset_id for job, _ in records.unfinished(connection))

    def _end(self, job_id: str, **outcome: Any) -> Job:
        outcome |= {"finished": to_datetime(now()), "cancel_requested": False}
        job = self.find(job_id)
        if job.status.ended:
            return job
        try:
            self._write_end(job.evolve(**outcome))
        except Exception:
            # The work is over whatever the catalog says: people here see the end, the next opening finds a lost job.
            _log.exception("The end of job %s could not be written to the catalog.", job_id)
            self.live.update(job_id, **outcome)
        else:
            self.live.forget(job_id)
        self._saved.pop(job_id, None)
        return self.find(job_id)

    def _write_end(self, job: Job) -> None:
        with self._turn, self._database.begin() as uow:
            if records.finish(uow.connection, job):
                uow.record(JobEnded(job_id=job.id, status=job.status.value))
                uow.commit()

    def mark_lost(self, *, alone: bool) -> tuple[Job, ...]:
        """Find jobs whose process died, and end them as lost; to be called when the store is opened.

        Parameters
        ----------
        alone
            Whether only one process can have this catalog open (an embedded store): then every other process that
            held a job is gone. Else those of this host are looked for, and one on another host is taken to live: to
            know better, it would have to write down now and then that it does.
        """
        try:
            return self._mark_lost(alone)
        except ConflictError:  # another process that opens the catalog marks the same jobs, and clears up after them
            return ()

    def _mark_lost(self, alone: bool) -> tuple[Job, ...]:
        with self._turn, self._database.begin() as uow:
            gone = [
                _lost(job, holder)
                for job, holder in records.unfinished(uow.connection)
                if holder != self._holder and (alone or holders.is_dead(holder))
            ]
            for job in gone:
                records.finish(uow.connection, job)
                uow.record(JobEnded(job_id=job.id, status=job.status.value))
            uow.commit()
        return tuple(gone)


def cancelled() -> JobCancelledError:
    """The error by which a cancelled job ends."""
    return JobCancelledError("The job was cancelled; nothing of it was kept.")


def _lost(job: Job, holder: str) -> Job:
    error = JobFailedError(
        f"The job was lost: {holders.describe(holder)} ended before the job did.",
        kind=ErrorKind.JOB_LOST,
        next_step="Nothing half-made was kept. If the dataset's log does not show its version, run it again.",
        details={"holder": holder},
    )
    return job.evolve(
        status=JobStatus.LOST, error=error_to_json(error), cancel_requested=False, finished=to_datetime(now())
    )


def _dataset(job: Job) -> DatasetId | None:
    return DatasetId(job.dataset_id) if job.dataset_id else None
