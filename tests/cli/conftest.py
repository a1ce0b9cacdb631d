"""A small store, and a way to run commands on it as ``main(argv)`` in this process."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from jupyter_datasets.cli.__main__ import main
from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.provenance import READS

HOSTILE = "\x1b[31mred\u202eder \ud7ff"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON that it wrote."""
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def run(store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs a command on the test's store, which does not exist at first."""
    monkeypatch.setenv("JUPYTER_DATASETS_STORE", str(store))
    monkeypatch.setenv("COLUMNS", "100")

    def command(*arguments: object) -> Ran:
        READS.forget()  # each command is a process of its own, elsewhere
        code = main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return Ran(code=code, out=shown.out, err=shown.err)

    return command


def prices(**changed: float) -> pa.Table:
    """A hundred things and what they cost; ``id7=0.0`` changes the price of one."""
    cost = [changed.get(f"id{i}", i / 4) for i in range(100)]
    return pa.table({"id": list(range(100)), "name": [f"thing {i}" for i in range(100)], "price": cost})


@pytest.fixture
def sales(shop: Path, store: Path) -> Path:
    """A store whose dataset ``sales`` has tag ``v1`` and, on branch ``fix``, a cheaper thing and one table more."""
    return Path(shutil.copytree(shop, store))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What each test of ``sales`` begins with."""
    store = tmp_path_factory.mktemp("shop") / "store"
    with connect(store) as repo:
        dataset = repo.create("sales", description=HOSTILE, labels=["shop"])
        with dataset.edit(message="first load") as edit:
            edit["sales"].append(prices())
        dataset.tag("v1")
        dataset.branch("fix")
        with dataset.edit("fix", message="one is free") as edit:
            edit["sales"].replace(prices(id7=0.0))
            edit["notes"].append({"text": [HOSTILE]})
    return store
