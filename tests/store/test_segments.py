"""Segments: equal rows give equal files, however they come, and each file is what the rest of the store relies on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import chunker, incoming, segments, widths
from jupyter_datasets.store.canonical import hash_file
from jupyter_datasets.store.schemas import Column, Schema
from jupyter_datasets.store.segments import WRITER_ID, SegmentWriter
from tests.store.worlds import Made, split, write, write_batches

MIB = 2**20
KNOWN = Path(__file__).with_name("known_segments.json")


def _names(made: Made) -> list[str]:
    return [item.hash for item in made.items]


# --------------------------------------------------------------------------------------------------------------------
# Equal rows, equal files

PLAIN = pa.table(
    {
        "n": pa.array([1, None, 3, -4, 5], pa.int64()),
        "x": pa.array([0.5, None, float("nan"), -0.0, 1e300]),
        "s": pa.array(["a", None, "", "ü𝄞", "a"]),
        "b": pa.array([True, None, False, True, True]),
        "d": pa.array([0, None, 20_000, -1, 1], pa.int32()).cast(pa.date32()),
        "t": pa.array([0, None, 1, -1, 10**15], pa.int64()).cast(pa.timestamp("us")),
        "l": pa.array([["x"], None, [], [None], ["y", "z"]], pa.list_(pa.string())),
        "r": pa.array([{"k": 1, "v": "x"}, None, {"k": None, "v": None}, {"k": 2, "v": ""}, {"k": 3, "v": "q"}]),
    }
)


def _cast(kinds: dict[str, pa.DataType]) -> pa.Table:
    fields = [pa.field(f.name, kinds.get(f.name, f.type)) for f in PLAIN.schema]
    arrays = [PLAIN[f.name].combine_chunks() for f in PLAIN.schema]
    wanted = [a if a.type == f.type else _as(a, f.type) for a, f in zip(arrays, fields, strict=True)]
    return pa.Table.from_arrays(wanted, schema=pa.schema(fields))


def _as(array: pa.Array, kind: pa.DataType) -> pa.Array:
    return array.dictionary_encode().cast(kind) if pa.types.is_dictionary(kind) else pa.array(array.to_pylist(), kind)


def _chunked() -> pa.Table:
    pieces = [PLAIN.slice(0, 1), PLAIN.slice(1, 0), PLAIN.slice(1, 3), PLAIN.slice(4)]
    return pa.concat_tables(pieces)


def _sliced() -> pa.Table:
    return pa.concat_tables([PLAIN, PLAIN, PLAIN]).combine_chunks().slice(5, 5)


def _hidden() -> pa.Table:
    """Values that lie in buffers behind a NULL."""
    number = pa.Array.from_buffers(pa.int64(), 5, [pa.py_buffer(b"\x1d"), pa.py_buffer(np.array([1, 9, 3, -4, 5]))])
    record = pa.StructArray.from_arrays(
        [pa.array([1, 77, None, 2, 3]), pa.array(["x", "hidden", None, "", "q"])],
        ["k", "v"],
        mask=pa.array([False, True, False, False, False]),
    )
    return PLAIN.set_column(0, "n", number).set_column(7, "r", record)


def _query(sql: str) -> pa.Table:
    with duckdb.connect(config={"threads": 1}) as connection:
        connection.register("given", PLAIN)
        return connection.sql(f"SET TimeZone = 'UTC'; {sql}").to_arrow_table()


WAYS: dict[str, Callable[[], pa.Table]] = {
    "large": lambda: _cast({"s": pa.large_string(), "l": pa.large_list(pa.large_string())}),
    "view": lambda: _cast({"s": pa.string_view(), "l": pa.list_view(pa.string())}),
    "dictionary": lambda: _cast({"s": pa.dictionary(pa.int8(), pa.string())}),
    "dictionary of large": lambda: _cast({"s": pa.dictionary(pa.uint32(), pa.large_string())}),
    "chunked": _chunked,
    "sliced": _sliced,
    "hidden values": _hidden,
    "metadata": lambda: PLAIN.replace_schema_metadata({"pandas": "{}"}),
    "polars": lambda: pl.from_arrow(PLAIN).to_arrow(),
    "polars categories": lambda: pl.from_arrow(PLAIN).with_columns(pl.col("s").cast(pl.Categorical)).to_arrow(),
    "DuckDB": lambda: _query("FROM given"),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_layout_of_arrow_does_not_count(tmp_path: Path, way: str) -> None:
    """Equal rows give the same segment in whatever Arrow arrays they come."""
    assert _names(write(WAYS[way](), tmp_path)) == _names(write(PLAIN, tmp_path))


@pytest.mark.parametrize(
    "frame",
    [
        pd.DataFrame({"n": [1, 2], "s": ["a", None]}),
        pd.DataFrame({"n": pd.array([1, 2], "Int64"), "s": pd.Series(["a", None], dtype=object)}),
        pd.DataFrame({"n": [1, 2], "s": pd.Categorical(["a", None])}, index=[7, 8]),
        pd.DataFrame({"n": pd.array([1, 2], "int64[pyarrow]"), "s": pd.array(["a", None], "string")}),
    ],
)
def test_pandas_dtypes_do_not_count(tmp_path: Path, frame: pd.DataFrame) -> None:
    """Equal rows give the same segment from pandas' own, nullable, categorical and Arrow types."""
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    assert _names(write(rows, tmp_path)) == _names(write(pa.table({"n": [1, 2], "s": ["a", None]}), tmp_path))


