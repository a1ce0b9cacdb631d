"""The width formula counts values, whatever Arrow holds them in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jupyter_datasets.errors import InternalError
from jupyter_datasets.store import forms, widths
from tests.store.type_samples import SAMPLES, World


@pytest.mark.parametrize(
    ("logical", "array", "bits"),
    [
        ("BOOLEAN", pa.array([True, None]), [1, 1]),
        ("DECIMAL(4,1)", pa.array([1, None], pa.decimal128(4, 1)), [16, 16]),
        ("DECIMAL(19,0)", pa.array([1], pa.decimal128(19, 0)), [128]),
        ("VARCHAR", pa.array(["", None, "ü"]), [32, 32, 48]),
        ("BLOB", pa.array([b"abc", None]), [56, 32]),
        ("HUGEINT", pa.array(["12345678901234567890"]), [128]),
        ("INTEGER[]", pa.array([[1, None], None, []], pa.list_(pa.int32())), [96, 32, 32]),
        ("VARCHAR[]", pa.array([["ab", None], None, [], ["c"]]), [32 + 48 + 32, 32, 32, 32 + 40]),
        ('STRUCT("a" INTEGER, "b" VARCHAR)', pa.array([{"a": 1, "b": "x"}, None, {}]), [72, 64, 64]),
        ("MAP(VARCHAR, BIGINT)", pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())), [32 + 40 + 64, 32]),
    ],
)
def test_the_formula(logical: str, array: pa.Array, bits: list[int]) -> None:
    """Fixed widths whether NULL or not; 4 + length for text; 4 + elements for lists and maps; structs add up."""
    batch = pa.RecordBatch.from_arrays([array], ["x"])
    assert widths.row_bits(batch, [logical]).tolist() == bits
    assert widths.total_bits(array, logical) == sum(bits)
    assert min(bits) >= widths.fixed_bits(logical)


@pytest.mark.parametrize(("logical", "values"), SAMPLES.items(), ids=list(SAMPLES))
def test_rows_and_totals_agree(tmp_path: Path, logical: str, values: list[str]) -> None:
    """The total is the sum of the rows, in a slice as in the whole, in the storage form as on the way to it."""
    world = World(tmp_path, logical, values)
    stored = world.arrow(f"SELECT {forms.to_storage('x', logical)} AS x FROM t ORDER BY i")["x"].combine_chunks()
    rows = widths.row_bits(pa.table({"x": stored}), [logical])
    assert rows.dtype == np.int64
    assert widths.total_bits(stored, logical) == rows.sum()
    for start in range(len(stored)):
        assert widths.total_bits(stored.slice(start, 2), logical) == rows[start : start + 2].sum()
    assert widths.row_bits(world.transfer().select(["x"]), [logical]).tolist() == rows.tolist()


_TEXTS = pa.array(["a", None, "bcd", "a"])
_LISTS = pa.array([["a"], None, [], ["bcd", None]])


@pytest.mark.parametrize(
    ("logical", "same"),
    [
        ("VARCHAR", [_TEXTS.cast(kind) for kind in (pa.string(), pa.large_string(), pa.string_view())]),
        ("VARCHAR", [_TEXTS, _TEXTS.dictionary_encode(), pa.concat_arrays([_TEXTS, _TEXTS]).slice(4)]),
        ("JSON", [_TEXTS, pa.ExtensionArray.from_storage(pa.json_(), _TEXTS)]),
        ("BLOB", [_TEXTS.cast(pa.binary()).cast(kind) for kind in (pa.large_binary(), pa.binary_view())]),
        (
            "VARCHAR[]",
            [
                _LISTS,
                _LISTS.cast(pa.large_list(pa.large_string())),
                pa.array(_LISTS.to_pylist(), pa.list_view(pa.string())),
            ],
        ),
    ],
)
def test_the_layout_does_not_count(logical: str, same: list[pa.Array]) -> None:
    """Equal values count the same in every Arrow type that can hold them."""
    found = [widths.row_bits(pa.table({"x": array}), [logical]).tolist() for array in same]
    assert found == [found[0]] * len(same)
    assert [widths.total_bits(array, logical) for array in same] == [sum(found[0])] * len(same)


def test_what_lies_under_a_null_does_not_count() -> None:
    """Values that a buffer holds behind the NULL of a struct or list are not values."""
    hidden = pa.StructArray.from_arrays([pa.array(["long text", "d"])], ["a"], mask=pa.array([True, False]))
    assert widths.row_bits(pa.table({"x": hidden}), ['STRUCT("a" VARCHAR)']).tolist() == [32, 40]
    lists = pa.ListArray.from_arrays([0, 2, 3], pa.array(["xx", "yy", "z"]), mask=pa.array([True, False]))
    assert widths.row_bits(pa.table({"x": lists}), ["VARCHAR[]"]).tolist() == [32, 72]
    assert widths.total_bits(lists, "VARCHAR[]") == 104


def test_chunks_add_up() -> None:
    """A chunked column counts as its chunks together, and an empty one nothing."""
    chunks = pa.chunked_array([["a"], [], ["bc", None]], pa.string())
    assert widths.total_bits(chunks, "VARCHAR") == 40 + 48 + 32
    assert widths.total_bits(pa.chunked_array([], pa.string()), "VARCHAR") == 0
    assert widths.row_bits(pa.table({"x": chunks}), ["VARCHAR"]).tolist() == [40, 48, 32]


def test_bits_must_come_as_text() -> None:
    """DuckDB's binary layout of BIT counts differently, so it is refused."""
    with pytest.raises(InternalError, match="storage form"):
        widths.total_bits(pa.array([b"\x04\xf5"]), "BIT")
