"""Segments of any age are read as today's columns, by Arrow in order and by SQL without, with one result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jupyter_datasets.engine.relations import Session
from jupyter_datasets.errors import DamagedObjectError, ErrorKind, InvalidInputError, NotFoundError, StorageError
from jupyter_datasets.services.versions.scans import scan
from jupyter_datasets.sqltext import quote_name
from jupyter_datasets.store import forms, schemas
from jupyter_datasets.store.patches import Piece
from jupyter_datasets.store.reading import OrderedReader
from jupyter_datasets.store.schemas import Column, Field, Schema
from jupyter_datasets.store.segments import connect
from tests.store.type_samples import SAMPLES
from tests.store.worlds import Made, write, write_batches

_SHOWN = {kind: values[:4] if kind == "INTERVAL" else values for kind, values in SAMPLES.items()}  # Arrow holds no more


def _scan(schema: Schema, pieces: list[Piece], select: str) -> pa.Table:
    """The rows as a query gets them, in no order."""
    with connect() as connection:
        return connection.sql(scan(schema, pieces, select).bind(Session(connection), "table")).to_arrow_table()


def _texts(rows: pa.Table) -> list[tuple[str, ...]]:
    """Rows as DuckDB prints them: NaN, the sign of zero and times beyond those of Python are told apart."""
    with connect() as connection:
        connection.register("given", rows)
        return connection.sql("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM given").fetchall()


def _agreed(schema: Schema, pieces: list[Piece]) -> pa.Table:
    """The rows in order, once both ways to read them agree."""
    ordered = OrderedReader(schema).table(pieces)
    assert Counter(_texts(ordered)) == Counter(_texts(_scan(schema, pieces, schemas.public_columns(schema))))
    return ordered


# --------------------------------------------------------------------------------------------------------------------
# Any table


@st.composite
def _tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Types, and SQL for the values of each column, NULL among them."""
    kinds = draw(st.lists(st.sampled_from(list(_SHOWN)), min_size=1, max_size=4))
    rows = draw(st.integers(1, 60))
    source = draw(st.randoms(use_true_random=False))
    return kinds, [[source.choice([*_SHOWN[kind], "NULL"]) for _ in range(rows)] for kind in kinds]


class _Source:
    """A table of logical values in DuckDB."""

    def __init__(self, schema: Schema, rows: list[list[str]]) -> None:
        self._schema = schema
        self._connection = connect()
        self._connection.execute(
            f"CREATE TEMP TABLE t ({', '.join(f'{quote_name(f.name)} {f.type}' for f in schema.fields)})"
        )
        lines = [", ".join(f"CAST({v} AS {f.type})" for v, f in zip(row, schema.fields, strict=True)) for row in rows]
        self._connection.execute(f"INSERT INTO t VALUES ({'), ('.join(lines)})")

    def rows(self, form: Callable[[str, str], str]) -> pa.Table:
        columns = (f"{form(quote_name(f.name), f.type)} AS {quote_name(f.name)}" for f in self._schema.fields)
        return self._connection.sql(f"SELECT {', '.join(columns)} FROM t").to_arrow_table()

    def close(self) -> None:
        self._connection.execute("DROP TABLE t")
        self._connection.close()


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(_tables())
def test_two_ways_to_read_one_result(tmp_path: Path, table: tuple[list[str], list[list[str]]]) -> None:
    """For any types and values, PyArrow in order, SQL without order and the source itself give the same rows."""
    kinds, values = table
    schema = Schema.create([Column(name=f"c{i} 'ü", type=kind) for i, kind in enumerate(kinds)])
    with closing(_Source(schema, [list(row) for row in zip(*values, strict=True)])) as source:
        made = write_batches(iter(source.rows(forms.to_transfer).to_batches()), schema, tmp_path, k=4)
        expected = source.rows(forms.to_public)
    read = _agreed(schema, made.pieces)
    assert _texts(read) == _texts(expected)
    assert read.schema == expected.schema
    again = write_batches(OrderedReader(schema, for_writer=True).batches(made.pieces), schema, tmp_path, k=4)
    assert again.items == made.items