def test_nullability_of_arrow_fields_does_not_count(tmp_path: Path) -> None:
    """Fields that Arrow calls non-nullable give the same segment, and no column of it is REQUIRED."""
    strict = pa.schema([pa.field("a", pa.int64(), nullable=False), pa.field("s", pa.string(), nullable=False)])
    rows = pa.table({"a": [1, 2], "s": ["x", "y"]})
    made = write(pa.Table.from_arrays(rows.columns, schema=strict), tmp_path)
    assert _names(made) == _names(write(rows, tmp_path))
    columns = pq.ParquetFile(made.paths[0]).schema
    assert [columns.column(i).max_definition_level for i in range(2)] == [1, 1]


_MIXED = pa.table(
    {
        "n": pa.array([None if n % 11 == 0 else n * n for n in range(3000)], pa.int64()),
        "s": pa.array([f"text {n % 97}" * (n % 5) for n in range(3000)]),
        "l": pa.array([list(range(n % 4)) or None for n in range(3000)], pa.list_(pa.int32())),
    }
)


def _transfer(rows: pa.Table) -> tuple[Schema, pa.Table]:
    columns = incoming.inspect(rows.schema).columns
    schema = Schema.create(columns)
    return schema, pa.Table.from_batches(incoming.conform(rows.to_batches(), rows.schema, columns, schema))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(1, 800), min_size=1, max_size=6), st.integers(4, 8))
def test_batches_do_not_count(tmp_path: Path, sizes: list[int], k: int) -> None:
    """In whatever batches the rows come, they are cut alike and give the same bytes."""
    schema, rows = _transfer(_MIXED)
    made = write_batches(split(rows, sizes), schema, tmp_path, k=k)
    assert _names(made) == _names(write_batches(split(rows, [3000]), schema, tmp_path, k=k))
    assert sum(item.rows for item in made.items) == 3000


def test_large_segments_do_not_depend_on_batches(tmp_path: Path) -> None:
    """A segment of several pages of text has the same bytes from one batch as from odd little ones."""
    rows = pa.table({"s": [f"{n * 7919 % 100_003:06d} some text that fills pages" for n in range(70_000)]})
    schema, rows = _transfer(rows)
    made = [write_batches(split(rows, sizes), schema, tmp_path) for sizes in ([70_000], [2047, 1, 4099])]
    assert _names(made[0]) == _names(made[1])
    assert made[0].written.k == made[1].written.k > 0


