"""Intervals in DataFrames: lengths of time where all of a column have one."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.durations import plain_durations
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, InvalidInputError

LENGTHS = [timedelta(hours=30, microseconds=5), None, timedelta(microseconds=-1)]


def intervals(*values: str) -> pa.Table:
    return duckdb.sql(f"SELECT unnest([{', '.join(values)}]::INTERVAL[]) AS i").to_arrow_table()


def test_lengths_of_time_come_back_as_they_went_in(trips: Dataset, repo: Repository) -> None:
    """From pandas and from polars, read as a table and by SQL."""
    frames = {"pandas": pd.DataFrame({"d": LENGTHS}), "polars": pl.DataFrame({"d": LENGTHS})}
    for name, frame in frames.items():
        with trips.edit() as edit:
            edit[name].append(frame)
        for found in (trips.table(name), repo.sql(f"FROM trips.{name}")):
            assert found.to_polars()["d"].to_list() == LENGTHS
            back = found.to_pandas()["d"]
            assert str(back.dtype).startswith("timedelta64")
            assert [None if pd.isna(value) else value.to_pytimedelta() for value in back] == LENGTHS


@pytest.mark.parametrize("value", ["INTERVAL 1 MONTH", "INTERVAL 1 DAY"])
def test_months_and_days_have_no_fixed_length(repo: Repository, value: str) -> None:
    """One of them keeps its column as it is; polars, which has no such type, is an error that says what to do."""
    assert plain_durations(intervals("INTERVAL 1 HOUR", value)).schema == intervals(value).schema
    result = repo.sql(f"SELECT {value} AS i")
    assert result.to_pandas()["i"].dtype == object
    with pytest.raises(InvalidInputError, match="'i'") as caught:
        result.to_polars()
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    assert "VARCHAR" in caught.value.next_step


def test_parts_of_a_table_are_understood() -> None:
    """Offsets, several chunks, nulls alone and no rows at all."""
    table = intervals("INTERVAL 1 HOUR", "NULL", "INTERVAL 2 HOUR")
    hour = timedelta(hours=1)
    assert plain_durations(table.slice(1))["i"].to_pylist() == [None, 2 * hour]
    assert plain_durations(pa.concat_tables([table, table.slice(2)]))["i"].to_pylist() == [
        hour,
        None,
        2 * hour,
        2 * hour,
    ]
    for nothing in (table.slice(1, 1), table.slice(0, 0)):
        assert plain_durations(nothing)["i"].to_pylist() == [None] * nothing.num_rows
