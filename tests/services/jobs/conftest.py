from __future__ import annotations

import pytest

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor


@pytest.fixture
def jobs(database: Database) -> JobService:
    return JobService(database, PermissionService())


@pytest.fixture
def me() -> Actor:
    return Actor.local()
