"""Which store a command is about."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from jupyter_datasets.catalog.holder import find_holder
from tests.cli.conftest import Run
from tests.server.serving import TOKEN, serving


def names(run: Run) -> list[Any]:
    return [found["name"] for found in run("ls", "--json").data]


def test_in_a_terminal_of_a_server_commands_reach_its_store(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server tells its kernels and terminals where it is; the folder that the environment names need not exist."""
    with serving(tmp_path / "served") as served:
        monkeypatch.setenv("JUPYTER_DATASETS_URL", served.url)
        monkeypatch.setenv("JUPYTER_DATASETS_TOKEN", TOKEN)
        assert run("create", "trips").code == 0
        assert names(run) == ["trips"]


def test_a_store_that_a_server_holds_is_reached_through_it(run: Run, store: Path) -> None:
    """Nothing has to be told: the store's own note says where."""
    run("create", "trips")
    with serving(store):
        while not ((holder := find_holder(store)) and holder.url):
            time.sleep(0.02)
        assert names(run) == ["trips"]
        assert run("create", "more").code == 0
    assert names(run) == ["more", "trips"]


def test_a_file_is_no_store(run: Run, tmp_path: Path) -> None:
    """Neither is what would lie in it; both say so, and how the file is imported."""
    file = tmp_path / "data.csv"
    file.write_text("a\n1\n")
    for place in (file, file / "store"):
        shown = run("ls", "--store", place)
        assert shown.code == 1
        assert f"{str(file)!r} is a file, and a store is a folder." in shown.err
        assert run("create", "trips", "--store", place).code == 1
