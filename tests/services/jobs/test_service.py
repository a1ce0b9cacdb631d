from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from sqlalchemy import select, update

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.events import Event
from jupyter_datasets.catalog.tables import jobs as table
from jupyter_datasets.errors import ErrorKind, InvalidInputError, JobFailedError, NotFoundError, PermissionDeniedError
from jupyter_datasets.services.jobs import holders, records, service
from jupyter_datasets.services.jobs.events import JobCancelRequested, JobEnded, JobSubmitted
from jupyter_datasets.services.jobs.models import Job, JobStatus, Progress
from jupyter_datasets.services.jobs.service import JobService, cancelled
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor, DatasetId
from jupyter_datasets.wire import error_from_json

STRANGER = Actor(id="local:stranger", name="stranger")


def submit(jobs: JobService, me: Actor, kind: str = "import", dataset: str | None = "d1", **params: Any) -> Job:
    return jobs.submit(me, kind, DatasetId(dataset) if dataset else None, f"{kind} something", params)


def running(jobs: JobService, me: Actor) -> Job:
    job = submit(jobs, me)
    assert jobs.claim()
    assert jobs.start(job.id)
    return jobs.find(job.id)


def stored(database: Database, job: Job) -> Job:
    """The job as another process would see it."""
    return JobService(database, PermissionService()).find(job.id)


def set_holder(database: Database, job: Job, holder: str) -> None:
    with database.begin() as uow:
        uow.connection.execute(update(table).where(table.c.id == job.id).values(holder=holder))
        uow.commit()


def test_a_submitted_job_is_queued_and_stored_whole(jobs: JobService, database: Database, me: Actor) -> None:
    job = submit(jobs, me, source="ü.csv", options={"null": None})
    assert job.status is JobStatus.QUEUED
    assert job.params == {"source": "ü.csv", "options": {"null": None}}
    assert jobs.get(me, job.id) == stored(database, job) == job


def test_an_unknown_job_is_not_found(jobs: JobService, me: Actor) -> None:
    for call in (jobs.get, jobs.cancel):
        with pytest.raises(NotFoundError) as caught:
            call(me, "no such id")
        assert caught.value.kind is ErrorKind.JOB_NOT_FOUND


def test_a_stranger_may_do_nothing(jobs: JobService, me: Actor) -> None:
    job = submit(jobs, me)
    calls: list[Callable[[], object]] = [
        lambda: submit(jobs, STRANGER),
        lambda: jobs.get(STRANGER, job.id),
        lambda: jobs.list(STRANGER),
        lambda: jobs.cancel(STRANGER, job.id),
    ]
    for call in calls:
        with pytest.raises(PermissionDeniedError):
            call()
    assert jobs.get(me, job.id).status is JobStatus.QUEUED


def test_jobs_are_claimed_in_the_order_of_submission(jobs: JobService, me: Actor) -> None:
    submitted = [submit(jobs, me).id for _ in range(3)]
    claimed = [claim[0].id for _ in range(3) if (claim := jobs.claim())]
    assert claimed == submitted
    assert jobs.claim() is None


