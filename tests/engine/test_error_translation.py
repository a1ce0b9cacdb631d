"""DuckDB's errors are told in the user's words and point into the user's text."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from jupyter_datasets.engine.error_translation import ERRORS_WITH_PLACES, translate_error
from jupyter_datasets.engine.rewriting import rewrite
from jupyter_datasets.engine.statement_errors import excerpt
from jupyter_datasets.engine.statements import parse
from jupyter_datasets.errors import ErrorKind, StatementError

VIEW = '"in ternal"."view_17"'


@pytest.fixture(scope="module")
def world() -> Iterator[duckdb.DuckDBPyConnection]:
    """Tables that are reached by internal views only."""
    with duckdb.connect() as connection:
        connection.execute('CREATE SCHEMA "in ternal"')
        connection.execute(f"CREATE VIEW {VIEW} AS SELECT 1 AS delay, 'é' AS carrier")
        connection.execute(ERRORS_WITH_PLACES)
        yield connection


def failure(world: duckdb.DuckDBPyConnection, sql: str, *, lazily: bool = False) -> StatementError:
    statement = parse(sql)
    new = rewrite(statement, {table: VIEW for table in statement.tables if table.path == ("flights",)})
    with pytest.raises(duckdb.Error) as caught:
        (world.sql if lazily else world.execute)(new.text).fetchall()
    return translate_error(
        caught.value, statement, new, known_tables=["flights", "airports"], known_columns=["delay", "carrier"]
    )


def place(error: StatementError) -> tuple[int, int]:
    return error.details["line"], error.details["column"]


NAMES = [
    ("SELECT 'é日',\n  delai FROM flights AT (VERSION => 'v1')", 2, 3, "delay"),
    ("SELECT 'é'\u00a0FROM flights AT (VERSION => 'v1')\u00a0WHERE delai > 1", 1, 52, "delay"),
    ("FROM flights, airport", 1, 15, "airports"),
    ("FROM flights WHERE flight.delay > 1", 1, 20, "flights"),
    ("DESCRIBE airport", 1, 10, "airports"),
    ("FROM flights SELECT uper(carrier)", 1, 21, "upper"),
]


@pytest.mark.parametrize(("sql", "line", "column", "suggestion"), NAMES)
@pytest.mark.parametrize("lazily", [False, True])
def test_a_name_that_is_missing_is_pointed_out_with_the_nearest_one(
    world: duckdb.DuckDBPyConnection, sql: str, line: int, column: int, suggestion: str, lazily: bool
) -> None:
    error = failure(world, sql, lazily=lazily)
    assert error.kind is ErrorKind.STATEMENT_NAME
    assert (place(error), error.details["suggestions"]) == ((line, column), [suggestion])
    assert error.next_step == f"Did you mean {suggestion}?"
    assert "Candidate" not in error.message
    assert "Did you mean" not in error.message


def test_a_column_missing_in_one_table_is_pointed_out_there(world: duckdb.DuckDBPyConnection) -> None:
    error = failure(world, "FROM flights f JOIN flights g ON f.delay = g.dlay")
    assert (error.kind, place(error)) == (ErrorKind.STATEMENT_NAME, (1, 44))
    assert error.message.startswith('Table "g" does not have a column named "dlay" (line 1, column 44).')
    assert error.next_step == "Did you mean delay?"


@pytest.mark.parametrize(
    ("sql", "column", "words"),
    [
        ("SELECT carrier, sum(delay) FROM flights", 8, "GROUP BY"),
        ("SELECT 'ü', carrier::INTEGER FROM flights", 20, "Could not convert string 'é'"),
        ("FROM flights ORDER BY 7", 23, "ORDER term out of range"),
        ("FROM flights, read_csv('no such file')", 15, "No files found"),
    ],
)
def test_a_statement_that_fails_otherwise_says_why_and_where(
    world: duckdb.DuckDBPyConnection, sql: str, column: int, words: str
) -> None:
    error = failure(world, sql)
    assert (error.kind, place(error)) == (ErrorKind.STATEMENT_FAILED, (1, column))
    assert words in error.message


def test_a_failure_without_a_place_has_no_line(world: duckdb.DuckDBPyConnection) -> None:
    error = failure(world, "SELECT error('boom') FROM flights")
    assert (error.message, error.details) == ("Boom.", {"suggestions": []})


def test_no_internal_name_is_shown(world: duckdb.DuckDBPyConnection) -> None:
    statement = parse("SELECT * FROM flights")
    new = rewrite(statement, {statement.tables[0]: '"in ternal"."view_18"'})
    with pytest.raises(duckdb.Error) as caught:
        world.execute(new.text)
    error = translate_error(caught.value, statement, new, shown={"view_17": "airports"})
    assert "ternal" not in str(error)
    assert "view" not in str(error)
    assert "Table with name flights does not exist" in error.message


def test_a_name_in_the_text_of_a_pivot_is_found_though_duckdb_runs_another_text(
    world: duckdb.DuckDBPyConnection,
) -> None:
    error = failure(world, "FROM (PIVOT flights ON carrier USING sum(dela))")
    assert (error.kind, place(error)) == (ErrorKind.STATEMENT_NAME, (1, 42))


def test_a_file_that_a_view_misses_is_not_blamed_on_the_users_text(
    world: duckdb.DuckDBPyConnection, tmp_path: Path
) -> None:
    segment = tmp_path / "segment.csv"
    segment.write_text("a\n1\n")
    world.execute(f"CREATE OR REPLACE TEMP VIEW late AS SELECT 1 AS a_long_list, a FROM read_csv('{segment}')")
    segment.unlink()
    statement = parse("SELECT a, a_long_list, a + 1, a + 2, a + 3 FROM flights")
    new = rewrite(statement, {statement.tables[0]: "late"})
    with pytest.raises(duckdb.IOException) as caught:
        world.execute(new.text)
    assert "location" in str(caught.value)
    assert "line" not in translate_error(caught.value, statement, new).details


def test_an_interrupted_statement_has_its_own_kind() -> None:
    statement = parse("SELECT 1")
    error = translate_error(
        duckdb.InterruptException("INTERRUPT Error: Interrupted!"), statement, rewrite(statement, {})
    )
    assert error.kind is ErrorKind.STATEMENT_INTERRUPTED


@pytest.mark.parametrize(
    ("text", "position", "expected"),
    [
        ("SELECT x", 7, "  SELECT x\n         ^"),
        ("a\r\n\tb c\nd", 6, "  \tb c\n  \t  ^"),
        ("'日本', x", 6, "  '日本', x\n          ^"),
        ("'e\u0301', x", 6, "  'e\u0301', x\n       ^"),
        ("x" * 300, 200, "  ..." + "x" * 100 + "...\n  " + " " * 53 + "^"),
    ],
)
def test_the_caret_stands_under_its_place(text: str, position: int, expected: str) -> None:
    assert excerpt(text, position) == expected


@pytest.mark.parametrize("before", ["SELECT 'é' AS e,", "-- é\nSELECT 1,"])
def test_a_statement_inside_another_is_pointed_into(world: duckdb.DuckDBPyConnection, before: str) -> None:
    """A place in SQL that holds the statement is found in the statement; one beside it is none."""
    statement = parse(f"{before}\n  CAST(carrier AS INT) FROM flights;  ")
    new = rewrite(statement, dict.fromkeys(statement.tables, VIEW))
    inside = world.sql(new.text).project("#1 AS one, #2 AS two")
    with pytest.raises(duckdb.Error) as caught:
        inside.fetchall()
    error = translate_error(caught.value, statement, new, ran=inside.sql_query())
    assert place(error) == (before.count("\n") + 2, 3)
    plain = rewrite(parse("SELECT carrier FROM flights"), {})
    outside = world.sql("SELECT 'é' AS carrier").project("CAST(#1 AS INT) AS two")
    with pytest.raises(duckdb.Error) as caught:
        outside.fetchall()
    assert "line" not in translate_error(caught.value, statement, plain, ran=outside.sql_query()).details


def test_a_file_that_is_not_there_is_told_to_programs(world: duckdb.DuckDBPyConnection) -> None:
    """By the details, for the message is DuckDB's."""
    assert failure(world, "FROM read_csv('no such file')").details["missing"] == "file"
    assert "missing" not in failure(world, "FROM flights ORDER BY 7").details
