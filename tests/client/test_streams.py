"""Rows of any kind become a stream of Arrow; what cannot be stored is named, with what was found and what to do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from jupyter_datasets.client.streams import to_reader
from jupyter_datasets.errors import ErrorKind, InvalidInputError

BIG = 2**70
LATE = [*range(1000), "x"]
REFUSED: dict[str, tuple[Any, str, str]] = {
    "polars Int128": (
        pl.DataFrame({"x": pl.Series([BIG], dtype=pl.Int128)}),
        "Column 'x' has the type Int128 of polars, which cannot be stored.",
        "pl.Decimal(38, 0)",
    ),
    "polars Int128 within lists": (
        pl.DataFrame({"x": pl.Series([[BIG]], dtype=pl.List(pl.Int128))}),
        "the type List(Int128) of polars",
        "pl.Decimal(38, 0)",
    ),
    "polars objects": (
        pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}),
        "the type Object of polars",
        "pl.String",
    ),
    "complex numbers of pandas": (pd.DataFrame({"a": [1], "x": [1j]}), "'x' holds complex numbers", "two columns"),
    "complex numbers of numpy": ({"x": np.array([1j])}, "'x' holds complex numbers", "two columns"),
    "complex numbers of Python": ({"x": [None, 1j]}, "'x' holds complex numbers", "two columns"),
    "a long integer of Python": ({"a": [1], "x": [BIG]}, f"'x' holds {BIG} in row 1", "decimal.Decimal"),
    "a long integer of pandas": (pd.DataFrame({"x": [1, -BIG]}), f"'x' holds {-BIG} in row 2", "decimal.Decimal"),
    "several types": ({"x": LATE}, "several types: int (0 in row 1) and str ('x' in row 1,001)", "all to text"),
    "several types in pandas": (pd.DataFrame({"x": [None, 1, "a"]}), "int (1 in row 2) and str ('a' in row 3)", "text"),
    "several types in rows": ([{"x": 1}, {"x": "a"}], "'x' holds values of several types", "text"),
    "arrays among texts": (pd.DataFrame({"x": [np.array([1]), "a"]}), "several types: ndarray", "text"),
    "objects": (pd.DataFrame({"x": [object()]}), "'x' holds values of type object that cannot be stored", "Convert"),
    "sparse": (pd.DataFrame({"x": pd.arrays.SparseArray([0, 1])}), "'x' is sparse", "to_dense"),
    "half a character": ({"x": ["ok", "\ud800"]}, r"'x' holds '\ud800' in row 2, which is not Unicode", "bytes"),
    "names that are no text": ({1: [1]}, "1 is of type int", "'1'"),
    "columns of two lengths": ({"a": [1, 2], "x": [1]}, "'x' has 1 value, where 'a' has 2", "as many"),
    "a doubled name": (pd.DataFrame([[1, 2]], columns=["x", "x"]), "'x' is there twice", "Rename"),
    "an empty struct": (pa.table({"x": pa.array([{}], pa.struct([]))}), "'x' has the type struct<>", "a field"),
    "an empty struct within": (pl.DataFrame({"x": [[{}]]}), "a struct without fields", "a field"),
    "no columns": (pa.table({}), "no columns", "at least one"),
    "no columns of pandas": (pd.DataFrame(index=[1, 2]), "no columns", "at least one"),
    "no columns of polars": (pl.DataFrame(), "no columns", "at least one"),
    "no rows of Python": ([], "no columns", "at least one"),
    "a Series without a name": (pd.Series([1]), "A Series without a name is no table", "rename"),
    "a Series of polars without a name": (pl.Series([1]), "A Series without a name is no table", "rename"),
    "a lazy frame": (pl.LazyFrame({"x": [1]}), "A LazyFrame is no table", "collect()"),
    "an array": (pa.array([1]), "An Int64Array is no table", "DataFrame"),
    "a column": (pa.chunked_array([[1]]), "A ChunkedArray is no table", "DataFrame"),
}


@pytest.mark.parametrize(("rows", "message", "step"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_stored_is_named_with_what_to_do(rows: Any, message: str, step: str) -> None:
    """No foreign error comes out: ours tells the column, what it holds and where, and a way out."""
    with pytest.raises(InvalidInputError) as caught:
        to_reader(rows)
    assert message in caught.value.message
    assert step in caught.value.next_step


def test_the_column_is_told_to_programs_too() -> None:
    """The kind and the details name it."""
    with pytest.raises(InvalidInputError) as caught:
        to_reader(pd.DataFrame({"fine": [1], "bad": [1j]}))
    assert (caught.value.kind, caught.value.details) == (ErrorKind.UNSUPPORTED_TYPE, {"column": "bad"})


@pytest.mark.parametrize("series", [pd.Series([1, 2], name="n"), pl.Series("n", [1, 2])])
def test_a_series_with_a_name_is_a_table_of_one_column(series: Any) -> None:
    """Its name is the column's."""
    reader, notes = to_reader(series)
    assert (reader.read_all().to_pydict(), notes) == ({"n": [1, 2]}, ())


def test_a_series_keeps_a_named_index() -> None:
    """As a DataFrame does."""
    reader, _ = to_reader(pd.Series([1.5], name="n", index=pd.Index(["a"], name="id")))
    assert reader.read_all().to_pydict() == {"id": ["a"], "n": [1.5]}


def test_integers_of_pandas_up_to_64_bits_arrive() -> None:
    """Without a sign, too."""
    reader, _ = to_reader(pd.DataFrame({"n": [2**63, 1]}))
    assert reader.read_all().to_pydict() == {"n": [2**63, 1]}
