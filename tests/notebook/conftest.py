"""A store for the tests of widgets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.repository import Repository
from tests.client.conftest import TRANSPORTS


@pytest.fixture(params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def repo(request: pytest.FixtureRequest, new_store: Path) -> Iterator[Repository]:
    """On every way to the store."""
    with request.param(new_store) as connect:
        repository = connect()
        yield repository
        repository.close()


@pytest.fixture
def here(new_store: Path) -> Iterator[Repository]:
    """In this process, where the way to the store makes no difference."""
    with connect(new_store) as repository:
        yield repository
