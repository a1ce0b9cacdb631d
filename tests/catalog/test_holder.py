"""Who may open an embedded store: real processes that want the same one."""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import duckdb
import pytest

from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.holder import Holder, find_holder, process_start
from jupyter_datasets.catalog.schema import HEAD, Schema
from jupyter_datasets.errors import (
    DamagedObjectError,
    ErrorKind,
    FormatError,
    InvalidInputError,
    StorageError,
    StoreBusyError,
)

HOLD = "database = Database(store, idle_close=600, program='holder.py'); count(database); say(); input()"
ATTEMPT = "attempt(Database(store, busy_timeout=0.3))"
BYPASS = """
import duckdb
try:
    duckdb.connect(store / "catalog.duckdb")
    say(opened=True)
except duckdb.IOException as error:
    say(opened=False, text=str(error))
"""

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


def open_once(store, **options) -> None:
    with closing(Database(store, **options)) as database, database.read():
        pass


def refused(process) -> bool:
    said = process.hear()
    return said.get("error") == "StoreBusyError" and said["details"]["pid"] == os.getpid()


def test_while_a_process_holds_the_store_another_is_refused_with_pid_program_and_next_step(store, start_process):
    holder = start_process(HOLD)
    holder.hear()
    with pytest.raises(StoreBusyError) as caught:
        open_once(store, busy_timeout=0.3)
    assert caught.value.details == {"pid": holder.pid, "program": "holder.py"}
    assert str(holder.pid) in str(caught.value)
    assert caught.value.next_step


def test_the_busy_error_comes_when_the_time_is_over_and_not_before(store, start_process):
    start_process(HOLD).hear()
    began = time.monotonic()
    with pytest.raises(StoreBusyError):
        open_once(store, busy_timeout=0.5)
    assert 0.5 <= time.monotonic() - began < 10


def test_threads_that_wait_together_all_give_up_in_time(store, start_process):
    start_process(HOLD).hear()
    database = Database(store, busy_timeout=2)
    began = time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        errors = list(pool.map(lambda _: _error_of(database), range(4)))
    assert [type(error) for error in errors] == [StoreBusyError] * 4
    assert time.monotonic() - began < 6
    database.close()


def _error_of(database) -> Exception | None:
    try:
        with database.read():
            return None
    except StoreBusyError as error:
        return error


def test_an_idle_holder_lets_another_have_its_turn_and_comes_back(store, start_process, words):
    messages: list[str] = []
    other = start_process(
        "database = Database(store, idle_close=0.3); add(database, 'a'); say(); input(); say(n=count(database))"
    )
    other.hear()
    with closing(Database(store, idle_close=0.1, on_wait=messages.append)) as mine:
        words.add(mine, "b")
        other.go_on()
        assert other.hear() == {"n": 2}
    assert len(messages) == 1
    assert str(other.pid) in messages[0]


def test_waiting_is_logged(store, start_process, caplog):
    holder = start_process(HOLD)
    holder.hear()
    with pytest.raises(StoreBusyError):
        open_once(store, busy_timeout=0.2)
    assert f"process {holder.pid} (holder.py)" in caplog.text


def test_a_held_store_is_not_let_go_when_idle(store, start_process):
    with closing(Database(store, idle_close=0.05)) as database, database.hold():
        time.sleep(0.3)
        assert refused(start_process(ATTEMPT))


def test_a_killed_holder_frees_the_store_and_its_note_is_replaced(store, start_process, words):
    holder = start_process(HOLD)
    holder.hear()
    holder.kill()
    assert Holder.read(store).pid == holder.pid
    assert find_holder(store) is None
    with closing(Database(store, busy_timeout=0)) as database:
        words.add(database, "a")
        assert find_holder(store).pid == os.getpid()
    assert Holder.read(store) is None


def test_a_process_id_that_was_used_again_is_not_the_holder(store):
    open_once(store)
    note = {"pid": os.getpid(), "started": "before", "host": Holder.this_process("x").host, "program": "gone"}
    (store / "server.json").write_text(json.dumps({**note, "url": "http://x", "token": "t"}))
    assert find_holder(store) is None
    (store / "server.json").write_text(
        json.dumps({**note, "started": process_start(os.getpid()), "url": None, "token": None})
    )
    assert find_holder(store).pid == os.getpid()


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"{}", b"\xff\xfe", b"null"])
def test_a_note_that_cannot_be_read_is_no_holder_and_no_obstacle(store, content):
    open_once(store)
    (store / "server.json").write_bytes(content)
    assert find_holder(store) is None
    open_once(store)


def test_the_note_is_private_and_the_token_stays_out_of_repr(store):
    with closing(Database(store)) as database, database.serve("http://127.0.0.1:8888/x", "geheim"):
        assert stat.S_IMODE((store / "server.json").stat().st_mode) == 0o600
        assert stat.S_IMODE(store.stat().st_mode) == 0o700
        holder = find_holder(store)
        assert (holder.url, holder.token) == ("http://127.0.0.1:8888/x", "geheim")
        assert "geheim" not in repr(holder)


