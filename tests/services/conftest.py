"""A store with all its services, embedded and on PostgreSQL, and few words for making versions in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from sqlalchemy import URL, Engine, create_engine, text

from jupyter_datasets.catalog.tables import metadata
from jupyter_datasets.container import Container, build
from jupyter_datasets.services.versions.models import Commit
from jupyter_datasets.services.versions.scans import pieces_of
from jupyter_datasets.settings import Settings
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Schema
from jupyter_datasets.values import Actor


@pytest.fixture(scope="session")
def shared_postgres(postgres_server: URL, catalog_template: str) -> Iterator[tuple[str, Engine]]:
    """One database for all tests of the services, to be emptied before each: making one takes half a second."""
    url = postgres_server.set(database="services").render_as_string(hide_password=False)
    administrator = create_engine(postgres_server, isolation_level="AUTOCOMMIT")
    with closing_engine(administrator), administrator.connect() as connection:
        connection.execute(text(f"CREATE DATABASE services TEMPLATE {catalog_template}"))
    with closing_engine(create_engine(url)) as engine:
        yield url, engine


@contextmanager
def closing_engine(engine: Engine) -> Iterator[Engine]:
    yield engine
    engine.dispose()


@pytest.fixture(params=["duckdb", "postgres"])
def catalog_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty catalog, once for each kind: "" stands for the embedded one."""
    if request.param == "duckdb":
        return ""
    url: str
    url, engine = request.getfixturevalue("shared_postgres")
    with engine.begin() as connection:
        connection.execute(text(f"TRUNCATE {', '.join(metadata.tables)}"))
    return url


@pytest.fixture
def container(request: pytest.FixtureRequest, store: Path, catalog_url: str) -> Iterator[Container]:
    """An empty store that is open, once for each kind of catalog."""
    if not catalog_url:
        request.getfixturevalue("new_store")
    made = build(Settings(store=store, catalog_url=catalog_url))
    yield made
    made.close(wait=False)


@pytest.fixture
def me() -> Actor:
    return Actor.local()


@pytest.fixture
def stranger() -> Actor:
    """Somebody who has no right to anything."""
    return Actor(id="local:nobody-at-all", name="Nobody")


class World:
    """A dataset of a store, ``trips`` by default; tables have a column ``n`` unless given whole."""

    def __init__(self, container: Container, me: Actor, name: str = "trips") -> None:
        self.container = container
        self.me = me
        self.datasets = container.datasets
        self.versions = container.versions
        self.edits = container.edits
        self.id = self.datasets.create(me, name).id

    def begin(self, branch: str = "main") -> str:
        return self.edits.begin(self.me, self.id, branch).id

    def put(self, edit: str, rows: Any, *, table: str = "trips", mode: Any = "append", **options: Any) -> Any:
        found = rows if isinstance(rows, pa.Table) else pa.table({"n": pa.array(rows, pa.int64())})
        return self.edits.put(self.me, edit, table, mode, found.schema, found.to_batches(), **options)

    def append(self, *rows: int, branch: str = "main", table: str = "trips", message: str = "") -> Commit:
        edit = self.begin(branch)
        self.put(edit, list(rows), table=table)
        made = self.edits.commit(self.me, edit, message)
        assert made is not None
        return made

    def rows(self, ref: str = "main", table: str = "trips") -> list[int]:
        plan = self.versions.plan(self.me, self.id, ref, table)
        found = OrderedReader(Schema.from_json(plan.fields)).table(pieces_of(plan.segments))
        return list(found["n"].to_pylist())

    def tables(self, ref: str = "main") -> list[str]:
        return sorted(table.name for table in self.versions.version(self.me, self.id, ref).tables)

    def head(self, ref: str = "main") -> str | None:
        return next((r.commit for r in self.versions.refs(self.me, self.id) if r.name == ref), None)

    def branch(self, name: str, at: str = "main") -> None:
        self.versions.create_ref(self.me, self.id, name, "branch", at)

    def tag(self, name: str, at: str = "main") -> None:
        self.versions.create_ref(self.me, self.id, name, "tag", at)

    def resolve(self, ref: str) -> str:
        return self.versions.resolve(self.me, self.id, ref).id

    def log(self, ref: str = "main", **page: Any) -> list[str]:
        return [c.id for c in self.versions.log(self.me, self.id, ref, **page).items]


@pytest.fixture
def world(container: Container, me: Actor) -> World:
    return World(container, me)
