"""``jupyter datasets import`` as users run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.cli.conftest import Run


@pytest.fixture
def prices_csv(tmp_path: Path) -> Path:
    """A small file."""
    file = tmp_path / "prices.csv"
    file.write_text("id,price\n1,2.5\n2,NA\n")
    return file


def test_import_makes_a_dataset_named_after_the_file(run: Run, prices_csv: Path) -> None:
    """Without a target the dataset is made, and that is said; progress is a line a stage that was seen."""
    shown = run("import", prices_csv)
    assert shown.code == 0
    assert "Created dataset 'prices'." in shown.out
    assert "prices.prices: 2 rows, commit" in shown.out
    stages = shown.err.splitlines()
    assert stages
    assert all(line.startswith("Import prices.csv into prices.prices: ") for line in stages)


def test_a_name_that_had_to_be_repaired_is_told(run: Run, tmp_path: Path) -> None:
    """A file whose name is no valid name gives a repaired one, in dataset and table."""
    file = tmp_path / "2024 (1).csv"
    file.write_text("a\n1\n")
    data = run("import", file, "--json").data
    assert (data["dataset"], data["table"], data["created"]) == ("_2024 _1", "_2024 _1", True)
    assert "no valid name" in data["warnings"][0]


def test_a_named_dataset_is_made_only_when_told(run: Run, prices_csv: Path) -> None:
    """A typed name may be a mistake, so it takes ``--create`` to make it."""
    refused = run("import", prices_csv, "shop.prices")
    assert refused.code == 3
    assert "--create" in refused.err
    assert run("import", prices_csv, "shop.prices", "--create").code == 0


def test_importing_again_replaces_appends_or_changes_nothing(run: Run, prices_csv: Path) -> None:
    """The file is the next version, or its rows come behind; an equal file makes no commit."""
    run("import", prices_csv)
    assert run("import", prices_csv, "--json").data["commit"] is None
    assert run("import", prices_csv, "--append", "prices", "-m", "twice", "--json").data["commit"]["message"] == "twice"
    assert len(run("show", "prices.prices", "--json").data["head"]) == 4


def test_reading_options_reach_the_reader(run: Run, tmp_path: Path) -> None:
    """Delimiter, decimal mark, nulls, header and types are those of the command line."""
    file = tmp_path / "de.txt"
    file.write_text("1,5;x;7\n2,5;none;8\n")
    options = ["--no-header", "--delimiter", ";", "--decimal", ",", "--null", "none", "--type", "column_3=SMALLINT"]
    data = run("import", file, "--json", *options)
    assert data.code == 0
    shown = run("show", "de.de", "--json").data
    assert [list(row.values()) for row in shown["head"]] == [[1.5, "x", 7], [2.5, None, 8]]
    assert shown["columns"][2]["type"] == "SMALLINT"


def test_a_key_that_is_none_is_refused(run: Run, tmp_path: Path) -> None:
    """Two rows with one key are an error that names them."""
    file = tmp_path / "double.csv"
    file.write_text("id,v\n1,a\n1,b\n")
    shown = run("import", file, "--key", "id")
    assert shown.code == 1
    assert "id = 1" in shown.err


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n3\n"])
def test_a_bad_file_leaves_nothing(run: Run, tmp_path: Path, store: Path, content: str) -> None:
    """The error names the file; neither a dataset nor anything in staging is left."""
    file = tmp_path / "bad.csv"
    file.write_text(content)
    shown = run("import", file)
    assert shown.code == 1
    assert "bad.csv" in shown.err
    assert run("ls", "--json").data == []
    assert list(store.glob("staging/*")) == []


def test_a_missing_file_is_not_found_before_anything_is_made(run: Run, store: Path) -> None:
    """A mistyped path makes no store."""
    assert run("import", "nowhere.csv").code == 3
    assert not store.exists()


def test_keep_original_attaches_the_file(run: Run, prices_csv: Path) -> None:
    """The file itself is kept beside the table."""
    run("import", prices_csv, "--keep-original")
    assert [f["name"] for f in run("show", "prices", "--json").data["files"]] == ["prices.csv"]


def test_ctrl_c_cancels_a_running_import(tmp_path: Path, store: Path, run: Run) -> None:
    """The program says so, exits with 130, and nothing is left but the job's entry."""
    file = tmp_path / "large.csv"
    line = "1,2.5,some text to make it longer\n"
    file.write_text("a,b,c\n" + line * 3_000_000)
    command = [sys.executable, "-m", "jupyter_datasets.cli", "import", str(file), "--store", str(store)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stderr is not None
        guard = threading.Timer(120, program.kill)
        guard.start()
        for line in program.stderr:
            if line.endswith("Importing\n"):
                os.kill(program.pid, signal.SIGINT)
                break
        _, errors = program.communicate()
        guard.cancel()
    assert program.returncode == 130
    assert "cancelled; nothing of it was kept" in errors
    assert "Traceback" not in errors
    assert run("ls", "--json").data == []
    assert list((store / "staging").iterdir()) == []
    assert [job["status"] for job in run("jobs", "--json").data] == ["cancelled"]


def test_jobs_lists_and_shows(run: Run, prices_csv: Path) -> None:
    """Each import is a job that can be looked at later; one that ended stays as it is when cancelled."""
    run("import", prices_csv)
    run("import", prices_csv, "--key", "nothing")
    jobs = run("jobs", "list", "--json").data
    assert [job["status"] for job in jobs] == ["failed", "succeeded"]
    assert [j["id"] for j in run("jobs", "list", "--status", "failed", "--json").data] == [jobs[0]["id"]]
    assert "succeeded" in run("jobs", "show", jobs[1]["id"]).out
    assert "Error: " in run("jobs", "show", jobs[0]["id"]).out
    assert run("jobs", "cancel", jobs[1]["id"], "--json").data["status"] == "succeeded"
    assert run("jobs", "show", "nope").code == 3
