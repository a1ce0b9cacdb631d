"""Imports into tables that are there: strict ones change no column, evolving ones may add and widen."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.imports import ImportResult
from jupyter_datasets.errors import ErrorKind, InvalidInputError, NotFoundError


@pytest.fixture
def people(trips: Dataset) -> Dataset:
    """A declared table with one row."""
    with trips.edit() as edit:
        edit["people"].create({"id": "INTEGER", "name": "VARCHAR"}, key="id", checks=["id > 0"], required="name")
        edit.sql("INSERT INTO people VALUES (1, 'Ann')")
    return trips


def _import(dataset: Dataset, folder: Path, text: str, **options: Any) -> ImportResult:
    file = folder / "people.csv"
    file.write_text(text)
    return dataset.import_file(file, "people", **options).result()


def _rows(dataset: Dataset) -> list[dict[str, Any]]:
    return list(dataset["main"]["people"].to_arrow().to_pylist())


def test_strict_takes_exactly_the_tables_columns(people: Dataset, tmp_path: Path) -> None:
    """In any order, appended or in place of all; types stay those of the table."""
    _import(people, tmp_path, "name,id\nBob,2\n", mode="append", schema="strict")
    assert _rows(people) == [{"id": 1, "name": "Ann"}, {"id": 2, "name": "Bob"}]
    _import(people, tmp_path, "name,id\n7,3\n", schema="strict")
    assert _rows(people) == [{"id": 3, "name": "7"}]
    assert people["main"]["people"].types == {"id": "INTEGER", "name": "VARCHAR"}


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_strict_names_each_column_that_differs(people: Dataset, tmp_path: Path, mode: str) -> None:
    """What is extra, missing or of another type is told at once, with the value, and nothing is imported."""
    with pytest.raises(InvalidInputError) as caught:
        _import(people, tmp_path, "id,age\n5,1\n30000000000,2\n", mode=mode, schema="strict")
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert caught.value.details["columns"] == {
        "id": "is BIGINT and not INTEGER",
        "name": "is missing",
        "age": "is not in the table",
    }
    assert "row 3 holds '30000000000'" in caught.value.message
    assert _rows(people) == [{"id": 1, "name": "Ann"}]
    with pytest.raises(NotFoundError):
        people.import_file(tmp_path / "people.csv", "others", schema="strict").result()


def test_evolving_appends_bring_columns_and_wider_types(people: Dataset, tmp_path: Path) -> None:
    """Earlier rows have null in a new column, all is told, and the next file may lack it."""
    result = _import(people, tmp_path, "id,name,age\n30000000000,Bob,1.5\n", mode="append", schema="evolve")
    assert any("'age' is new" in warning for warning in result.warnings)
    assert any("it is BIGINT now" in warning for warning in result.warnings)
    _import(people, tmp_path, "id,name\n7,Cid\n", mode="append", schema="evolve")
    assert _rows(people) == [
        {"id": 1, "name": "Ann", "age": None},
        {"id": 30_000_000_000, "name": "Bob", "age": 1.5},
        {"id": 7, "name": "Cid", "age": None},
    ]
    with pytest.raises(InvalidInputError):
        _import(people, tmp_path, "id,name,age\n8,Dan,1\n", mode="append", schema=None, types={"age": "VARCHAR"})


WIDENED = [
    ("DECIMAL(10,2)", "1234567890.25", "DECIMAL(18,2)", Decimal("1234567890.25")),
    ("DECIMAL(10,2)", "1.2525", "DECIMAL(18,4)", Decimal("1.2525")),
    ("TIMESTAMP_S", "2026-01-02 03:04:05.123456", "TIMESTAMP", datetime(2026, 1, 2, 3, 4, 5, 123456)),
    ("BIGINT", "1e3", "BIGINT", 1000),
]


def test_evolving_appends_find_the_wider_type(trips: Dataset, tmp_path: Path) -> None:
    """Of columns whatever the case of their names."""
    with trips.edit() as edit:
        edit["people"].create({f"X{i}": declared for i, (declared, *_) in enumerate(WIDENED)})
    names, texts = ",".join(f"x{i}" for i in range(len(WIDENED))), ",".join(text for _, text, *_ in WIDENED)
    _import(trips, tmp_path, f"{names}\n{texts}\n", mode="append", schema="evolve")
    assert list(trips["main"]["people"].types.values()) == [kind for *_, kind, _ in WIDENED]
    assert [list(row.values()) for row in _rows(trips)] == [[value for *_, value in WIDENED]]


def test_frames_are_taken_by_declared_types(trips: Dataset) -> None:
    """Though pandas made floats of whole numbers and of amounts, and nanoseconds of moments."""
    with trips.edit() as edit:
        edit["people"].create({"n": "BIGINT", "amount": "DECIMAL(10,2)", "at": "TIMESTAMP"}, required=("amount",))
    moments = pd.array(["2026-01-02 03:04:05.000006", None], dtype="datetime64[ns]")
    frame = pd.DataFrame({"n": [7, None], "amount": [1.25, 3.0], "AT": moments})
    with trips.edit() as edit:
        edit["people"].append(frame)
    moment = datetime(2026, 1, 2, 3, 4, 5, 6)
    assert [tuple(row.values()) for row in _rows(trips)] == [
        (7, Decimal("1.25"), moment),
        (None, Decimal("3.00"), None),
    ]
    for column, values, kind in (
        ("n", [8.0, 0.5], ErrorKind.SCHEMA_MISMATCH),
        ("amount", [1.0, None], ErrorKind.NOT_NULL_VIOLATION),
    ):
        with pytest.raises(InvalidInputError, match=column) as caught, trips.edit() as edit:
            edit["people"].append(frame.assign(**{column: values}))
        assert caught.value.kind is kind
    assert trips["main"]["people"].types == {"n": "BIGINT", "amount": "DECIMAL(10,2)", "at": "TIMESTAMP"}


@pytest.mark.parametrize("text", ["1,x,1\n", "1,1.5,1\n"])
def test_evolving_makes_no_text_and_writes_no_old_rows_anew(trips: Dataset, tmp_path: Path, text: str) -> None:
    """One wrong value turns no numbers into text, and a type that would round earlier rows is refused."""
    with trips.edit() as edit:
        edit["people"].create({"id": "INTEGER", "n": "BIGINT"})
        edit.sql("INSERT INTO people VALUES (1, 2)")
    with pytest.raises(InvalidInputError, match="'n'") as caught:
        _import(trips, tmp_path, f"id,n,more\n{text}", mode="append", schema="evolve")
    assert caught.value.kind is ErrorKind.FILE_VALUE
    assert trips["main"]["people"].types == {"id": "INTEGER", "n": "BIGINT"}


@pytest.mark.parametrize("mode", ["append", "replace"])
def test_imports_are_held_to_the_rules(people: Dataset, tmp_path: Path, mode: str) -> None:
    """Rows that break one are told with the file, and no version is made."""
    before = people["main"].commit.id
    for text, kind in (
        ("id,name\n-2,Bob\n3,Cid\n", ErrorKind.CHECK_VIOLATION),
        ("id,name\n2,\n", ErrorKind.NOT_NULL_VIOLATION),
        ("id,name\n2,Bob\n2,Cid\n", ErrorKind.KEY_VIOLATION),
        ("name\nBob\n", ErrorKind.KEY_VIOLATION if mode == "append" else ErrorKind.COLUMN_IN_USE),
    ):
        with pytest.raises(InvalidInputError) as caught:
            _import(people, tmp_path, text, mode=mode)
        assert caught.value.kind is kind
        if kind is ErrorKind.CHECK_VIOLATION:
            assert "people.csv" in caught.value.message
            assert caught.value.details["rows"] == [{"id": "-2", "name": "Bob"}]
    assert people["main"].commit.id == before
