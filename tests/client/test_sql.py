"""SQL over versions and Python variables: what names mean, what results are, how errors point."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.client import waiting
from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import DamagedObjectError, DatasetsError, ErrorKind, InvalidInputError, StatementError
from tests.client.conftest import TRANSPORTS

FOREVER = "SELECT count(*) FROM range(10000000) a, range(100000) b WHERE hash(a.range, b.range) = 5"
FRAME = pd.DataFrame({"a": [1, 2], "z": [5, 6]})


@pytest.fixture(scope="module", params=TRANSPORTS.values(), ids=TRANSPORTS.keys())
def repo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    """``flights`` with a tag ``v1.0`` and one row more on ``main``, and ``weather`` without the tag."""
    with request.param(tmp_path_factory.mktemp("sql") / "store") as open_one, open_one() as made:
        flights, weather = made.create("flights"), made.create("weather")
        with flights.edit("main") as edit:
            edit["flights"].append(pa.table({"a": [1, 2, 3], "b": ["x", "y", "z"]}))
            edit["airports"].append(pa.table({"code": ["AA", "BB"], "big": pa.array([1, 2], pa.int32())}))
        flights.tag("v1.0")
        flights.branch("fix")
        with flights.edit("main") as edit:
            edit["flights"].append(pa.table({"a": [4], "b": ["w"]}))
        with weather.edit("main") as edit:
            edit["weather"].append(pa.table({"t": [1.5]}))
            edit["empty"].replace(pa.table({"q": pa.array([], pa.int32())}))
        made.create("bare")
        yield made


def rows(repo: Repository, query: str, **options: Any) -> list[tuple[Any, ...]]:
    return repo.sql(query, **options).fetchall()


def refused(repo: Repository, query: str, **options: Any) -> StatementError:
    with pytest.raises(StatementError) as caught:
        repo.sql(query, **options).to_arrow()
    return caught.value


# --------------------------------------------------------------------------------------------------------------------
# Names and references


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("flights", 4),
        ("FLIGHTS", 4),
        ("flights.flights", 4),
        ('"me/flights"', 4),
        ("flights.airports", 2),
        ('"me/flights".airports', 2),
        ("weather.empty", 0),
        ("flights AT (VERSION => 'v1.0')", 3),
        ("flights AT (VERSION => 'main~1')", 3),
        ("flights AT (VERSION => '#1')", 3),
        ("flights AT (VERSION => 'branch:fix')", 3),
        ("flights AT (VERSION => $ref)", 3),
        ("flights f AT (TIMESTAMP => $when)", 4),
        ("flights FOR VERSION AS OF 'v1.0'", 3),
        ('"flights@v1.0"', 3),
        ("(WITH flights AS (SELECT 1) FROM flights)", 1),
        ("(PIVOT flights ON b IN ('x', 'y') USING sum(a))", 1),
        ("duckdb_settings() WHERE name = 'threads'", 1),
        ("duckdb_views WHERE false", 0),
        ("information_schema.tables WHERE false", 0),
        ("range(7)", 7),
    ],
)
def test_a_name_in_from(repo: Repository, source: str, expected: int) -> None:
    """Each spelling of the grammar finds its table at its version."""
    params = {"ref": "v1.0", "when": dt.datetime.now(dt.UTC)}
    assert rows(repo, f"SELECT count(*) FROM {source}", params=params) == [(expected,)]


def test_a_file_is_read_as_plain_duckdb(repo: Repository, tmp_path: Path) -> None:
    """A string in FROM is a file."""
    pq.write_table(pa.table({"n": [1, 2]}), tmp_path / "some.parquet")
    assert rows(repo, f"SELECT sum(n) FROM '{tmp_path}/some.parquet'") == [(3,)]


def test_versions_are_joined(repo: Repository) -> None:
    """One statement may read a dataset at several versions, and several datasets."""
    query = """
        SELECT n.a FROM flights n ANTI JOIN flights o AT (VERSION => 'v1.0') USING (a), weather WHERE weather.t > 1
    """
    result = repo.sql(query)
    assert result.fetchall() == [(4,)]
    assert set(result.versions) == {"flights@main", "flights@v1.0", "weather"}


def test_at_holds_for_what_has_no_version_of_its_own(repo: Repository) -> None:
    """``at`` is the default of every dataset, and an own AT goes before it."""
    query = "SELECT (SELECT count(*) FROM flights), (SELECT count(*) FROM flights AT (VERSION => 'main'))"
    assert rows(repo, query, at="v1.0") == [(3, 4)]


def test_a_dataset_without_the_reference_is_named(repo: Repository) -> None:
    """With ``at``, a dataset that lacks the reference is an error that names it and its place."""
    error = refused(repo, "FROM flights, weather", at="v1.0")
    assert error.kind is ErrorKind.REF_NOT_FOUND
    assert "'weather'" in error.message
    assert error.details["column"] == 15


def test_what_is_checked_out_is_the_default(repo: Repository) -> None:
    """A bare name means what was checked out; AT (TIMESTAMP) then looks at that branch's past."""
    repo["flights"].checkout("fix")
    try:
        assert rows(repo, "SELECT count(*) FROM flights") == [(3,)]
        assert repo.sql("FROM flights AT (TIMESTAMP => '2100-01-01')").sources[0].ref == "fix@{2100-01-01}"
        repo["flights"].checkout("v1.0")
        assert repo.sql("FROM flights AT (TIMESTAMP => '2100-01-01')").sources[0].ref == "main@{2100-01-01}"
    finally:
        repo["flights"].checkout("main")