# --------------------------------------------------------------------------------------------------------------------
# Old segments

OLD = pa.table(
    {
        "a": pa.array([1, None, 3], pa.int32()),
        "s": ["x", None, "z"],
        "d": pa.array([1, None, 250], pa.decimal128(5, 2)),
        "f": pa.array([0.5, None, 2.0], pa.float32()),
        "u": pa.array([None, b"0" * 16, b"1" * 16], pa.uuid()),
    }
)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return write(OLD, tmp_path)


def _changed(schema: Schema, column: str, **changes: Any) -> Schema:
    fields = tuple(replace(f, **changes) if f.name == column else f for f in schema.fields)
    return replace(schema, fields=fields)


def _added(schema: Schema, **values: Any) -> Schema:
    new = Field(**{"id": schema.next_id, "birth": values["name"], **values})
    return replace(schema, fields=(*schema.fields, new), next_id=schema.next_id + 1)


def _column(schema: Schema, made: Made, name: str) -> list[Any]:
    found: list[Any] = _agreed(schema, made.pieces)[name].to_pylist()
    return found


def test_a_renamed_column(made: Made) -> None:
    """Today's name goes with the birth name's values."""
    schema = _changed(made.schema, "a", name='today"s')
    assert _column(schema, made, 'today"s') == [1, None, 3]


def test_two_columns_that_swapped_their_names(made: Made) -> None:
    """Fields are found by id, whatever they are called."""
    schema = _changed(_changed(_changed(made.schema, "a", name="tmp"), "f", name="a"), "tmp", name="f")
    assert _column(schema, made, "f") == [1, None, 3]
    assert _column(schema, made, "a") == [0.5, None, 2.0]


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("INTEGER", None, None),
        ("INTEGER", "7", 7),
        ("VARCHAR", 'it\'s \\ "x"', 'it\'s \\ "x"'),
        ("BOOLEAN", "true", True),
        ("DATE", None, None),
        ("INTEGER[]", None, None),
        ("UUID", None, None),
    ],
)
def test_an_added_column(made: Made, kind: str, default: str | None, value: Any) -> None:
    """Rows of segments that were written before it have its default."""
    schema = _added(made.schema, name="new", type=kind, default=default)
    assert _column(schema, made, "new") == [value] * 3
    assert _column(schema, made, "a") == [1, None, 3]


def test_a_dropped_column(made: Made) -> None:
    """It is not read; the others are."""
    schema = replace(made.schema, fields=made.schema.fields[1:3])
    assert _agreed(schema, made.pieces).column_names == ["s", "d"]


def test_a_new_column_of_a_dropped_ones_name(made: Made) -> None:
    """It never shows the values of the one that was dropped, of the same type or of another."""
    for kind in ("INTEGER", "VARCHAR"):
        schema = _added(replace(made.schema, fields=made.schema.fields[1:]), name="a", type=kind)
        assert _column(schema, made, "a") == [None] * 3
        assert OrderedReader(schema, ["a"]).table(made.pieces)["a"].to_pylist() == [None] * 3


@pytest.mark.parametrize(
    ("name", "kind", "values"),
    [
        ("a", "BIGINT", [1, None, 3]),
        ("a", "DOUBLE", [1.0, None, 3.0]),
        ("a", "VARCHAR", ["1", None, "3"]),
        ("a", "HUGEINT", [1, None, 3]),
        ("a", "BIGNUM", ["1", None, "3"]),
        ("d", "VARCHAR", ["1.00", None, "250.00"]),
        ("f", "DOUBLE", [0.5, None, 2.0]),
    ],
)
def test_a_widened_column(made: Made, name: str, kind: str, values: list[Any]) -> None:
    """Old segments give today's type, and a writer that reads them gets it too."""
    schema = _changed(made.schema, name, type=kind)
    assert _column(schema, made, name) == values
    field = next(f for f in schema.fields if f.name == name)
    assert OrderedReader(schema).arrow_schema.field(name).type == forms.arrow_type(kind)
    sent = OrderedReader(schema, [name], for_writer=True).table(made.pieces)
    assert sent.schema.field(field.birth).type == forms.transfer_arrow_type(kind)


