"""``jupyter datasets quickstart``: from nothing to versions of real data, and the way on to the notebook."""

from __future__ import annotations

import shlex
import time
import tomllib
from pathlib import Path

import pytest

from jupyter_datasets.cli.quickstart import NOTEBOOK, notebook_source
from jupyter_datasets.client import tutorial
from jupyter_datasets.client.connect import connect
from tests.cli.conftest import Run

PACKAGE = "jupyter_datasets"
ROWS = {"airlines": 16, "airports": 1458, "flights": 336_776, "planes": 3322, "weather": 26_115}


def test_quickstart_tells_the_story_once_and_keeps_what_is_there(run: Run, tmp_path: Path) -> None:
    """Five tables, a tag, a branch with a change, a query over both, within a minute; again, nothing is made."""
    folder = tmp_path / "my folder"
    began = time.monotonic()
    told = run("quickstart", folder)
    assert told.code == 0
    assert time.monotonic() - began < 60
    assert "Import flights.csv.zip into flights.flights: Importing" in told.err
    last = shlex.split(told.out.splitlines()[-1])
    assert last == [f"JUPYTER_DATASETS_STORE={folder / 'store'}", "jupyter", "lab", str(folder / "quickstart.ipynb")]
    assert (folder / "quickstart.ipynb").read_bytes() == notebook_source().read_bytes()

    (folder / "quickstart.ipynb").write_text("my own notes")
    again = run("quickstart", folder, "--json")
    assert again.data["made"] == []
    assert len(again.data["existing"]) == 9
    assert again.data["diff"] == [{"name": "flights", "change": "changed", "added": 13, "removed": 13, "changed": 0}]
    assert [(row["version"], row["earliest"]) for row in again.data["query"]] == [("v1.0", -43), ("fix", -20)]
    assert (folder / "quickstart.ipynb").read_text() == "my own notes"
    with connect(folder / "store") as repo:
        flights = repo["flights"]
        assert {name: table.num_rows for name, table in flights["v1.0"].tables.items()} == ROWS
        assert len(flights.log("fix")) == 6
        assert str(flights["v1.0"]["flights"].schema.field("dep_delay").type) == "int64"


def test_without_the_data_it_names_the_extra(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message holds the command that installs what is missing, and nothing is made."""
    monkeypatch.setattr(tutorial, "PACKAGE", "a-package-that-nobody-has")
    shown = run("quickstart", tmp_path / "folder")
    assert shown.code == 1
    assert 'pip install "jupyter_datasets[lab]"' in shown.err
    assert not (tmp_path / "folder").exists()


def test_the_wheel_carries_the_notebook() -> None:
    """An installed package has the file that a checkout of the sources has beside it."""
    root = Path(__file__).parents[2]
    wheel = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    (source,) = (root / path for path, target in wheel["force-include"].items() if target == f"{PACKAGE}/{NOTEBOOK}")
    assert source.samefile(notebook_source())


def test_a_dataset_of_ones_own_is_left_alone(run: Run, tmp_path: Path, store: Path) -> None:
    """A store that has another dataset ``flights`` is refused."""
    run("create", "flights")
    shown = run("quickstart", tmp_path / "folder", "--store", store)
    assert shown.code == 4
    assert "not the tutorial's" in shown.err


def test_the_default_folder_is_taken_silently_where_nobody_can_answer(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a terminal no question is asked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tutorial, "TABLES", {"airlines": "Names of the carriers"})
    monkeypatch.setattr("jupyter_datasets.cli.quickstart._make_versions", lambda *_: None)
    monkeypatch.setattr("jupyter_datasets.cli.quickstart._tell", lambda *_: {})
    data = run("quickstart", "--json").data
    assert data["store"] == str(tmp_path / "jupyter-datasets-quickstart" / "store")
