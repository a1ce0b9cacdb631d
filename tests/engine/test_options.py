"""The options for reading a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jupyter_datasets.engine.options import ReadOptions
from jupyter_datasets.errors import InvalidInputError


def test_options_survive_json() -> None:
    options = ReadOptions(format="csv", delimiter=";", nulls=("-", ""), decimal=",", types={"a": "DECIMAL(9,2)"})
    assert ReadOptions.from_json(json.loads(json.dumps(options.to_json()))) == options
    assert ReadOptions().to_json() == {}
    assert ReadOptions.from_json({"header": False, "nulls": []}).to_json() == {"header": False, "nulls": []}


def test_types_are_spelled_as_duckdb_spells_them() -> None:
    assert ReadOptions(types={"a": "int", "b": "timestamptz"}).types == {
        "a": "INTEGER",
        "b": "TIMESTAMP WITH TIME ZONE",
    }


@pytest.mark.parametrize(
    "wrong",
    [
        {"format": "xls"},
        {"delimiter": ""},
        {"delimiter": ",,"},
        {"delimiter": "\n"},
        {"delimiter": '"', "quote": '"'},
        {"delimiter": ",", "decimal": ","},
        {"quote": "''"},
        {"header": "yes"},
        {"encoding": "zlib"},
        {"encoding": "rot13"},
        {"encoding": "nonsense"},
        {"nulls": "NA"},
        {"types": {"a": "no such type"}},
        {"types": {"a": "INTEGER); DROP TABLE x --"}},
        {"seperator": ","},
    ],
)
def test_impossible_options_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        ReadOptions.from_json(wrong)
