"""Many writers at one time: everything lands, and history is a line."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ConflictError
from tests.acceptance.conftest import Script, end

THREADS, EACH = 8, 5


def append(dataset: Dataset, *rows: int, table: str = "trips") -> None:
    with dataset.edit() as edit:
        edit[table].append({"n": list(rows)})
    assert edit.commit is not None


def is_a_line(dataset: Dataset, length: int) -> bool:
    """Each commit has the one before as its only parent; numbers count without gaps; none hangs aside."""
    log = list(dataset.log(limit=1000))
    parents = [c.parents for c in log]
    return (
        parents == [(c.id,) for c in log[1:]] + [()]
        and [c.seq for c in log] == list(range(length, 0, -1))
        and len(dataset.graph()) == length
        and len(dataset.diff("#1", "main")["trips"].rows()) == length - 1
    )


def found(dataset: Dataset, table: str = "trips") -> list[int]:
    return sorted(dataset.table(table).to_arrow()["n"].to_pylist())


def test_threads_that_append_to_one_branch_all_land_in_a_line(store: Path, catalog_url: str) -> None:
    with jd.connect(store, catalog_url=catalog_url) as repo:
        trips = repo.create("trips")

        def work(thread: int) -> None:
            mine = repo["trips"]
            for n in range(EACH):
                append(mine, thread * EACH + n)

        with ThreadPoolExecutor(THREADS) as threads:
            list(threads.map(work, range(THREADS)))
        assert found(trips) == list(range(THREADS * EACH))
        assert is_a_line(trips, THREADS * EACH)
        order = trips.table().to_arrow()["n"].to_pylist()
        assert all(sorted(mine) == mine for mine in ([n for n in order if n // EACH == t] for t in range(THREADS)))


def test_of_threads_that_replace_one_table_none_overwrites_another_unseen(store: Path, catalog_url: str) -> None:
    """Each read, added one and replaced; whoever came late was told and tried again."""
    with jd.connect(store, catalog_url=catalog_url) as repo:
        trips = repo.create("trips")
        append(trips, 0)

        def count_up(_: int) -> int:
            tries = 1
            while True:
                try:
                    with repo["trips"].edit() as edit:
                        seen = repo["trips"]["main"]["trips"].to_arrow()["n"][0].as_py()
                        edit["trips"].replace({"n": [seen + 1]})
                    return tries
                except ConflictError:
                    tries += 1

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(count_up, range(12)))
        assert found(trips) == [12]
        assert len(trips.log()) == 13


def test_threads_may_do_different_things_at_one_time(store: Path, catalog_url: str) -> None:
    """Reading, branching, describing and appending on several branches; nobody disturbs anybody."""
    with jd.connect(store, catalog_url=catalog_url) as repo:
        append(repo.create("trips"), 0)
        repo["trips"].branch("fix")

        def read(_: int) -> None:
            rows = found(repo["trips"])
            assert rows == list(range(len(rows)))

        def write(n: int) -> None:
            append(repo["trips"], n + 1)

        def fix(n: int) -> None:
            with repo["trips"].edit("fix") as edit:
                edit[f"t{n}"].append({"n": [n]})

        def tag(n: int) -> None:
            repo["trips"].tag(f"v{n}")
            repo.create(f"other {n}").delete()

        with ThreadPoolExecutor(4) as threads:
            waiting = [threads.submit(work, n) for n in range(6) for work in (read, fix, tag)]
            for n in range(6):  # in this order, or the rows would tell nothing
                write(n)
            for one in waiting:
                one.result()
        trips = repo["trips"]
        assert found(trips) == list(range(7))
        assert list(trips["fix"]) == [*(f"t{n}" for n in range(6)), "trips"]
        assert Counter(r.kind for r in trips.refs()) == {"tag": 6, "branch": 2}


APPENDER = """
import logging
logging.disable()  # it tells that it waits
repo = jd.connect(sys.argv[1], idle_close=0.05, busy_timeout=60)
for n in range(int(sys.argv[2]), int(sys.argv[3])):
    append(repo["trips"], n)
repo.close()
"""


def test_two_processes_take_turns_on_an_embedded_store(store: Path, start_script: Script) -> None:
    with jd.connect(store) as repo:
        repo.create("trips")
    processes = [start_script(APPENDER, first, first + 6) for first in (0, 6)]
    assert [end(p)[::2] for p in processes] == [(0, "")] * 2
    with jd.connect(store) as repo:
        check_all_landed(repo, 12)


def test_two_processes_write_at_one_time_with_postgresql(
    store: Path, start_script: Script, new_postgres: object, catalog_template: str
) -> None:
    url = new_postgres(template=catalog_template)  # type: ignore[operator]  # a factory
    with jd.connect(store, catalog_url=url) as repo:
        repo.create("trips")
    processes = [start_script(APPENDER, first, first + 15, catalog_url=url) for first in (0, 15)]
    assert [end(p)[::2] for p in processes] == [(0, "")] * 2
    with jd.connect(store, catalog_url=url) as repo:
        check_all_landed(repo, 30)


def check_all_landed(repo: Repository, count: int) -> None:
    assert found(repo["trips"]) == list(range(count))
    assert is_a_line(repo["trips"], count)