def test_known_segments(tmp_path: Path) -> None:
    """The bytes of segments are those of the day when their hashes were noted; another DuckDB is another writer."""
    known = json.loads(KNOWN.read_text())
    if known["duckdb"] != duckdb.__version__:
        assert known["writer"] != WRITER_ID
        pytest.skip(f"the hashes were noted with DuckDB {known['duckdb']}")
    assert known["writer"] == WRITER_ID
    assert {name: _names(write(rows, tmp_path)) for name, rows in known_tables().items()} == known["segments"]


def known_tables() -> dict[str, pa.Table]:
    """Small tables of many types, with nulls."""
    nested = (
        "SELECT [{'a': 1, 'b': [NULL, 'x']}, NULL] AS l, MAP {'k': NULL::INTEGER, 'm': 2} AS m, {'s': {'t': 1}} AS s"
    )
    types = """
        SELECT 1::UTINYINT AS u, 1.5::DECIMAL(9,2) AS d, '2026-01-31'::DATE AS a, '12:30:00'::TIME AS t,
               '2026-03-29 01:30:00+00'::TIMESTAMPTZ AS z, '80000000-0000-0000-0000-000000000001'::UUID AS i,
               'ab'::BLOB AS b, to_days(30) AS v, '2026-01-31 00:00:00'::TIMESTAMP_S AS c, '{"a": 1}'::JSON AS j
    """
    series = "SELECT CASE WHEN i % 7 <> 0 THEN i END AS i, 'name ' || i % 100 AS s, i / 3 AS x FROM range(5000) r(i)"
    found = {"nested": nested, "types": types, "series": f"{series} ORDER BY r.i"}
    return {"plain": PLAIN, "nulls": PLAIN.slice(1, 1)} | {name: _query(query) for name, query in found.items()}


# --------------------------------------------------------------------------------------------------------------------
# What a file is


def test_a_file_has_the_ids_of_its_fields(tmp_path: Path) -> None:
    """Every field has its id in the file, those inside nested types too, depth first."""
    rows = pa.table({"a": [1], "l": [[{"x": 1, "y": ["q"]}]], "m": pa.array([[("k", 1)]], pa.map_("string", "int64"))})
    made = write(rows, tmp_path)
    assert [(f.id, f.nested) for f in made.schema.fields] == [(1, ()), (2, (3, 4, 5, 6)), (7, (8, 9))]
    found = _query(f"SELECT name, field_id FROM parquet_schema('{made.paths[0]}') WHERE field_id IS NOT NULL")
    names = ["a", "l", "element", "x", "y", "element", "m", "key", "value"]
    assert found.to_pydict() == {"name": names, "field_id": list(range(1, 10))}


def test_no_column_is_required(tmp_path: Path) -> None:
    """Whatever the source proves about nulls, columns are optional, in all that the store's connections write."""
    made = write(pa.table({"i": range(3000), "s": ["x"] * 3000}), tmp_path)
    proved = tmp_path / "proved.parquet"
    with segments.connect() as connection:
        connection.execute("CREATE TEMP TABLE proof AS SELECT i FROM range(3000) r(i)")
        connection.execute(f"COPY proof TO '{proved}' (FORMAT parquet)")
    for file in (made.paths[0], proved):
        kinds = _query(f"SELECT repetition_type FROM parquet_schema('{file}') WHERE name IN ('i', 's')")
        assert set(kinds["repetition_type"].to_pylist()) == {"OPTIONAL"}
    assert not made.written.nulls


def test_a_segment_has_one_row_group(tmp_path: Path) -> None:
    """Narrow tables give segments of more rows than DuckDB puts into a row group of its own accord."""
    flags = np.random.default_rng(1).integers(0, 2**40, 400_000)
    made = write(pa.table({"n": pa.array(flags)}), tmp_path)
    assert made.written.k == 17
    assert max(item.rows for item in made.items) > 122_880
    assert [pq.ParquetFile(path).num_row_groups for path in made.paths] == [1] * len(made.paths)
    assert [pq.ParquetFile(path).metadata.num_rows for path in made.paths] == [item.rows for item in made.items]


