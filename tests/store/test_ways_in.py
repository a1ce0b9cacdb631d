"""Equal rows give equal segments whether they come from a CSV file, a Parquet file or memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.engine.readers import open_source
from jupyter_datasets.store import incoming
from jupyter_datasets.store.schemas import Column, Schema
from tests.store.worlds import Made, write, write_batches

_COUNT = 70_000
ROWS = pa.table(
    {
        "n": pa.array([None if n % 13 == 0 else n for n in range(_COUNT)], pa.int64()),
        "s": pa.array([None if n % 17 == 0 else f"tëxt {n % 1009}" for n in range(_COUNT)]),
        "x": pa.array([n / 8 for n in range(_COUNT)]),
        "b": pa.array([n % 3 == 0 for n in range(_COUNT)]),
        "d": pa.array([n % 20_000 for n in range(_COUNT)], pa.int32()).cast(pa.date32()),
    }
)


def _csv(file: Path) -> None:
    pa.csv.write_csv(ROWS, file)


def _parquet(file: Path) -> None:
    pq.write_table(ROWS, file, row_group_size=7777)


def _parquet_of_duckdb(file: Path) -> None:
    with duckdb.connect() as connection:
        connection.register("given", ROWS)
        connection.execute(f"COPY given TO '{file}' (FORMAT parquet, ROW_GROUP_SIZE 30000)")


def _read(file: Path, scratch: Path) -> Made:
    source = open_source(file, ReadOptions(), present=None, scratch=scratch, memory_mib=1024, threads=2)
    columns = [Column(name=c.name, type=c.type) for c in source.columns]
    schema = Schema.create(columns)
    return write_batches(incoming.conform(source.batches(), source.arrow_schema, columns, schema), schema, scratch)


@pytest.mark.parametrize(
    ("name", "make"), [("a.csv", _csv), ("a.parquet", _parquet), ("b.parquet", _parquet_of_duckdb)]
)
def test_files_give_the_segments_of_memory(tmp_path: Path, name: str, make: Callable[[Path], None]) -> None:
    """A file of the same rows has the same fields, segments and k."""
    make(tmp_path / name)
    read, made = _read(tmp_path / name, tmp_path), write(ROWS, tmp_path)
    assert read.schema == made.schema
    assert read.written == made.written
