"""``jupyter datasets sql`` from the command line, a file and standard input."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("sales")
CHANGED = "SELECT id, price FROM sales AT (VERSION => 'fix') EXCEPT SELECT id, price FROM sales AT (VERSION => 'v1')"


def test_a_query_shows_rows_and_the_versions_it_was_made_from(run: Run) -> None:
    """The table ends with the number of rows and the resolved commits."""
    commit = run("log", "sales", "v1", "--json").data[0]["id"]
    shown = run("sql", "SELECT count(*) AS things FROM sales")
    assert shown.out == f"things\n   100\n\n1 row, sales@{commit[:12]} (main)\n"
    data = run("sql", "SELECT count(*) AS things FROM sales", "--json").data
    assert data == {"columns": ["things"], "rows": [{"things": 100}], "versions": {"sales": commit}}


def test_at_and_time_travel(run: Run) -> None:
    """``--at`` holds for datasets without an AT of their own."""
    assert run("sql", CHANGED, "--json").data["rows"] == [{"id": 7, "price": 0.0}]
    query = "SELECT price FROM sales WHERE id = 7"
    assert run("sql", query, "--at", "fix", "--json").data["rows"] == [{"price": 0.0}]
    assert run("sql", query, "--json").data["rows"] == [{"price": 1.75}]


def test_parameters_are_bound_by_their_looks(run: Run) -> None:
    """Numbers are numbers, quoted numbers and words are text; nothing of them is read as SQL."""
    query = "SELECT name FROM sales WHERE id = $i OR name = $n ORDER BY id"
    found = run("sql", query, "--param", "i=3", "--param", "n=thing 5", "--json").data["rows"]
    assert [row["name"] for row in found] == ["thing 3", "thing 5"]
    assert run("sql", query, "--param", "i=3", "--param", "n=' OR true --", "--json").data["rows"] == [
        {"name": "thing 3"}
    ]
    assert run("sql", "SELECT $x AS x", "--param", 'x="3"', "--json").data["rows"] == [{"x": "3"}]
    assert run("sql", "SELECT 1", "--param", "x").code == 1


def test_formats_for_other_programs(run: Run) -> None:
    """CSV keeps null and empty text apart; JSON is a list of objects."""
    query = "SELECT 1 AS a, NULL AS b, '' AS c, DATE '2013-01-01' AS d"
    assert run("sql", query, "--format", "csv").out == 'a,b,c,d\n1,,"",2013-01-01\n'
    assert run("sql", "SELECT 1 AS a, 2 AS a", "--json").data["rows"] == [{"a": 1, "a_2": 2}]
    assert run("sql", query, "--format", "json").data == [{"a": 1, "b": None, "c": "", "d": "2013-01-01"}]


def test_the_statement_may_come_from_a_file_or_standard_input(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``-f`` and a pipe do the same; both a text and a file are one too many."""
    file = tmp_path / "query.sql"
    file.write_text("SELECT 42 AS answer")
    assert run("sql", "-f", file, "--json").data["rows"] == [{"answer": 42}]
    monkeypatch.setattr("sys.stdin", io.StringIO("SELECT 43 AS answer"))
    assert run("sql", "--json").data["rows"] == [{"answer": 43}]
    assert run("sql", "SELECT 1", "-f", file).code == 1
    assert run("sql", "-f", tmp_path / "nowhere.sql").code == 3


def test_many_rows_are_counted(run: Run) -> None:
    """A table shows the first rows and says how many there are."""
    shown = run("sql", "SELECT id FROM sales", "-n", "5").out
    assert "5 of 100 rows (-n shows more)" in shown
    assert len(shown.splitlines()) == 8


def test_an_error_in_the_statement_says_where(run: Run) -> None:
    """A table that does not exist is told, with the nearest name."""
    shown = run("sql", "SELECT * FROM slaes")
    assert shown.code in (1, 3)
    assert "sales" in shown.err
    assert "Traceback" not in shown.err
