"""A repository over every transport: what holds for one must hold for all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.services.versions.models import Commit

Open = Callable[[], Repository]


def _in_process(store: Path) -> Repository:
    return jd.connect(store)


# How a client reaches a store; a transport over HTTP joins by one more entry.
TRANSPORTS: dict[str, Callable[[Path], Repository]] = {"in process": _in_process}


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def open_repo(request: pytest.FixtureRequest, store: Path) -> Iterator[Open]:
    """Opens clients of one store; those that are open are closed after the test."""
    opened: list[Repository] = []

    def connect() -> Repository:
        opened.append(request.param(store))
        return opened[-1]

    yield connect
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
