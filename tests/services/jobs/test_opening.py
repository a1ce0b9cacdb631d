"""What opening a store does about jobs of processes that are gone, and about what they staged."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest
from sqlalchemy import update

from jupyter_datasets.catalog.tables import jobs as table
from jupyter_datasets.container import Container, build
from jupyter_datasets.services.jobs.models import JobStatus
from jupyter_datasets.settings import Settings
from jupyter_datasets.values import Actor

ME = Actor.local()
GONE = f"{platform.node()}:1:another start"
ELSEWHERE = "elsewhere:1:2"


def stage(container: Container, holder: str, *, ended: bool = False) -> str:
    """A running job of some process, or one that has ended, with its staging folder."""
    job = container.jobs.submit(ME, "import", None, "Import", {})
    assert container.jobs.live.take()
    assert container.jobs.start(job.id)
    container.backend.staging(job.id)
    with container.database.begin() as uow:
        uow.connection.execute(update(table).where(table.c.id == job.id).values(holder=holder))
        uow.commit()
    if ended:
        container.jobs.succeed(job.id, {})
    container.jobs.live.forget(job.id)
    return job.id


@pytest.fixture
def left(store: Path, catalog_url: str) -> dict[str, str]:
    """A store in which processes left things; the staging folders by what they are of."""
    container = build(Settings(store=store, catalog_url=catalog_url))
    # Nothing of this process shall run the jobs.
    container.jobs.live._listeners.clear()
    names = {
        "lost": stage(container, GONE),
        "ended": stage(container, GONE, ended=True),
        "elsewhere": stage(container, ELSEWHERE),
        "edit": container.backend.new_staging().name,
    }
    container.close(wait=False)
    return names


def test_opening_marks_lost_jobs_and_discards_what_they_staged(
    store: Path, catalog_url: str, left: dict[str, str]
) -> None:
    """Where several processes share the catalog, what may be in use stays: of other hosts, and of edits."""
    opened = build(Settings(store=store, catalog_url=catalog_url))
    try:
        found = {name: opened.jobs.find(left[name]).status for name in ("lost", "ended", "elsewhere")}
        staged = {folder.name for folder in opened.backend.stagings()}
    finally:
        opened.close(wait=False)
    shared = bool(catalog_url)
    assert (found["lost"], found["ended"]) == (JobStatus.LOST, JobStatus.SUCCEEDED)
    assert found["elsewhere"] is (JobStatus.RUNNING if shared else JobStatus.LOST)
    assert staged == ({left["elsewhere"], left["edit"]} if shared else set())