def test_versions_are_fixed_when_the_result_is_made(store: Path) -> None:
    """A branch that moves before the rows are read does not move the result."""
    with connect(store) as own:
        with own.create("sales").edit("main") as edit:
            edit["sales"].append(pa.table({"n": [1]}))
        result = own.sql("FROM sales")
        with own["sales"].edit("main") as edit:
            edit["sales"].append(pa.table({"n": [2]}))
        assert result.fetchall() == [(1,)]
        assert len(own.sql("FROM sales")) == 2


@pytest.mark.parametrize(
    ("query", "kind", "column", "suggestions"),
    [
        ("FROM flihts", ErrorKind.STATEMENT_NAME, 6, ["flights"]),
        ("FROM airports", ErrorKind.STATEMENT_NAME, 6, ["flights.airports"]),
        ("FROM flight.airports", ErrorKind.STATEMENT_NAME, 6, ["flights.airports"]),
        ("FROM flights.airport", ErrorKind.TABLE_NOT_FOUND, 6, ["airports"]),
        ("FROM flights AT (VERSION => 'v1.1')", ErrorKind.REF_NOT_FOUND, 14, ["v1.0"]),
        ("FROM flights AT (VERSION => 'a..b')", ErrorKind.INVALID_REF, 14, []),
        ("FROM flights AT (TIMESTAMP => '1999-01-01')", ErrorKind.NO_VERSION_AT_TIME, 14, []),
        ("FROM bare", ErrorKind.UNBORN_BRANCH, 6, []),
        ("FROM fram", ErrorKind.STATEMENT_NAME, 6, ["frame"]),
        ("FROM py.fram", ErrorKind.STATEMENT_NAME, 6, ["frame"]),
        ("FROM frame AT (VERSION => 'v1')", ErrorKind.STATEMENT_REFUSED, 12, []),
        ("FROM a.b.c", ErrorKind.STATEMENT_NAME, 6, []),
        ("SELECT aa FROM flights", ErrorKind.STATEMENT_NAME, 8, ["a"]),
        ("FROM flights WHERE a = $limt", ErrorKind.STATEMENT_NAME, 24, ["$limit"]),
        ("FROM flights AT (VERSION => $limt)", ErrorKind.STATEMENT_NAME, 29, ["$limit"]),
        ("FROM flights WHERE b = $frame", ErrorKind.UNSUPPORTED_TYPE, 24, []),
        ("SELECT a + b FROM flights", ErrorKind.STATEMENT_FAILED, 10, []),
        ("SELECT CAST(b AS INT), sum(a) FROM flights GROUP BY 1", ErrorKind.STATEMENT_FAILED, 8, []),
        ("SELECT 1 +", ErrorKind.STATEMENT_SYNTAX, 10, []),
    ],
)
def test_an_error_points_and_suggests(
    repo: Repository, query: str, kind: ErrorKind, column: int, suggestions: list[str]
) -> None:
    """A mistake is shown at its place in the user's text, with the nearest name that exists."""
    error = refused(repo, f"-- ü\n{query}", tables={"frame": FRAME}, params={"limit": 1, "frame": FRAME})
    assert (error.kind, error.details["line"], error.details["column"]) == (kind, 2, column)
    assert error.details["suggestions"][:1] == suggestions[:1]
    assert "files0" not in str(error)


