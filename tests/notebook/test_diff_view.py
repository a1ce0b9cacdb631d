"""The differing rows of two versions as a browser pages through them, and what shows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pyarrow as pa
import pytest
from IPython.core.formatters import MimeBundleFormatter

from jupyter_datasets.client import changes
from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.diff import Diff
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.notebook.formatters import register
from jupyter_datasets.notebook.widgets import DiffView
from tests.notebook.views import View

WIDGET = "application/vnd.jupyter.widget-view+json"
ALL = ["added", "removed", "changed"]


def fill(repo: Repository) -> Dataset:
    """A table with a key, in which rows came, went and were changed, one without, and one that is new."""
    made = repo.create("people")
    with made.edit("main", message="one") as edit:
        rows = pa.table({"there": range(100), "v0": [n * 2 for n in range(100)], "s": [f"v{n}" for n in range(100)]})
        edit["people"].replace(rows, key="there")
        edit["loose"].replace({"a": [1, 1, 2, None]})
    with made.edit("main", message="<b>two</b>") as edit:
        edit.sql("UPDATE people SET v0 = -1, s = NULL WHERE there = 5")
        edit.sql("UPDATE people SET s = 'new' WHERE there = 9")
        edit.sql("DELETE FROM people WHERE there = 7")
        edit.sql("INSERT INTO people VALUES (200, 9007199254740993, '<i>')")
        edit.sql("DELETE FROM loose WHERE a = 2")
        edit["more"].append({"n": [1]})
    return made


@pytest.fixture
def people(here: Repository) -> Dataset:
    return fill(here)


@pytest.fixture
def diff(people: Dataset) -> Diff:
    return people.diff("main~1", "main")


def place(diff: Diff, table: str) -> int:
    return list(diff).index(table)


def page(view: View, table: int, **body: Any) -> list[dict[str, str | None]]:
    wanted = {"table": table, "offset": 0, "limit": 100, "kinds": ALL, "columns": [0, 1, 2], "kind": "page"} | body
    _, buffers = view.ask(wanted.pop("kind"), **wanted).result(60)
    rows: list[dict[str, str | None]] = pa.ipc.open_stream(buffers[0]).read_all().to_pylist()
    return rows


def test_a_changed_row_is_one_line_with_both_values(repo: Repository) -> None:
    """In the key's order, with the cells that differ, whatever the columns are called; all as exact texts."""
    diff = fill(repo).diff("main~1", "main")
    rows = page(View(DiffView(diff)), place(diff, "people"))
    assert [(row["kind"], row["places"], row["v0"]) for row in rows] == [
        ("changed", "1,2", "5"),
        ("removed", "", "7"),
        ("changed", "2", "9"),
        ("added", "", "200"),
    ]
    assert (rows[0]["b1"], rows[0]["v1"], rows[0]["b2"], rows[0]["v2"]) == ("10", "-1", "v5", None)
    assert (rows[1]["v1"], rows[2]["b1"], rows[3]["v1"]) == ("14", None, "9007199254740993")


def test_a_table_is_outlined_before_its_rows_come(diff: Diff) -> None:
    """Columns, key, the columns that were changed, and how many lines there are of each kind."""
    content = View(DiffView(diff)).content("open", table=place(diff, "people"))
    assert [column["name"] for column in content["columns"]] == ["there", "v0", "s"]
    assert (list(content["key"]), list(content["changed"])) == ([0], [1, 2])
    assert content["counts"] == {"added": 1, "removed": 1, "changed": 2}
    assert not content["cut"]


def test_lines_are_chosen_by_kind(diff: Diff) -> None:
    view = View(DiffView(diff))
    table = place(diff, "people")
    assert [row["v0"] for row in page(view, table, kinds=["changed"], columns=[0])] == ["5", "9"]
    assert [row["v0"] for row in page(view, table, kinds=["removed", "added"], offset=1, columns=[0])] == ["200"]
    assert page(view, table, offset=4) == []


def test_without_a_key_rows_come_and_go(diff: Diff) -> None:
    """A changed row cannot be told from one that went and one that came."""
    view = View(DiffView(diff))
    table = place(diff, "loose")
    assert view.content("counts", table=table)["counts"] == {"added": 0, "removed": 1, "changed": 0}
    assert [(row["kind"], row["v0"]) for row in page(view, table, columns=[0])] == [("removed", "2")]


