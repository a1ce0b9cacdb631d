from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import ErrorKind, InvalidInputError, StoreBusyError
from jupyter_datasets.services.jobs.models import Job, JobStatus
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor
from jupyter_datasets.wire import error_from_json
from jupyter_datasets.workers.pool import Pool
from jupyter_datasets.workers.registry import JobKind, Plan, Registry, Result
from jupyter_datasets.workers.runner import Runner

TASKS = ("add", "count", "refuse", "ignore_cancel", "wait_for_file")


class World:
    """A runner and what its jobs called on this side; ``plan`` and ``commit`` may be replaced."""

    def __init__(self, jobs: JobService, pool: Pool, workers: int = 1) -> None:
        self.jobs = jobs
        self.me = Actor.local()
        self.calls: list[tuple[str, str]] = []
        self.plan: Callable[[Job], Plan] = lambda job: job.params
        self.commit: Callable[[Result], Result] = lambda result: {"committed": result}
        registry = Registry()
        for task in TASKS:
            registry.add(self._kind(task))
        self.runner = Runner(jobs, registry, pool, workers=workers)

    def _kind(self, task: str) -> JobKind:
        def prepare(actor: Actor, job: Job) -> Plan:
            self.calls.append(("prepare", actor.name))
            return self.plan(job)

        def finish(actor: Actor, _: Job, result: Result) -> Result:
            self.calls.append(("finish", actor.name))
            return self.commit(result)

        def discard(job: Job) -> None:
            self.calls.append(("discard", job.id))

        return JobKind(name=task, task=f"sample_tasks:{task}", prepare=prepare, finish=finish, discard=discard)

    def submit(self, task: str, **params: Any) -> Job:
        return self.jobs.submit(self.me, task, None, task, params)

    def run(self, task: str, **params: Any) -> Job:
        return self.runner.wait(self.submit(task, **params).id, timeout=20)

    def submit_running(self, task: str, **params: Any) -> Job:
        """Submit a job and wait until its task reports."""
        job = self.submit(task, **params)
        until(lambda: self.jobs.find(job.id).progress.stage not in ("", "preparing"))
        return job

    @property
    def called(self) -> list[str]:
        return [name for name, _ in self.calls]


def until(condition: Callable[[], object], within: float = 10.0) -> None:
    end = time.monotonic() + within
    while not condition():
        assert time.monotonic() < end, "it did not come to pass in time"
        time.sleep(0.01)


@pytest.fixture
def world(jobs: JobService, pool: Pool) -> Iterator[World]:
    world = World(jobs, pool)
    yield world
    world.runner.close(wait=False)


def error_of(job: Job) -> Exception:
    assert job.error is not None
    return error_from_json(job.error)


def test_a_job_is_prepared_computed_and_finished(world: World, database: Database) -> None:
    job = world.run("add", numbers=[1, 2])
    assert (job.status, job.result) == (JobStatus.SUCCEEDED, {"committed": {"sum": 3}})
    assert world.calls == [("prepare", world.me.name), ("finish", world.me.name)]
    assert JobService(database, PermissionService()).find(job.id) == job


def test_a_job_that_fails_is_discarded_and_tells_why(world: World) -> None:
    job = world.run("refuse")
    error = error_of(job)
    assert job.status is JobStatus.FAILED
    assert getattr(error, "kind", None) is ErrorKind.FILE_RAGGED
    assert world.called == ["prepare", "discard"]
    assert "about to refuse" in job.progress.messages


def test_an_error_while_preparing_fails_the_job(world: World) -> None:
    def plan(_: Job) -> Plan:
        raise InvalidInputError("No such file.")

    world.plan = plan
    job = world.run("add", numbers=[])
    assert (job.status, str(error_of(job))) == (JobStatus.FAILED, "No such file.")
    assert world.called == ["prepare", "discard"]


def test_an_error_while_committing_fails_the_job(world: World) -> None:
    def commit(_: Result) -> Result:
        raise OSError(28, "No space left on device")

    world.commit = commit
    job = world.run("add", numbers=[])
    assert job.status is JobStatus.FAILED
    assert getattr(error_of(job), "kind", None) is ErrorKind.STORAGE_FULL
    assert world.called == ["prepare", "finish", "discard"]


def test_a_job_of_a_kind_that_nobody_knows_fails(world: World) -> None:
    assert "astrology" in str(error_of(world.run("astrology")))


