"""Statements: what is found in the user's text, and what is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.rewriting import Rewritten, rewrite
from jupyter_datasets.engine.sqltokens import tokenize
from jupyter_datasets.engine.statements import Statement, StatementKind, TableName, describe_refusal, parse
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.sqltext import quote_name


def only(sql: str) -> TableName:
    (table,) = parse(sql).tables
    return table


def at(sql: str) -> tuple[str, str | None, str | None]:
    clause = only(sql).at
    assert clause
    return clause.unit, clause.value, clause.parameter


@pytest.mark.parametrize(
    ("sql", "path", "alias", "part"),
    [
        ("SELECT 'ü' FROM sales WHERE true", ("sales",), None, "sales"),
        ('FROM "a b"."x""y" AS "s t"(q) TABLESAMPLE 5%', ("a b", 'x"y'), "s t", '"a b"."x""y" AS "s t"(q)'),
        ("FROM c.s.t AT (VERSION => 'v')", ("c", "s", "t"), None, "c.s.t AT (VERSION => 'v')"),
        ("/* é */ FROM sales /* c */ s AT (VERSION => ')')", ("sales",), "s", "sales /* c */ s AT (VERSION => ')')"),
        ("FROM sales s FOR VERSION AS OF 'v', b()", ("sales",), "s", "sales s FOR VERSION AS OF 'v'"),
        ("FROM sales FOR VERSION AS OF 'v' s", ("sales",), "s", "sales FOR VERSION AS OF 'v' s"),
        ("FROM s: 日本 WHERE true", ("日本",), "s", "s: 日本"),
        ('FROM "bob/flights@main~2".airports', ("bob/flights", "airports"), None, '"bob/flights@main~2".airports'),
    ],
)
def test_a_table_has_a_path_alias_and_place(sql: str, path: tuple[str, ...], alias: str | None, part: str) -> None:
    table = only(sql)
    assert (table.path, table.alias, sql[slice(*table.span)]) == (path, alias, part)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("FROM t AT (VERSION => 'main~2')", ("version", "main~2", None)),
        ("FROM t AT (VERSION => 12)", ("version", "12", None)),
        ("FROM t AT (VERSION => $v)", ("version", None, "v")),
        ("FROM t AT (TIMESTAMP => TIMESTAMP '2026-01-31 12:00')", ("timestamp", "2026-01-31 12:00", None)),
        ("FROM t AT (TIMESTAMP => '2026-01-31'::DATE)", ("timestamp", "2026-01-31", None)),
        ("FROM t AT (TIMESTAMP => $t::TIMESTAMP)", ("timestamp", None, "t")),
        ("FROM t FOR VERSION AS OF 'it''s'", ("version", "it's", None)),
        ("FROM t for version as of $v WHERE true", ("version", None, "v")),
        ("FROM t FOR TIMESTAMP AS OF TIMESTAMP '2026-01-31' x", ("timestamp", "2026-01-31", None)),
        ("FROM t FOR TIMESTAMP AS OF E'it\\'s'", ("timestamp", "it's", None)),
        ('FROM "t@main@{2026-01-31}"', ("version", "main@{2026-01-31}", None)),
        ('FROM "t@#12^"', ("version", "#12^", None)),
    ],
)
def test_a_version_is_a_literal_or_a_parameter(sql: str, expected: tuple[str, str | None, str | None]) -> None:
    assert at(sql) == expected


def test_names_of_ctes_and_table_functions_are_not_tables() -> None:
    sql = "WITH a AS (FROM t1), b AS (FROM a, t2) SELECT * FROM b, range(5), unnest([1]), t3"
    assert [table.path for table in parse(sql).tables] == [("t1",), ("t2",), ("t3",)]


def test_a_string_as_a_table_is_a_literal_and_keeps_its_at_sign() -> None:
    table = only("FROM 'me@home.parquet' AS f")
    assert table.is_literal
    assert (table.path, table.at) == (("me@home.parquet",), None)
    assert not only('FROM "sales"').is_literal


def test_a_window_that_is_used_twice_names_its_table_once() -> None:
    sql = "SELECT sum(x) OVER w, max(x) OVER w FROM t WINDOW w AS (ORDER BY (SELECT 1 FROM u))"
    assert [table.path for table in parse(sql).tables] == [("t",), ("u",)]


def test_system_tables_are_marked() -> None:
    tables = parse("FROM information_schema.tables, system.pg_catalog.pg_class, pg_catalog").tables
    assert [table.is_system for table in tables] == [True, True, False]


def test_parameters_are_listed_once_in_the_order_of_the_text_and_those_of_versions_do_not_run() -> None:
    statement = parse("SELECT $b, '$no', $$ $no $$, $a FROM t AT (VERSION => $v) WHERE x = $b -- $no")
    assert statement.parameters == ("b", "a", "v")
    new = rewrite(statement, dict.fromkeys(statement.tables, "u"))
    assert new.parameters == ("b", "a")
    assert duckdb.connect().extract_statements(new.text)[0].named_parameters == {"a", "b"}


# --------------------------------------------------------------------------------------------------------------------
# What is refused


def refusal(sql: str) -> StatementError:
    with pytest.raises(StatementError) as caught:
        parse(sql)
    return caught.value


@pytest.mark.parametrize(
    ("sql", "kind", "line", "column"),
    [
        ("SELECT 1\n  FROM WHERE", ErrorKind.STATEMENT_SYNTAX, 2, 8),
        ("/* é日 */ SELECT * FORM t", ErrorKind.STATEMENT_SYNTAX, 1, 24),
        ("SELECT\u00a0'\u00a0', 'abc", ErrorKind.STATEMENT_SYNTAX, 1, 13),
        ("SELECT 1; SELECT 2", ErrorKind.STATEMENT_SYNTAX, 1, 11),
        ("INSERT INTO t VALUES (1);;\nSELECT 2", ErrorKind.STATEMENT_SYNTAX, 2, 1),
        ("SELECT ?", ErrorKind.STATEMENT_REFUSED, 1, 8),
        ("SELECT 'é', $1", ErrorKind.STATEMENT_REFUSED, 1, 13),
        ("SELECT $", ErrorKind.STATEMENT_REFUSED, 1, 8),
        ("FROM t AT (TIMESTAMP => now() - INTERVAL 1 DAY)", ErrorKind.STATEMENT_REFUSED, 1, 8),
        ("FROM t AT (VERSION => NULL)", ErrorKind.STATEMENT_REFUSED, 1, 8),
        ("FROM t FOR VERSION AS OF now()", ErrorKind.STATEMENT_SYNTAX, 1, 25),
        ("FROM t FOR VERSION AS OF 'abc", ErrorKind.STATEMENT_REFUSED, 1, 8),
        ("FROM (FROM t) FOR VERSION AS OF 'x'", ErrorKind.STATEMENT_REFUSED, 1, 15),
        ("FROM range(5) FOR VERSION AS OF 'x'", ErrorKind.STATEMENT_REFUSED, 1, 15),
        ("WITH c AS (SELECT 1) FROM c AT (VERSION => 'x')", ErrorKind.STATEMENT_REFUSED, 1, 27),
        ("FROM \"t@v1\" AT (VERSION => 'v2')", ErrorKind.STATEMENT_REFUSED, 1, 13),
        ("FROM t AT (VERSION => 'v2') FOR VERSION AS OF 'v1'", ErrorKind.STATEMENT_REFUSED, 1, 29),
        ('FROM "t@"', ErrorKind.STATEMENT_REFUSED, 1, 6),
        ('FROM "a@1"."b@2"', ErrorKind.STATEMENT_REFUSED, 1, 6),
        ("FROM a.b.c.d", ErrorKind.STATEMENT_REFUSED, 1, 6),
    ],
)
def test_an_error_points_at_the_place_in_the_users_text(sql: str, kind: ErrorKind, line: int, column: int) -> None:
    error = refusal(sql)
    assert (error.kind, error.details["line"], error.details["column"]) == (kind, line, column)
    caret = error.details["excerpt"].split("\n")[1]
    assert caret.strip() == "^"


@pytest.mark.parametrize("sql", ["", "  \n", "-- only a comment", "/* c */ ;;"])
def test_a_statement_must_not_be_empty(sql: str) -> None:
    assert refusal(sql).message == "There is no SQL statement here."


def test_half_a_character_is_refused() -> None:
    assert refusal("SELECT '\ud800'").kind is ErrorKind.STATEMENT_SYNTAX


def test_an_alias_behind_the_version_is_explained() -> None:
    assert "sales AS s AT" in refusal("FROM sales AT (VERSION => 'v1') AS s").next_step


@pytest.mark.parametrize(
    ("sql", "kind", "verb"),
    [
        ("INSERT INTO t SELECT 1", "edit", "INSERT"),
        ("WITH a AS (SELECT 1) DELETE FROM t WHERE x IN (FROM a)", "edit", "DELETE"),
        ("update t set x = 1", "edit", "UPDATE"),
        ("MERGE INTO t USING s ON t.a = s.a WHEN MATCHED THEN DELETE", "edit", "MERGE"),
        ("INSERT INTO t PIVOT s ON x USING sum(y)", "edit", "INSERT"),
        ("CREATE VIEW v AS SELECT 1", "other", "CREATE"),
        ("CREATE TABLE c AS PIVOT s ON x USING sum(y)", "other", "CREATE"),
        ("COPY t TO 'x.csv'", "other", "COPY"),
        ("ATTACH 'x'", "other", "ATTACH"),
        ("SET threads = 1", "other", "SET"),
        ("PRAGMA version", "other", "PRAGMA"),
        ("CALL range(5)", "other", "CALL"),
        ("EXPLAIN INSERT INTO t SELECT 1", "other", "EXPLAIN"),
        ("SHOW TABLES", "other", "SHOW"),
        ("FROM (SHOW ALL TABLES)", "other", "SHOW"),
        ("SHOW", "other", "SHOW"),
    ],
)
def test_only_queries_run_and_a_refusal_names_the_verb_and_a_way(sql: str, kind: str, verb: str) -> None:
    statement = parse(sql)
    error = describe_refusal(statement)
    assert (statement.kind, statement.verb, statement.tables) == (kind, verb, ())
    assert error
    assert error.kind is ErrorKind.STATEMENT_REFUSED
    assert verb in error.message
    assert ("ds.edit" in error.next_step) == (kind == "edit")


def test_a_query_is_not_refused() -> None:
    assert describe_refusal(parse("EXPLAIN ANALYZE FROM t")) is None
    assert describe_refusal(parse("EXPLAIN (FORMAT json) ((SELECT 1))")) is None


# --------------------------------------------------------------------------------------------------------------------
# Size


def test_nesting_that_cannot_be_read_is_an_error_and_not_a_crash() -> None:
    assert refusal("SELECT * FROM (" * 4000 + "SELECT 1" + ")" * 4000).kind is ErrorKind.STATEMENT_REFUSED
    assert refusal("SELECT " + "(" * 30000).kind is ErrorKind.STATEMENT_REFUSED
    assert refusal("FROM t" + " JOIN t USING (a)" * 4000).kind is ErrorKind.STATEMENT_REFUSED
    assert refusal("SELECT " + " + ".join(["1"] * 30000)).kind is ErrorKind.STATEMENT_SYNTAX
    assert parse("SELECT * FROM (" * 60 + "FROM t" + ")" * 60).tables[0].path == ("t",)


def test_a_statement_of_64_kilobytes_is_read() -> None:
    sql = " UNION ALL ".join(["SELECT flights.airports.alt FROM flights.airports WHERE 'é' <> faa"] * 950)
    statement = parse(sql)
    new = rewrite(statement, dict.fromkeys(statement.tables, "v"))
    assert len(statement.tables) == 950
    assert new.text.count('FROM v AS "airports"') == 950
    assert len(sql) > 64_000


def test_threads_may_read_statements_at_once() -> None:
    queries = [f"SELECT {i} FROM t{i} AT (VERSION => 'v{i}') JOIN 'é' USING (x)" for i in range(100)]
    with ThreadPoolExecutor(8) as threads:
        found = [statement.tables[0].path[0] for statement in threads.map(parse, queries)]
    assert found == [f"t{i}" for i in range(100)]


# --------------------------------------------------------------------------------------------------------------------
# Any text around

_CHARS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
_NAMES = st.text(_CHARS.filter(lambda c: c != "@"), min_size=1, max_size=8)
_COMMENTS = st.one_of(
    st.text(_CHARS, max_size=8).map(lambda text: f"/*{text.replace('*', ' ').replace('/', ' ')}*/"),
    st.text(_CHARS, max_size=8).map(lambda text: "--" + text.replace("\n", " ").replace("\r", " ") + "\n"),
    st.text(" \t\n\u00a0\u2003\u3000", min_size=1, max_size=3),
)


@st.composite
def _written(draw: st.DrawFn) -> tuple[str, str, str, str]:
    """A query, the table's name and alias, and the text of the whole reference."""

    def gap() -> str:
        return draw(_COMMENTS) + " "

    name, alias, literal = draw(_NAMES), draw(_NAMES), draw(st.text(_CHARS, max_size=8))
    text = literal.replace("'", "''")
    at_clause = draw(st.sampled_from(["", " AT (VERSION => 'v')"]))
    reference = f"{quote_name(name)} {gap()} AS {gap()} {quote_name(alias)}{at_clause}"
    sql = f"{gap()}SELECT '{text}', x {gap()} FROM {gap()} {reference} WHERE '{text}' <> {gap()} $p"
    return sql, name, alias, reference


@settings(deadline=None, max_examples=150)
@given(_written())
def test_places_are_exact_whatever_stands_around(written: tuple[str, str, str, str]) -> None:
    sql, name, alias, reference = written
    statement = parse(sql)
    (table,) = statement.tables
    assert (table.path, table.alias, sql[slice(*table.span)]) == ((name,), alias, reference)
    assert statement.parameters == ("p",)
    _check_positions(statement, rewrite(statement, {table: "a.b"}))


def _check_positions(statement: Statement, new: Rewritten) -> None:
    """Each token of the new text that is not of the replacement stands for the same token of the user's."""
    for token in tokenize(new.text):
        back = new.map_back(token.start)
        if token.text not in ("a", "b", "."):
            assert statement.runnable[back : back + len(token.text)] == token.text


def test_the_kind_of_a_query_is_select() -> None:
    assert parse("SELECT 1").kind is StatementKind.SELECT