def test_who_does_not_serve_any_more_says_so_but_still_holds(store):
    with closing(Database(store)) as database:
        with database.serve("http://x", "t"):
            pass
        holder = find_holder(store)
        assert (holder.pid, holder.url, holder.token) == (os.getpid(), None, None)


@pytest.mark.parametrize("attempt", [ATTEMPT, BYPASS], ids=["our way", "duckdb alone"])
def test_after_copy_and_migration_another_process_is_still_refused(store, tmp_path, start_process, attempt):
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "next.py").write_text(f"revision, down_revision = '9', '{HEAD}'\ndef upgrade(): pass\n")
    open_once(store)
    with (
        closing(Database(store, schema=Schema(head="9", more_versions=(tmp_path / "later",)))) as database,
        database.hold(),
    ):
        assert list((store / "backup").glob("*.duckdb"))
        database.copy_to(tmp_path / "copy.duckdb")
        process = start_process(attempt)
        assert refused(process) if attempt is ATTEMPT else process.hear()["opened"] is False


def test_a_file_opened_by_a_program_that_never_asks_is_a_busy_store_too(store, start_process):
    open_once(store)
    other = start_process("import duckdb; c = duckdb.connect(store / 'catalog.duckdb'); say(); input()")
    other.hear()
    with pytest.raises(StoreBusyError) as caught:
        open_once(store, busy_timeout=0.2)
    assert caught.value.details["pid"] == other.pid


def test_two_of_them_in_one_process_take_turns(store, words):
    with closing(Database(store, idle_close=0.1)) as one, closing(Database(store, idle_close=0.1)) as two:
        words.add(one, "a")
        words.add(two, "b")
        assert words.ids(one) == ["a", "b"]


# --------------------------------------------------------------------------------------------------------------------
# What a store's folder may look like


def test_a_folder_with_other_things_in_it_is_refused_and_left_alone(store):
    store.mkdir()
    (store / "thesis.docx").write_text("years of work")
    with pytest.raises(InvalidInputError, match=r"thesis\.docx"):
        open_once(store)
    assert os.listdir(store) == ["thesis.docx"]


def test_a_folder_in_which_only_the_lock_was_made_becomes_a_store(store):
    for name in ("objects", "packs", "staging"):
        (store / name).mkdir(parents=True)
    (store / "lock").touch()
    (store / ".DS_Store").touch()
    open_once(store)
    assert json.loads((store / "format.json").read_text())["format"] == 1


def test_a_store_of_a_newer_program_is_refused_naming_it(store):
    open_once(store)
    values = json.loads((store / "format.json").read_text())
    (store / "format.json").write_text(json.dumps({**values, "format": 2, "program": "jupyter_datasets 9.1"}))
    with pytest.raises(FormatError, match=r"Install jupyter_datasets 9\.1") as caught:
        open_once(store)
    assert caught.value.kind == ErrorKind.STORE_TOO_NEW
    assert caught.value.details["needs"] == "jupyter_datasets 9.1"


@pytest.mark.parametrize("content", ['{"format": 99}', '{"format": 99, "program": 7}', '{"format": 99, "x": {}}'])
def test_a_newer_format_is_told_by_its_number_alone(store, content):
    open_once(store)
    (store / "format.json").write_text(content)
    with pytest.raises(FormatError, match="Install a jupyter_datasets that knows format 99") as caught:
        open_once(store)
    assert caught.value.details["needs"] == "a jupyter_datasets that knows format 99"


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "\0\0", "{}", '{"format": 1}', '{"format": "1", "created_us": 1, "program": "x"}'],
)
def test_a_format_file_that_cannot_be_read_is_damage(store, content):
    open_once(store)
    (store / "format.json").write_text(content)
    told = r"The store's format\.json cannot be read \(.*Put the file back"
    with pytest.raises(DamagedObjectError, match=told) as caught:
        open_once(store)
    assert caught.value.kind is ErrorKind.OBJECT_DAMAGED


def test_a_store_without_its_format_file_is_damage_and_stays_as_it_is(store):
    """It is neither taken for a folder of something else nor made anew."""
    open_once(store)
    (store / "format.json").unlink()
    held = sorted(os.listdir(store))
    told = r"The store's format\.json is missing \(.*Put the file back"
    with pytest.raises(DamagedObjectError, match=told) as caught:
        open_once(store)
    assert caught.value.kind is ErrorKind.OBJECT_MISSING
    assert sorted(os.listdir(store)) == held


def test_keys_that_others_keep_in_the_format_file_stay(store):
    open_once(store)
    values = json.loads((store / "format.json").read_text())
    (store / "format.json").write_text(json.dumps({**values, "writer": "w1", "catalog": None}))
    open_once(store)
    assert json.loads((store / "format.json").read_text()) == {**values, "writer": "w1"}