def test_only_so_many_lines_are_kept(people: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first ones, and it is said that there are others."""
    part = people.diff("main~1", "main")["people"]
    monkeypatch.setattr("jupyter_datasets.client.diff.TableChanges.lines", lambda self: changes.ChangedRows(
        self._engine, self._sides, most=3
    ))  # fmt: skip
    view = View(DiffView(part))
    content = view.content("open", table=0)
    assert content["cut"]
    assert sum(content["counts"].values()) == 3
    assert [row["v0"] for row in page(view, 0)] == ["5", "7", "9"]


def test_long_texts_are_cut_unless_copied(here: Repository) -> None:
    made = here.create("long")
    for text in ("a", "ä" * 5000):
        with made.edit("main") as edit:
            edit["long"].replace({"id": [1], "t": [text]}, key="id")
    view = View(DiffView(made.diff("main~1", "main")))
    assert page(view, 0, columns=[1])[0]["v1"] == "ä" * 1000 + "…"
    assert page(view, 0, columns=[1], kind="copy")[0]["v1"] == "ä" * 5000


def test_the_state_is_small(diff: Diff) -> None:
    """The browser is told versions, tables and columns at once; rows and counts come by messages."""
    state = DiffView(diff).get_state()["diff"]
    assert [(table["name"], table["kind"]) for table in state["tables"]] == [
        ("loose", "changed"), ("more", "added"), ("people", "changed")
    ]  # fmt: skip
    assert state["new"]["message"] == "<b>two</b>"
    assert {column["old"] for column in state["tables"][2]["columns"]} == {"s VARCHAR no nulls"}
    assert "9007199254740993" not in str(state)


def test_many_views_look_at_once(diff: Diff) -> None:
    """Rows are compared once, and each view gets its own page."""
    widget = DiffView(diff)
    views = [View(widget, f"view{number}") for number in range(8)]
    table = place(diff, "people")

    def look(number: int) -> bool:
        return [row["v0"] for row in page(views[number], table, offset=number % 4, limit=1)] == [
            ["5", "7", "9", "200"][number % 4]
        ]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(look, range(8)))


BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"table": -1}, "table"),
    ({"table": 99}, "tables that differ"),
    ({"table": "0"}, "table"),
    ({"offset": -1}, "offset"),
    ({"limit": 100_000}, "limit"),
    ({"kinds": []}, "kinds"),
    ({"kinds": ["x') OR true --"]}, "kinds"),
    ({"columns": [3]}, "cells"),
    ({"columns": [-1]}, "columns"),
    ({"columns": ["0); DROP"]}, "columns"),
    ({"columns": [0] * 60_000}, "columns"),
)


def test_a_bad_request_is_told_so(diff: Diff) -> None:
    """And the next good one is answered."""
    view = View(DiffView(diff))
    good = {"table": place(diff, "people"), "offset": 0, "limit": 1, "kinds": ALL, "columns": [0]}
    for body, message in BAD:
        error = view.error("page", **{**good, **body})
        assert error["kind"] == "invalid-argument", body
        assert message in error["message"], body
    assert page(view, good["table"], limit=1)


def test_what_cannot_be_compared_says_why(here: Repository) -> None:
    """Tables that share no column, with the next step; others can still be looked at."""
    made = here.create("odd")
    with made.edit("main") as edit:
        edit["t"].replace({"a": [1]})
    with made.edit("main") as edit:
        edit["t"].replace({"b": ["x"]})
    error = View(DiffView(made.diff("main~1", "main"))).error("open", table=0)
    assert "share no column" in error["message"]


def test_a_comparison_that_nobody_waits_for_is_not_made(diff: Diff) -> None:
    rows = diff["people"].lines()
    rows.cancel()
    with pytest.raises(StatementError) as caught:
        rows.read()
    assert caught.value.kind is ErrorKind.STATEMENT_INTERRUPTED


def test_a_cell_that_ends_with_a_difference_shows_it(people: Dataset, diff: Diff) -> None:
    """Of two versions, of one table, and of versions that are the same; with a form for saved notebooks."""
    formatter = MimeBundleFormatter()
    register(formatter)
    for shown in (diff, diff["people"], people.diff("main", "main~0")):
        data, _ = formatter(shown)
        assert WIDGET in data
        assert data["text/plain"] == repr(shown)
        assert "<b>two" not in data["text/html"]
