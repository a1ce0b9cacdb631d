"""Migrations: from nothing, from an older catalog, and never from a newer one."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.layout import program_version
from jupyter_datasets.catalog.schema import HEAD, Schema, migrated_by, revision_of
from jupyter_datasets.errors import ErrorKind, FormatError, InternalError

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{head}"

def upgrade():
    op.create_table("later", sa.Column("id", sa.String, primary_key=True))
    op.add_column("objects", sa.Column("note", sa.String))
    {more}
"""


@pytest.fixture
def newer(tmp_path):
    """The schema of a program that comes after this one."""
    return _schema_with(tmp_path / "newer 100%", more="pass")


def _schema_with(folder, more: str) -> Schema:
    folder.mkdir()
    (folder / "next.py").write_text(NEXT.format(head=HEAD, more=more))
    return Schema(head="9999", more_versions=(folder,))


def _open(store, url="", schema=None) -> Database:
    return Database(store, url, **({"schema": schema} if schema else {}))


def _revision(database: Database) -> str | None:
    with database.read() as connection:
        return revision_of(connection)


def test_the_migrations_end_at_head_and_form_one_line():
    scripts = ScriptDirectory.from_config(Schema().config())
    assert scripts.get_heads() == [HEAD]


def test_the_migrations_make_exactly_the_declared_tables(database):
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, tables.metadata) == []


def test_a_new_catalog_says_which_program_made_it(database):
    with database.read() as connection:
        assert migrated_by(connection) == program_version()


def test_an_older_catalog_is_migrated_and_keeps_its_rows(store, catalog_url, newer, words):
    with closing(_open(store, catalog_url)) as old:
        words.add(old, "a")
    with closing(_open(store, catalog_url, newer)) as new:
        assert _revision(new) == "9999"
        assert words.ids(new) == ["a"]
        with new.read() as connection:
            assert connection.execute(text("SELECT note FROM objects")).all() == [(None,)]
            assert connection.execute(text("SELECT * FROM later")).all() == []


def test_a_newer_catalog_is_refused_naming_the_program_that_can_read_it(store, catalog_url, newer):
    with closing(_open(store, catalog_url, newer)) as new, new.begin() as work:
        work.connection.execute(text("COMMENT ON TABLE alembic_version IS 'jupyter_datasets 7.0'"))
        work.commit()
    with closing(_open(store, catalog_url)) as old:
        with pytest.raises(FormatError, match=r"Install jupyter_datasets 7\.0") as caught, old.read():
            pass
        assert caught.value.kind == ErrorKind.CATALOG_TOO_NEW
        assert caught.value.details["needs"] == "jupyter_datasets 7.0"
    with closing(_open(store, catalog_url, newer)) as new:
        assert _revision(new) == "9999"


def test_a_refused_catalog_is_left_to_others_and_not_copied(store, newer):
    with closing(_open(store, schema=newer)) as new:
        _revision(new)
    with closing(_open(store)) as old:
        with pytest.raises(FormatError), old.read():
            pass
        assert not (store / "server.json").exists()
    assert not (store / "backup").exists()


def test_a_migration_that_fails_changes_nothing(store, catalog_url, tmp_path, words):
    with closing(_open(store, catalog_url)) as old:
        words.add(old, "a")
    broken = _schema_with(tmp_path / "broken", more='op.execute("SELECT nothing FROM nowhere")')
    with closing(_open(store, catalog_url, broken)) as new, pytest.raises(InternalError, match="nowhere"), new.read():
        pass
    with closing(_open(store, catalog_url)) as old:
        assert _revision(old) == HEAD
        assert words.ids(old) == ["a"]


def test_going_back_is_refused(database):
    with database.begin() as work, pytest.raises(FormatError, match="backup"):
        command.downgrade(Schema().config(work.connection), "base")
    assert _revision(database) == HEAD


def test_processes_that_migrate_one_server_at_once_all_get_through(new_postgres, store):
    url = new_postgres()
    databases = [Database(store, url) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_revision, databases)) == [HEAD] * 4
    for database in databases:
        database.close()


def test_stores_that_threads_open_at_once_are_migrated_each_for_itself(tmp_path):
    databases = [Database(tmp_path / f"store {number}") for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(_revision, databases)) == [HEAD] * 4
    for database in databases:
        database.close()


