"""Other processes that want the same catalog, and small words for writing into it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.database import Database

ROOT = Path(__file__).parents[2]
PREAMBLE = """
import json, os, sys, time
from pathlib import Path
from sqlalchemy import func, insert, select
from jupyter_datasets.catalog import tables
from jupyter_datasets.catalog.database import Database
from jupyter_datasets.errors import DatasetsError

store, url = Path(sys.argv[1]), sys.argv[2]

def say(**values):
    sys.stdout.write(json.dumps(values) + chr(10))
    sys.stdout.flush()

def count(database):
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(tables.objects)).scalar_one()

def add(database, id):
    with database.begin() as work:
        work.connection.execute(insert(tables.objects), dict(hash=id, pack="", offset=0, length=0))
        work.commit()

def attempt(database):
    try:
        say(rows=count(database))
    except DatasetsError as error:
        say(error=type(error).__name__, kind=error.kind, text=str(error), details=error.details)
"""


class OtherProcess:
    """A Python process that runs a script beside the test and speaks in lines of JSON."""

    def __init__(self, script: str, store: Path, url: str, fault: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-W", "error", "-W", "ignore::ResourceWarning", "-c", PREAMBLE + script, str(store), url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "JUPYTER_DATASETS_FAULT": fault},
        )
        self.pid = self._process.pid

    def hear(self) -> dict[str, Any]:
        """The next thing that it says."""
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            pytest.fail(f"the other process ended: {self.end()[1]}")
        said: dict[str, Any] = json.loads(line)
        return said

    def go_on(self) -> None:
        """Let its next ``input()`` return."""
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def end(self) -> tuple[int, str]:
        """Wait for its end: exit status, and what it wrote to standard error."""
        _, noise = self._process.communicate(timeout=60)
        return self._process.returncode, noise

    def clean_up(self) -> None:
        """Leave nothing of it behind."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream:
                stream.close()


StartProcess = Callable[..., OtherProcess]


@pytest.fixture
def start_process(store: Path) -> Iterator[StartProcess]:
    """Starts processes on the test's store (or on a URL); they end with the test."""
    started: list[OtherProcess] = []

    def start(script: str, url: str = "", fault: str = "") -> OtherProcess:
        started.append(OtherProcess(script, store, url, fault))
        return started[-1]

    yield start
    for process in started:
        process.clean_up()


@pytest.fixture
def embedded(store: Path) -> Iterator[Database]:
    """An embedded catalog that does not close by itself during the test."""
    with closing(Database(store, idle_close=600, program="the test")) as database:
        yield database


class Words:
    """Writing and reading the catalog in the fewest words."""

    @staticmethod
    def add(database: Database, name: str) -> None:
        """Commit one row."""
        with database.begin() as work:
            work.connection.execute(insert(tables.objects), _object(name))
            work.commit()

    @staticmethod
    def ids(database: Database) -> list[str]:
        """The hashes of all rows."""
        with database.read() as connection:
            return list(connection.execute(select(tables.objects.c.hash).order_by("hash")).scalars())

    @staticmethod
    def new_ref(database: Database) -> None:
        """A branch that points at "0"."""
        row = {"dataset_id": "d", "name": "main", "kind": "branch", "commit_id": "0"}
        with database.begin() as work:
            work.connection.execute(insert(tables.refs), row)
            work.commit()

    @staticmethod
    def move(expected: str, new: str) -> Any:
        """A compare-and-set of that branch."""
        refs = tables.refs.c
        statement = update(tables.refs).where(refs.name == "main", refs.commit_id == expected)
        return statement.values(commit_id=new).returning(refs.commit_id)


def _object(name: str) -> dict[str, Any]:
    return {"hash": name, "pack": "", "offset": 0, "length": 0}


@pytest.fixture
def words() -> type[Words]:
    return Words