def test_what_goes_wrong_while_discarding_does_not_hide_the_reason(
    jobs: JobService, pool: Pool, caplog: pytest.LogCaptureFixture
) -> None:
    def discard(_: Job) -> None:
        raise OSError("in the way")

    registry = Registry()
    registry.add(
        JobKind(
            name="refuse",
            task="sample_tasks:refuse",
            prepare=lambda _, __: {},
            finish=lambda _, __, result: result,
            discard=discard,
        )
    )
    runner = Runner(jobs, registry, pool)
    job = runner.wait(jobs.submit(Actor.local(), "refuse", None, "refuse", {}).id, timeout=20)
    assert "ragged" in str(error_of(job))
    assert "could not be removed" in caplog.text


def test_progress_is_seen_while_the_job_runs(world: World) -> None:
    seen: list[Job] = []
    job = world.submit("count", n=100, seconds=1.0)
    world.runner.wait(job.id, on_progress=seen.append)
    counted = {job.progress.done for job in seen if job.progress.stage == "counting"}
    stages = [stage for stage in dict.fromkeys(job.progress.stage for job in seen) if stage]
    assert len(counted) >= 5
    assert stages == [stage for stage in ("preparing", "counting", "committing") if stage in stages]
    assert seen[-1].status is JobStatus.SUCCEEDED
    assert seen[-1].progress.rows == 100


def test_progress_is_at_most_a_fifth_of_a_second_old(world: World) -> None:
    job = world.submit_running("count", n=1000, seconds=2.0)
    begun = world.jobs.find(job.id).progress.rows
    time.sleep(0.5)
    assert world.jobs.find(job.id).progress.rows - begun > 100  # a steady 500 rows a second, slowed by a busy machine


def test_a_cancelled_job_ends_within_two_seconds_and_is_discarded(world: World) -> None:
    job = world.submit_running("count", n=100, seconds=60)
    begun = time.monotonic()
    world.jobs.cancel(world.me, job.id)
    ended = world.runner.wait(job.id, timeout=5)
    assert time.monotonic() - begun < 2.0
    assert (ended.status, world.called) == (JobStatus.CANCELLED, ["prepare", "discard"])


def test_even_a_stubborn_task_is_gone_two_seconds_after_cancelling(world: World) -> None:
    job = world.submit_running("ignore_cancel", seconds=30)
    begun = time.monotonic()
    world.jobs.cancel(world.me, job.id)
    assert world.runner.wait(job.id, timeout=5).status is JobStatus.CANCELLED
    assert time.monotonic() - begun < 2.0


def test_a_cancel_while_preparing_keeps_the_task_from_running(world: World, tmp_path: Path) -> None:
    def plan(job: Job) -> Plan:
        world.jobs.cancel(world.me, job.id)
        return job.params

    world.plan = plan
    folder = tmp_path / "left"
    job = world.run("count", n=1, seconds=5, folder=str(folder))
    assert job.status is JobStatus.CANCELLED
    assert not folder.exists()


def test_a_cancel_while_committing_comes_too_late(world: World) -> None:
    def commit(result: Result) -> Result:
        world.jobs.cancel(world.me, job.id)
        return result

    world.commit = commit
    job = world.submit("wait_for_file", path=os.devnull)
    assert world.runner.wait(job.id, timeout=20).status is JobStatus.SUCCEEDED


def test_one_worker_runs_one_job_after_the_other(world: World) -> None:
    jobs = [world.submit("add", numbers=[number]) for number in range(4)]
    world.runner.wait_all()
    ended = [world.jobs.find(job.id) for job in jobs]
    assert [job.result for job in ended] == [{"committed": {"sum": number}} for number in range(4)]
    for job, following in itertools.pairwise(ended):
        assert job.finished is not None
        assert following.started is not None
        assert following.started >= job.finished


def test_two_workers_run_two_jobs_at_a_time(jobs: JobService, pool: Pool, tmp_path: Path) -> None:
    world = World(jobs, pool, workers=2)
    waiting = world.submit("wait_for_file", path=str(tmp_path / "go"))
    assert world.run("add", numbers=[]).status is JobStatus.SUCCEEDED
    assert jobs.find(waiting.id).status is JobStatus.RUNNING
    (tmp_path / "go").touch()
    world.runner.close()
    assert jobs.find(waiting.id).status is JobStatus.SUCCEEDED


