"""Checks: one boolean expression over one row, of listed parts only, whatever a hostile text tries."""

from __future__ import annotations

from contextlib import suppress

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jupyter_datasets.engine import checks
from jupyter_datasets.errors import ErrorKind, InvalidInputError

COLUMNS = {"a": "INTEGER", "s": "VARCHAR", "l": "INTEGER[]", "st": "STRUCT(x INTEGER)", "d": "DATE", "we ird": "DOUBLE"}

GOOD = [
    "a > 0",
    "A > 0 -- whatever the case",
    "a > 0 /* and /* nested */ comments */",
    "a IN (1, 2) AND s NOT LIKE 'x%' OR NOT (a IS NULL)",
    "a BETWEEN 1 AND 2 AND s ILIKE 'a!%' ESCAPE '!'",
    "CASE WHEN a > 0 THEN s IS NOT NULL ELSE true END",
    "CAST(s AS INTEGER) > 0 AND a::VARCHAR <> ''",
    'coalesce(a, 0) + nullif(a, 3) * -1 < abs(round("we ird", 2)) // 2',
    "length(trim(lower(s))) = len(s) AND substr(s, 1, 2) = upper(s)",
    "regexp_matches(s, '^[a-z]+$') AND starts_with(s, 'a') AND ends_with(s, 'b') AND contains(s, 'c')",
    "extract(year FROM d) >= 2000 AND date_trunc('month', d) = d AND d < DATE '2100-01-01' + INTERVAL 1 DAY",
    'least(a, 3) = greatest(a, 2) AND floor("we ird") <= ceil("we ird")',
    "len(l) > 0 AND l[1] = 3 AND st['x'] > 1 AND list_contains(l, a)",
    "a IS DISTINCT FROM 3 AND a % 2 = 0",
    "s = 'it''s (select 1); -- é 😀'",
    "a\u00a0>\u20030",
]
BAD = {
    "nothing": "   ",
    "a comment alone": "-- a > 0",
    "a subquery": "a > (SELECT 1)",
    "EXISTS": "EXISTS (SELECT 1)",
    "IN over a query": "a IN (FROM other)",
    "ANY, which hides a query": "a = ANY([1, 2])",
    "an aggregate": "sum(a) > 1",
    "count": "count(*) > 1",
    "a window": "row_number() OVER () > 1",
    "a star": "*",
    "COLUMNS": "COLUMNS('a') > 1",
    "a named parameter": "a > $x",
    "a parameter": "a > ?",
    "a lambda": "list_filter(l, x -> x > 1) = l",
    "a new lambda": "len(list_filter(l, lambda x: x > 1)) > 1",
    "a qualified name": "t.a > 1",
    "a qualified function": "main.abs(a) > 1",
    "several statements": "a > 0; a > 1",
    "a statement behind": "true; DROP TABLE t",
    "a bracket that ends ours": "a > 0) FROM t WHERE (true",
    "a union behind a bracket": "true) UNION ALL SELECT (true",
    "several expressions": "a > 0, a > 1",
    "an alias": "a > 0 AS b",
    "a file": "read_csv('/etc/passwd') IS NULL",
    "a file as a text": "read_text('/etc/passwd') IS NULL",
    "the environment": "getenv('HOME') = 'a'",
    "a setting": "current_setting('memory_limit') = 'a'",
    "chance": "random() > 0",
    "the time": "now() > d",
    "the time without brackets": "current_timestamp > d",
    "the day": "d < current_date",
    "memory": "repeat(s, 1000000000) = s",
    "an error of its own": "error('x') IS NULL",
    "try": "try(a) > 1",
    "no boolean": "a + 1",
    "types that do not fit": "a > l",
    "a number that DuckDB does not know": f"a > {'9' * 44}",
    "that number where no null gets": f"a IS NOT NULL AND a > {'9' * 44}",
    "a pattern that is none": "strptime(s, 'x%') IS NULL",
    "an unknown type": "CAST(a AS nonsense) IS NULL",
    "half of one": "a > 0 AND",
    "an open text": "s = 'a",
    "an open comment": "a > 0 /*",
    "a NUL": "a > 0 \0",
    "half a character": "s = '\ud800'",
    "too long": "a > 0 AND " * 500 + "true",
    "too long in bytes": f"s = '{'é' * 2100}'",
    "brackets": "(" * 300 + "a > 0" + ")" * 300,
    "unbalanced brackets": "(" * 4000,
    "negations": "NOT " * 900 + "true",
    "signs": "- " * 1900 + "a > 0",
    "a long sum": "a" + " + 1" * 900 + " > 0",
    "cases": "CASE WHEN a > 0 THEN " * 100 + "true" + " END" * 100,
    "lists": "[" * 1900 + "]" * 1900 + " = l",
}


@pytest.mark.parametrize("text", GOOD)
def test_what_depends_on_the_row_alone_is_a_check(text: str) -> None:
    """Comparisons, CASE, casts and listed functions are read, fit their columns, and run."""
    found = checks.read(text)
    checks.check_types(found, COLUMNS)
    typed = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in COLUMNS.items())
    with duckdb.connect() as connection:
        assert len(connection.sql(f"SELECT {checks.passes(found.text)} FROM (SELECT {typed})").fetchall()) == 1


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_all_else_is_refused(text: str) -> None:
    """What is more than an expression over one row, or not the same at any time and place, is an error of ours."""
    with pytest.raises(InvalidInputError) as caught:
        checks.check_types(checks.read(text), COLUMNS)
    assert caught.value.kind in (ErrorKind.INVALID_CHECK, ErrorKind.COLUMN_NOT_FOUND, ErrorKind.INVALID_ARGUMENT)
    assert len(caught.value.message) < 1000


@given(st.text(max_size=60))
def test_any_text_is_a_check_or_refused(text: str) -> None:
    """Whatever is typed, nothing but an error of ours comes out."""
    with suppress(InvalidInputError):
        checks.check_types(checks.read(text), COLUMNS)


def test_a_mistyped_column_names_the_nearest() -> None:
    """An unknown column is told with what may have been meant, and an unknown function, too."""
    with pytest.raises(InvalidInputError, match="Did you mean 'we ird'") as caught:
        checks.check_types(checks.read('"wird" > 0'), COLUMNS)
    assert caught.value.kind is ErrorKind.COLUMN_NOT_FOUND
    with pytest.raises(InvalidInputError, match="Did you mean length"):
        checks.read("lenght(s) > 0")


def test_columns_are_renamed_in_the_users_own_text() -> None:
    """Another name goes where the column stands, quoted, and nowhere else: not in texts, comments or functions."""
    found = checks.read("abs(a) > 0 AND s = 'a' /* a */ AND \"A\" < lower(s)::INT")
    assert found.columns == ["a", "s"]
    assert found.renamed({"a": 'b "c"', "s": "s"}) == (
        'abs("b ""c""") > 0 AND s = \'a\' /* a */ AND "b ""c""" < lower(s)::INT'
    )
    assert checks.read("s = '😀é' AND a > 0").renamed({"a": "n"}) == "s = '😀é' AND \"n\" > 0"


def test_null_passes_and_what_cannot_be_computed_is_told_apart() -> None:
    """True and null pass, false fails, and a cast that fails, or an overflow, is neither."""
    with duckdb.connect() as connection:
        rows = "(VALUES ('1'), ('-1'), (NULL), ('x'), ('99999999999')) t(s)"
        found = connection.sql(f"SELECT {checks.passes('CAST(s AS INTEGER) > 0 -- x')} FROM {rows}")
        assert [row[0] for row in found.fetchall()] == [True, False, True, None, None]
