"""The disk, the server or the process gives way in the middle of something."""

from __future__ import annotations

import traceback
from contextlib import closing
from threading import Thread

import duckdb
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from jupyter_datasets.catalog.border import translate
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.events import Event
from jupyter_datasets.errors import ConflictError, ErrorKind, FormatError, InternalError, StorageError

WRITE = "database = Database(store, url); count(database); say(); add(database, 'a'); say(done=True)"
SLOW_COMMIT = """
CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(30); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON objects DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION slow();
"""


@pytest.mark.parametrize(("point", "kept"), [("catalog.before-commit", []), ("catalog.after-commit", ["a"])])
def test_killed_around_the_commit_the_catalog_is_whole(store, catalog_url, start_process, words, point, kept):
    process = start_process(WRITE, catalog_url, fault=f"{point}:kill")
    process.hear()
    assert process.end()[0] == -9
    with closing(Database(store, catalog_url)) as database:
        assert words.ids(database) == kept


FULL_DISK = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = Database(store, idle_close=600)
with database.hold():
    count(database)
    size = (store / "catalog.duckdb.wal").stat().st_size if (store / "catalog.duckdb.wal").exists() else 0
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 100_000, resource.RLIM_INFINITY))
    try:
        for number in range(100):
            add(database, str(number) + "x" * 10_000)
    except DatasetsError as error:
        say(error=type(error).__name__, kind=error.kind)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say(before=number, rows=count(database))
    add(database, "after")
    say(rows=count(database))
"""


def test_a_full_disk_loses_nothing_that_was_committed_and_work_goes_on_when_there_is_space(start_process):
    process = start_process(FULL_DISK)
    assert process.hear() == {"error": "StorageError", "kind": ErrorKind.STORAGE_FULL}
    said = process.hear()
    assert 0 < said["before"] == said["rows"]
    assert process.hear() == {"rows": said["rows"] + 1}
    assert process.end()[0] == 0


FULL_AT_CHECKPOINT = """
import resource, signal
from sqlalchemy import text
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
database = Database(store, idle_close=600)
with database.hold():
    for number in range(200):
        add(database, str(number) + "x" * 2_000)
    size = (store / "catalog.duckdb").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
    try:
        with database.read() as connection:
            connection.commit()
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("CHECKPOINT"))
        say(error=None)
    except DatasetsError as error:
        say(error=type(error).__name__, kind=error.kind)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    say(rows=count(database))
    add(database, "after")
    say(rows=count(database))
"""


def test_a_disk_that_is_full_at_a_checkpoint_loses_nothing_and_the_catalog_recovers_while_held(start_process):
    process = start_process(FULL_AT_CHECKPOINT)
    assert process.hear() == {"error": "StorageError", "kind": ErrorKind.STORAGE_FULL}
    assert process.hear() == {"rows": 200}
    assert process.hear() == {"rows": 201}
    assert process.end()[0] == 0


@pytest.mark.parametrize(("action", "kind"), [("enospc", ErrorKind.STORAGE_FULL), ("eio", ErrorKind.STORAGE_IO)])
def test_a_disk_that_refuses_before_the_commit_changes_nothing(store, catalog_url, start_process, words, action, kind):
    script = """
database = Database(store, url)
try:
    add(database, "a")
except DatasetsError as error:
    say(error=type(error).__name__, kind=error.kind)