def test_jobs_from_many_threads_are_all_run(world: World) -> None:
    ids: list[str] = []

    def submit() -> None:
        ids.extend(world.submit("add", numbers=[]).id for _ in range(5))

    threads = [threading.Thread(target=submit) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    world.runner.wait_all()
    assert [world.jobs.find(job_id).status for job_id in ids] == [JobStatus.SUCCEEDED] * 20


def test_waiting_ends_with_its_time(world: World, tmp_path: Path) -> None:
    job = world.submit("wait_for_file", path=str(tmp_path / "go"))
    begun = time.monotonic()
    assert not world.runner.wait(job.id, timeout=0.3).status.ended
    assert 0.25 < time.monotonic() - begun < 10


def test_a_job_that_ended_long_ago_needs_no_waiting(world: World) -> None:
    job = world.run("add", numbers=[])
    assert world.runner.wait(job.id) == job


def test_closing_waits_for_the_jobs(world: World) -> None:
    job = world.submit("count", n=2, seconds=0.5)
    world.runner.close()
    assert world.jobs.find(job.id).status is JobStatus.SUCCEEDED


def test_closing_without_waiting_cancels_what_runs_and_what_waits(world: World) -> None:
    jobs = [world.submit_running("count", n=10, seconds=60), *(world.submit("add", numbers=[]) for _ in range(3))]
    begun = time.monotonic()
    world.runner.close(wait=False)
    assert time.monotonic() - begun < 2.0
    assert [world.jobs.find(job.id).status for job in jobs] == [JobStatus.CANCELLED] * 4
    assert world.called == ["prepare", "discard"]


def test_the_store_is_held_while_a_job_runs_and_free_afterwards(tmp_path: Path, pool: Pool) -> None:
    mine = Database(tmp_path / "store", idle_close=0.1)
    others = Database(tmp_path / "store", busy_timeout=0.0)
    world = World(JobService(mine, PermissionService()), pool)
    job = world.submit("wait_for_file", path=str(tmp_path / "go"))
    time.sleep(0.8)
    with pytest.raises(StoreBusyError), others.read():
        pass
    (tmp_path / "go").touch()
    world.runner.wait(job.id)
    time.sleep(0.8)
    with others.read():
        pass
    world.runner.close()
    others.close()
    mine.close()


def program(store: Path, seconds: float, ending: str, **environment: str) -> subprocess.Popen[str]:
    command = [sys.executable, str(Path(__file__).with_name("sample_program.py")), str(store), str(seconds), ending]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def job_of(store: Path, job_id: str) -> Job:
    database = Database(store)
    try:
        return JobService(database, PermissionService()).find(job_id)
    finally:
        database.close()


def test_a_script_that_ends_after_submitting_has_run_its_job(tmp_path: Path) -> None:
    with program(tmp_path / "store", 1.0, "leave") as script:
        out, err = script.communicate(timeout=30)
    assert (script.returncode, err) == (0, "")
    assert job_of(tmp_path / "store", out.strip()).status is JobStatus.SUCCEEDED
    assert (tmp_path / "finished").exists()


def test_ctrl_c_while_waiting_cancels_within_two_seconds(tmp_path: Path) -> None:
    with program(tmp_path / "store", 60, "wait") as script:
        assert script.stdout is not None
        job_id = script.stdout.readline().strip()
        script.stdout.readline()
        begun = time.monotonic()
        script.send_signal(signal.SIGINT)
        _, err = script.communicate(timeout=30)
        assert time.monotonic() - begun < 2.5
    assert (script.returncode, err) == (0, "")
    assert job_of(tmp_path / "store", job_id).status is JobStatus.CANCELLED
    assert not (tmp_path / "left").exists()


@pytest.mark.parametrize("point", ["job.claimed", "job.prepared", "job.task-done", "job.finished"])
def test_a_job_whose_process_is_killed_is_found_lost_and_discarded(tmp_path: Path, pool: Pool, point: str) -> None:
    from sample_program import COUNT

    with program(tmp_path / "store", 0.1, "leave", JUPYTER_DATASETS_FAULT=f"{point}:kill") as script:
        out, _ = script.communicate(timeout=30)
    assert script.returncode == -signal.SIGKILL
    database = Database(tmp_path / "store")
    jobs, registry = JobService(database, PermissionService()), Registry()
    registry.add(COUNT)
    lost = Runner(jobs, registry, pool).recover(alone=True)
    assert [job.id for job in lost] == [out.strip()]
    assert not (tmp_path / "left").exists()
    assert (tmp_path / "finished").exists() == (point == "job.finished")
    database.close()


def test_a_child_killed_from_outside_fails_its_job_and_no_other(world: World) -> None:
    job = world.submit_running("count", n=10, seconds=60)
    until(lambda: world.jobs.find(job.id).progress.messages)
    os.kill(int(world.jobs.find(job.id).progress.messages[0]), signal.SIGKILL)
    ended = world.runner.wait(job.id, timeout=10)
    assert ended.status is JobStatus.FAILED
    assert "SIGKILL" in str(error_of(ended))
    assert world.run("add", numbers=[]).status is JobStatus.SUCCEEDED
