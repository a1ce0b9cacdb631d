"""Edits: rows of every kind that people have at hand, tables and files, all or nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.edit import RepairWarning
from jupyter_datasets.errors import (
    AlreadyExistsError,
    ConflictError,
    DatasetsError,
    ErrorKind,
    InvalidInputError,
    NotFoundError,
)
from tests.client.conftest import append, rows

COLUMNS: dict[str, list[Any]] = {
    "n": [3, 1, None],
    "x": [0.5, None, -1.5],
    "text": ["ü", "", None],
    "day": [date(2026, 1, 31), None, date(1970, 1, 1)],
}
ARROW = pa.table(COLUMNS)


def relation(trips: Dataset) -> duckdb.DuckDBPyRelation:
    del trips
    return duckdb.connect().from_arrow(ARROW)


def table_of_a_version(trips: Dataset) -> Any:
    with trips.edit() as edit:
        edit["source"].replace(ARROW)
    return trips.table("source")


KINDS: dict[str, Any] = {
    "pyarrow table": lambda _: ARROW,
    "pyarrow batch": lambda _: ARROW.to_batches()[0],
    "pyarrow reader": lambda _: ARROW.to_reader(max_chunksize=2),
    "pandas": lambda _: ARROW.to_pandas(types_mapper=pd.ArrowDtype),
    "polars": lambda _: pl.from_arrow(ARROW),
    "duckdb relation": relation,
    "dict": lambda _: COLUMNS,
    "list of dicts": lambda _: ARROW.to_pylist(),
    "table": table_of_a_version,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["append", "replace"])
def test_rows_of_every_kind_arrive_as_they_are(trips: Dataset, kind: str, mode: str) -> None:
    given = KINDS[kind](trips)
    with trips.edit() as edit:
        getattr(edit["trips"], mode)(given)
    assert trips.table("trips").to_arrow().to_pydict() == COLUMNS
    assert trips.table("trips").schema == ARROW.schema


def test_equal_rows_of_every_kind_are_one_and_the_same_content(trips: Dataset) -> None:
    with trips.edit() as edit:
        for kind, make in KINDS.items():
            if kind != "table":
                edit[kind].replace(make(trips))
    assert len({table.info.root for table in trips.tables.values()}) == 1


def test_rows_of_a_list_may_lack_columns_in_any_row(trips: Dataset) -> None:
    with trips.edit() as edit:
        edit["trips"].append([{"a": 1}, {"b": "x"}, {"a": 2, "c": None}])
    assert trips.table().to_arrow().to_pylist() == [
        {"a": 1, "b": None, "c": None},
        {"a": None, "b": "x", "c": None},
        {"a": 2, "b": None, "c": None},
    ]


def test_types_beyond_the_usual_survive(trips: Dataset) -> None:
    given = pa.table(
        {
            "decimal": pa.array([Decimal("1.25"), None], pa.decimal128(10, 2)),
            "moment": pa.array([0, 1], pa.timestamp("us", "UTC")),
            "list": [[1, None], []],
            "struct": [{"a": 1, "b": "x"}, None],
            "blob": [b"\0\xff", None],
            "flag": [True, None],
        }
    )
    with trips.edit() as edit:
        edit["trips"].append(given)
    assert trips.table().to_arrow().to_pydict() == given.to_pydict()


BAD_ROWS: dict[str, Any] = {
    "nothing": None,
    "number": 5,
    "empty list": [],
    "list of numbers": [1, 2],
    "ragged dict": {"a": [1], "b": [1, 2]},
    "mixed values": {"a": [1, "x"]},
    "number as name": {1: [1]},
    "no columns": {},
    "mixed DataFrame": pd.DataFrame({"a": [1, "x"]}),
    "DataFrame with doubled names": pd.DataFrame([[1, 2]], columns=["a", "a"]),
}


def test_rows_that_cannot_be_stored_are_refused_with_what_to_do(trips: Dataset) -> None:
    with trips.edit() as edit:
        for kind, bad in BAD_ROWS.items():
            for put in (edit["trips"].append, edit["trips"].replace):
                with pytest.raises(InvalidInputError) as caught:
                    put(bad)
                assert caught.value.next_step, kind
    assert edit.commit is None


def test_a_named_index_becomes_a_column_and_another_is_left_out_with_a_word(trips: Dataset) -> None:
    frame = pd.DataFrame({"n": [1, 2]}, index=["a", "b"])
    with trips.edit() as edit:
        edit["named"].append(frame.rename_axis("key"))
        with pytest.warns(RepairWarning, match="index"):
            edit["nameless"].append(frame)
    assert (trips.table("named").columns, trips.table("nameless").columns) == (["key", "n"], ["n"])


def test_repaired_columns_are_told(trips: Dataset) -> None:
    with trips.edit() as edit, pytest.warns(RepairWarning, match="'a_2'"):
        edit["trips"].append(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"]))
    assert trips.table().columns == ["a", "a_2"]


# ------------------------------------------------------------------------------------------------------- all or nothing


def test_a_block_is_one_commit_with_its_message(trips: Dataset) -> None:
    with trips.edit(message="all at once") as edit:
        edit["a"].append({"n": [1]})
        edit["b"].append({"n": [2]})
        assert edit.commit is None
    assert edit.commit is not None
    assert (len(trips.log()), trips.log()[0].message) == (1, "all at once")
    assert list(trips["main"]) == ["a", "b"]


def test_an_error_in_the_block_leaves_everything_as_it_was(trips: Dataset) -> None:
    append(trips, 1)
    edit = trips.edit()

    def fail() -> None:
        with edit:
            edit["trips"].append({"n": [2]})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert (edit.commit, rows(trips), len(trips.log())) == (None, [1], 1)


def test_nothing_changed_is_no_commit(trips: Dataset) -> None:
    append(trips, 1)
    with trips.edit() as edit:
        edit["trips"].replace({"n": [1]})
    assert edit.commit is None
    assert len(trips.log()) == 1


def test_an_edit_is_open_inside_its_block_only(trips: Dataset) -> None:
    edit = trips.edit()
    with pytest.raises(InvalidInputError, match="inside the block"):
        edit["trips"].append({"n": [1]})
    with edit:
        table = edit["trips"]
    with pytest.raises(InvalidInputError):
        edit.drop("trips")
    with pytest.raises(DatasetsError):
        table.append({"n": [1]})


def test_two_edits_of_one_branch_append_both_or_one_is_a_conflict(trips: Dataset) -> None:
    append(trips, 0)
    with trips.edit() as outer:
        outer["trips"].append({"n": [2]})
        append(trips, 1)
    assert rows(trips) == [0, 1, 2]

    def replace() -> None:
        with trips.edit() as outer:
            outer["trips"].replace({"n": [9]})
            append(trips, 3)

    with pytest.raises(ConflictError) as caught:
        replace()
    assert caught.value.details["actual"] == trips.log()[0].id
    assert rows(trips) == [0, 1, 2, 3]


def test_appended_rows_are_not_other_values_than_they_were(trips: Dataset) -> None:
    """Texts do not turn a column of numbers into text, and periods of pandas are no numbers; nulls fit anywhere."""
    append(trips, 1)
    periods = pd.DataFrame({"n": pd.period_range("2024-01", periods=1, freq="M")})
    for given in ({"n": ["x"]}, periods):
        with trips.edit() as edit, pytest.raises(InvalidInputError, match="'n'"):
            edit["trips"].append(given)
    append(trips, None)
    assert rows(trips) == [1, None]
    assert trips.table().info.columns[0].type == "BIGINT"


def test_a_key_is_kept_and_held(trips: Dataset) -> None:
    with trips.edit() as edit:
        edit["trips"].replace({"id": [1, 2], "n": [1, 2]}, key="id")
    assert trips.table().info.key == ("id",)
    with trips.edit() as edit, pytest.raises(InvalidInputError) as caught:
        edit["trips"].append({"id": [2], "n": [3]})
    assert caught.value.kind is ErrorKind.KEY_VIOLATION


# ----------------------------------------------------------------------------------------------------- tables and files


def test_tables_are_dropped_and_renamed_from_the_next_version_on(trips: Dataset) -> None:
    append(trips, 1)
    append(trips, 2, table="planes")
    with trips.edit() as edit:
        edit.drop("planes")
        edit.rename("trips", "journeys")
        with pytest.raises(NotFoundError):
            edit.drop("planes")
    assert (list(trips.tables), list(trips["main~1"])) == (["journeys"], ["planes", "trips"])
    with trips.edit() as edit:
        edit["planes"].append({"n": [3]})
        with pytest.raises(AlreadyExistsError):
            edit.rename("planes", "JOURNEYS")


def test_files_are_attached_read_and_detached(trips: Dataset, tmp_path: Path) -> None:
    file = tmp_path / "code book <1>.txt"
    file.write_bytes(b"what the codes mean\n")
    made = trips.attach(file, message="with book")
    assert made is not None
    assert (made.message, list(trips.files)) == ("with book", [file.name])
    kept = trips.files[file.name]
    assert (kept.read(), kept.info.media_type, kept.info.bytes) == (file.read_bytes(), "text/plain", 20)
    with kept.open() as opened:
        assert opened.read(4) == b"what"
    assert trips.attach(file) is None
    with trips.edit() as edit:
        edit.attach(file, "other", "application/x-book")
        edit.detach(file.name)
    assert {name: f.info.media_type for name, f in trips.files.items()} == {"other": "application/x-book"}
    assert list(trips["main~1"].files) == [file.name]


@pytest.mark.parametrize("meanwhile", ["swapped", "made anew", "renamed", "dropped"])
def test_an_append_does_not_land_in_columns_that_mean_something_else(trips: Dataset, meanwhile: str) -> None:
    """It is a conflict where columns of the same names are others by now, for a merge would tell them apart."""
    with trips.edit() as edit:
        edit["trips"].replace(pa.table({"lat": [1.0], "lon": [2.0]}))

    def change() -> None:
        with trips.edit() as edit:
            if meanwhile == "swapped":
                for old, new in (("lat", "x"), ("lon", "lat"), ("x", "lon")):
                    edit["trips"].rename_column(old, new)
            elif meanwhile == "renamed":
                edit.rename("trips", "journeys")
            else:
                edit["trips"].drop_column("lon")
            if meanwhile == "made anew":
                edit["trips"].add_column("lon", "VARCHAR", "east")

    def append_late() -> None:
        with trips.edit() as late:
            late["trips"].append(pa.table({"lat": [10.0], "lon": [20.0]}))
            change()

    with pytest.raises(ConflictError):
        append_late()
    assert [len(table) for table in trips.tables.values()] == [1]


def test_an_append_lands_beside_a_new_column(trips: Dataset) -> None:
    """Its rows have the column's default."""
    with trips.edit() as edit:
        edit["trips"].replace(pa.table({"n": [1]}))
    with trips.edit() as late:
        late["trips"].append(pa.table({"n": [2]}))
        with trips.edit() as edit:
            edit["trips"].add_column("x", "BIGINT", 7)
    assert trips.table().to_arrow().to_pydict() == {"n": [1, 2], "x": [7, 7]}


