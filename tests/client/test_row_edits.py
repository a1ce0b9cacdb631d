"""INSERT, UPDATE, DELETE, MERGE, upsert and delete by key: they do what DuckDB does to a table of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.client import row_edits
from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import Edit
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.engine.relations import Scan
from jupyter_datasets.errors import (
    ConflictError,
    DatasetsError,
    ErrorKind,
    InvalidInputError,
)
from jupyter_datasets.services.versions import scans
from jupyter_datasets.services.versions.models import ScanPlan
from jupyter_datasets.store.footers import Span
from jupyter_datasets.values import new_id

ROWS = pa.table(
    {
        "id": pa.array(range(60), pa.int64()),
        "x": pa.array([None if n % 7 == 0 else n % 10 for n in range(60)], pa.int32()),
        "s": pa.array([None if n % 11 == 0 else f"v{n % 4}" for n in range(60)], pa.string()),
        "d": pa.array([n / 4 for n in range(60)], pa.float64()),
    }
)
OTHERS = pa.table({"id": [1, 2, 3, 70, 71], "x": [100, 200, None, 700, 710], "s": ["a", None, "c", "d", "e"]})


@pytest.fixture(scope="module")
def own_repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with connect(tmp_path_factory.mktemp("store") / "store") as opened:
        yield opened


@pytest.fixture
def people(repo: Repository) -> Iterator[Dataset]:
    dataset = repo.create("people")
    with dataset.edit() as edit:
        edit["people"].replace(ROWS, key="id")
    yield dataset
    dataset.delete()


def _rows(dataset: Dataset, table: str = "people") -> list[tuple[Any, ...]]:
    found = dataset["main"][table].to_arrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


# ---------------------------------------------------------------------------------------------------------- statements

_STATEMENTS = (
    "UPDATE people SET x = x + 1 WHERE id < 5",
    "UPDATE people SET x = NULL, s = upper(s) WHERE s = 'v1' OR x IS NULL",
    "UPDATE people p SET x = o.x FROM others o WHERE p.id = o.id",
    "UPDATE people SET d = (SELECT max(d) FROM people) WHERE id = 3",
    "UPDATE people SET x = 2.6 WHERE id = 4",
    "UPDATE people SET (x, s) = (7, 'seven') WHERE id IN (SELECT id FROM others)",
    "WITH o AS (SELECT id FROM others) UPDATE people SET s = 'w' FROM o WHERE o.id = people.id",
    "DELETE FROM people WHERE x IS NULL",
    "DELETE FROM people p USING others o WHERE p.id = o.id AND o.x > 100",
    "DELETE FROM people",
    "INSERT INTO people VALUES (100, 1, 'new', 0.5), (101, NULL, DEFAULT, 1)",
    "INSERT INTO people (s, id) SELECT s, id + 1000 FROM others",
    "INSERT INTO people BY NAME SELECT id + 2000 AS id, s FROM others",
    """MERGE INTO people p USING others o ON p.id = o.id
       WHEN MATCHED AND o.x IS NULL THEN DELETE
       WHEN MATCHED THEN UPDATE SET x = o.x, s = p.s || '!'
       WHEN NOT MATCHED THEN INSERT (id, x, s) VALUES (o.id, o.x, o.s)""",
    """MERGE INTO people USING others USING (id)
       WHEN NOT MATCHED BY SOURCE AND people.id > 50 THEN DELETE
       WHEN MATCHED THEN DO NOTHING""",
)


@pytest.mark.parametrize("statement", _STATEMENTS)
def test_a_statement_does_what_duckdb_does(people: Dataset, statement: str) -> None:
    """To a copy of the table, with the same rows beside it."""
    with duckdb.connect() as plain:
        plain.execute("CREATE TABLE people AS FROM ROWS")
        plain.register("others", OTHERS)
        plain.execute(statement)
        expected = sorted(plain.execute("FROM people").fetchall(), key=repr)
    with people.edit() as edit:
        edit.sql(statement, tables={"others": OTHERS})
    assert _rows(people) == expected


_CONDITIONS = ("x > 4", "s = 'v2'", "id % 5 = 1", "x IS NULL", "d BETWEEN 3 AND 8", "id = 17", "s LIKE 'v%' AND x < 3")
_VALUES = (
    "x = x * 2",
    "s = s || '?'",
    "d = -d",
    "x = NULL",
    "s = 'same'",
    "x = length(s), s = 'n' || x",
    "x = DEFAULT, s = DEFAULT",
)
_MERGE = """MERGE INTO people p
    USING (SELECT id + {} AS id, max(x) AS x, max(s) AS s FROM people WHERE {} GROUP BY 1) o ON p.id = o.id
    WHEN MATCHED THEN UPDATE SET s = o.s, x = o.x WHEN NOT MATCHED THEN INSERT (id, s) VALUES (o.id, o.s)"""
_INSERT = "INSERT INTO people SELECT id + {}, x, s, d FROM people WHERE {}"
_some = st.sampled_from(_CONDITIONS)
_generated = st.lists(
    st.one_of(
        st.builds("UPDATE people SET {} WHERE {}".format, st.sampled_from(_VALUES), _some),
        st.builds("DELETE FROM people WHERE {} AND id % 3 = {}".format, _some, st.integers(0, 2)),
        st.builds(
            "INSERT INTO people SELECT id + {}, x, s, d FROM people WHERE {}".format, st.integers(99, 10**9), _some
        ),
        st.builds("INSERT INTO people VALUES ({}, DEFAULT, 'given', DEFAULT)".format, st.integers(10**9, 10**10)),
        st.builds(_MERGE.format, st.integers(0, 40), _some),
    ),
    min_size=1,
    max_size=8,
)


def _agree(repo: Repository, statements: list[str], commits: list[bool]) -> None:
    dataset = repo.create(f"people {new_id()}")
    declared = "CREATE TABLE people (id BIGINT, x INTEGER DEFAULT 7, s VARCHAR DEFAULT 'd', d DOUBLE DEFAULT -0.5)"
    with dataset.edit() as edit:
        edit.sql(declared)
        edit["people"].append(ROWS)
    with duckdb.connect() as plain:
        plain.execute(declared)
        plain.execute("INSERT INTO people FROM ROWS")
        waiting = list(statements)
        while waiting:
            with dataset.edit() as edit:
                for last in commits[: len(waiting)] or [True]:
                    statement = waiting.pop(0)
                    edit.sql(statement)
                    plain.execute(statement)
                    if last or not waiting:
                        break
        expected = sorted(plain.execute("FROM people").fetchall(), key=repr)
    assert _rows(dataset) == expected


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_generated, st.lists(st.booleans(), min_size=8, max_size=8))
def test_statements_one_after_the_other_do_what_duckdb_does(
    own_repo: Repository, statements: list[str], commits: list[bool]
) -> None:
    """In one edit or several; each sees what those before it did."""
    _agree(own_repo, statements, commits)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_generated, st.lists(st.booleans(), min_size=8, max_size=8))
def test_thousands_of_statements_do_what_duckdb_does(
    own_repo: Repository, statements: list[str], commits: list[bool]
) -> None:
    """As above, for long."""
    _agree(own_repo, statements, commits)


# ---------------------------------------------------------------------------------------------------------------- keys


def test_upsert_changes_known_rows_and_adds_the_others(people: Dataset) -> None:
    """Columns that the rows lack stay; the order of the table stays, with new rows behind."""
    with people.edit() as edit:
        assert edit["people"].upsert(OTHERS) == 5
    found = people["main"]["people"].to_arrow().to_pylist()
    assert [row["id"] for row in found] == [*range(60), 70, 71]
    assert found[2] == {"id": 2, "x": 200, "s": None, "d": 0.5}
    assert found[-1] == {"id": 71, "x": 710, "s": "e", "d": None}


def test_rows_are_deleted_by_key_and_by_condition(people: Dataset) -> None:
    """The number of rows that went is given."""
    with people.edit() as edit:
        assert edit["people"].delete({"id": [1, 2, 99]}) == 2
        assert edit["people"].delete("id > $least", params={"least": 57}) == 2
    assert [row[0] for row in sorted(_rows(people))] == [0, *range(3, 58)]


def test_rows_without_a_key_need_one(repo: Repository) -> None:
    """It is said how to name it, and then it works."""
    loose = repo.create("loose")
    with loose.edit() as edit:
        edit["loose"].append({"a": [1, 2], "b": [1, 2]})
    with pytest.raises(InvalidInputError, match="no key"), loose.edit() as edit:
        edit["loose"].upsert({"a": [1], "b": [9]})
    with loose.edit() as edit:
        edit["loose"].upsert({"a": [1], "b": [9]}, key="a")
    assert _rows(loose, "loose") == [(1, 9), (2, 2)]
    loose.delete()


# -------------------------------------------------------------------------------------------------------------- errors


@pytest.mark.parametrize(
    ("statement", "kind", "words"),
    [
        ("UPDATE people SET nope = 1", ErrorKind.COLUMN_NOT_FOUND, "'nope'"),
        ("UPDATE people SET x = nope", ErrorKind.STATEMENT_NAME, "nope"),
        ("UPDATE nobody SET x = 1", ErrorKind.TABLE_NOT_FOUND, "'nobody'"),
        ("UPDATE people SET x = 1, x = 2", None, "twice"),
        ("UPDATE people SET x = 'many'", None, "many"),
        ("UPDATE people SET id = 1", ErrorKind.KEY_VIOLATION, "key id = 1"),
        ("UPDATE people SET id = NULL WHERE id = 1", ErrorKind.KEY_VIOLATION, "nulls"),
        ("UPDATE people SET x = 99 FROM twice t WHERE t.id = people.id", None, "twice"),
        ("MERGE INTO people p USING twice t ON p.id = t.id WHEN MATCHED THEN DELETE", None, "twice"),
        ("INSERT INTO people VALUES (1, 2, 's', 3)", ErrorKind.KEY_VIOLATION, "key id = 1"),
        ("INSERT INTO people VALUES (1, 2)", None, "rows to be inserted have 2 columns"),
        ("UPDATE people SET (x, s) = (1, 'a', 2)", None, "expected 2 values"),
        (
            "MERGE INTO people p USING twice t ON false WHEN NOT MATCHED THEN INSERT VALUES (t.id)",
            None,
            "4 columns, and",
        ),
        ("UPDATE people SET s = 'x' || DEFAULT", None, "DEFAULT"),
        ("UPDATE EXTENSIONS", ErrorKind.STATEMENT_REFUSED, "UPDATE"),
        ("DELETE FROM people RETURNING *", ErrorKind.STATEMENT_REFUSED, "RETURNING"),
        ("DELETE FROM elsewhere.people", ErrorKind.TABLE_NOT_FOUND, "no table of dataset"),
        ("SELECT 1", ErrorKind.STATEMENT_REFUSED, "is no INSERT"),
        ("DROP TABLE people", ErrorKind.STATEMENT_REFUSED, "DROP"),
        ("UPDATE people SET", ErrorKind.STATEMENT_SYNTAX, "Syntax error"),
        ("DELETE FROM people; DELETE FROM people", ErrorKind.STATEMENT_SYNTAX, "2 statements"),
    ],
)
def test_what_cannot_be_done_says_why_and_changes_nothing(
    people: Dataset, statement: str, kind: ErrorKind | None, words: str
) -> None:
    before = people.log()[0].id
    with pytest.raises(DatasetsError, match=words) as caught, people.edit() as edit:
        edit.sql(statement, tables={"twice": pa.table({"id": [1, 1]})})
    assert kind is None or caught.value.kind is kind
    assert people.log()[0].id == before


def test_two_writers_of_one_row_conflict_unless_the_edit_is_made_again(people: Dataset) -> None:
    """Both commits are named; with ``retry`` the second change is looked up on what the first left."""

    def both(*, retry: bool) -> None:
        with people.edit(retry=retry) as second:
            with people.edit() as first:
                first.sql("UPDATE people SET x = 4 WHERE id = 1")
            second.sql("UPDATE people SET x = x + 10 WHERE id = 1")

    with pytest.raises(ConflictError) as caught:
        both(retry=False)
    assert {caught.value.details["expected"], caught.value.details["actual"]} == {c.id for c in people.log(limit=2)}
    with people.edit() as edit:
        edit.sql("UPDATE people SET x = 5 WHERE id = 1")
    both(retry=True)
    assert people["main"]["people"].to_arrow()["x"][1].as_py() == 14


@pytest.mark.parametrize("keyed", [True, False])
def test_rows_that_were_looked_up_never_land_on_a_branch_that_moved(repo: Repository, keyed: bool) -> None:
    """An upsert, an INSERT from the table itself and a MERGE of new rows: a conflict, or looked up again."""
    ways: dict[str, Callable[[Edit, int], object]] = {
        "upsert": lambda edit, n: edit["t"].upsert({"id": [7], "v": [n]}, key="id"),
        "insert": lambda edit, n: edit.sql(f"INSERT INTO t SELECT 7, {n} WHERE NOT EXISTS (FROM t WHERE id = 7)"),
        "merge": lambda edit, n: edit.sql(
            f"MERGE INTO t USING (SELECT 7 AS id, {n} AS v) s ON t.id = s.id "
            "WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.v)"
        ),
    }

    def both(dataset: Dataset, way: Callable[[Edit, int], object], *, retry: bool) -> None:
        with dataset.edit(retry=retry) as second:
            way(second, 2)
            with dataset.edit() as first:
                way(first, 1)

    for name, way in ways.items():
        dataset = repo.create(f"{name} {keyed}")
        with dataset.edit() as edit:
            edit["t"].replace({"id": [1], "v": [1]}, key="id" if keyed else ())
        with pytest.raises(ConflictError):
            both(dataset, way, retry=False)
        dataset.undo()
        both(dataset, way, retry=True)
        assert dataset["main"]["t"].to_arrow()["id"].to_pylist() == [1, 7]
        dataset.delete()


@pytest.mark.parametrize("change", [lambda edit: edit.drop("people"), lambda edit: edit.rename("people", "persons")])
def test_a_retry_does_not_bring_back_a_table_that_is_gone(people: Dataset, change: Callable[[Edit], None]) -> None:
    """It would have none of its rows, and no key; a table that another edit makes first is appended to."""

    def append_meanwhile() -> None:
        with people.edit(retry=True) as edit:
            edit["people"].append({"id": [900]})
            with people.edit() as first:
                change(first)

    with pytest.raises(ConflictError, match="'people' was dropped or renamed on 'main'") as refused:
        append_meanwhile()
    head = people.log(limit=1)[0].id
    assert (refused.value.details["table"], refused.value.details["actual"]) == ("people", head)
    assert "people" not in people["main"]
    with people.edit(retry=True) as edit:
        edit["more"].append({"n": [2]})
        with people.edit() as first:
            first["more"].append({"n": [1]})
    assert people["main"]["more"].to_arrow()["n"].to_pylist() == [1, 2]


def test_an_upsert_of_one_key_twice_or_without_one_is_refused(people: Dataset) -> None:
    """Whether the table has the key or not."""
    for rows, words in (({"id": [900, 900]}, "have the key id = 900"), ({"id": [None]}, "has nulls")):
        with pytest.raises(InvalidInputError, match=words), people.edit() as edit:
            edit["people"].upsert(rows)


def test_compacting_changes_no_row(people: Dataset) -> None:
    """It is a commit where small changes are left, and none where they are not; differences see nothing."""
    with people.edit() as edit:
        edit.sql("UPDATE people SET x = 1 WHERE id = 1")
        edit["people"].append({"id": [100]})
    before = people["main"]["people"].to_arrow()
    made = people.compact()
    assert made is not None
    assert made.message == "Compact people"
    assert people["main"]["people"].to_arrow().equals(before)
    assert people.diff("main~1", "main")["people"].counts == (0, 0, 0)
    assert people.compact("people") is None


def test_an_append_lands_beside_one(people: Dataset) -> None:
    """Appends need no other rows, and so no other commit is in their way."""
    with people.edit() as second:
        with people.edit() as first:
            first["people"].append({"id": [100]})
        second["people"].append({"id": [101]})
    assert people["main"]["people"].to_arrow()["id"].to_pylist()[-2:] == [100, 101]


# ------------------------------------------------------------------------------------------------------ many segments


@pytest.fixture(scope="module")
def numbers(own_repo: Repository) -> Dataset:
    """A table of several segments, of which some hold small changes."""
    dataset = own_repo.create("numbers")
    with dataset.edit() as edit:
        edit["numbers"].replace(duckdb.sql("SELECT i * 2 AS id, i % 7 AS x FROM range(500_000) r(i)").to_arrow_table())
    with dataset.edit() as edit:
        edit.sql("UPDATE numbers SET id = 11 WHERE id = 900_000")
        edit["numbers"].append(pa.table({"id": [3, 10**7], "x": [0, 0]}))
    return dataset


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (lambda edit: edit.sql("UPDATE numbers SET x = -1 WHERE id = 10"), 1),
        (lambda edit: edit.sql("UPDATE numbers SET x = -1 WHERE numbers.id BETWEEN 9 AND $n", params={"n": 12}), 3),
        (lambda edit: edit.sql("DELETE FROM numbers WHERE id >= 999_990 AND x >= 0"), 6),
        (lambda edit: edit.sql("DELETE FROM numbers WHERE id = 900_000"), 0),
        (lambda edit: edit["numbers"].upsert(pa.table({"id": [3, 400_000, 400_001], "x": [-1, -1, -1]}), key="id"), 3),
        (lambda edit: edit["numbers"].delete(pa.table({"id": [11, 500_000]}), key="id"), 2),
    ],
)
def test_rows_are_looked_for_where_they_may_be(
    numbers: Dataset, change: Callable[[Edit], int], rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Segments whose footers rule them out are not read; rows in patches and tails are found all the same."""
    read = list[int]()

    def scan_of(plan: ScanPlan, spans: Sequence[Span] = ()) -> Scan:
        found = scans.scan_of(plan, spans)
        read.append(len(found.paths))
        return found

    monkeypatch.setattr(row_edits, "scan_of", scan_of)
    whole = len(scans.scan_of(numbers._transport.plan(numbers.id, "main", "numbers")).paths)
    with numbers.edit() as edit:
        assert change(edit) == rows
    if rows:
        numbers.undo()
    assert whole > 2
    assert read[0] <= 2


def test_a_column_of_an_earlier_ones_name_is_another(own_repo: Repository) -> None:
    """What segments hold of the column that was dropped does not say where rows of the new one are."""
    dataset = own_repo.create("again")
    with dataset.edit() as edit:
        edit["again"].replace(duckdb.sql("SELECT i AS a, i AS b FROM range(300_000) r(i)").to_arrow_table())
    with dataset.edit() as edit:
        edit["again"].drop_column("b")
        edit["again"].add_column("b", "BIGINT", 5_000_000)
        assert edit.sql("UPDATE again SET a = -a WHERE b = 5_000_000 AND a = 100") == 1