def test_a_file_is_called_by_its_hash(tmp_path: Path) -> None:
    """Names and sizes are those of the files; nothing else is left in the staging folder."""
    made = write(_MIXED, tmp_path, k=6)
    assert sorted(path.name for path in made.folder.iterdir()) == sorted(set(_names(made)))
    for item, path in zip(made.items, map(Path, made.paths), strict=True):
        assert (hash_file(path), path.stat().st_size) == (item.hash, item.bytes)


def test_rows_keep_their_order(tmp_path: Path) -> None:
    """The segments one after the other are the rows as they came."""
    made = write(_MIXED, tmp_path, k=5)
    read = pa.concat_tables([pq.read_table(path) for path in made.paths])
    assert read["n"].combine_chunks().equals(_MIXED["n"].combine_chunks())


def test_nulls_are_reported(tmp_path: Path) -> None:
    """Ids of the fields in which a null was met, at the top level only."""
    rows = pa.table({"a": [1, 2], "b": [None, 1], "c": [[None], []], "d": pa.nulls(2)})
    assert write(rows, tmp_path).written.nulls == {2, 5}


# --------------------------------------------------------------------------------------------------------------------
# Where it is cut


def _slow_cuts(hashes: list[int], bits: list[int], k: int) -> Iterator[int]:
    """The design's rule with its bound of 64 MiB, segment by segment."""
    start = 0
    while start < len(hashes):
        rows = chunker.first_cut(np.array(hashes[start:], np.uint64), k) or len(hashes) - start
        while rows > 1 and sum(bits[start : start + rows]) > 8 * 64 * MIB:
            rows -= 1
        start += rows
        yield start


def _expected(rows: pa.Table, k: int, kinds: list[str], cut: str = "*COLUMNS(*)") -> list[int]:
    with segments.connect() as connection:
        connection.register("given", rows)
        hashes = connection.sql(f"SELECT hash({cut}) AS h FROM given").fetchnumpy()["h"]
    ends = [0, *_slow_cuts(hashes.tolist(), widths.row_bits(rows, kinds).tolist(), k)]
    return [b - a for a, b in pairwise(ends)]


@pytest.mark.parametrize("cut", ["n", "s"])
def test_the_cut_columns_decide(tmp_path: Path, cut: str) -> None:
    """Segments end where the hash of the cut columns says."""
    schema, rows = _transfer(_MIXED)
    made = write_batches(split(rows, [999]), schema, tmp_path, k=5, cut=[cut])
    assert [item.rows for item in made.items] == _expected(rows, 5, ["BIGINT", "VARCHAR", "INTEGER[]"], cut)
    longer = rows.set_column(2, "l", pa.nulls(3000, pa.list_(pa.int32())))
    other = write_batches(split(longer, [999]), schema, tmp_path, k=5, cut=[cut])
    assert [item.rows for item in other.items] == [item.rows for item in made.items]


def test_dropped_cut_columns_no_longer_decide(tmp_path: Path) -> None:
    """Without any cut column left, all columns cut."""
    schema, rows = _transfer(_MIXED)
    with SegmentWriter(schema=schema, cut=(77,), k=5, staging=tmp_path) as writer:
        written = writer.write(split(rows, [1000]))
    whole = write_batches(split(rows, [1000]), schema, tmp_path, k=5)
    assert written == whole.written


