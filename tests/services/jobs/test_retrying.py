"""What is kept of a job that runs again."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_datasets.container import Container
from jupyter_datasets.errors import PermissionDeniedError
from jupyter_datasets.services.imports.models import ImportRequest
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.values import Actor
from tests.services.conftest import World


@pytest.fixture
def failed(container: Container, world: World, me: Actor, tmp_path: Path) -> str:
    """The id of an import that failed."""
    (tmp_path / "trips.csv").write_text("n\nx\n")
    request = ImportRequest(path=str(tmp_path / "trips.csv"), table="trips", options={"types": {"n": "BIGINT"}})
    job = container.imports.start(me, world.id, request)
    assert container.runner.wait(job.id).status is JobStatus.FAILED
    return job.id


def test_the_catalog_knows_which_job_runs_again(container: Container, me: Actor, failed: str) -> None:
    """On its own, once the process that ran it has forgotten it; the parameters are those of the first one."""
    again = container.imports.retry(me, failed)
    assert container.runner.wait(again.id).status is JobStatus.FAILED
    assert container.jobs.live.get(again.id) is None
    kept = container.jobs.find(again.id)
    assert (kept.retry_of, kept.params) == (failed, container.jobs.find(failed).params)


def test_one_that_failed_again_runs_again(container: Container, me: Actor, failed: str) -> None:
    """Each names the one before it."""
    second = container.imports.retry(me, failed)
    container.runner.wait(second.id)
    third = container.imports.retry(me, second.id)
    assert third.retry_of == second.id
    container.runner.wait(third.id)


def test_a_stranger_has_nothing_run_again(container: Container, stranger: Actor, failed: str) -> None:
    with pytest.raises(PermissionDeniedError):
        container.imports.retry(stranger, failed)
    assert len(container.jobs.list(Actor.local()).items) == 1
