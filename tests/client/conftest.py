"""A repository over every transport: what holds for one must hold for all."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.http import HttpTransport
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.services.versions.models import Commit
from tests.server.serving import TOKEN, serving

Open = Callable[[], Repository]


@contextmanager
def _in_process(store: Path) -> Iterator[Open]:
    yield lambda: jd.connect(store)


@contextmanager
def _over_http(store: Path, near: bool) -> Iterator[Open]:
    with serving(store) as served:
        yield lambda: Repository(HttpTransport(served.url, TOKEN, near=near))


# How a client reaches a store.
TRANSPORTS: dict[str, Callable[[Path], AbstractContextManager[Open]]] = {
    "in process": _in_process,
    "server on this machine": partial(_over_http, near=True),
    "server elsewhere": partial(_over_http, near=False),
}


NEAR = [name for name in TRANSPORTS if name != "server elsewhere"]

in_place = pytest.mark.parametrize("open_repo", [TRANSPORTS[name] for name in NEAR], ids=NEAR, indirect=True)
"""For tests of what a client does that reads the store's own files."""


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def open_repo(request: pytest.FixtureRequest, new_store: Path) -> Iterator[Open]:
    """Opens clients of one store; those that are open are closed after the test."""
    opened: list[Repository] = []
    with request.param(new_store) as connect:

        def open_another() -> Repository:
            opened.append(connect())
            return opened[-1]

        yield open_another
        for repo in opened:
            repo.close()


@pytest.fixture
def repo(open_repo: Open) -> Repository:
    return open_repo()


@pytest.fixture
def trips(repo: Repository) -> Dataset:
    """An empty dataset."""
    return repo.create("trips")


def append(dataset: Dataset, *rows: Any, table: str = "trips", branch: str | None = None, message: str = "") -> Commit:
    """One commit with more rows of one column ``n``."""
    with dataset.edit(branch, message=message) as edit:
        edit[table].append({"n": list(rows)})
    assert edit.commit is not None
    return edit.commit


def rows(dataset: Dataset, ref: str | None = None, table: str = "trips") -> list[Any]:
    """The column ``n`` of a table at a reference."""
    return list(dataset.table(table, ref).to_arrow()["n"].to_pylist())


@pytest.fixture
def ctrl_c() -> Iterator[threading.Timer]:
    """Sends SIGINT to this process half a second after it was started."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    yield timer
    timer.cancel()
    timer.join()
    signal.signal(signal.SIGINT, before)