def test_before_a_migration_the_file_and_its_log_are_copied_as_they_are(store, newer, start_process):
    crashed = start_process("database = Database(store); add(database, 'a'); say(); input()")
    crashed.hear()
    crashed.kill()
    before = {suffix: (store / f"catalog.duckdb{suffix}").read_bytes() for suffix in ("", ".wal")}
    assert before[".wal"]
    with closing(_open(store, schema=newer)) as new:
        assert _revision(new) == "9999"
    (copy,) = (store / "backup").glob("*.duckdb")
    assert copy.name.startswith(f"catalog-{HEAD}-")
    assert {suffix: copy.with_name(copy.name + suffix).read_bytes() for suffix in before} == before


def test_the_copy_brings_the_old_program_back(store, newer, words):
    with closing(_open(store)) as old:
        words.add(old, "a")
    with closing(_open(store, schema=newer)) as new:
        words.add(new, "b")
    (copy,) = (store / "backup").glob("*.duckdb")
    copy.replace(store / "catalog.duckdb")
    with closing(_open(store)) as old:
        assert words.ids(old) == ["a"]


def test_a_file_that_was_put_back_by_hand_is_migrated_although_the_store_promises_otherwise(store, newer):
    with closing(_open(store)) as old:
        _revision(old)
    shutil.copy(store / "catalog.duckdb", store.parent / "kept")
    with closing(_open(store, schema=newer)) as new:
        _revision(new)
    (store.parent / "kept").replace(store / "catalog.duckdb")
    with closing(_open(store, schema=newer)) as new:
        assert _revision(new) == "9999"
    assert len(list((store / "backup").glob("*.duckdb"))) == 2


def test_a_process_killed_before_the_first_migration_leaves_a_store_that_opens(store, words):
    with closing(_open(store)) as first:
        _revision(first)
    (store / "catalog.duckdb").unlink()
    duckdb.connect(store / "catalog.duckdb").close()
    values = json.loads((store / "format.json").read_text())
    (store / "format.json").write_text(json.dumps({**values, "catalog": None}))
    with closing(_open(store)) as again:
        assert words.ids(again) == []
    assert not (store / "backup").exists()


def test_the_file_can_be_opened_by_the_older_line_of_duckdb(embedded, tmp_path):
    embedded.copy_to(tmp_path / "copy.duckdb")
    query = "SELECT tags['storage_version'] FROM duckdb_databases() WHERE database_name = current_database()"
    with embedded.read() as connection:
        assert connection.execute(text(query)).scalar_one() == "v1.5.0+"
    with duckdb.connect(tmp_path / "copy.duckdb") as copy:
        assert copy.execute(query).fetchall() == [("v1.5.0+",)]


@pytest.fixture(params=["duckdb", "postgres"])
def bare_url(request):
    """The URL of a catalog without any tables, once for each kind."""
    return "" if request.param == "duckdb" else request.getfixturevalue("new_postgres")()


def test_the_second_revision_keeps_commits_and_references_as_they_were(store, bare_url):
    with closing(_open(store, bare_url, Schema(head="0001"))) as old, old.begin() as work:
        for statement in FIRST_ROWS:
            work.connection.execute(text(statement))
        work.commit()
    with closing(_open(store, bare_url)) as new, new.read() as connection:
        assert _revision(new) == HEAD
        rows = {table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all() for table in ADDED}
    assert {table: [row[ADDED[table]] for row in rows[table]] for table in ADDED} == {table: [None] for table in ADDED}
    assert (rows["commits"][0]["message"], rows["refs"][0]["commit_id"], rows["ref_log"][0]["new"]) == (
        "first",
        "c",
        "c",
    )


def test_a_process_killed_behind_a_migration_leaves_a_catalog_that_opens(store, start_process, words):
    with closing(_open(store, schema=Schema(head="0001"))) as old, old.begin() as work:
        for statement in FIRST_ROWS:
            work.connection.execute(text(statement))
        work.commit()
    migrated = start_process("database = Database(store, idle_close=600); add(database, 'a'); say(); input()")
    migrated.hear()
    migrated.kill()
    with closing(_open(store)) as new:
        assert words.ids(new) == ["a"]
        with new.begin() as work:
            work.connection.execute(text("UPDATE refs SET protected = true WHERE name = 'main'"))
            work.connection.execute(text("UPDATE commits SET touched = 'x' WHERE id = 'c'"))
            work.commit()


FIRST_ROWS = (
    "INSERT INTO commits VALUES ('d', 'c', 1, '', 'me', 5, 'first')",
    "INSERT INTO refs VALUES ('d', 'main', 'branch', 'c')",
    "INSERT INTO ref_log VALUES ('m', 'd', 'main', 'branch', 'commit', NULL, 'c', NULL, 'me', 5)",
)
ADDED = {"commits": "touched", "refs": "protected", "ref_log": "other"}
