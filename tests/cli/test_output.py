"""What happens to the output: exit codes, a full disk, a reader that goes away, and tables that are too wide."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.errors import InvalidInputError
from tests.cli.conftest import Run

PROGRAM = [sys.executable, "-m", "jupyter_datasets.cli"]
FULL = Path("/dev/full")


@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("FROM slaes", 3),
        ("FROM nothing.slaes", 3),
        ("FROM sales.nothing", 3),
        ("FROM sales AT (VERSION => 'nothing')", 3),
        ("FROM sales AT (VERSION => 'abcdef12')", 3),
        ("FROM sales AT (TIMESTAMP => '1999-01-01')", 3),
        ("FROM 'nothing.csv'", 3),
        ("SELECT nothing FROM sales", 3),
        ("SELECT * FRM sales", 1),
        ("SELECT CAST(name AS INT) FROM sales", 1),
        ("DELETE FROM sales WHERE nothing = 1", 3),
    ],
)
def test_a_statement_that_fails_ends_with_the_code_of_the_help(run: Run, query: str, code: int) -> None:
    """A name in it that is not found is 3, whatever it names; any other mistake is 1. In JSON it is the same."""
    assert run("sql", query).code == code
    assert run("sql", query, "--json").code == code


@pytest.mark.skipif(not FULL.exists(), reason="a device that is always full is needed")
@pytest.mark.usefixtures("sales")
@pytest.mark.parametrize("buffered", [True, False])
@pytest.mark.parametrize(
    "arguments", [["sql", "FROM sales"], ["sql", "FROM sales", "--format", "csv"], ["ls", "--json"]]
)
def test_a_full_disk_is_one_line_of_error(store: Path, arguments: list[str], buffered: bool) -> None:
    """The output's own failure is told on standard error, and is no mistake of ours."""
    environment = {**os.environ, "JUPYTER_DATASETS_STORE": str(store), "PYTHONUNBUFFERED": "" if buffered else "1"}
    with FULL.open("w") as full:
        command = [*PROGRAM, *arguments]
        ended = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment, text=True, check=False)
    assert ended.stderr == "Error: The output cannot be written: No space left on device.\n"
    assert ended.returncode == 1


@pytest.mark.parametrize("format", ["csv", "table"])
def test_a_closed_pipe_is_silent(store: Path, format: str) -> None:
    """A reader that takes one line of a long result and goes is no error."""
    with connect(store) as repo:
        repo.create("some")
    command = [*PROGRAM, "sql", "FROM range(100_000)", "--format", format, "-n", "100000", "--store", str(store)]
    # Without a buffer Python forgets the rest of a text of which the pipe took a part.
    environment = {**os.environ, "PYTHONUNBUFFERED": ""}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        assert program.stdout.readline() == "range\n"
        program.stdout.close()
        errors = program.stderr.read()
    assert (program.returncode, errors) == (141, "")


def test_of_a_wide_table_the_first_columns_are_shown(run: Run, store: Path) -> None:
    """Types and rows end with how many columns there are more; JSON has them all."""
    with connect(store) as repo, repo.create("wide").edit() as edit:
        edit["wide"].append(pa.table({f"c{i}": [i, -i] for i in range(300)}))
    shown = run("show", "wide.wide")
    assert len(shown.out.splitlines()) < 70
    assert shown.out.count("(250 more columns)") == 2
    assert "c49" in shown.out
    assert "c50" not in shown.out
    data = run("show", "wide.wide", "--json", "-n", "1").data
    assert (len(data["columns"]), data["head"]) == (300, [{f"c{i}": i for i in range(300)}])
    assert "(250 more columns)" in run("sql", "FROM wide").out


@pytest.mark.parametrize(
    "error",
    [
        KeyboardInterrupt(),
        RuntimeError("Query interrupted"),
        OSError("Error in the Python stream: Traceback ... KeyboardInterrupt"),
        InvalidInputError("A value cannot be given as Arrow: Query interrupted."),
    ],
)
def test_ctrl_c_is_told_as_such_in_whatever_words_it_comes(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    """DuckDB and Arrow have words of their own for it; the code is 130, and no bug is to be reported."""

    def interrupted(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("jupyter_datasets.cli.__main__._run", interrupted)
    ended = run("ls")
    assert (ended.code, ended.err) == (130, "Error: Interrupted.\n")