@pytest.mark.parametrize("verb", ["INSERT INTO flights VALUES (1)", "UPDATE flights SET a = 1", "DELETE FROM flights"])
def test_changing_data_is_refused(repo: Repository, verb: str) -> None:
    """A statement that changes data names the way to do it."""
    error = refused(repo, verb)
    assert error.kind is ErrorKind.STATEMENT_REFUSED
    assert "ds.edit(" in error.next_step


# --------------------------------------------------------------------------------------------------------------------
# Python variables


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.set_index("a"),
        pl.DataFrame(FRAME.to_dict("list")),
        pl.LazyFrame(FRAME.to_dict("list")),
        pa.table(FRAME),
        pa.RecordBatch.from_pandas(FRAME),
        pa.dataset.dataset(pa.table(FRAME)) if hasattr(pa, "dataset") else pa.table(FRAME),
        duckdb.sql("SELECT a, a + 4 AS z, 7::HUGEINT AS h FROM range(1, 3) t(a)"),
    ],
    ids=lambda frame: f"{type(frame).__module__.partition('.')[0]}.{type(frame).__name__}",
)
def test_a_variable_is_a_table(repo: Repository, frame: Any) -> None:
    """Whatever holds rows can be joined with a dataset, also twice in one statement."""
    query = "SELECT f.b, z FROM flights f JOIN frame USING (a) JOIN py.frame g USING (a, z) ORDER BY 1"
    assert rows(repo, query, tables={"frame": frame}) == [("x", 5), ("y", 6)]


def test_results_and_tables_are_tables(repo: Repository) -> None:
    """An earlier result and a table of a version can be named as well."""
    earlier = repo.sql("SELECT a FROM flights WHERE a > 2")
    table = repo["flights"]["v1.0"]["flights"]
    assert rows(repo, "SELECT a, b FROM earlier JOIN old USING (a)", tables={"earlier": earlier, "old": table}) == [
        (3, "z")
    ]


def test_a_reader_is_read_once(repo: Repository) -> None:
    """A stream can be named, and naming it again says what happened instead of giving no rows."""
    reader = pa.table({"n": [1, 2]}).to_reader()
    assert rows(repo, "SELECT sum(n) FROM reader", tables={"reader": reader}) == [(3,)]
    assert "already been consumed" in refused(repo, "FROM reader", tables={"reader": reader}).message


def test_a_name_with_two_meanings_is_an_error(repo: Repository) -> None:
    """A dataset and a variable of one name: the error has both spellings, and each of them decides."""
    tables = {"flights": FRAME}
    error = refused(repo, "FROM flights", tables=tables)
    assert error.kind is ErrorKind.AMBIGUOUS_NAME
    assert error.details["suggestions"] == ["py.flights", '"me/flights"']
    assert [len(repo.sql(f"FROM {name}", tables=tables)) for name in error.details["suggestions"]] == [2, 4]


@pytest.mark.parametrize("value", [FRAME["a"], pl.Series([1]), pa.chunked_array([[1]]), repo, pd.DataFrame, 5])
def test_other_values_are_no_tables(repo: Repository, value: Any) -> None:
    """A column, a class or a number of a dataset's name does not get in its way."""
    assert len(repo.sql("FROM flights", tables={"flights": value})) == 4


# --------------------------------------------------------------------------------------------------------------------
# Parameters


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("it's; DROP", "it's; DROP"),
        (2**70, 2**70),
        (1.5, 1.5),
        (True, True),
        (None, None),
        (b"\x00x", b"\x00x"),
        (Decimal("1.50"), Decimal("1.50")),
        (dt.date(2026, 1, 31), dt.date(2026, 1, 31)),
        (dt.datetime(2026, 1, 31, 12, 30), dt.datetime(2026, 1, 31, 12, 30)),
        ([1, 2], [1, 2]),
        (np.int64(3), 3),
        (np.array([1, 2]), [1, 2]),
        (pd.Series(["u", "v"]), ["u", "v"]),
    ],
    ids=repr,
)
def test_values_are_bound(repo: Repository, value: Any, expected: Any) -> None:
    """Parameters arrive as the values that they are."""
    assert rows(repo, "SELECT $value AS v", params={"value": value, "other": object()}) == [(expected,)]


