"""What values rows get: defaults where a statement says none, and those of an upsert exactly or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from jupyter_datasets.client.connect import connect
from jupyter_datasets.client.dataset import Dataset
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
    with typed.edit() as edit:
        edit["t"].upsert({"id": [1], column: [value]})
    table = typed["main"]["t"]
    assert table.to_arrow()[column].to_pylist() == [kept]
    assert {c.name: c.type for c in table.info.columns}[column] == kind


def test_an_upsert_finds_texts_by_numbers(typed: Dataset) -> None:
    """As the key's column takes them, even beside texts that are none."""
    with typed.edit() as edit:
        edit["t"].append({"id": [2], "s": ["2.5"]})
        assert edit["t"].upsert({"s": [2.5, 3.5], "id": [20, 30]}, key="s") == 2
    assert [(row[0], row[3]) for row in sorted(_rows(typed, "t"))] == [(1, "a"), (20, "2.5"), (30, "3.5")]
