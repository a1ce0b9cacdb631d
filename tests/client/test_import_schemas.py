"""Imports into tables that are there: strict ones change no column, evolving ones may add and widen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

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


@pytest.mark.parametrize(
    ("text", "kind"), [("1,x,1\n", ErrorKind.FILE_VALUE), ("1,1.5,1\n", ErrorKind.SCHEMA_MISMATCH)]
)
def test_evolving_makes_no_text_and_writes_no_old_rows_anew(
    trips: Dataset, tmp_path: Path, text: str, kind: ErrorKind
) -> None:
    """One wrong value turns no numbers into text, and a type that would round earlier rows is refused."""
    with trips.edit() as edit:
        edit["people"].create({"id": "INTEGER", "n": "BIGINT"})
        edit.sql("INSERT INTO people VALUES (1, 2)")
    with pytest.raises(InvalidInputError, match="'n'") as caught:
        _import(trips, tmp_path, f"id,n,more\n{text}", mode="append", schema="evolve")
    assert caught.value.kind is kind
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