def test_segments_of_several_ages(tmp_path: Path, made: Made) -> None:
    """One table may lie in segments of old and new types, with and without a column."""
    schema = _added(_changed(made.schema, "a", type="BIGINT"), name="new", type="INTEGER", default="0")
    new = OLD.set_column(0, "a", pa.array([2**40] * 3)).append_column("new", pa.array([1, None, 2], pa.int32()))
    later = write(new, tmp_path, schema=schema)
    rows = _agreed(schema, made.pieces + later.pieces)
    assert rows["a"].to_pylist() == [1, None, 3, 2**40, 2**40, 2**40]
    assert rows["new"].to_pylist() == [0, 0, 0, 1, None, 2]


# --------------------------------------------------------------------------------------------------------------------
# Parts of a table


@pytest.mark.parametrize("wanted", [["s"], ["f", "a"], ["u"], ["u", "s"], ["D", "A"]])
def test_some_columns(made: Made, wanted: list[str]) -> None:
    """They come in the order asked for, under today's names, whatever the case in which they were asked for."""
    read = OrderedReader(made.schema, wanted).table(made.pieces)
    assert read.column_names == [made.schema.field(name).name for name in wanted]
    assert read.equals(OrderedReader(made.schema).table(made.pieces).select(read.column_names))


def test_an_unknown_column(made: Made) -> None:
    """The error names what the reader may have meant."""
    with pytest.raises(NotFoundError, match="no column 'ss'") as caught:
        OrderedReader(made.schema, ["ss"])
    assert caught.value.kind is ErrorKind.COLUMN_NOT_FOUND


_HOSTILE = ["a.b", 'q"u', "it's", "select", "rowid", "file_row_number", "a\nb", "😀", "__duckdb_field_id"]


@pytest.mark.parametrize("name", _HOSTILE)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    """Any name can be written and read, next to others that look like a path to it."""
    rows = pa.table({"a": [{"b": 1}], name: pa.array(["plain"]), "u": pa.array([b"0" * 16], pa.uuid())})
    made = write(rows, tmp_path)
    assert _column(made.schema, made, name) == ["plain"]
    assert OrderedReader(made.schema, [name, "a"]).table(made.pieces).to_pylist() == [{name: "plain", "a": {"b": 1}}]


def test_no_segments(made: Made) -> None:
    """An empty table has its columns, for both ways to read."""
    read = _agreed(made.schema, [])
    assert read.num_rows == 0
    assert read.schema == OrderedReader(made.schema).arrow_schema
    assert _scan(made.schema, [], schemas.public_columns(made.schema)).column_names == read.column_names


def test_many_segments_keep_their_order(tmp_path: Path) -> None:
    """Segments are read ahead by several threads, and come in order all the same."""
    made = write(pa.table({"n": range(2000)}), tmp_path, k=4)
    assert len(made.paths) > 50
    assert OrderedReader(made.schema).table(made.pieces)["n"].to_pylist() == list(range(2000))
    first = next(OrderedReader(made.schema).tables(made.pieces))
    assert first.num_rows == made.items[0].rows


# --------------------------------------------------------------------------------------------------------------------
# What PyArrow cannot read


def test_integers_that_pyarrow_refuses(tmp_path: Path) -> None:
    """Segments of 32-bit integers that DuckDB packs too wide for PyArrow are read by DuckDB instead."""
    numbers = np.random.default_rng(5).integers(-(2**31), 2**31, 3000).astype(np.int32)
    made = write(pa.table({"n": numbers}), tmp_path)
    with pytest.raises(OSError, match="InitBlock"):
        pq.read_table(made.paths[0])
    assert np.array_equal(OrderedReader(made.schema).table(made.pieces)["n"].to_numpy(), numbers)


