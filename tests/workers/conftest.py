from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor
from jupyter_datasets.workers.pool import Pool

CEILING = 1 << 30


@pytest.fixture(autouse=True)
def tasks_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children get the path of this process, so they find ``sample_tasks`` too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(modules=["sample_tasks"], ceiling=CEILING)
    yield pool
    pool.close()


@pytest.fixture
def jobs(database: Database) -> JobService:
    return JobService(database, PermissionService())


@pytest.fixture
def me() -> Actor:
    return Actor.local()
