"""Jobs in the catalog."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select, update

from jupyter_datasets.catalog.tables import jobs
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress
from jupyter_datasets.values import Micros, from_datetime, now, to_datetime

# Kept among the parameters, under a name that no kind of job uses for one.
_RETRY_OF = "retry of"
_UNFINISHED = jobs.c.status.in_([JobStatus.QUEUED, JobStatus.RUNNING])


def insert(connection: Connection, job: Job, holder: str) -> None:
    """Add a queued job that belongs to the process ``holder``."""
    connection.execute(
        jobs.insert().values(
            id=job.id,
            kind=job.kind,
            dataset_id=job.dataset_id,
            status=job.status.value,
            title=job.title,
            params=_params_to_text(job),
            progress=job.progress.model_dump_json(),
            created_by=job.created_by,
            created_us=from_datetime(job.created),
            holder=holder,
        )
    )


def get(connection: Connection, job_id: str) -> Job | None:
    """The job of that id, if there is one."""
    row = connection.execute(select(jobs).where(jobs.c.id == job_id)).first()
    return _from_row(row) if row else None


def page(
    connection: Connection,
    *,
    status: JobStatus | None,
    kind: str | None,
    dataset_id: str | None,
    before: str | None,
    limit: int,
    offset: int = 0,
) -> list[Job]:
    """Jobs that match, newest first, older than the job ``before``."""
    wanted = {jobs.c.status: status and status.value, jobs.c.kind: kind, jobs.c.dataset_id: dataset_id}
    query = select(jobs).order_by(jobs.c.id.desc()).limit(limit).offset(offset)
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [_from_row(row) for row in connection.execute(query)]


def start(connection: Connection, job_id: str, moment: Micros) -> bool:
    """Mark a queued job as running; False when it is not queued any more."""
    change = update(jobs).where(jobs.c.id == job_id, jobs.c.status == JobStatus.QUEUED.value)
    change = change.values(status=JobStatus.RUNNING.value, started_us=moment)
    return connection.execute(change.returning(jobs.c.id)).first() is not None


def save_progress(connection: Connection, job_id: str, progress: Progress) -> bool:
    """Write a running job's progress; False when it was asked to stop, or runs no longer."""
    change = update(jobs).where(jobs.c.id == job_id, jobs.c.status == JobStatus.RUNNING.value)
    row = connection.execute(change.values(progress=progress.model_dump_json()).returning(jobs.c.error)).first()
    return row is not None and row.error is None


def request_cancel(connection: Connection, job_id: str, error: dict[str, Any]) -> bool:
    """Leave the error by which a running job shall end, for its process to find; False when it runs no longer."""
    change = update(jobs).where(jobs.c.id == job_id, jobs.c.status == JobStatus.RUNNING.value)
    return connection.execute(change.values(error=json.dumps(error)).returning(jobs.c.id)).first() is not None


def finish(connection: Connection, job: Job) -> bool:
    """Write how a job ended; False when it had ended before."""
    change = update(jobs).where(jobs.c.id == job.id, _UNFINISHED)
    change = change.values(
        status=job.status.value,
        progress=job.progress.model_dump_json(),
        result=_dumps(job.result),
        error=_dumps(job.error),
        finished_us=from_datetime(job.finished) if job.finished else now(),
    )
    return connection.execute(change.returning(jobs.c.id)).first() is not None


def unfinished(connection: Connection) -> Sequence[tuple[Job, str]]:
    """Every job that is queued or running, with the process that it belongs to."""
    return [(_from_row(row), row.holder) for row in connection.execute(select(jobs).where(_UNFINISHED))]


def ended(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Those of these ids that are jobs which have ended."""
    return set(connection.scalars(select(jobs.c.id).where(jobs.c.id.in_(list(ids)), ~_UNFINISHED)))


def _params_to_text(job: Job) -> str:
    return json.dumps(job.params | ({_RETRY_OF: job.retry_of} if job.retry_of else {}))


def _dumps(value: dict[str, Any] | None) -> str | None:
    return None if value is None else json.dumps(value)


def _from_row(row: Row[Any]) -> Job:
    status = JobStatus(row.status)
    error = json.loads(row.error) if row.error else None
    params = json.loads(row.params)
    retry_of = params.pop(_RETRY_OF, None)
    return Job(
        id=row.id,
        kind=row.kind,
        dataset_id=row.dataset_id,
        title=row.title,
        status=status,
        params=params,
        retry_of=retry_of,
        progress=Progress.model_validate_json(row.progress),
        result=json.loads(row.result) if row.result else None,
        error=error if status.ended else None,
        cancel_requested=error is not None and not status.ended,
        created_by=row.created_by,
        created=to_datetime(row.created_us),
        started=to_datetime(row.started_us) if row.started_us else None,
        finished=to_datetime(row.finished_us) if row.finished_us else None,
    )