def _wide(rows: int, size: int) -> pa.Table:
    return pa.table({"s": pa.array([f"{n:08d}" * (size // 8) for n in range(rows)])})


@pytest.mark.parametrize(("rows", "size"), [(30, 5_000_000), (8, 20_000_000)])
def test_64_mib_are_the_most(tmp_path: Path, rows: int, size: int) -> None:
    """Wide cells end a segment before it passes 64 MiB, in whatever batches they come."""
    table = _wide(rows, size)
    expected = _expected(table, 4, ["VARCHAR"])
    assert max(expected) * size < 64 * MIB < 16 * size, "the bound matters"
    schema, table = _transfer(table)
    for sizes in ([1], [rows]):
        made = write_batches(split(table, sizes), schema, tmp_path)
        assert [item.rows for item in made.items] == expected
        assert [pq.ParquetFile(path).num_row_groups for path in made.paths] == [1] * len(expected)


def test_one_row_may_pass_64_mib(tmp_path: Path) -> None:
    """A row that is too wide is a segment of its own, between others."""
    rows = pa.table({"s": ["a", "x" * (65 * MIB), "b", "c"]})
    assert [item.rows for item in write(rows, tmp_path).items] == [1, 1, 2]


@pytest.mark.parametrize(("rows", "k"), [(7, 0), (8, 4)])
def test_k_is_unset_while_a_wide_table_is_small(tmp_path: Path, rows: int, k: int) -> None:
    """Rows of 1 MiB get k = 4 once there are half of 16 of them; until then all are one segment."""
    made = write(_wide(rows, MIB), tmp_path)
    assert (made.written.k, [item.rows for item in made.items]) == (k, [rows])


@pytest.mark.parametrize(("rows", "k"), [(65_535, 0), (65_536, 17)])
def test_k_is_unset_while_a_narrow_table_is_small(tmp_path: Path, rows: int, k: int) -> None:
    """The same at the other end of the scale."""
    made = write(pa.table({"n": pa.array(np.zeros(rows, np.int8))}), tmp_path)
    assert (made.written.k, [item.rows for item in made.items]) == (k, [rows])


def test_a_k_that_is_given_stays(tmp_path: Path) -> None:
    """Growth never changes it, nor do narrower rows."""
    assert write(_MIXED.slice(0, 3), tmp_path, k=9).written.k == 9
    assert write(_MIXED.slice(0, 0), tmp_path, k=9).written == segments.Written(segments=(), k=9, nulls=frozenset())


def test_no_rows_give_no_segment(tmp_path: Path) -> None:
    """An empty table has neither segments nor a k, though empty batches came."""
    assert write(_MIXED.slice(0, 0), tmp_path).written == segments.Written(segments=(), k=0, nulls=frozenset())


# --------------------------------------------------------------------------------------------------------------------
# Failures


def test_a_number_of_39_digits_is_refused(tmp_path: Path) -> None:
    """HUGEINT is stored as 38 digits; the error says so, and the writer's threads and files end."""
    schema = Schema.create([Column(name="h", type="HUGEINT")])
    rows = pa.table({"h": [str(2**127 - 1 if n == 99 else n) for n in range(200)]})
    with pytest.raises(InvalidInputError, match="more than 38 digits") as caught:
        write_batches(split(rows, [10]), schema, tmp_path, k=4)
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("segment")]
    wide = Schema.create([Column(name="h", type="HUGEINT", as_text=True)])
    assert sum(item.rows for item in write_batches(split(rows, [10]), wide, tmp_path, k=4).items) == 200


def test_an_error_of_the_source_passes(tmp_path: Path) -> None:
    """Whoever makes the batches sees his own error; nothing runs on."""
    schema, rows = _transfer(_MIXED)

    def failing() -> Iterator[pa.RecordBatch]:
        yield from split(rows.slice(0, 500), [100])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_batches(failing(), schema, tmp_path, k=4)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("segment")]


def test_many_writers_at_once(tmp_path: Path) -> None:
    """Writers in several threads share one database and do not see each other's rows."""
    alone = write(_MIXED, tmp_path, k=4)
    results: list[Any] = []
    threads = [threading.Thread(target=lambda: results.append(_names(write(_MIXED, tmp_path, k=4)))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [_names(alone)] * 4


def test_what_does_not_fit_into_memory_goes_to_a_private_folder_until_the_process_ends(tmp_path: Path) -> None:
    """Nothing is put into the folder in which the user works."""
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    script = "; ".join(
        [
            "import sys, pathlib; from jupyter_datasets.store import segments",
            "segments.limit_memory(64)",
            "segments.connect().execute('CREATE TABLE much AS SELECT hash(range) AS h FROM range(16_000_000)')",
            "sys.exit(not list(pathlib.Path(sys.argv[1]).glob('*/*')))",
        ]
    )
    environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    subprocess.run([sys.executable, "-c", script, str(temporary)], cwd=here, env=environment, check=True)
    assert list(temporary.iterdir()) == []
    assert list(here.iterdir()) == []