def test_a_parameter_may_be_used_anywhere(repo: Repository) -> None:
    """In a list, in LIMIT, and as the version."""
    query = "SELECT a FROM flights AT (VERSION => $ref) WHERE b IN $names ORDER BY a LIMIT $most"
    assert rows(repo, query, params={"ref": "v1.0", "names": ["x", "y", "w"], "most": 1}) == [(1,)]


def test_a_value_that_sql_has_not_is_refused(repo: Repository) -> None:
    """An object without an SQL type is named by its parameter and class."""
    error = refused(repo, "SELECT 1, $thing", params={"thing": object()})
    assert error.kind is ErrorKind.UNSUPPORTED_TYPE
    assert "$thing is of type object" in error.message
    assert error.details["column"] == 11


# --------------------------------------------------------------------------------------------------------------------
# Results


def test_a_result_runs_once(repo: Repository) -> None:
    """What was shown and what is fetched later are the same rows: nothing runs twice."""
    result = repo.sql("SELECT uuid() AS u FROM range(30000)")
    assert result.summary().startswith("not run yet")
    shown = result.head(3).column("u").to_pylist()
    assert "10 of more than 1,000 rows" in repr(result)
    batches = [batch.num_rows for batch in result]
    assert sum(batches) == len(result) == 30000
    assert result.to_arrow().column("u").to_pylist()[:3] == shown == [row[0] for row in result.fetchall()[:3]]
    assert "10 of 30,000 rows" in repr(result)


def test_batches_go_on_while_others_read(repo: Repository) -> None:
    """An iteration that was begun gives each row once, also when everything is read meanwhile."""
    result = repo.sql("SELECT range AS n FROM range(10000)")
    iterator = iter(result)
    first = next(iterator)
    assert len(result) == 10000
    assert [n for batch in [first, *iterator] for n in batch.column("n").to_pylist()] == list(range(10000))


def test_a_result_knows_its_versions(repo: Repository) -> None:
    """Result, DataFrame and Arrow table say which commits they were made from."""
    result = repo.sql("SELECT * FROM flights JOIN weather ON true", at="main")
    commits = {name: repo[name]["main"].commit.id for name in ("flights", "weather")}
    assert result.versions == commits
    assert result.to_pandas().attrs["jupyter_datasets"] == {"versions": commits}
    assert json.loads(result.to_arrow().schema.metadata[b"jupyter_datasets"]) == {"versions": commits}


def test_a_result_shows_itself(repo: Repository) -> None:
    """Rows, how many there are, the time, and the versions; what people typed is escaped."""
    result = repo.sql("SELECT a, NULL AS n, '<b>' AS h FROM flights ORDER BY a")
    lines = repr(result).split("\n")
    assert lines[:2] == ["a  n     h", "1  NULL  <b>"]
    assert lines[-1].startswith("4 rows, ")
    assert lines[-1].endswith(f"flights@{repo['flights']['main'].commit.short} (main)")
    assert "&lt;b&gt;" in result._repr_html_()
    assert "4 rows" in result._repr_html_()


def test_showing_a_result_that_fails_shows_the_error(repo: Repository) -> None:
    """A repr does not raise: it shows the message."""
    result = repo.sql("SELECT CAST(b AS INT) FROM flights")
    assert repr(result).startswith("StatementError: Could not convert string")
    assert "Could not convert string" in result._repr_html_()
    with pytest.raises(StatementError, match="Could not convert"):
        len(result)


def test_names_and_types_of_columns(repo: Repository) -> None:
    """Columns are called as DuckDB calls them, may repeat, and have logical types."""
    result = repo.sql(
        "SELECT a, sum(a), (SELECT max(a) FROM flights AT (VERSION => 'v1.0')), a FROM flights GROUP BY a"
    )
    inner = "(SELECT max(a) FROM flights AT (VERSION => 'v1.0'))"
    assert [result.columns[0], result.columns[1], result.columns[3]] == ["a", "sum(a)", "a"]
    assert result.columns[2].startswith("(SELECT max(a) FROM flights"), inner
    assert result.types["sum(a)"] == "HUGEINT"
    assert result.to_arrow().column_names == result.columns


