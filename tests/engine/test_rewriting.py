"""A rewritten statement means what the user wrote: it is run, and compared with the original on plain tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from jupyter_datasets.engine.rewriting import Rewritten, rewrite
from jupyter_datasets.engine.statements import TableName, parse
from jupyter_datasets.errors import InternalError
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
    "SELECT (SELECT max(a) FROM sales AS s(a, b)), (SELECT max(s.x) FROM s: sales TABLESAMPLE 100%)",
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
    "SELECT COLUMNS(lambda c: c LIKE 'x%') FROM sales",
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
    "SELECT (SELECT max(airports.alt) FROM other.airports WHERE airports.faa = flights.airports.faa)"
    " FROM flights.airports",
    "SELECT airports.q, (SELECT count(*) FROM other.airports WHERE airports.alt > 4) FROM (SELECT 1 AS q) airports,"
    " LATERAL (SELECT flights.airports.faa FROM flights.airports) z",
    'SELECT "Größe ""q"" x"."é x" FROM "a b"."Größe ""q"" x"',
    'SELECT -"a b"."Größe ""q"" x"."é x" + "a b"."Größe ""q"" x".z FROM "a b"."Größe ""q"" x"',
    "PIVOT sales ON region USING sum(y)",
    "PIVOT sales s ON region IN ('north', 'south') USING sum(y) AS t, max(x) GROUP BY x ORDER BY x LIMIT 2",
    "PIVOT (FROM sales WHERE y > 5) AS q ON region USING sum(y)",
    "PIVOT sales ON region IN (SELECT region FROM regions) USING sum(y)",
    "PIVOT sales JOIN regions USING (region) ON name USING sum(y) GROUP BY x",
    "WITH p AS (PIVOT sales ON region USING sum(y)), q AS (FROM p) SELECT * FROM q, regions",
    "FROM (PIVOT sales ON region USING sum(y)) p JOIN regions ON true",
    "FROM (PIVOT (PIVOT sales ON region USING sum(y) GROUP BY x) ON x USING sum(north))",
    "PIVOT sales ON region USING count(*) GROUP BY x UNION ALL FROM (SELECT 1, 2, 3, 4)",
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
    "SELECT '\u00a0 é',\u00a0x /* its \u00a0 */ FROM\u00a0sales WHERE '\u00a0' <> ''",
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


def test_a_blank_of_unicode_behind_an_apostrophe_in_a_comment_is_a_blank(views: duckdb.DuckDBPyConnection) -> None:
    new = rewritten("SELECT x /* it's \u00a0 */ FROM\u00a0sales\u00a0WHERE x = 1")
    assert run(views, new.text) == (["x"], [(1,)])


def test_tables_that_are_not_replaced_stay_as_they_are() -> None:
    statement = parse("SELECT * FROM 'x.parquet', sales s, other -- c")
    assert rewrite(statement, {statement.tables[1]: "v"}).text == "SELECT * FROM 'x.parquet', v s, other -- c"


def test_only_a_query_can_be_rewritten() -> None:
    with pytest.raises(InternalError):
        rewrite(parse("DELETE FROM t"), {})
