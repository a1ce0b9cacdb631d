"""What a WHERE says about single columns."""

from __future__ import annotations

import pytest

from jupyter_datasets.engine.edit_statements import Range, read_edit
from jupyter_datasets.engine.statements import parse

VALUES = {"n": 9, "half": 0.5, "yes": True}


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("a = 5", [("a", 5, 5)]),
        ("5 < a", [("a", 5, None)]),
        ("a >= -3 AND (b < $n AND T.c BETWEEN 1 AND 4)", [("a", -3, None), ("b", None, 9), ("c", 1, 4)]),
        ("a IN (7, 2, $n) AND f(b) = 3", [("a", 2, 9)]),
        ('(("odd name" = 1))', [("odd name", 1, 1)]),
        ("a = 5 OR b = 3", []),
        ("NOT a = 5", []),
        ("a = 5.0", []),
        ("a = '5'", []),
        ("a = $half", []),
        ("a = $yes", []),
        ("a = b", []),
        ("a IN (1, b)", []),
        ("a IN (SELECT 1)", []),
        ("a BETWEEN 1 AND b", []),
        ("a + 1 = 5", []),
        ("s.a = 5", []),
        ("a <> 5", []),
        ("a IS DISTINCT FROM 5", []),
    ],
)
def test_a_condition_tells_where_rows_lie(condition: str, found: list[Range]) -> None:
    """As far as whole numbers are compared to columns of the table itself; in doubt it tells nothing."""
    for text in (f"DELETE FROM t WHERE {condition}", f"UPDATE d.t SET a = 1 WHERE {condition}"):
        assert read_edit(parse(text)).ranges(VALUES) == found


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE t SET a = 1 FROM u WHERE b = 5",
        "DELETE FROM t USING u WHERE b = 5",
        "WITH u AS (SELECT 1 AS b) DELETE FROM t WHERE a = 5",
        "MERGE INTO t USING u ON t.a = 5 WHEN MATCHED THEN DELETE",
        "DELETE FROM t",
        "INSERT INTO t SELECT 1 WHERE 1 = 1",
    ],
)
def test_other_tables_leave_a_name_in_doubt(statement: str) -> None:
    """And so does a statement without a condition."""
    assert read_edit(parse(statement)).ranges({}) == []