def test_sums_are_integers_in_python(repo: Repository) -> None:
    """A HUGEINT is exact in Arrow, and an integer in pandas, polars and Python where it fits."""
    result = repo.sql("SELECT sum(big) AS s FROM flights.airports")
    assert result.to_arrow().schema.field("s").type == pa.decimal128(38, 0)
    assert result.to_pandas()["s"].tolist() == [3]
    assert result.to_pandas()["s"].dtype == np.int64
    assert result.to_polars()["s"].dtype == pl.Int64
    assert type(result.fetchall()[0][0]) is int


def test_values_that_arrow_cannot_hold_say_so(repo: Repository) -> None:
    """An integer of 39 digits is an error with the way out, and the engine lives on."""
    error = refused(repo, f"SELECT {2**127 - 1}::HUGEINT AS x")
    assert "VARCHAR" in error.next_step
    assert rows(repo, f"SELECT ({2**127 - 1}::HUGEINT)::VARCHAR AS x") == [(str(2**127 - 1),)]
    assert rows(repo, "SELECT '101'::BIT AS b, {'h': 5::UHUGEINT} AS s") == [("101", {"h": "5"})]


def test_a_relation_and_polars(repo: Repository) -> None:
    """A result can go on as a relation; polars is told about columns of one name."""
    result = repo.sql("SELECT a, a FROM flights")
    assert repo.sql("FROM flights").relation().filter("a > 2").fetchall() == [(3, "z"), (4, "w")]
    with pytest.raises(InvalidInputError, match="Several columns are called 'a'"):
        result.to_polars()


def test_limit_limits_the_result(repo: Repository) -> None:
    """Not only what is shown."""
    result = repo.sql("SELECT a, a FROM flights ORDER BY a DESC", limit=2)
    assert result.fetchall() == [(4, 4), (3, 3)]
    assert result.columns == ["a", "a"]
    with pytest.raises(InvalidInputError, match="whole number"):
        repo.sql("FROM flights", limit=-1)


def test_statements_beside_select(repo: Repository) -> None:
    """DESCRIBE, SUMMARIZE, EXPLAIN and a PIVOT that looks for its columns work on versions."""
    assert [row[0] for row in rows(repo, "DESCRIBE flights AT (VERSION => 'v1.0')")] == ["a", "b"]
    assert len(repo.sql("SUMMARIZE flights.airports")) == 2
    plan = repo.sql("EXPLAIN SELECT * FROM flights")
    assert plan.fetchall()[0][1] in repr(plan)
    assert "READ_PARQUET" in plan._repr_html_()
    pivot = repo.sql("PIVOT flights ON b USING sum(a)")
    assert pivot.columns == ["w", "x", "y", "z"]
    assert pivot.fetchall() == [(4, 1, 2, 3)]


def test_results_go_into_datasets(store: Path) -> None:
    """A result can be the next version of a table."""
    with connect(store) as own:
        own.create("sales")
        with own["sales"].edit("main") as edit:
            edit["sales"].replace(own.sql("SELECT range AS n FROM range(5000)"))
        with own["sales"].edit("main") as edit:
            edit["sales"].replace(own.sql("SELECT n FROM sales WHERE n < 10"))
        assert rows(own, "SELECT count(*) FROM sales") == [(10,)]


def test_a_damaged_file_is_named(store: Path) -> None:
    """A segment that is altered or gone after its plan was remembered is found, and never read as if it were whole."""
    with connect(store) as own:
        with own.create("sales").edit("main") as edit:
            edit["sales"].append(pa.table({"n": [1]}))
        assert rows(own, "FROM sales") == [(1,)]
        result = own.sql("FROM sales")
        file = next((store / "objects").rglob("*.parquet"), None) or next(
            path for path in (store / "objects").rglob("*") if path.is_file() and path.read_bytes()[:4] == b"PAR1"
        )
        content = file.read_bytes()
        file.chmod(0o600)
        file.write_bytes(content[:20] + b"!" + content[21:])
        with pytest.raises(DamagedObjectError):
            own.sql("FROM sales")
        file.unlink()
        with pytest.raises(DamagedObjectError):
            result.to_arrow()


