"""Transactions on both catalogs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text

from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.catalog.events import Event
from jupyter_datasets.errors import ConflictError, ErrorKind, InternalError, InvalidInputError

ROW = {"hash": "a", "pack": "", "offset": 0, "length": 0}


def test_without_commit_nothing_happened(database, words):
    with database.begin() as work:
        work.connection.execute(insert(tables.objects), ROW)
    assert words.ids(database) == []


def test_an_error_in_the_block_rolls_back_and_comes_out_unchanged(database, words):
    with pytest.raises(ZeroDivisionError):
        _write_and_fail(database)
    assert words.ids(database) == []


def _write_and_fail(database: Database) -> None:
    with database.begin() as work:
        work.connection.execute(insert(tables.objects), ROW)
        raise ZeroDivisionError


def test_a_commit_is_there_for_the_next_process(store, catalog_url, words):
    with closing(Database(store, catalog_url)) as first:
        words.add(first, "a")
    with closing(Database(store, catalog_url)) as second:
        assert words.ids(second) == ["a"]


def test_what_a_read_writes_is_not_kept(embedded, words):
    with embedded.read() as connection:
        connection.execute(insert(tables.objects), ROW)
    assert words.ids(embedded) == []


def test_a_read_sees_one_state_however_others_write(database, words):
    query = select(tables.objects.c.hash)
    with database.read() as connection:
        before = connection.execute(query).all()
        words.add(database, "a")
        assert connection.execute(query).all() == before == []


def test_of_two_that_move_a_reference_from_the_same_place_one_gets_a_conflict_and_may_try_again(database, words):
    words.new_ref(database)
    with pytest.raises(ConflictError) as caught:
        _move_after_another_moved(database, words)
    assert caught.value.kind == ErrorKind.WRITE_CONFLICT
    with database.read() as connection:
        assert connection.execute(select(tables.refs.c.commit_id)).scalar_one() == "early"


def _move_after_another_moved(database: Database, words) -> None:
    with database.begin() as late:
        late.connection.execute(select(tables.refs)).all()
        with database.begin() as early:
            early.connection.execute(words.move("0", "early")).all()
            early.commit()
        late.connection.execute(words.move("0", "late")).all()
        late.commit()


def test_the_same_unique_key_twice_is_a_conflict(database):
    row = {"dataset_id": "d", "seq": 1, "parents": "", "author": "", "time_us": 0, "message": ""}
    with database.begin() as work:
        work.connection.execute(insert(tables.commits), {**row, "id": "a"})
        work.commit()
    with pytest.raises(ConflictError), database.begin() as work:
        work.connection.execute(insert(tables.commits), {**row, "id": "b"})


def test_two_open_transactions_with_the_same_unique_key_do_not_both_commit(embedded):
    with embedded.begin() as one, embedded.begin() as two:
        one.connection.execute(insert(tables.objects), ROW)
        two.connection.execute(insert(tables.objects), ROW)
        one.commit()
        with pytest.raises(ConflictError):
            two.commit()


def test_eight_threads_count_without_losing_a_step(database, words):
    words.new_ref(database)
    with ThreadPoolExecutor(8) as pool:
        for done in [pool.submit(_step_until_done, database, words, 5) for _ in range(8)]:
            done.result()
    with database.read() as connection:
        assert connection.execute(select(tables.refs.c.commit_id)).scalar_one() == "40"


def _step_until_done(database: Database, words, steps: int) -> None:
    while steps:
        try:
            steps -= _step(database, words)
        except ConflictError:
            continue


def _step(database: Database, words) -> int:
    with database.begin() as work:
        now = work.connection.execute(select(tables.refs.c.commit_id)).scalar_one()
        moved = work.connection.execute(words.move(now, str(int(now) + 1))).all()
        work.commit()
    return len(moved)


def test_a_statement_of_ours_that_is_wrong_is_our_mistake_with_the_cause_kept(database):
    with pytest.raises(InternalError) as caught, database.read() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
    assert "nowhere" in str(caught.value)
    assert caught.value.__cause__ is not None


def test_a_value_that_is_missing_is_our_mistake_and_no_conflict(database):
    with pytest.raises(InternalError), database.begin() as work:
        work.connection.execute(text("INSERT INTO objects (hash) VALUES ('a')"))


def test_a_unit_of_work_ends_with_its_commit(database):
    with database.begin() as work:
        work.commit()
        with pytest.raises(InternalError, match="after its commit"):
            work.connection.execute(text("SELECT 1"))
        with pytest.raises(InternalError):
            work.commit()


class Made(Event):
    pass


def test_events_go_out_after_the_commit_and_only_then(database, words):
    seen: list[list[str]] = []
    database.events.subscribe(Made, lambda _: seen.append(words.ids(database)))
    with database.begin() as work:
        work.record(Made())
    assert seen == []
    with database.begin() as work:
        work.connection.execute(insert(tables.objects), ROW)
        work.record(Made())
        assert seen == []
        work.commit()
        assert seen == [["a"]]


def test_nothing_exists_before_the_first_use(store, catalog_url):
    Database(store, catalog_url).close()
    assert not store.exists()


def test_closing_twice_is_fine_and_a_closed_catalog_says_so(database):
    with database.read():
        pass
    database.close()
    database.close()
    with pytest.raises(InvalidInputError, match="closed"), database.read():
        pass


def test_closing_lets_a_call_that_is_under_way_end(store, words):
    database = Database(store)
    with database.begin() as work:
        database.close()
        assert (store / "server.json").exists()
        work.connection.execute(insert(tables.objects), ROW)
        work.commit()
    assert not (store / "server.json").exists()
    with closing(Database(store, busy_timeout=0)) as next_one:
        assert words.ids(next_one) == ["a"]


def test_a_copy_is_whole_while_others_write(embedded, tmp_path, words):
    words.add(embedded, "000000")
    stop = threading.Event()
    writer = threading.Thread(target=_write_until, args=(stop, embedded, words))
    writer.start()
    try:
        embedded.copy_to(tmp_path / "o'copy.duckdb")
    finally:
        stop.set()
        writer.join()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["o'copy.duckdb", "store"]
    copied = _ids_in_copy(tmp_path / "o'copy.duckdb", tmp_path / "other", words)
    assert copied
    assert copied == words.ids(embedded)[: len(copied)]


def _write_until(stop: threading.Event, database: Database, words) -> None:
    number = 1
    while not stop.is_set():
        words.add(database, f"{number:06}")
        number += 1


def _ids_in_copy(copy: Path, folder: Path, words) -> list[str]:
    with closing(Database(folder)) as other, other.read():
        pass
    copy.replace(folder / "catalog.duckdb")
    with closing(Database(folder)) as other:
        ids: list[str] = words.ids(other)
    return ids


def test_a_copy_never_replaces_a_file(embedded, tmp_path):
    target = tmp_path / "precious"
    target.write_text("mine")
    with pytest.raises(InvalidInputError, match="exists"):
        embedded.copy_to(target)
    assert target.read_text() == "mine"


def test_a_catalog_on_a_server_is_not_copied(new_postgres, catalog_template, store, tmp_path):
    with (
        closing(Database(store, new_postgres(catalog_template))) as database,
        pytest.raises(InvalidInputError, match="pg_dump"),
    ):
        database.copy_to(tmp_path / "copy")


@pytest.mark.parametrize("url", ["mysql://user:geheim@host/db", "geheim", "sqlite:///x?password=geheim"])
def test_a_url_that_is_not_postgresql_is_refused_without_showing_it(store, url):
    with pytest.raises(InvalidInputError) as caught:
        Database(store, url)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_every_usual_spelling_of_the_scheme_is_taken(store, scheme):
    assert Database(store, f"{scheme}://host/db").dialect == "postgresql"
