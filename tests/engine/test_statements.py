"""Statements: what is found in the user's text, and that a rewritten text means the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.rewriting import Rewritten, rewrite
from jupyter_datasets.engine.sqltokens import tokenize
from jupyter_datasets.engine.statements import Statement, StatementKind, TableName, describe_refusal, parse
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.sqltext import quote_name

DATA = """
CREATE SCHEMA flights; CREATE SCHEMA other; CREATE SCHEMA "a b";
CREATE TABLE sales (x INTEGER, y INTEGER, region VARCHAR);
INSERT INTO sales VALUES (1, 10, 'north'), (2, 20, 'south'), (3, 30, 'north'), (NULL, 5, 'ost ü');
CREATE TABLE regions (region VARCHAR, name VARCHAR);
INSERT INTO regions VALUES ('north', 'Nord'), ('south', 'Süd'), ('west', 'West');
CREATE TABLE flights.airports (faa VARCHAR, alt INTEGER, place STRUCT(lat DOUBLE, tags VARCHAR[]));
INSERT INTO flights.airports VALUES ('JFK', 4, {'lat': 40.6, 'tags': ['a']}), ('LGA', 6, {'lat': 40.7, 'tags': []});
CREATE TABLE other.airports AS SELECT faa, alt * 2 AS alt, place FROM flights.airports WHERE alt > 4;
CREATE TABLE "a b"."Größe ""q"" x" AS SELECT 1 AS "é x", 2 AS z;
"""
PATHS = [
    ("sales",),
    ("regions",),
    ("flights", "airports"),
    ("other", "airports"),
    ("a b", 'Größe "q" x'),
]
OLDER = "(SELECT x * 100 AS x, y, region FROM data.sales WHERE x < 3)"


def _quoted(path: tuple[str, ...]) -> str:
    return ".".join(map(quote_name, path))


@pytest.fixture(scope="module")
def plain() -> Iterator[duckdb.DuckDBPyConnection]:
    """The tables under the names that the user writes."""
    with duckdb.connect() as connection:
        connection.execute(DATA)
        yield connection


@pytest.fixture(scope="module")
def views() -> Iterator[duckdb.DuckDBPyConnection]:
    """The same tables where only internal views reach them."""
    with duckdb.connect() as connection:
        connection.execute("ATTACH ':memory:' AS data; USE data")
        connection.execute(DATA)
        connection.execute('USE memory; CREATE SCHEMA "in ternal"')
        for i, path in enumerate(PATHS):
            connection.execute(f'CREATE VIEW "in ternal".v_{i} AS FROM data.{_quoted(path) if path[1:] else path[0]}')
        connection.execute(f'CREATE VIEW "in ternal".older AS FROM {OLDER}')
        connection.execute("SET errors_as_json = true")
        yield connection


def _view(table: TableName) -> str:
    if table.at:
        assert table.at.value == "v1"
        return '"in ternal".older'
    keys = [tuple(part.lower() for part in path) for path in PATHS]
    return f'"in ternal".v_{keys.index(tuple(part.lower() for part in table.path))}'


def rewritten(sql: str) -> Rewritten:
    statement = parse(sql)
    own = [table for table in statement.tables if not table.is_literal and not table.is_system]
    return rewrite(statement, {table: _view(table) for table in own})


def run(connection: duckdb.DuckDBPyConnection, sql: str) -> tuple[list[str], list[Any]]:
    cursor = connection.execute(sql)
    return [column[0] for column in cursor.description or ()], sorted(cursor.fetchall(), key=repr)


SAME_RESULT = [
    "SELECT * FROM sales",
    "SELECT sales.x, y FROM sales WHERE sales.y > 5 ORDER BY 1;",
    "select S.x from SALES as s -- trailing",
    '/* ü /* nested */ */ SELECT \'é\', "x" FROM "sales" -- é\n ; ; ',
    "FROM sales",
    "FROM sales s SELECT s.x + 1",
    "FROM sales AS s(a, b) SELECT a, b, region",
    "FROM s: sales SELECT s.x",
    "SELECT sales FROM sales",
    "SELECT s FROM sales AS 's'",
    "TABLE sales",
    "WITH a AS (TABLE sales) TABLE a",
    "SELECT x, y, region FROM sales UNION ALL TABLE sales",
    "VALUES (1, 'é'), (2, 'b')",
    "SELECT 1 + 1",
    "SELECT * FROM range(3) r JOIN sales ON range = x",
    "SELECT * FROM sales TABLESAMPLE 100%",
    "SELECT count(*) FROM sales s(a) TABLESAMPLE 100% WHERE a > 1",
    "FROM sales USING SAMPLE 100%",
    "SELECT * FROM sales JOIN regions USING (region)",
    "SELECT sales.region, regions.name FROM sales LEFT JOIN regions ON sales.region = regions.region",
    "FROM sales NATURAL JOIN regions",
    "FROM sales SEMI JOIN regions USING (region)",
    "FROM sales ANTI JOIN regions USING (region)",
    "SELECT s.x, r.name FROM sales s POSITIONAL JOIN regions r",
    "SELECT a.x, b.y FROM sales a ASOF JOIN sales b ON a.x >= b.x",
    "FROM sales s, LATERAL (SELECT name FROM regions r WHERE r.region = s.region)",
    "FROM (sales), regions",
    "SELECT * FROM sales, (FROM regions) AS r WHERE r.region = sales.region",
    "SELECT (SELECT max(x) FROM sales), EXISTS(FROM sales), y IN (SELECT y FROM sales) FROM sales",
    "SELECT (SELECT max(s.x) FROM sales s WHERE s.region = sales.region) FROM sales",
    "SELECT ARRAY(SELECT x FROM sales ORDER BY x)",
    "FROM sales WHERE x = ANY(SELECT x FROM sales) AND y < ALL (SELECT y * 2 FROM sales)",
    "SELECT max(x) FILTER (WHERE y IN (SELECT y FROM sales)) FROM sales",
    "FROM sales QUALIFY row_number() OVER (PARTITION BY region ORDER BY (SELECT max(y) FROM sales), y) = 1",
    "SELECT sum(x) OVER w, avg(x) OVER w FROM sales WINDOW w AS (ORDER BY y, (SELECT max(x) FROM sales))",
    "SELECT region, count(*) FROM sales GROUP BY ALL HAVING count(*) >= (SELECT 1 FROM sales LIMIT 1) ORDER BY ALL",
    "FROM sales ORDER BY (SELECT min(x) FROM sales), x LIMIT (SELECT 2 FROM sales LIMIT 1)",
    "SELECT region, x, sum(y) FROM sales GROUP BY GROUPING SETS ((region), (x), ())",
    "SELECT CASE (SELECT max(x) FROM sales) WHEN 3 THEN 'a' WHEN 4 THEN 'b' END FROM sales",
    "SELECT * REPLACE ((SELECT max(x) FROM sales) AS x) FROM sales",
    "SELECT * EXCLUDE (x), COLUMNS('x|y') + 1 FROM sales",
    "SELECT sales.* EXCLUDE region FROM sales",
    "SELECT COLUMNS(c -> c LIKE 'x%') FROM sales",
    "SELECT [z + 1 FOR z IN [1, 2] IF z > 1], list_transform([x], lambda q: q + y) FROM sales",
    "SELECT DISTINCT ON (region) region FROM sales",
    "SELECT x ** 2, x // 2, x::VARCHAR || 'é', {'a': x}.a, x BETWEEN 1 AND 2 FROM sales",
    "SELECT x FROM sales UNION (SELECT y FROM sales EXCEPT SELECT x FROM sales) ORDER BY 1",
    "SELECT x FROM sales UNION BY NAME SELECT region FROM regions",
    "WITH sales AS (SELECT x * 10 AS x FROM sales) SELECT * FROM sales",
    "WITH a AS (SELECT region FROM regions), regions AS (SELECT 1 AS one) FROM a, regions",
    "WITH Sales AS (SELECT 5 AS q) SELECT * FROM SALES",
    "WITH sales AS (SELECT 5 AS q) SELECT * FROM (WITH r AS (FROM sales) FROM r)",
    "SELECT * FROM (WITH sales AS (SELECT 5 AS q) SELECT * FROM sales) t, sales",
    "(WITH sales AS (SELECT 5 AS q) SELECT * FROM sales) UNION ALL SELECT x FROM sales",
    "WITH regions AS (WITH sales AS (SELECT 9 AS k) SELECT * FROM sales, regions) FROM regions",
    "WITH flights AS (SELECT 'JFK' AS faa) SELECT * FROM flights JOIN flights.airports USING (faa)",
    "WITH RECURSIVE t AS (SELECT min(x) AS n FROM sales UNION ALL SELECT n + 1 FROM t, regions WHERE n < 3) FROM t",
    "WITH RECURSIVE sales AS (SELECT x FROM sales UNION ALL SELECT x + 1 FROM sales WHERE x < 5) FROM sales",
    "WITH RECURSIVE sales AS (SELECT x FROM sales) FROM sales",
    "WITH RECURSIVE t(a, b) USING KEY (a) AS"
    " (SELECT x, y FROM sales UNION SELECT a, b + 1 FROM recurring.t WHERE b < 12) FROM t",
    "WITH s AS MATERIALIZED (FROM sales), r AS NOT MATERIALIZED (FROM s) FROM r",
    "SELECT * FROM flights.airports",
    "SELECT airports.faa, flights.airports.alt FROM flights.airports WHERE flights.airports.alt > 4",
    "SELECT flights.airports.alt + 1, flights.airports.place.lat, (flights.airports.place).tags FROM flights.airports",
    "SELECT flights . /* c */ airports . faa FROM flights /* d */ . airports",
    "SELECT flights.airports.faa, other.airports.alt"
    " FROM flights.airports JOIN other.airports ON flights.airports.faa = other.airports.faa",
    "SELECT airports.alt FROM flights.airports UNION ALL SELECT airports.alt FROM other.airports",
    "SELECT (SELECT max(other.airports.alt) FROM other.airports WHERE other.airports.faa = flights.airports.faa)"
    " FROM flights.airports",
    'SELECT "Größe ""q"" x"."é x" + "a b"."Größe ""q"" x".z FROM "a b"."Größe ""q"" x"',
    "PIVOT sales ON region USING sum(y)",
    "PIVOT sales s ON region IN ('north', 'south') USING sum(y) AS t, max(x) GROUP BY x ORDER BY x LIMIT 2",
    "PIVOT (FROM sales WHERE y > 5) AS q ON region USING sum(y)",
    "PIVOT sales ON region IN (SELECT region FROM regions) USING sum(y)",
    "PIVOT sales JOIN regions USING (region) ON name USING sum(y) GROUP BY x",
    "WITH p AS (PIVOT sales ON region USING sum(y)), q AS (FROM p) SELECT * FROM q, regions",
    "FROM (PIVOT sales ON region USING sum(y)) p JOIN regions ON true",
    "FROM (PIVOT (PIVOT sales ON region USING sum(y) GROUP BY x) ON x USING sum(north))",
    "PIVOT sales ON region USING count(*) UNION ALL FROM (SELECT 1, 2, 3)",
    "WITH sales AS (SELECT 5 AS q) PIVOT sales ON q USING count(*)",
    "FROM sales PIVOT (sum(y) FOR region IN ('north', 'south'))",
    "FROM (FROM sales) PIVOT (sum(y) FOR region IN ('north', 'south')) AS p",
    "PIVOT sales USING sum(y) GROUP BY region",
    "UNPIVOT sales ON x, y INTO NAME n VALUE v",
    "FROM sales UNPIVOT (v FOR n IN (x, y))",
    "DESCRIBE sales",
    "DESC flights.airports",
    "SHOW sales",
    "DESCRIBE TABLE sales",
    "DESCRIBE SELECT x AS q FROM sales",
    "DESCRIBE (FROM sales)",
    "SUMMARIZE sales",
    "SUMMARIZE SELECT y FROM sales",
    "SELECT column_name FROM (DESCRIBE sales)",
    "FROM (SUMMARIZE flights.airports) SELECT column_name",
    "SELECT x FROM sales ORDER BY (x) DESC, y DESC",
    "WITH sales AS (SELECT 5 AS q) FROM (DESCRIBE sales)",
    "SELECT table_name FROM information_schema.tables WHERE false",
    "SELECT count(*) > 0 FROM system.information_schema.tables",
    "SELECT count(*) > 0 FROM pg_catalog.pg_class",
    "SELECT\u00a0x\u3000FROM\u2003sales\u00a0s",
    "SELECT '\u00a0 é',\u00a0x /* it's \u00a0 */ FROM\u00a0sales WHERE '\u00a0' <> ''",
    "SELECT E'it\\'s \u00a0' IS NULL FROM sales",
    "SELECT $$ FROM nothing $$, $t$ ' $t$, 'FROM x' FROM sales",
    'FROM"sales"JOIN"regions"USING(region)',
    "FROM sales AS version SELECT version.x",
    "SELECT x FROM sales WHERE x = -1 OR x IN (1, 2, 3)",
]


@pytest.mark.parametrize("sql", SAME_RESULT)
def test_a_rewritten_query_gives_the_rows_and_column_names_of_the_original(
    sql: str, plain: duckdb.DuckDBPyConnection, views: duckdb.DuckDBPyConnection
) -> None:
    new = rewritten(sql)
    names, rows = run(views, new.text)
    assert (new.column_names(names), rows) == run(plain, sql)


OF_OLDER = "(SELECT x * 100 AS x, y, region FROM sales WHERE x < 3)"
VERSIONS = [
    ("SELECT sales.x FROM sales AT (VERSION => 'v1')", f"SELECT sales.x FROM {OF_OLDER} AS sales"),
    ("SELECT s.x FROM sales s AT (VERSION => 'v1') WHERE s.y > 10", f"SELECT s.x FROM {OF_OLDER} s WHERE s.y > 10"),
    ("FROM sales AS s(a, b) AT (VERSION => 'v1') SELECT a", f"FROM {OF_OLDER} AS s(a, b) SELECT a"),
    ("FROM s: sales AT (VERSION => 'v1')", f"FROM {OF_OLDER} s"),
    ("FROM\"sales\"AT(VERSION=>'v1')WHERE x=1", f"FROM {OF_OLDER} WHERE x = 1"),
    ("FROM (sales AT (VERSION => 'v1') TABLESAMPLE 100%)", f"FROM {OF_OLDER}"),
    (
        "SELECT n.x, o.x FROM sales n JOIN sales o AT (VERSION => 'v1') USING (y)",
        f"SELECT n.x, o.x FROM sales n JOIN {OF_OLDER} o USING (y)",
    ),
    ('SELECT "sales@v1".x FROM "sales@v1"', f'SELECT "sales@v1".x FROM {OF_OLDER} AS "sales@v1"'),
    (
        'SELECT sales.x, "sales@v1".x FROM sales JOIN "sales@v1" USING (y)',
        f"SELECT sales.x, o.x FROM sales JOIN {OF_OLDER} o USING (y)",
    ),
    ("SELECT sales.x FROM sales FOR VERSION AS OF 'v1'", f"SELECT sales.x FROM {OF_OLDER} sales"),
    ("SELECT s.x FROM sales FOR VERSION AS OF 'v1' AS s WHERE true", f"SELECT s.x FROM {OF_OLDER} s"),
    ("SELECT s.x FROM sales s FOR VERSION AS OF $$v1$$, regions", f"SELECT s.x FROM {OF_OLDER} s, regions"),
    ("DESCRIBE sales AT (VERSION => 'v1')", f"DESCRIBE FROM {OF_OLDER}"),
    ("PIVOT sales AT (VERSION => 'v1') ON region USING sum(x)", f"PIVOT {OF_OLDER} ON region USING sum(x)"),
    ("TABLE sales FOR VERSION AS OF 'v1'", f"FROM {OF_OLDER}"),
]


@pytest.mark.parametrize(("sql", "expected"), VERSIONS)
def test_each_spelling_of_a_version_reads_that_version(
    sql: str, expected: str, plain: duckdb.DuckDBPyConnection, views: duckdb.DuckDBPyConnection
) -> None:
    new = rewritten(sql)
    names, rows = run(views, new.text)
    assert (new.column_names(names), rows) == run(plain, expected)


def test_a_query_without_name_gets_back_the_column_name_that_the_user_wrote(views: duckdb.DuckDBPyConnection) -> None:
    new = rewritten("SELECT (SELECT max(x) FROM sales AT (VERSION => 'v1'))")
    names, _ = run(views, new.text)
    assert "ternal" in names[0]
    assert new.column_names(names) == ["(SELECT max(x) FROM sales AT (VERSION => 'v1'))"]


# --------------------------------------------------------------------------------------------------------------------
# What is found


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
        ("FROM t FOR TIMESTAMP AS OF E'\\u00fc'", ("timestamp", "ü", None)),
        ('FROM "t@main@{2026-01-31}"', ("version", "main@{2026-01-31}", None)),
        ('FROM "t@#12^"', ("version", "#12^", None)),
    ],
)
def test_a_version_is_a_literal_or_a_parameter(sql: str, expected: tuple[str, str | None, str | None]) -> None:
    assert at(sql) == expected


def test_names_of_ctes_and_table_functions_are_not_tables() -> None:
    sql = "WITH a AS (FROM t1), b AS (FROM a, t2) SELECT * FROM b, range(5), table_changes('s', 'v1', 'v2'), t3"
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
    assert refusal("SELECT " + "(" * 30000 + "1" + ")" * 30000).kind is ErrorKind.STATEMENT_SYNTAX
    assert refusal("SELECT " + "(" * 30000).kind is ErrorKind.STATEMENT_SYNTAX


def test_a_statement_of_64_kilobytes_is_read() -> None:
    sql = " UNION ALL ".join(["SELECT flights.airports.alt FROM flights.airports WHERE 'é' <> faa"] * 950)
    statement = parse(sql)
    new = rewrite(statement, dict.fromkeys(statement.tables, "v"))
    assert len(statement.tables) == 950
    assert new.text.count('FROM v AS "airports"') == 950
    assert len(sql) > 64_000


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
    gap = lambda: draw(_COMMENTS) + " "  # noqa: E731  # draws anew at each use
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