def test_a_job_succeeds_with_its_result(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    ended = jobs.succeed(job.id, {"rows": 3})
    assert ended == stored(database, job)
    assert (ended.status, ended.result, ended.error) == (JobStatus.SUCCEEDED, {"rows": 3}, None)
    assert ended.started is not None
    assert ended.finished is not None
    assert job.created <= ended.started <= ended.finished


def test_a_job_fails_with_its_error(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    jobs.fail(job.id, InvalidInputError("Bad.", next_step="Mend.", details={"row": 1}))
    error = stored(database, job).error
    assert error == {
        "class": "InvalidInputError",
        "kind": "invalid-argument",
        "message": "Bad.",
        "next_step": "Mend.",
        "details": {"row": 1},
    }


def test_a_job_ends_once(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    first = jobs.succeed(job.id, {"first": True})
    assert jobs.fail(job.id, JobFailedError("late")) == first
    assert jobs.cancel(me, job.id) == first
    assert not jobs.start(job.id)
    assert stored(database, job) == first


def test_an_end_that_another_process_wrote_stays(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    other = JobService(database, PermissionService())
    other.fail(job.id, JobFailedError("declared dead"))
    assert not jobs.confirm(job.id)
    assert jobs.succeed(job.id, {}).status is JobStatus.FAILED


def test_a_queued_job_is_cancelled_at_once(jobs: JobService, database: Database, me: Actor) -> None:
    job = submit(jobs, me)
    assert jobs.cancel(me, job.id).status is JobStatus.CANCELLED
    assert stored(database, job).status is JobStatus.CANCELLED
    assert jobs.claim() is None


def test_a_job_cancelled_between_claim_and_start_does_not_start(jobs: JobService, me: Actor) -> None:
    job = submit(jobs, me)
    jobs.claim()
    jobs.cancel(me, job.id)
    assert not jobs.start(job.id)


def test_a_running_job_is_asked_to_stop(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    assert jobs.keep(job.id)
    asked = jobs.cancel(me, job.id)
    assert (asked.status, asked.cancel_requested, asked.error) == (JobStatus.RUNNING, True, None)
    assert not jobs.keep(job.id)
    ended = jobs.fail(job.id, cancelled())
    assert (ended.status, ended.cancel_requested) == (JobStatus.CANCELLED, False)
    assert stored(database, job) == ended


def test_a_request_to_stop_from_another_process_is_found(
    jobs: JobService, database: Database, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SAVE_INTERVAL", 0.0)
    job = running(jobs, me)
    assert jobs.keep(job.id)
    JobService(database, PermissionService()).cancel(me, job.id)
    assert not jobs.keep(job.id)


def test_a_job_that_succeeded_before_it_could_stop_has_succeeded(
    jobs: JobService, database: Database, me: Actor
) -> None:
    job = running(jobs, me)
    jobs.cancel(me, job.id)
    jobs.succeed(job.id, {"rows": 1})
    ended = stored(database, job)
    assert (ended.status, ended.error, ended.cancel_requested) == (JobStatus.SUCCEEDED, None, False)


def test_progress_is_seen_at_once_here_and_within_two_seconds_elsewhere(
    jobs: JobService, database: Database, me: Actor
) -> None:
    job = running(jobs, me)
    progress = Progress(stage="reading", done=5, total=10, unit="rows", rows=5, messages=("é",))
    jobs.report(job.id, progress)
    assert jobs.keep(job.id)
    assert jobs.get(me, job.id).progress == progress
    assert jobs.list(me).items[0].progress == progress
    assert stored(database, job).progress == Progress()
    time.sleep(service.SAVE_INTERVAL)
    assert jobs.keep(job.id)
    assert stored(database, job).progress == progress


def test_lists_show_the_newest_first_and_page_by_cursor(jobs: JobService, me: Actor) -> None:
    ids = []
    for _ in range(5):
        ids.append(submit(jobs, me).id)
        time.sleep(0.002)
    seen: list[str] = []
    cursor, pages = None, 0
    while pages == 0 or cursor:
        page = jobs.list(me, limit=2, cursor=cursor)
        seen += [job.id for job in page.items]
        cursor, pages = page.cursor, pages + 1
    assert (seen, pages) == (ids[::-1], 3)


def test_lists_can_be_narrowed(jobs: JobService, me: Actor) -> None:
    one = submit(jobs, me, kind="import", dataset="d1")
    other = submit(jobs, me, kind="export", dataset="d2")
    jobs.cancel(me, other.id)
    assert [job.id for job in jobs.list(me, kind="import").items] == [one.id]
    assert [job.id for job in jobs.list(me, dataset_id=DatasetId("d2")).items] == [other.id]
    assert [job.id for job in jobs.list(me, status=JobStatus.CANCELLED).items] == [other.id]
    assert jobs.list(me, status=JobStatus.LOST).items == []


@pytest.mark.parametrize("limit", [0, 1001])
def test_a_page_of_no_or_too_many_jobs_is_refused(jobs: JobService, me: Actor, limit: int) -> None:
    with pytest.raises(InvalidInputError, match="1 to 1000"):
        jobs.list(me, limit=limit)


def test_jobs_of_a_process_that_died_are_lost(jobs: JobService, database: Database, me: Actor) -> None:
    dead = _dead_process()
    gone = [running(jobs, me), submit(jobs, me)]
    for job in gone:
        set_holder(database, job, dead)
    mine = submit(jobs, me)
    opened = JobService(database, PermissionService())
    lost = opened.mark_lost(alone=False)
    assert {job.id for job in lost} == {job.id for job in gone}
    for job in gone:
        found = opened.get(me, job.id)
        assert found.status is JobStatus.LOST
        assert found.error is not None
        error = error_from_json(found.error)
        assert (type(error), error.kind) == (JobFailedError, ErrorKind.JOB_LOST)
        assert error.next_step
    assert opened.get(me, mine.id).status is JobStatus.QUEUED
    assert opened.mark_lost(alone=False) == ()


@pytest.mark.parametrize(("alone", "status"), [(True, JobStatus.LOST), (False, JobStatus.RUNNING)])
def test_on_a_shared_catalog_a_process_elsewhere_is_taken_to_live(
    jobs: JobService, database: Database, me: Actor, alone: bool, status: JobStatus
) -> None:
    job = running(jobs, me)
    set_holder(database, job, "elsewhere:1:2")
    opened = JobService(database, PermissionService())
    opened.mark_lost(alone=alone)
    assert opened.find(job.id).status is status


def test_processes_that_open_the_catalog_at_once_do_not_collide_over_a_lost_job(
    jobs: JobService, database: Database, me: Actor
) -> None:
    """One of them marks it, and the other goes on."""
    job = running(jobs, me)
    set_holder(database, job, _dead_process())
    with ThreadPoolExecutor() as threads, database.begin() as first:
        records.finish(first.connection, job.evolve(status=JobStatus.LOST))
        second = threads.submit(JobService(database, PermissionService()).mark_lost, alone=False)
        wait([second], 0.2)
        first.commit()
        assert second.result() == ()


def test_a_living_process_loses_no_job(jobs: JobService, database: Database, me: Actor) -> None:
    job = running(jobs, me)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        mine = holders.this_process().split(":", 2)
        start = holders.process_start(other.pid)
        set_holder(database, job, f"{mine[0]}:{other.pid}:{start}")
        assert JobService(database, PermissionService()).mark_lost(alone=False) == ()
        set_holder(database, job, f"{mine[0]}:{other.pid}:another start")
        assert len(JobService(database, PermissionService()).mark_lost(alone=False)) == 1


def _dead_process() -> str:
    code = (
        "from jupyter_datasets.services.jobs.holders import this_process; import sys; sys.stdout.write(this_process())"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    ).stdout


def test_events_tell_of_submission_request_and_end(jobs: JobService, database: Database, me: Actor) -> None:
    seen: list[Event] = []
    database.events.subscribe(Event, seen.append)
    job = running(jobs, me)
    jobs.cancel(me, job.id)
    jobs.fail(job.id, cancelled())
    assert seen == [
        JobSubmitted(job_id=job.id),
        JobCancelRequested(job_id=job.id),
        JobEnded(job_id=job.id, status="cancelled"),
    ]


def test_who_hears_of_the_end_sees_the_job_ended(jobs: JobService, database: Database, me: Actor) -> None:
    seen: list[JobStatus] = []
    database.events.subscribe(JobEnded, lambda event: seen.append(jobs.find(event.job_id).status))
    jobs.succeed(running(jobs, me).id, {})
    assert seen == [JobStatus.SUCCEEDED]


def test_requests_and_progress_at_the_same_time_do_not_collide(
    jobs: JobService, database: Database, me: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "SAVE_INTERVAL", 0.0)
    started = [running(jobs, me) for _ in range(4)]
    errors: list[Exception] = []

    def hammer(job: Job) -> None:
        try:
            for done in range(20):
                jobs.report(job.id, Progress(done=done))
                jobs.confirm(job.id)
            jobs.cancel(me, job.id)
            jobs.fail(job.id, cancelled())
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=hammer, args=(job,)) for job in started for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert {stored(database, job).status for job in started} == {JobStatus.CANCELLED}


def test_an_end_that_cannot_be_written_is_seen_here_all_the_same(
    jobs: JobService, database: Database, me: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    job = running(jobs, me)
    database.close()
    assert jobs.succeed(job.id, {"rows": 1}).status is JobStatus.SUCCEEDED
    assert jobs.get(me, job.id).result == {"rows": 1}
    assert jobs.live.unfinished() == ()
    assert "could not be written" in caplog.text


def test_parameters_are_kept_as_json_text(jobs: JobService, database: Database, me: Actor) -> None:
    job = submit(jobs, me, path="'; DROP TABLE jobs; --")
    with database.read() as connection:
        text = connection.execute(select(table.c.params).where(table.c.id == job.id)).scalar_one()
    assert json.loads(text) == job.params