def test_an_interval_too_long_for_arrow(tmp_path: Path) -> None:
    """Users get an error that names the way out; a writer gets the interval."""
    schema = Schema.create([Column(name="v", type="INTERVAL")])
    with connect() as source:
        query = f"SELECT {forms.to_transfer('v', 'INTERVAL')} AS v FROM (SELECT to_microseconds({2**63 - 1}) AS v)"
        batches = source.sql(query).to_arrow_table().to_batches()
    made = write_batches(iter(batches), schema, tmp_path)
    with pytest.raises(InvalidInputError, match="292 years") as caught:
        OrderedReader(schema).table(made.pieces)
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    assert _texts(OrderedReader(schema, for_writer=True).table(made.pieces)) == _texts(pa.Table.from_batches(batches))


# --------------------------------------------------------------------------------------------------------------------
# Damage


@pytest.mark.parametrize("columns", [["a"], ["u"]])
def test_a_missing_segment(made: Made, columns: list[str]) -> None:
    """The error names the object and its place, whichever way it would have been read."""
    path = Path(made.paths[0])
    path.unlink()
    with pytest.raises(DamagedObjectError, match=path.name[:12]) as caught:
        OrderedReader(made.schema, columns).table(made.pieces)
    assert caught.value.kind is ErrorKind.OBJECT_MISSING
    assert caught.value.details == {"object": path.name, "path": str(path)}


@pytest.mark.parametrize("columns", [["a"], ["u"]])
@pytest.mark.parametrize("content", [b"", b"no Parquet " * 50, "truncated", "pages"])
def test_a_damaged_segment(made: Made, columns: list[str], content: bytes | str) -> None:
    """A file that cannot be read and has another hash than its name is called damaged."""
    path = Path(made.paths[0])
    data = path.read_bytes()
    footer = 8 + int.from_bytes(data[-8:-4], "little")
    damaged = {"truncated": data[:-10], "pages": data[:4] + b"\xff" * (len(data) - 4 - footer) + data[-footer:]}
    path.write_bytes(content if isinstance(content, bytes) else damaged[content])
    with pytest.raises(DamagedObjectError, match="another hash") as caught:
        OrderedReader(made.schema, columns).table(made.pieces)
    assert caught.value.details == {"object": path.name, "path": str(path)}


def test_a_segment_deleted_while_it_is_read(tmp_path: Path) -> None:
    """Rows that were read stay good; the next segment is the error's."""
    made = write(pa.table({"n": range(2000)}), tmp_path, k=4)
    tables = OrderedReader(made.schema).tables(made.pieces)
    first = next(tables)
    for path in made.paths:
        Path(path).unlink()
    with pytest.raises(DamagedObjectError):
        list(tables)
    assert first["n"].to_pylist() == list(range(first.num_rows))


def test_an_object_in_its_place_is_named_by_folder_and_file(tmp_path: Path, made: Made) -> None:
    """Inside a store the first two digits of the hash are the folder's name."""
    name = made.items[0].hash
    path = tmp_path / "objects" / name[:2] / name[2:]
    with pytest.raises(DamagedObjectError) as caught:
        OrderedReader(made.schema).table([Piece(path=str(path), rows=3)])
    assert caught.value.details["object"] == name


def test_a_file_that_may_not_be_read(made: Made) -> None:
    """A refusal by the system is not damage; a folder in the file's place is one."""
    path = Path(made.paths[0])
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match="refused") as caught:
        OrderedReader(made.schema).table(made.pieces)
    assert caught.value.kind is ErrorKind.STORAGE_IO


def test_duckdb_agrees_on_the_count(made: Made) -> None:
    """The rows of an item are those of its file."""
    with connect() as connection:
        found = connection.sql("SELECT count(*) FROM read_parquet(?)", params=[made.paths[0]]).fetchall()
    assert found == [(made.items[0].rows,)] == [(3,)]
