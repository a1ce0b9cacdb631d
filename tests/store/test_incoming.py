"""What users hand over as Arrow becomes what a segment writer takes, exactly or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from jupyter_datasets.errors import ErrorKind, InvalidInputError
from jupyter_datasets.store import forms, incoming
from jupyter_datasets.store.schemas import Column, Schema


def _schema(rows: pa.Table) -> Schema:
    return Schema.create(incoming.inspect(rows.schema).columns)


def _conformed(rows: pa.Table, target: Schema | None = None, batch_rows: int | None = None) -> list[pa.RecordBatch]:
    columns = incoming.inspect(rows.schema).columns
    batches = rows.to_batches(max_chunksize=batch_rows)
    return list(incoming.conform(batches, rows.schema, columns, target or Schema.create(columns)))


def _table(rows: pa.Table, target: Schema | None = None) -> pa.Table:
    return pa.Table.from_batches(_conformed(rows, target))


# --------------------------------------------------------------------------------------------------------------------
# Looking


@pytest.mark.parametrize(
    ("kind", "logical"),
    [
        (pa.int8(), "TINYINT"),
        (pa.uint64(), "UBIGINT"),
        (pa.large_string(), "VARCHAR"),
        (pa.string_view(), "VARCHAR"),
        (pa.dictionary(pa.int8(), pa.string()), "VARCHAR"),
        (pa.binary(4), "BLOB"),
        (pa.decimal32(5, 2), "DECIMAL(5,2)"),
        (pa.timestamp("s"), "TIMESTAMP_S"),
        (pa.timestamp("us", "Europe/Berlin"), "TIMESTAMP WITH TIME ZONE"),
        (pa.time32("s"), "TIME"),
        (pa.time64("ns"), "TIME_NS"),
        (pa.date64(), "DATE"),
        (pa.duration("us"), "INTERVAL"),
        (pa.month_day_nano_interval(), "INTERVAL"),
        (pa.uuid(), "UUID"),
        (pa.json_(), "JSON"),
        (pa.list_(pa.int32(), 2), "INTEGER[2]"),
        (pa.map_(pa.string(), pa.int64()), "MAP(VARCHAR, BIGINT)"),
        (pa.null(), "VARCHAR"),
        (pa.list_(pa.null()), "VARCHAR[]"),
        (pa.struct([("a", pa.null())]), "STRUCT(a VARCHAR)"),
    ],
)
def test_types(kind: pa.DataType, logical: str) -> None:
    """Each Arrow type has a logical type; what holds no values is taken for text."""
    arrival = incoming.inspect(pa.schema([("x", kind)]))
    assert arrival.columns == (Column(name="x", type=logical),)
    assert arrival.warnings == ()


def test_periods_of_pandas_are_refused_wherever_they_come_from() -> None:
    """As the type itself, and as the storage with a name beside it that another process sees."""
    known = pa.Table.from_pandas(pd.DataFrame({"p": pd.period_range("2024-01", periods=1, freq="M")})).schema
    unknown = pa.schema([pa.field("p", pa.int64(), metadata={"ARROW:extension:name": "pandas.period"})])
    for schema in (known, unknown):
        with pytest.raises(InvalidInputError, match="'p'") as caught:
            incoming.inspect(schema)
        assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
        assert "astype(str)" in caught.value.next_step


@pytest.mark.parametrize("kind", [pa.float16(), pa.decimal256(50, 0), pa.dense_union([pa.field("a", pa.int8())])])
def test_types_that_cannot_be_stored(kind: pa.DataType) -> None:
    """The error names the column among others, and its type."""
    with pytest.raises(InvalidInputError, match="'bad'") as caught:
        Schema.create(incoming.inspect(pa.schema([("a", pa.int8()), ("bad", kind)])).columns)
    assert caught.value.kind is ErrorKind.UNSUPPORTED_TYPE
    assert caught.value.details["column"] == "bad"


def test_no_columns() -> None:
    """A table without columns is refused."""
    with pytest.raises(InvalidInputError, match="no columns"):
        incoming.inspect(pa.schema([]))


def test_names_that_cannot_be_columns_are_repaired_and_told() -> None:
    """Each repair is a sentence with both names; what is no mistake stays as it is."""
    schema = pa.schema([(name, pa.int8()) for name in ("a", "A", " ", "")])
    arrival = incoming.inspect(schema)
    assert [column.name for column in arrival.columns] == ["a", "A_2", " ", "column_4"]
    assert arrival.warnings == (
        "Column 2 was called 'A'; it is 'A_2' now.",
        "Column 4 was called ''; it is 'column_4' now.",
    )


# --------------------------------------------------------------------------------------------------------------------
# Converting


def test_columns_take_the_tables_order_and_types() -> None:
    """Rows match by name; a column that they lack is its default, or null; names inside are birth names."""
    target = Schema.create([Column(name=n, type=t) for n, t in (("a", "BIGINT"), ("b", "DOUBLE"), ("c", "DATE"))])
    fields = (
        target.fields[0],
        replace(target.fields[1], name="today"),
        replace(target.fields[2], default="2026-01-31"),
    )
    target = replace(target, fields=(*fields, replace(fields[0], id=9, name="none", birth="z")))
    rows = _table(pa.table({"today": pa.array([1, None], pa.int8()), "a": pa.array([7, 8], pa.int16())}), target)
    assert rows.column_names == ["a", "b", "c", "z"]
    assert rows.schema.types == [forms.transfer_arrow_type(f.type) for f in target.fields]
    days = [value.isoformat() for value in rows["c"].to_pylist()]
    assert (rows["a"].to_pylist(), rows["b"].to_pylist(), days) == ([7, 8], [1.0, None], ["2026-01-31"] * 2)
    assert rows["z"].to_pylist() == [None, None]


def test_columns_of_nulls() -> None:
    """A column without a type, at any depth, travels as the text that it will be stored as."""
    rows = pa.table({"a": pa.nulls(2), "l": [[], [None]], "s": [{"x": None}, None]})
    found = _table(rows)
    assert found.schema.types == [pa.string(), pa.list_(pa.string()), pa.struct([("x", pa.string())])]
    assert found.to_pylist() == rows.to_pylist()
    assert _table(rows.select(["a"]), Schema.create([Column(name="a", type="DATE")]))["a"].to_pylist() == [None, None]


def test_plain_rows_travel_as_they_are() -> None:
    """Where nothing is to convert, no byte is copied."""
    rows = pa.table({"n": range(1000), "s": ["x"] * 1000}).combine_chunks()
    (batch,) = _conformed(rows)
    before, after = rows["n"].chunk(0).buffers()[1], batch["n"].buffers()[1]
    assert before.address == after.address


@pytest.mark.parametrize("kind", [pa.int64(), pa.large_string()])
@pytest.mark.parametrize("batch_rows", [None, 100_000, 1000, 1])
def test_batches_have_a_size(kind: pa.DataType, batch_rows: int | None) -> None:
    """Large batches come in slices of 65,536 rows, and small ones lose none."""
    count = 3000 if batch_rows == 1 else 200_000
    rows = pa.table({"x": pa.array(np.arange(count)).cast(kind)})
    batches = _conformed(rows, batch_rows=batch_rows)
    assert max(batch.num_rows for batch in batches) <= incoming.BATCH_ROWS
    assert pa.Table.from_batches(batches)["x"].cast(kind).equals(rows["x"])


def test_batches_of_several_origins_agree() -> None:
    """Non-nullable fields and metadata are gone, so that rows can join those of a table."""
    strict = pa.schema([pa.field("a", pa.int64(), nullable=False, metadata={"k": "v"})], metadata={"m": "n"})
    (batch,) = _conformed(pa.table({"a": [1]}, schema=strict))
    assert batch.schema.equals(pa.schema([("a", pa.int64())]), check_metadata=True)


@pytest.mark.parametrize("late", [0, 200_000])
@pytest.mark.parametrize(
    ("values", "kind", "reason"),
    [
        (["1", "x"], "BIGINT", "Could not convert string 'x'"),
        ([1, 2**40], "INTEGER", "1099511627776"),
        (np.array([1, 2**62]).astype("datetime64[s]"), "TIMESTAMP_S", "outside the range"),
    ],
)
def test_a_value_that_does_not_fit(values: Any, kind: str, reason: str, late: int) -> None:
    """The error tells the value, be it in the first rows or far behind them."""
    array = pa.array(values)
    rows = pa.table({"x": pa.concat_arrays([*[array[:1]] * (late and 1), array])})
    if late:
        rows = pa.concat_tables([pa.table({"x": pa.repeat(array[0], late)}), rows])
    with pytest.raises(InvalidInputError, match=reason) as caught:
        _conformed(rows, Schema.create([Column(name="x", type=kind)]))
    assert caught.value.kind is ErrorKind.SCHEMA_MISMATCH
    assert "SELECT" not in str(caught.value)


@pytest.mark.parametrize("kind", [pa.int64(), pa.large_string()])
@pytest.mark.parametrize("error", [ZeroDivisionError("boom"), KeyboardInterrupt(), OSError(5, "gone")])
def test_errors_of_the_source_pass(kind: pa.DataType, error: BaseException) -> None:
    """Whoever makes the batches gets his own error back, converted or not, however late."""
    schema = pa.schema([("x", kind)])

    def failing() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch([pa.array(["1"]).cast(kind)], schema=schema)
        raise error

    columns = incoming.inspect(schema).columns
    with pytest.raises(type(error)) as caught:
        list(incoming.conform(failing(), schema, columns, Schema.create(columns)))
    assert caught.value is error


@pytest.mark.parametrize("batch", [pa.record_batch({"x": [b"\xff"]}), pa.record_batch({"x": ["1"], "y": [2]})])
def test_batches_that_break_their_schema(batch: pa.RecordBatch) -> None:
    """A batch whose columns are not those of the stream is refused, not read as something else."""
    schema = pa.schema([("x", pa.int64())])
    columns = incoming.inspect(schema).columns
    with pytest.raises(InvalidInputError, match="other columns than its schema"):
        list(incoming.conform([batch], schema, columns, Schema.create(columns)))


# --------------------------------------------------------------------------------------------------------------------
# Exactness

_BAD_TEXT = pa.Array.from_buffers(
    pa.string(), 2, [None, pa.py_buffer(np.array([0, 1, 3], np.int32)), pa.py_buffer(b"a\xff\xfe")]
)
_NANOS = pa.array([1_000, 1_001], pa.duration("ns"))
_INTERVALS = pa.array([(1, 2, 3_000), (1, 2, 3_001)], pa.month_day_nano_interval())
_DATES = pa.array([0, 86_400_001], pa.int64()).cast(pa.date64())


def _nested(array: pa.Array) -> dict[str, pa.Array]:
    offsets = pa.array([0, 1, 2], pa.int32())
    keys = pa.array(["k", "l"])
    return {
        "plain": array,
        "list": pa.ListArray.from_arrays(offsets, array),
        "fixed list": pa.FixedSizeListArray.from_arrays(array, 1),
        "struct": pa.StructArray.from_arrays([keys, array], ["k", "v"]),
        "map": pa.MapArray.from_arrays(offsets, keys, array),
        "deep": pa.ListArray.from_arrays(offsets, pa.StructArray.from_arrays([array], ["v"])),
    }


@pytest.mark.parametrize("where", list(_nested(_NANOS)))
@pytest.mark.parametrize("array", [_BAD_TEXT, _NANOS, _INTERVALS, _DATES], ids=["text", "duration", "interval", "date"])
def test_what_would_be_altered_is_refused(array: pa.Array, where: str) -> None:
    """Text that is not UTF-8, parts of microseconds and parts of days are refused at every depth, naming the column."""
    rows = pa.table({"good": [1, 2], "bad": _nested(array)[where]})
    with pytest.raises(InvalidInputError, match="'bad' cannot be stored exactly") as caught:
        _conformed(rows)
    assert caught.value.details == {"column": "bad"}
    assert _table(rows.slice(0, 1)).num_rows == 1


def test_bad_text_in_other_layouts_is_refused() -> None:
    """Dictionaries and views are looked into as well."""
    for array in (_BAD_TEXT.dictionary_encode(), _BAD_TEXT.cast(pa.large_string()), _BAD_TEXT.cast(pa.string_view())):
        with pytest.raises(InvalidInputError, match="UTF8"):
            _conformed(pa.table({"x": array}))


def test_what_lies_under_a_null_is_not_looked_at() -> None:
    """Intervals behind a NULL may be anything; whole ones, and none at all, are fine."""
    hidden = pa.array([(1, 2, 3_001)] * 2, pa.month_day_nano_interval())
    masked = pa.Array.from_buffers(hidden.type, 2, [pa.py_buffer(b"\x00"), hidden.buffers()[1]])
    assert _table(pa.table({"x": masked}))["x"].null_count == 2
    assert _conformed(pa.table({"x": masked[:0]})) == []


def test_midnight_at_the_end_of_the_day_is_kept() -> None:
    """24:00:00 is a time in SQL, though Arrow calls it out of range."""
    rows = pa.table({"t": pa.array([86_400_000_000], pa.int64()).cast(pa.time64("us"))})
    assert _table(rows)["t"].cast(pa.int64()).to_pylist() == [86_400_000_000]


def test_schema_is_what_inspect_says() -> None:
    """The columns of a stream make a schema of the same names."""
    assert _schema(pa.table({"a": [1], "b": ["x"]})).names == ["a", "b"]
