"""A script as a user might write it: it submits a job whose task makes a folder, and ends.

``python sample_program.py <store> <seconds> <how it ends>``: ``leave`` says nothing more; ``wait`` waits at the end,
and cancels on Ctrl-C.
"""

from __future__ import annotations

import sys
from pathlib import Path

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.jobs.models import Job
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor
from jupyter_datasets.workers.pool import Pool
from jupyter_datasets.workers.registry import JobKind, Plan, Registry, Result
from jupyter_datasets.workers.runner import Runner


def prepare(_: Actor, job: Job) -> Plan:
    return {"n": 500, **job.params}


def finish(_: Actor, job: Job, result: Result) -> Result:
    Path(job.params["folder"]).rename(Path(job.params["folder"]).with_name("finished"))
    return result


def discard(job: Job) -> None:
    folder = Path(job.params["folder"])
    if folder.exists():
        folder.rmdir()


COUNT = JobKind(name="count", task="sample_tasks:count", prepare=prepare, finish=finish, discard=discard)


def main(store: str, seconds: str, ending: str) -> None:
    jobs = JobService(Database(Path(store)), PermissionService())
    registry = Registry()
    registry.add(COUNT)
    runner = Runner(jobs, registry, Pool(modules=registry.modules(), ceiling=1 << 30))
    params = {"folder": str(Path(store).parent / "left"), "seconds": float(seconds)}
    job = jobs.submit(Actor.local(), "count", None, "count", params)
    sys.stdout.write(job.id + "\n")
    sys.stdout.flush()
    if ending == "wait":
        try:
            runner.wait_all(on_progress=_tell_start)
        except KeyboardInterrupt:
            runner.close(wait=False)


def _tell_start(job: Job) -> None:
    if job.progress.rows:
        sys.stdout.write("counting\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
