"""What all commands share: help, exit codes, errors in words and in JSON, and output that is safe to print."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from jupyter_datasets.cli import datasets
from jupyter_datasets.cli.__main__ import COMMANDS, command_parser
from jupyter_datasets.cli.console import EXIT_CODES, Exit, safe
from jupyter_datasets.cli.opening import split_target
from jupyter_datasets.client.connect import connect
from tests.cli.conftest import Run, prices

PROGRAM = [sys.executable, "-m", "jupyter_datasets.cli"]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_with_examples_that_can_be_read(name: str) -> None:
    """The help of a command shows examples, and each of them is a command line that it accepts."""
    parser = command_parser(name)
    text = parser.format_help()
    examples = [line.strip() for line in text.splitlines() if line.startswith("  jupyter datasets ")]
    assert examples
    for example in examples:
        words = shlex.split(example)
        assert words[2] == name
        assert callable(command_parser(name).read(words[3:], Namespace()).run)
    assert EXIT_CODES in text
    assert "--json" in text


def test_all_commands_are_in_the_overview(run: Run) -> None:
    """Without a command, and with --help, the overview names every command."""
    for shown in (run(), run("--help")):
        assert shown.code == 0
        assert all(f"  {name} " in shown.out for name in COMMANDS)


def test_every_exit_code_is_documented() -> None:
    """The codes that the help lists are those of the program."""
    assert [int(line.split()[0]) for line in EXIT_CODES.splitlines()[1:]] == [int(code) for code in Exit]


def test_a_mistyped_command_offers_the_nearest(run: Run) -> None:
    """Usage errors exit with 2 and say what may be meant."""
    shown = run("improt", "x.csv")
    assert shown.code == 2
    assert "Did you mean 'import'?" in shown.err


def test_a_usage_error_shows_the_usage_or_json(run: Run) -> None:
    """A missing argument is told in words, or as an error object."""
    assert "usage: jupyter datasets rename" in run("rename", "x").err
    shown = run("rename", "x", "--json")
    assert (shown.code, shown.data["error"]["kind"], shown.err) == (2, "usage", "")


@pytest.mark.usefixtures("sales")
def test_errors_have_codes_and_json(run: Run) -> None:
    """Not found is 3, a conflict 4, another refusal 1; in JSON the whole error comes on standard output."""
    assert run("show", "slaes").err == "Error: There is no dataset 'slaes'.\nDid you mean 'sales'?\n"
    assert run("create", "sales").code == 4
    assert run("create", "no/good").code == 1
    shown = run("show", "sales", "--at", "nope", "--json")
    assert (shown.code, shown.data["error"]["kind"], shown.err) == (3, "ref-not-found", "")


def test_a_store_that_does_not_exist_is_not_made_by_reading(run: Run, store: Path) -> None:
    """A mistyped --store is an error; listing a default store that is not there teaches the first step."""
    assert run("--store", store, "ls").code == 3
    assert run("show", "sales", "--store", store).code == 3
    assert not store.exists()


def test_listing_before_there_is_a_store_teaches_the_first_step(run: Run, store: Path) -> None:
    """``ls`` on a fresh machine says how to begin, and makes nothing."""
    assert "jupyter datasets import" in run("ls").out
    assert not store.exists()


def test_the_store_may_be_named_before_or_after_the_command(run: Run, tmp_path: Path) -> None:
    """``--store`` wins over the environment in both places."""
    assert run("create", "here", "--store", tmp_path / "a").code == 0
    assert [d["name"] for d in run("--store", tmp_path / "a", "ls", "--json").data] == ["here"]


@pytest.mark.usefixtures("sales")
def test_control_characters_of_names_and_cells_do_not_reach_the_terminal(run: Run) -> None:
    """Escape sequences and marks that turn text around are shown, not obeyed."""
    for command in (
        ["ls"],
        ["show", "sales"],
        ["show", "sales.notes", "--at", "fix"],
        ["diff", "sales", "v1", "fix", "--rows"],
    ):
        shown = run(*command)
        assert shown.code == 0
        assert not {"\x1b", "\u202e"} & set(shown.out)
    assert safe("a\x1b[31m\u202eb\r\nc\td\udc80") == "a\\x1b[31m\\u202eb\\r\nc\td\\udc80"


def test_an_unexpected_error_is_short_and_asks_for_a_report(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """No traceback reaches the user, unless the debug switch is on."""
    monkeypatch.setattr(datasets, "missing_store", lambda _: 1 / 0)
    shown = run("ls")
    assert shown.code == 1
    assert "ZeroDivisionError" in shown.err
    assert "Please report it" in shown.err
    assert "Traceback" not in shown.err
    monkeypatch.setenv("JUPYTER_DATASETS_DEBUG", "1")
    assert "Traceback" in run("ls").err


def test_a_store_held_by_another_program_is_busy(store: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A holder that does not let go in time is named, and the exit code says that trying again may help."""
    holding = (
        "import sys; from jupyter_datasets.catalog.database import Database; from pathlib import Path\n"
        "with Database(Path(sys.argv[1]), program='analysis.py').hold(): print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", holding, store], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        monkeypatch.setenv("JUPYTER_DATASETS_BUSY_TIMEOUT", "0.2")
        shown = run("ls")
        report = run("doctor", "--json")
        holder.communicate("")
    assert shown.code == 5
    assert "analysis.py" in shown.err
    assert report.code == 1
    assert "analysis.py" in json.dumps(report.data)


def test_a_reader_that_goes_away_is_no_error(store: Path) -> None:
    """``jupyter datasets ... | head`` ends quietly."""
    with connect(store) as repo, repo.create("many").edit() as edit:
        edit["many"].append(prices())
    reading, writing = os.pipe()
    os.close(reading)
    command = [*PROGRAM, "show", "many.many", "-n", "100", "--json", "--store", str(store)]
    ended = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (141, "")


def test_targets_split_into_dataset_and_table() -> None:
    """The last dot behind an owner parts dataset and table."""
    assert split_target("flights") == ("flights", None)
    assert split_target("flights.airports") == ("flights", "airports")
    assert split_target("local:j.doe/flights") == ("local:j.doe/flights", None)
    assert split_target("local:j.doe/flights.airports") == ("local:j.doe/flights", "airports")


@pytest.mark.parametrize("word", ["search", "init", "clone", "sample"])
def test_a_wild_guess_is_not_offered(run: Run, word: str) -> None:
    """A word that is like no command gets the list of all."""
    shown = run(word)
    assert "Did you mean" not in shown.err
    assert "The commands are quickstart, doctor, " in shown.err


def test_a_long_name_is_whole_in_the_lists(run: Run) -> None:
    """Of datasets and of the bin, for it has to be typed to get one back."""
    name = "a" * 100
    run("create", name)
    assert name in run("ls").out
    run("delete", name)
    assert name in run("restore", "--list").out