"""
    process = start_process(script, catalog_url, fault=f"catalog.before-commit:{action}")
    assert process.hear() == {"error": "StorageError", "kind": kind}
    process.end()
    with closing(Database(store, catalog_url)) as database:
        assert words.ids(database) == []


def test_a_server_that_does_not_answer_is_named_without_the_password(store):
    url = "postgresql://ada:geheim@127.0.0.1:1/science"
    with pytest.raises(StorageError, match=r"127\.0\.0\.1") as caught, closing(Database(store, url)) as database:
        database.read().__enter__()
    shown = "".join(traceback.format_exception(caught.value))
    assert "science" in shown
    assert "geheim" not in shown
    assert "JUPYTER_DATASETS_CATALOG_URL" in caught.value.next_step


@pytest.fixture
def server_side(new_postgres, catalog_template, store):
    """A catalog on a server, with a second one to act on the server while the first is busy."""
    url = new_postgres(catalog_template)
    with closing(Database(store, url)) as database, closing(Database(store, url)) as other:
        yield database, other


def _disconnect_others(database: Database, when: str) -> None:
    query = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND {when}"
    with database.read() as connection:
        while not connection.execute(text(query)).all():
            connection.commit()


def test_a_connection_that_breaks_is_a_storage_error_and_the_next_call_makes_a_new_one(server_side, words):
    database, other = server_side
    with pytest.raises(StorageError):
        _read_while_disconnected(database, other)
    assert words.ids(database) == []


def _read_while_disconnected(database: Database, other: Database) -> None:
    with database.read() as connection:
        connection.execute(text("SELECT 1"))
        _disconnect_others(other, "application_name = 'jupyter_datasets'")
        connection.execute(text("SELECT 1"))


def test_a_pooled_connection_that_broke_meanwhile_is_not_noticed(server_side, words):
    database, other = server_side
    words.ids(database)
    _disconnect_others(other, "application_name = 'jupyter_datasets'")
    assert words.ids(database) == []


class Added(Event):
    pass


def _commit_and_break(server_side, evidence) -> list[Event]:
    database, other = server_side
    heard: list[Event] = []
    database.events.subscribe(Added, heard.append)
    with database.begin() as work:
        work.connection.exec_driver_sql(SLOW_COMMIT)
        work.commit()
    breaker = Thread(target=_disconnect_others, args=(other, "query = 'COMMIT' AND state = 'active'"))
    breaker.start()
    try:
        with database.begin() as work:
            work.connection.execute(text("INSERT INTO objects VALUES ('a', '', 0, 0)"))
            work.record(Added())
            work.commit(evidence=evidence)
    finally:
        breaker.join()
    return heard


def test_a_connection_that_breaks_during_commit_leaves_the_outcome_unknown(server_side):
    with pytest.raises(StorageError) as caught:
        _commit_and_break(server_side, None)
    assert caught.value.kind == ErrorKind.COMMIT_UNKNOWN


def test_evidence_that_finds_nothing_leaves_the_outcome_unknown(server_side):
    query = text("SELECT hash FROM objects WHERE hash = 'a'")
    with pytest.raises(StorageError) as caught:
        _commit_and_break(server_side, lambda connection: bool(connection.execute(query).all()))
    assert caught.value.kind == ErrorKind.COMMIT_UNKNOWN


def test_evidence_that_finds_the_rows_makes_it_a_commit_with_its_events(server_side):
    assert len(_commit_and_break(server_side, lambda _: True)) == 1


@pytest.mark.parametrize(
    ("statement", "error", "kind"),
    [
        ("RAISE EXCEPTION USING ERRCODE = '40001'", ConflictError, ErrorKind.WRITE_CONFLICT),
        ("RAISE EXCEPTION USING ERRCODE = '40P01'", ConflictError, ErrorKind.WRITE_CONFLICT),
        ("RAISE EXCEPTION USING ERRCODE = '53100'", StorageError, ErrorKind.STORAGE_FULL),
        ("RAISE EXCEPTION USING ERRCODE = '58030'", StorageError, ErrorKind.STORAGE_IO),
        ("RAISE EXCEPTION USING ERRCODE = '25006'", StorageError, ErrorKind.STORAGE_IO),
        ("RAISE EXCEPTION USING ERRCODE = '42P01'", InternalError, ErrorKind.INTERNAL),
    ],
)
def test_what_the_server_reports_becomes_the_error_that_says_what_to_do(server_side, statement, error, kind):
    with pytest.raises(error) as caught, server_side[0].begin() as work:
        work.connection.exec_driver_sql(f"DO $$ BEGIN {statement}; END $$")
    assert caught.value.kind == kind


@pytest.mark.parametrize(
    ("name", "message", "error", "kind"),
    [
        ("TransactionException", "TransactionContext Error: Conflict on update!", ConflictError, "write-conflict"),
        ("FatalException", "FATAL Error: No space left on device", StorageError, "storage-full"),
        ("IOException", "IO Error: Could not write all bytes: No space left on device", StorageError, "storage-full"),
        # A path or a value that holds our key words must not decide.
        ("IOException", 'IO Error: Cannot open file "/Conflict/catalog.duckdb": denied', StorageError, "storage-io"),
        (
            "SerializationException",
            "Serialization Error: Trying to read a database file with version number 99, but we can only read 64",
            FormatError,
            "catalog-too-new",
        ),
        ("BinderException", "Binder Error: Conflict of names", InternalError, "internal"),
    ],
)
def test_what_duckdb_reports_becomes_the_error_that_says_what_to_do(name, message, error, kind):
    cause = getattr(duckdb, name)(message)
    for given in (cause, OperationalError("SELECT", {}, cause)):
        found = translate(given, "the catalog")
        assert (type(found), found.kind) == (error, kind)