def test_a_file_tells_the_versions_that_hold_it(trips: Dataset, tmp_path: Path) -> None:
    """Its content counts, not its name; a version that has another file of its name does not."""
    file = tmp_path / "book.pdf"
    file.write_bytes(b"first")
    trips.attach(file, message="first")
    with trips.edit(message="renamed") as edit:
        edit.detach("book.pdf")
        edit.attach(file, "old.pdf")
    file.write_bytes(b"second")
    trips.attach(file, message="second")
    assert [c.message for c in trips["main"].files["old.pdf"].versions()] == ["second", "renamed", "first"]
    assert [c.message for c in trips["main~2"].files["book.pdf"].versions()] == ["second", "renamed", "first"]
    assert [c.message for c in trips["main"].files["book.pdf"].versions()] == ["second"]


def test_a_file_that_is_not_there_is_neither_read_attached_nor_detached(trips: Dataset, tmp_path: Path) -> None:
    (tmp_path / "book.pdf").write_text("x")
    trips.attach(tmp_path / "book.pdf")
    with pytest.raises(NotFoundError, match=r"Did you mean 'book\.pdf'"):
        trips.files["bok.pdf"]
    assert "bok.pdf" not in trips.files
    assert trips.files.get("bok.pdf") is None
    with pytest.raises(NotFoundError):
        trips.attach(tmp_path / "no such file")
    with pytest.raises(NotFoundError), trips.edit() as edit:
        edit.detach("bok.pdf")
