"""What values rows get: defaults where a statement says none, and those of an upsert exactly or not at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import RepairWarning
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.values import new_id

OTHERS = pa.table({"id": [1, 2, 3, 70, 71], "x": [100, 200, None, 700, 710], "s": ["a", None, "c", "d", "e"]})


@pytest.fixture(scope="module")
def own_repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    with connect(tmp_path_factory.mktemp("store") / "store") as opened:
        yield opened


def _rows(dataset: Dataset, table: str) -> list[tuple[Any, ...]]:
    found = dataset["main"][table].to_arrow().to_pylist()
    return sorted((tuple(row.values()) for row in found), key=repr)


_DECLARED = (
    "CREATE TABLE stock (id BIGINT PRIMARY KEY, s VARCHAR DEFAULT 'it''s', n INTEGER DEFAULT 7, day DATE DEFAULT "
    "'2020-01-02', p DECIMAL(6,2) DEFAULT -1.5, free INTEGER)"
)
_WITH_DEFAULTS = (
    "INSERT INTO stock VALUES (5, DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT), (6, 'a', 1, '2021-01-01', 3, 4)",
    "INSERT INTO stock (id, s) VALUES (6, DEFAULT), (7, 5)",
    "INSERT INTO stock (id, n) VALUES (6, default), (7, '5'), (8, 2.5), (9, 2.5e0), (10, true)",
    "INSERT INTO stock (id) SELECT id FROM others WHERE id > 3",
    "INSERT INTO stock BY NAME SELECT 44 AS id",
    "UPDATE stock SET s = DEFAULT, (n, free) = (DEFAULT, DEFAULT)",
    "UPDATE stock SET p = DEFAULT, day = DEFAULT WHERE id = 1",
    """MERGE INTO stock t USING others o ON t.id = o.id
       WHEN MATCHED AND o.id = 1 THEN UPDATE SET s = DEFAULT, n = o.x
       WHEN NOT MATCHED AND o.id > 70 THEN INSERT VALUES (o.id, DEFAULT, 3, DEFAULT, DEFAULT, 1)
       WHEN NOT MATCHED THEN INSERT (id, n) VALUES (o.id, DEFAULT)""",
    "MERGE INTO stock t USING others o ON t.id = o.id WHEN NOT MATCHED THEN INSERT (id) VALUES (o.id)",
)


@pytest.mark.parametrize("statement", _WITH_DEFAULTS)
def test_what_a_statement_does_not_say_has_the_columns_default(own_repo: Repository, statement: str) -> None:
    """In DuckDB's words and without any, in each statement that gives values; null without one."""
    rows = "INSERT INTO stock VALUES (1, 'x', 1, '2000-01-01', 1, 1), (2, NULL, NULL, NULL, NULL, NULL)"
    with duckdb.connect() as plain:
        plain.register("others", OTHERS)
        for each in (_DECLARED, rows, statement):
            plain.execute(each)
        expected = sorted(plain.execute("FROM stock").fetchall(), key=repr)
    dataset = own_repo.create(f"stock {new_id()}")
    with dataset.edit() as edit:
        for each in (_DECLARED, rows, statement):
            edit.sql(each, tables={"others": OTHERS})
    assert _rows(dataset, "stock") == expected


def test_a_row_of_defaults_alone_can_be_inserted(own_repo: Repository) -> None:
    """By INSERT and by MERGE."""
    dataset = own_repo.create(f"stock {new_id()}")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE stock (s VARCHAR DEFAULT 'x', n INTEGER)")
        edit.sql("INSERT INTO stock DEFAULT VALUES")
        edit.sql(
            "MERGE INTO stock USING (SELECT 1 AS i) o ON stock.n = o.i WHEN NOT MATCHED THEN INSERT DEFAULT VALUES"
        )
    assert _rows(dataset, "stock") == [("x", None)] * 2