@pytest.mark.parametrize("content", [b"x" * 20_000, b"", b"\0" * 20_000])
def test_a_catalog_that_is_not_one_is_damage_and_the_store_is_let_go(store, content):
    open_once(store)
    (store / "catalog.duckdb").write_bytes(content)
    with pytest.raises(DamagedObjectError, match="backup"):
        open_once(store)
    assert not (store / "server.json").exists()


def test_a_path_that_cannot_be_a_folder_is_a_storage_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        open_once(tmp_path / "file" / "store")


# --------------------------------------------------------------------------------------------------------------------
# Forks and the end of the interpreter


FORK_WHILE_OPEN = """
database = Database(store, idle_close=600)
add(database, "a")
before = (store / "catalog.duckdb.wal").stat()
child = os.fork()
if not child:
    attempt(database)
    # What the end of the interpreter may do, without the rest of it: the threads of DuckDB's default connection, which
    # the dialect makes, are not in the child, and waiting for them may take for ever.
    file = database._embedded._file
    file.engine.dispose()
    file._root.close()
    os._exit(0)
os.waitpid(child, 0)
after = (store / "catalog.duckdb.wal").stat()
say(same=(before.st_ino, before.st_size) == (after.st_ino, after.st_size))
add(database, "b")
say(n=count(database))
"""


@posix
def test_a_forked_child_is_refused_and_its_destructors_touch_nothing_of_the_parent(start_process):
    process = start_process(FORK_WHILE_OPEN)
    refusal = process.hear()
    assert refusal["error"] == "StoreBusyError"
    assert refusal["details"]["pid"] == process.pid
    assert process.hear() == {"same": True}
    assert process.hear() == {"n": 2}
    assert process.end() == (0, "")


@posix
def test_a_child_forked_before_the_first_use_may_open_the_store(start_process):
    process = start_process(
        "database = Database(store)\nif not os.fork(): attempt(database); database.close(); os._exit(0)\nos.wait()"
    )
    assert process.hear() == {"rows": 0}
    assert process.end() == (0, "")


FORK_THEN_STAY = """
database = Database(store, idle_close=600)
count(database)
child = os.fork()
if not child:
    time.sleep(60)
    os._exit(0)
say(child=child)
input()
"""


@posix
def test_a_child_that_outlives_a_killed_parent_does_not_keep_the_store(store, start_process):
    process = start_process(FORK_THEN_STAY)
    child = process.hear()["child"]
    try:
        process.kill()
        open_once(store, busy_timeout=2)
    finally:
        os.kill(child, 9)


@posix
def test_a_child_may_use_a_catalog_on_a_server_beside_its_parent(new_postgres, catalog_template, start_process):
    script = """
database = Database(store, url)
count(database)
if not os.fork(): attempt(database); database.close(); os._exit(0)
os.wait()
say(n=count(database))
"""
    process = start_process(script, new_postgres(catalog_template))
    assert process.hear() == {"rows": 0}
    assert process.hear() == {"n": 0}
    assert process.end() == (0, "")


@pytest.mark.parametrize("idle", ["600", "0.01", "0"])
def test_a_process_that_forgets_to_close_ends_in_silence_with_everything_kept(store, start_process, words, idle):
    process = start_process(f"database = Database(store, idle_close={idle}); add(database, 'a')")
    assert process.end() == (0, "")
    assert sorted(os.listdir(store)) == ["catalog.duckdb", "format.json", "lock"]
    with closing(Database(store)) as database:
        assert words.ids(database) == ["a"]


def test_a_process_that_ends_while_a_daemon_thread_is_inside_a_call_does_not_hang_and_keeps_what_was_committed(
    store, start_process, words
):
    script = """
import threading
database = Database(store)
add(database, "a")
def work():
    with database.begin():
        say()
        time.sleep(60)
threading.Thread(target=work, daemon=True).start()
input()
"""
    process = start_process(script)
    process.hear()
    process.go_on()
    assert process.end()[0] == 0
    with closing(Database(store)) as database:
        assert words.ids(database) == ["a"]


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_holding_costs_one_descriptor_and_closing_gives_all_back(store):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        open_once(store)
    assert len(os.listdir("/proc/self/fd")) == before


def test_the_closed_file_has_no_log_beside_it(store, words):
    with closing(Database(store)) as database:
        words.add(database, "a")
        assert (store / "catalog.duckdb.wal").exists()
    assert not (store / "catalog.duckdb.wal").exists()
    with duckdb.connect(store / "catalog.duckdb", read_only=True) as connection:
        assert connection.execute("SELECT hash FROM objects").fetchall() == [("a",)]


def test_a_store_whose_catalog_is_lost_is_refused_and_gets_no_empty_one(store):
    with closing(Database(store)) as database, database.read():
        pass
    (store / "catalog.duckdb").unlink()
    with closing(Database(store)) as database, pytest.raises(DamagedObjectError, match="catalog is missing"):
        database.read().__enter__()
    assert not (store / "catalog.duckdb").exists()