# --------------------------------------------------------------------------------------------------------------------
# Waiting


@pytest.mark.parametrize("method", ["to_arrow", "head", "__len__"])
def test_ctrl_c_stops_a_query(repo: Repository, ctrl_c: threading.Timer, method: str) -> None:
    """It stops at once with KeyboardInterrupt; the result says so from then on, and other queries go on."""
    result = repo.sql(FOREVER)
    ctrl_c.start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        getattr(result, method)()
    assert time.monotonic() - started < 3
    with pytest.raises(StatementError, match="interrupted") as caught:
        result.to_arrow()
    assert caught.value.kind is ErrorKind.STATEMENT_INTERRUPTED
    assert rows(repo, "SELECT count(*) FROM flights") == [(4,)]


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("select", "SELECT * FROM select"),
        ("Order", "SELECT *\nFROM order o"),
        ("table", "FROM table.table"),
        ("group", "FROM flights JOIN group USING (n)"),
        ("full", "SELECT * FROM full WHERE true"),
    ],
)
def test_a_dataset_that_is_called_like_a_word_of_sql_has_to_be_in_quotes(
    repo: Repository, name: str, query: str
) -> None:
    """As DuckDB has it; the error says so and shows how, which then works."""
    made = repo.create(name)
    with made.edit() as edit:
        edit[name].append({"n": [1]})
    with pytest.raises(StatementError) as caught:
        repo.sql(query)
    assert caught.value.kind is ErrorKind.STATEMENT_SYNTAX
    quoted = f'"{name}"'
    assert caught.value.next_step.endswith(f"put it in quotes: {quoted}")
    assert rows(repo, f"FROM {quoted}") == [(1,)]
    made.delete()


@pytest.mark.parametrize("query", ["SELECT * FORM flights", "SELECT FROM WHERE", "FROM select"])
def test_other_syntax_errors_say_nothing_of_quotes(repo: Repository, query: str) -> None:
    """Neither where the word is none of SQL's, nor where no dataset is called so."""
    with pytest.raises(StatementError) as caught:
        repo.sql(query)
    assert caught.value.kind is ErrorKind.STATEMENT_SYNTAX
    assert "quotes" not in caught.value.next_step


def test_a_suggestion_is_in_quotes_where_it_must_be(repo: Repository) -> None:
    """So that it can be typed as it is offered."""
    made = repo.create("select")
    with pytest.raises(StatementError) as caught:
        repo.sql("FROM selct")
    assert caught.value.details["suggestions"] == ['"select"']
    made.delete()


def test_progress_shows_when_it_takes_long(repo: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing shows before the time is up, then percents do, and they grow."""
    seen: list[int] = []

    class View:
        def __init__(self, title: str) -> None:
            assert title == "Query"

        def update(self, job: Any) -> None:
            seen.append(job.progress.done)

        def close(self) -> None:
            seen.append(-1)

    monkeypatch.setattr("jupyter_datasets.client.jobs._factory", View)
    assert rows(repo, "SELECT count(*) FROM flights") == [(4,)]
    assert seen == []
    monkeypatch.setattr(waiting, "PATIENCE", 0.05)
    repo.sql("SELECT max(hash(range)) FROM range(100000000)").to_arrow()
    assert seen[-1] == -1
    assert seen[:-1] == sorted(seen[:-1])
    assert seen[-2] > 0


def test_threads_share_a_result(repo: Repository) -> None:
    """Threads that ask at the same time get the same rows."""
    result = repo.sql("SELECT uuid() AS u FROM range(20000)")
    found: list[pa.Table] = []
    threads = [threading.Thread(target=lambda: found.append(result.to_arrow())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({table.column("u")[0].as_py() for table in found}) == 1
    assert len(found) == 4


def test_errors_are_ours(repo: Repository) -> None:
    """Whatever DuckDB refuses comes as an error of jupyter_datasets."""
    for query in ["FROM 'nowhere.parquet'", "SELECT no_such_function(1)", "SELECT 1 / 'x'", "SELECT error('boo')"]:
        with pytest.raises(DatasetsError):
            repo.sql(query).to_arrow()