@pytest.fixture
def typed(own_repo: Repository) -> Dataset:
    dataset = own_repo.create(f"typed {new_id()}")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT, i INTEGER, s VARCHAR, p DECIMAL(4,2), f FLOAT)")
        edit.sql("INSERT INTO t VALUES (1, 1, 1, 'a', 1.25, 0.5)")
    return dataset


@pytest.mark.parametrize("key", [1, 2], ids=["known", "new"])
@pytest.mark.parametrize(
    ("column", "value"), [("n", 2.6), ("n", "3"), ("i", True), ("p", 1.555)], ids=lambda given: repr(given)
)
def test_an_upsert_refuses_the_types_that_an_append_does(typed: Dataset, column: str, value: Any, key: int) -> None:
    """In the same words, whether or not the key is known; no value is rounded."""
    with pytest.raises(InvalidInputError) as appended, typed.edit() as edit:
        edit["t"].append({"id": [9], column: [value]})
    with pytest.raises(InvalidInputError) as caught, typed.edit() as edit:
        edit["t"].upsert({"id": [key], column: [value]})
    assert (caught.value.message, caught.value.kind) == (appended.value.message, ErrorKind.SCHEMA_MISMATCH)
    assert _rows(typed, "t")[0][:4] == (1, 1, 1, "a")


@pytest.mark.parametrize(
    ("column", "value", "kind", "kept"),
    [
        ("s", 2.5, "VARCHAR", "2.5"),
        ("i", 3, "INTEGER", 3),
        ("i", 3_000_000_000, "BIGINT", 3_000_000_000),
        ("i", 2.5, "DOUBLE", 2.5),
        ("n", 3.0, "BIGINT", 3),
        ("p", 1.5, "DECIMAL(4,2)", Decimal("1.50")),
        ("p", Decimal("1.500"), "DECIMAL(4,2)", Decimal("1.50")),
        ("p", Decimal("1.2555"), "DECIMAL(6,4)", Decimal("1.2555")),
        ("f", 0.1, "DOUBLE", 0.1),
    ],
    ids=repr,
)
def test_an_upsert_keeps_each_value(typed: Dataset, column: str, value: Any, kind: str, kept: Any) -> None:
    """A column that does not take one as it is becomes wider, as by an append; one that does stays."""
    before = typed["main"]["t"].types[column]
    with warnings.catch_warnings(record=True) as told, typed.edit() as edit:
        warnings.simplefilter("always")
        edit["t"].upsert({"id": [1], column: [value]})
    table = typed["main"]["t"]
    assert table.to_arrow()[column].to_pylist() == [kept]
    assert table.types[column] == kind
    assert [str(w.message) for w in told] == [
        f"Column {column!r} was {before}; it is {kind} now, for the new rows' sake."
    ] * (kind != before)


def test_an_upsert_finds_texts_by_numbers(typed: Dataset) -> None:
    """As the key's column takes them, even beside texts that are none."""
    with typed.edit() as edit:
        edit["t"].append({"id": [2], "s": ["2.5"]})
        assert edit["t"].upsert({"s": [2.5, 3.5], "id": [20, 30]}, key="s") == 2
    assert [(row[0], row[3]) for row in sorted(_rows(typed, "t"))] == [(1, "a"), (20, "2.5"), (30, "3.5")]


# ------------------------------------------------------------------------------------------------------- types and rows

UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("UUID", f"'{UUID}'"),
        ("JSON", """'{"a": [1, 2]}'"""),
        ("HUGEINT", "12345678901234567890123"),
        ("UHUGEINT", "340282366920938463463374607431768211455"),
        ("BIGNUM", "123456789012345678901234567890123456789012345"),
        ("BIT", "'10101'"),
        ("TIME WITH TIME ZONE", "'12:00:00+02'"),
        ("UUID[]", f"['{UUID}']"),
        ("MAP(VARCHAR, UUID)", f"MAP {{'k': '{UUID}'}}"),
        ("STRUCT(a HUGEINT, b UUID)", f"{{'a': 1, 'b': '{UUID}'}}"),
    ],
)
def test_columns_that_arrow_has_no_type_for_take_what_they_gave(own_repo: Repository, kind: str, value: str) -> None:
    """By statements, appends and upserts of rows that were read before, and in merges; the type stays."""
    dataset = own_repo.create(f"odd {new_id()}")
    with dataset.edit() as edit:
        edit.sql(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {kind})")
        edit.sql(f"INSERT INTO t VALUES (1, NULL), (2, {value})")
    with dataset.edit() as edit:
        edit.sql(f"UPDATE t SET x = {value} WHERE id = 1")
    read = dataset["main"]["t"].to_arrow()
    with dataset.edit() as edit:
        edit["t"].append(read.slice(0, 1).set_column(0, "id", pa.array([3], pa.int32())))
        edit["t"].upsert(read.slice(1, 1).set_column(0, "id", pa.array([4], pa.int32())))
    dataset.branch("side")
    with dataset.edit("side") as edit:
        edit.sql(f"INSERT INTO t VALUES (5, {value})")
    with dataset.edit() as edit:
        edit.sql("UPDATE t SET x = NULL WHERE id = 2")
    dataset.merge("side")
    table = dataset["main"]["t"]
    assert duckdb.sql(f"SELECT CAST(NULL AS {kind}) AS x").types == [table.types["x"]]
    query = f"SELECT list(id ORDER BY id) AS ids FROM t WHERE x IS NOT DISTINCT FROM CAST({value} AS {kind})"
    found = own_repo.sql(query.replace("FROM t ", f'FROM "{dataset.name}".t ')).to_arrow()
    assert found["ids"].to_pylist() == [[1, 3, 4, 5]]


def test_text_that_is_no_uuid_is_refused(own_repo: Repository) -> None:
    """The first such row is named."""
    dataset = own_repo.create(f"odd {new_id()}")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE t (x UUID)")
    with (
        pytest.raises(InvalidInputError, match="holds UUID; nonsense in row 2 is not exactly one"),
        dataset.edit() as edit,
    ):
        edit["t"].append({"x": [UUID, "nonsense"]})


def test_an_append_widens_integers_where_a_value_needs_it(own_repo: Repository) -> None:
    """Whole numbers of Python and pandas have 64 bits whatever they are; those that fit leave the type alone."""
    dataset = own_repo.create(f"narrow {new_id()}")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE t (a INTEGER, b UTINYINT)")
        edit["t"].append({"a": [1, None, -5], "b": [0, 255, None]})
        edit["t"].append(pa.table({"a": pa.chunked_array([[2], [2**31 - 1]]), "b": pa.array([None, None], pa.int64())}))
    assert dataset["main"]["t"].types == {"a": "INTEGER", "b": "UTINYINT"}
    with dataset.edit() as edit, pytest.warns(RepairWarning, match="'b' was UTINYINT; it is BIGINT now"):
        edit["t"].append({"a": [3], "b": [-1]})
    assert dataset["main"]["t"].types == {"a": "INTEGER", "b": "BIGINT"}
    assert dataset["main"]["t"].to_arrow()["b"].to_pylist() == [0, 255, None, None, None, -1]


def test_an_upsert_tells_when_a_column_gets_wider(own_repo: Repository) -> None:
    """As an append does."""
    dataset = own_repo.create(f"wider {new_id()}")
    with dataset.edit() as edit:
        edit.sql("CREATE TABLE t (id INTEGER PRIMARY KEY, n TINYINT)")
    with dataset.edit() as edit, pytest.warns(RepairWarning, match="'n' was TINYINT; it is DOUBLE now"):
        edit["t"].upsert({"id": [1], "n": [2.5]})
    assert dataset["main"]["t"].types == {"id": "INTEGER", "n": "DOUBLE"}
