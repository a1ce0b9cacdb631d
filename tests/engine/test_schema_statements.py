"""CREATE TABLE and ALTER TABLE say plainly what is declared, or are refused."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_datasets.engine.schema_statements import read_schema
from jupyter_datasets.engine.statements import parse
from jupyter_datasets.errors import ErrorKind, StatementError

CHANGES: dict[str, list[dict[str, Any]]] = {
    "ADD COLUMN x INTEGER": [{"do": "add_column", "name": "x", "type": "INT"}],
    "ADD x INT NOT NULL DEFAULT -5": [
        {"do": "add_column", "name": "x", "type": "INT", "required": True, "default": "-5"}
    ],
    "ADD COLUMN x VARCHAR DEFAULT 'it''s' ": [{"do": "add_column", "name": "x", "type": "TEXT", "default": "it's"}],
    "ADD COLUMN d DATE DEFAULT DATE '2020-01-01'": [
        {"do": "add_column", "name": "d", "type": "DATE", "default": "2020-01-01"}
    ],
    "ADD COLUMN b BOOLEAN DEFAULT true": [{"do": "add_column", "name": "b", "type": "BOOLEAN", "default": "true"}],
    "ADD COLUMN b BOOLEAN DEFAULT NULL": [{"do": "add_column", "name": "b", "type": "BOOLEAN", "default": None}],
    'DROP COLUMN "a ""b"""': [{"do": "drop_column", "name": 'a "b"'}],
    "RENAME COLUMN a TO b": [{"do": "rename_column", "name": "a", "to": "b"}],
    "ALTER COLUMN a TYPE DECIMAL(18,3)": [{"do": "widen_column", "name": "a", "type": "DECIMAL(18, 3)"}],
    "ALTER a SET DATA TYPE BIGINT": [{"do": "widen_column", "name": "a", "type": "BIGINT"}],
    "ALTER COLUMN a SET NOT NULL": [{"do": "require_columns", "names": ["a"]}],
    "ALTER COLUMN a DROP NOT NULL": [{"do": "allow_nulls", "names": ["a"]}],
}
REFUSED = [
    "ALTER TABLE t ADD COLUMN x INT DEFAULT random()",
    "ALTER TABLE t ADD COLUMN x INT DEFAULT (SELECT 1)",
    "ALTER TABLE t ADD COLUMN IF NOT EXISTS x INT",
    "ALTER TABLE IF EXISTS t ADD COLUMN x INT",
    "ALTER TABLE t ALTER COLUMN a TYPE BIGINT USING a + 1",
    "ALTER TABLE t ALTER COLUMN a SET DEFAULT 3",
    "ALTER TABLE t DROP CONSTRAINT c",
    "ALTER TABLE t ADD COLUMN x INT; ALTER TABLE t DROP CONSTRAINT c",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (x > 0)",
    "ALTER TABLE a.b.c DROP COLUMN x",
    "ALTER VIEW t RENAME TO u",
    "ALTER TABLE t RENAME a TO b",
    "CREATE TABLE t AS SELECT 1 AS a",
    "CREATE OR REPLACE TABLE t (a INT)",
    "CREATE TEMP TABLE t (a INT)",
    "CREATE TABLE IF NOT EXISTS t (a INT)",
    "CREATE VIEW t AS SELECT 1",
    "CREATE SCHEMA s",
    "CREATE TABLE t (a INT, b INT AS (a + 1))",
    "CREATE TABLE t (a INT REFERENCES u (b))",
    "CREATE TABLE t (a INT PRIMARY KEY, b INT PRIMARY KEY)",
]


@pytest.mark.parametrize("action", CHANGES, ids=CHANGES)
def test_alter_says_what_changes(action: str) -> None:
    """Each supported action is a change with names, types and values as they were meant."""
    found = read_schema(parse(f"ALTER TABLE ds.t {action}"))
    assert found is not None
    assert (found.target, found.changes) == (("ds", "t"), CHANGES[action])


def test_create_says_what_is_declared() -> None:
    """Columns with their constraints, and those of the table."""
    found = read_schema(
        parse(
            "CREATE TABLE t (a BIGINT NOT NULL DEFAULT 3 CHECK (a > 0), b VARCHAR UNIQUE, "
            "PRIMARY KEY (a, b), UNIQUE (b, a), CONSTRAINT c CHECK (a < 9))"
        )
    )
    assert found is not None
    assert found.declaration == {
        "columns": [
            {"name": "a", "type": "BIGINT", "required": True, "default": "3"},
            {"name": "b", "type": "TEXT"},
        ],
        "key": ["a", "b"],
        "unique": [["b"], ["b", "a"]],
        "checks": [{"expression": "a > 0", "name": None}, {"expression": "a < 9", "name": "c"}],
    }


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_done_is_refused(text: str) -> None:
    """With a sentence on what can."""
    with pytest.raises(StatementError) as caught:
        read_schema(parse(text))
    assert caught.value.kind in (ErrorKind.STATEMENT_REFUSED, ErrorKind.STATEMENT_SYNTAX)


def test_alter_that_duckdb_does_not_do_says_what_can_be_done() -> None:
    """Its own words about that never show."""
    with pytest.raises(StatementError, match=r"ALTER TABLE takes ADD COLUMN, .* SET or DROP NOT NULL") as caught:
        parse("ALTER TABLE t DROP CONSTRAINT c")
    assert (caught.value.kind, "exception" in str(caught.value)) == (ErrorKind.STATEMENT_REFUSED, False)


def test_other_statements_are_none_of_these() -> None:
    """Queries and edits are read elsewhere."""
    assert read_schema(parse("SELECT 1")) is None
    assert read_schema(parse("DELETE FROM t")) is None
