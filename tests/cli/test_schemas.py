"""Columns and rules of tables on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.usefixtures("sales")


def test_schema_shows_columns_and_rules(run: Run) -> None:
    """For one table or all, at any version, in words and in JSON."""
    run("edit", "check", "sales", "sales", "price >= 0", "--name", "positive")
    run("edit", "describe", "sales", "sales", "price", "--unit", "EUR", "--comment", "without tax")
    shown = run("schema", "sales.sales").out
    assert "price   DOUBLE   no nulls  EUR   without tax" in shown
    assert "check positive: price >= 0" in shown
    (table,) = run("schema", "sales", "sales", "--json").data
    assert table["checks"] == [{"name": "positive", "expression": "price >= 0"}]
    assert run("schema", "sales", "--at", "v1", "--json").data[0]["checks"] == []
    assert run("schema", "sales.nothing").code == 3


def test_each_action_changes_the_schema(run: Run) -> None:
    """Every action makes one commit; what it did is shown."""
    for action in (
        ("add-column", "sales", "sales", "currency", "VARCHAR", "--default", "EUR", "--comment", "ISO", "--unit", "-"),
        ("rename-column", "sales", "sales", "name", "title"),
        ("widen", "sales", "sales", "id", "HUGEINT"),
        ("require", "sales", "sales", "id", "price"),
        ("require", "sales", "sales", "price", "--drop"),
        ("unique", "sales", "sales", "id", "currency"),
        ("unique", "sales", "sales", "currency", "id", "--drop"),
        ("check", "sales", "sales", "price < 1000"),
        ("uncheck", "sales", "sales", "price_check"),
        ("drop-column", "sales", "sales", "price"),
    ):
        assert run("edit", *action).code == 0, action
    columns = run("schema", "sales.sales", "--json").data[0]["columns"]
    assert [(c["name"], c["type"], c["required"], c["default"]) for c in columns] == [
        ("id", "HUGEINT", True, None),
        ("title", "VARCHAR", False, None),
        ("currency", "VARCHAR", False, "EUR"),
    ]


def test_dataset_and_table_may_be_one_word(run: Run) -> None:
    """An action takes DATASET.TABLE as the other commands do; options stand where they like behind it."""
    assert run("edit", "add-column", "sales.sales", "z", "INTEGER", "--default", "3").code == 0
    assert run("edit", "rename-column", "sales.sales", "-m", "a.b", "z", "y").code == 0
    assert run("edit", "drop-column", "sales.sales", "price", "y").code == 0
    assert [c["name"] for c in run("schema", "sales.sales", "--json").data[0]["columns"]] == ["id", "name"]
    assert run("edit", "add-column", "sales", "z", "INTEGER").code == 2


def test_broken_rules_end_with_an_error(run: Run) -> None:
    """The exit code is that of wrong input, and the rows are named."""
    ended = run("edit", "check", "sales", "sales", "price > 0")
    assert ended.code == 1
    assert "price_check" in ended.err
    assert "id = 0" in ended.err


def test_an_import_says_what_may_become_of_columns(run: Run, tmp_path: Path) -> None:
    """A strict one names what differs, an evolving one brings it."""
    file = tmp_path / "sales.csv"
    file.write_text("id,name,price,more\n100,x,1.5,true\n")
    ended = run("import", file, "sales.sales", "--append", "--schema", "strict")
    assert (ended.code, "column 'more' is not in the table" in ended.err) == (1, True)
    result = run("import", file, "sales.sales", "--append", "--schema", "evolve", "--json").data
    assert any("'more' is new" in warning for warning in result["warnings"])
    assert run("schema", "sales.sales", "--json").data[0]["columns"][-1]["type"] == "BOOLEAN"
