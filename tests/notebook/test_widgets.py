"""Widgets as a browser meets them: messages in, messages out; and what a saved notebook shows without them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import nbformat
import pyarrow as pa
import pytest
from IPython.core.formatters import MimeBundleFormatter
from nbclient import NotebookClient

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.repository import Repository
from jupyter_datasets.client.version import Table
from jupyter_datasets.errors import ErrorKind, StatementError
from jupyter_datasets.notebook.formatters import register
from jupyter_datasets.notebook.widgets import DatasetGrid, History, JobProgress
from jupyter_datasets.notebook.widgets.answering import Answer, Answering, Cancellation
from tests.notebook.views import View

EXACT = pa.table(
    {
        "big": pa.array([2**63 - 1, None, -(2**63)], pa.int64()),
        "money": pa.array([Decimal("12345678901234567890.123456"), None, Decimal("0.000001")], pa.decimal128(38, 6)),
        "moment": pa.array([datetime(9999, 12, 31, 23, 59, 59, 999999), None, datetime(1, 1, 1)], pa.timestamp("us")),
        "text": ["null", None, "<script>alert(1)</script>"],
        "real": [0.1 + 0.2, None, float("nan")],
    }
)


@pytest.fixture
def dataset(repo: Repository) -> Dataset:
    made = repo.create("trips")
    with made.edit("main", message="exact") as edit:
        edit["trips"].append(EXACT)
    return made


@pytest.fixture
def table(dataset: Dataset) -> Table:
    return dataset["main"]["trips"]


def numbers(repo: Repository, rows: int) -> Table:
    """A table of several segments that counts its rows."""
    dataset = repo.create("numbers")
    half = rows // 2
    for first, end in ((0, half), (half, rows)):
        with dataset.edit("main") as edit:
            edit["numbers"].append({"n": list(range(first, end)), "twice": list(range(2 * first, 2 * end, 2))})
    return dataset["main"]["numbers"]


# --------------------------------------------------------------------------------------------------------------------
# DatasetGrid


def test_a_page_holds_exact_texts(table: Table) -> None:
    """64-bit integers, decimals and timestamps lose nothing, and no value is not the text "null"."""
    page = View(DatasetGrid(table)).page(0, 10)
    assert page.schema.types == [pa.string()] * 5
    assert page.to_pydict() == {
        "big": ["9223372036854775807", None, "-9223372036854775808"],
        "money": ["12345678901234567890.123456", None, "0.000001"],
        "moment": ["9999-12-31 23:59:59.999999", None, "0001-01-01 00:00:00"],
        "text": ["null", None, "<script>alert(1)</script>"],
        "real": ["0.30000000000000004", None, "nan"],
    }


def test_the_state_is_small(table: Table) -> None:
    """The browser is told names, types and the number of rows; rows come by messages alone."""
    grid = DatasetGrid(table)
    state = {name: grid.get_state()[name] for name in ("label", "columns", "rows")}
    assert state["rows"] == 3
    assert state["columns"][1] == {"name": "money", "type": "DECIMAL(38,6)"}
    assert "script" not in str(state)


def test_a_page_may_be_anywhere(repo: Repository) -> None:
    """Rows come in their order from any offset, across segments and up to the end; beyond it there are none."""
    view = View(DatasetGrid(numbers(repo, 2000)))
    assert view.page(990, 20, count=1)["n"].to_pylist() == [str(n) for n in range(990, 1010)]
    assert view.page(1998, 100, first=1, count=1).to_pydict() == {"twice": ["3996", "3998"]}
    assert view.page(2000, 10).num_rows == 0
    assert view.page(0, 1, first=1, count=16).column_names == ["twice"]


def test_long_texts_are_cut_unless_copied(repo: Repository) -> None:
    """What is looked at is small; what is copied is whole."""
    made = repo.create("long")
    with made.edit("main") as edit:
        edit["long"].append({"t": ["ä" * 5000, "b" * 1000]})
    view = View(DatasetGrid(made["main"]["long"]))
    assert view.page(0, 2)["t"].to_pylist() == ["ä" * 1000 + "…", "b" * 1000]
    assert view.page(0, 2, kind="copy")["t"].to_pylist() == ["ä" * 5000, "b" * 1000]


def test_a_grid_shows_its_version(dataset: Dataset, table: Table) -> None:
    """Whatever is committed later."""
    view = View(DatasetGrid(table))
    with dataset.edit("main") as edit:
        edit["trips"].replace({"big": [1]})
    assert view.page(0, 10).num_rows == 3


def test_many_views_ask_at_once(repo: Repository) -> None:
    """Kernels call handlers from several threads: each view gets its own rows."""
    grid = DatasetGrid(numbers(repo, 2000))
    views = [View(grid, f"view{number}") for number in range(8)]

    def look(number: int) -> bool:
        starts = range(200 * number, 200 * number + 10)
        pages = [views[number].page(start, 3, count=1)["n"].to_pylist() for start in starts]
        return pages == [[str(start), str(start + 1), str(start + 2)] for start in starts]

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(look, range(8)))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"offset": -1}, "offset"),
        ({"offset": "0"}, "offset"),
        ({"offset": 1.5}, "offset"),
        ({"offset": 1 << 60}, "offset"),
        ({"limit": 0}, "limit"),
        ({"limit": 100_000}, "limit"),
        ({"first_column": 99}, "cells"),
        ({"column_count": -5}, "column_count"),
        ({"column_count": None}, "column_count"),
    ],
)
def test_a_bad_request_is_told_so(body: dict[str, Any], message: str, table: Table) -> None:
    """And the next good one is answered."""
    view = View(DatasetGrid(table))
    good = {"offset": 0, "limit": 1, "first_column": 0, "column_count": 1}
    error = view.error("page", **{**good, **body})
    assert error["kind"] == "invalid-argument"
    assert message in error["message"]
    assert view.page(0, 1).num_rows == 1


def test_what_is_no_question_is_passed_over(table: Table) -> None:
    """Messages without an id have nobody to answer; an unknown kind is refused."""
    view = View(DatasetGrid(table))
    for content in (None, 7, "page", [], {}, {"id": 1}, {"id": "x"}, {"id": "x" * 500, "view": "v", "kind": "page"}):
        view.say(content)
    assert "no question 'rows'" in view.error("rows")["message"]
    assert view.page(0, 1).num_rows == 1


def test_a_damaged_table_is_told_so(table: Table) -> None:
    """The error says what is the matter."""
    (segment,) = table._plan.segments
    Path(segment.path).chmod(0o644)
    Path(segment.path).write_bytes(b"not what it was")
    error = View(DatasetGrid(table)).error("page", offset=0, limit=1, first_column=0, column_count=1)
    assert error["kind"] == "object-damaged"


def test_a_cancelled_page_is_not_read(table: Table) -> None:
    """What nobody waits for any more costs nothing."""
    page = table.texts(0, 3)
    page.cancel()
    with pytest.raises(StatementError) as caught:
        page.read()
    assert caught.value.kind is ErrorKind.STATEMENT_INTERRUPTED


# --------------------------------------------------------------------------------------------------------------------
# The newest wins


class Desk:
    """Answers that go on until they are cancelled, or are told to end."""

    def __init__(self) -> None:
        self.sent: dict[str, Future[dict[str, Any]]] = {}
        self.end = threading.Event()
        self.begun = threading.Semaphore(0)
        self.answering = Answering(self._send, {"slow": self._slow, "quick": lambda *_: Answer(content={"done": True})})

    def ask(self, id: str, kind: str = "slow", view: str = "v") -> Future[dict[str, Any]]:
        self.sent[id] = Future()
        self.answering.receive({"id": id, "view": view, "kind": kind})
        return self.sent[id]

    def _send(self, content: dict[str, Any], _: list[bytes]) -> None:
        self.sent[content["id"]].set_result(content)

    def _slow(self, _: Mapping[str, Any], cancellation: Cancellation) -> Answer:
        stopped = threading.Event()
        cancellation.stop_by(stopped.set)
        self.begun.release()
        while not self.end.wait(0.01) and not stopped.is_set():
            pass
        cancellation.check()
        return Answer(content={"done": True})


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    made.end.set()
    wait(made.sent.values(), 10)


def test_the_newest_question_wins(desk: Desk) -> None:
    """Of one view and kind; the older one ends at once, with an error that says so."""
    older = desk.ask("1")
    assert desk.begun.acquire(timeout=10)
    newer = desk.ask("2")
    assert older.result(10)["error"]["kind"] == "statement-interrupted"
    assert not newer.done()
    desk.end.set()
    assert newer.result(10) == {"id": "2", "done": True}


def test_other_views_and_kinds_go_on(desk: Desk) -> None:
    """What one view asks does not take the place of another's question, nor of one of another kind."""
    mine = desk.ask("1")
    assert desk.ask("2", kind="quick").result(10)["done"]
    theirs = desk.ask("3", view="w")
    assert desk.begun.acquire(timeout=10)
    assert not mine.done()
    assert not theirs.done()


def test_a_question_can_be_taken_back(desk: Desk) -> None:
    """By its id, and no other with it; taking back what is over does nothing."""
    kept, dropped = desk.ask("1"), desk.ask("2", view="w")
    for _ in range(2):
        assert desk.begun.acquire(timeout=10)
    desk.answering.receive({"id": "2", "view": "w", "kind": "cancel"})
    assert "error" in dropped.result(10)
    desk.answering.receive({"id": "2", "view": "w", "kind": "cancel"})
    assert not kept.done()


def test_an_unforeseen_error_is_an_answer(caplog: pytest.LogCaptureFixture) -> None:
    """The view is told instead of waiting, and the log has the rest."""
    sent: Future[dict[str, Any]] = Future()

    def fail(*_: object) -> Answer:
        raise ZeroDivisionError("by <b>nothing</b>")

    answering = Answering(lambda content, _: sent.set_result(content), {"odd": fail})
    answering.receive({"id": "1", "view": "v", "kind": "odd"})
    error = sent.result(10)["error"]
    assert (error["kind"], error["message"]) == ("internal", "ZeroDivisionError: by <b>nothing</b>")
    assert error["next_step"]
    assert "could not answer 'odd'" in caplog.text


def test_a_storm_of_questions_ends_with_the_newest(desk: Desk) -> None:
    """Every one is answered, and all but the last by an error."""
    asked = [desk.ask(str(number)) for number in range(200)]
    desk.end.set()
    contents = [each.result(30) for each in asked]
    assert contents[-1] == {"id": "199", "done": True}
    assert len(contents) == 200


# --------------------------------------------------------------------------------------------------------------------
# History and JobProgress


def test_commits_come_in_pages(dataset: Dataset) -> None:
    """Newest first, with parents and references, until there are no more."""
    dataset.tag("v1.0")
    with dataset.edit("main", message="<b>two</b>") as edit:
        edit["trips"].replace({"n": [1]})
    view = View(History(dataset))
    first, _ = view.ask("commits", offset=0, limit=1).result(30)
    rest, _ = view.ask("commits", offset=1, limit=5).result(30)
    assert [(c["message"], c["refs"]) for c in first["commits"]] == [("<b>two</b>", ["main"])]
    assert [(c["message"], c["refs"]) for c in rest["commits"]] == [("exact", ["v1.0"])]
    assert first["commits"][0]["parents"] == [rest["commits"][0]["id"]]
    assert (first["more"], rest["more"]) == (True, False)
    refs, _ = view.ask("refs").result(30)
    assert [(r["name"], r["kind"]) for r in refs["refs"]] == [("main", "branch"), ("v1.0", "tag")]


def test_a_log_shows_what_it_holds(dataset: Dataset) -> None:
    """A log is the commits of its moment; later ones are not in it."""
    log = dataset.log()
    with dataset.edit("main") as edit:
        edit["trips"].replace({"n": [1]})
    content, _ = View(History(log)).ask("commits", offset=0, limit=100).result(30)
    assert [c["id"] for c in content["commits"]] == [log[0].id]


def test_selected_commits_are_python_values(dataset: Dataset) -> None:
    """What is selected in the browser; ids that are made up select nothing."""
    history = History(dataset)
    view = View(history)
    commit = dataset["main"].commit
    view.say({"kind": "select", "ids": [commit.id, "f" * 64]})
    assert [c.id for c in history.selected] == [commit.id]
    for ids in (None, "x", [1], [commit.id] * 3):
        view.say({"kind": "select", "ids": ids})
    assert [c.id for c in history.selected] == [commit.id]


@pytest.mark.parametrize("body", [{"offset": -1, "limit": 5}, {"offset": 0, "limit": 10**6}, {"offset": 0}, {}])
def test_a_bad_page_of_commits_is_refused(dataset: Dataset, body: dict[str, Any]) -> None:
    assert View(History(dataset)).error("commits", **body)["kind"] == "invalid-argument"


def test_a_job_is_followed_to_its_end(repo: Repository, tmp_path: Path) -> None:
    """The widget's state ends as the job does, without anybody asking."""
    file = tmp_path / "t.csv"
    file.write_text("a\n" + "1\n" * 1000)
    job = repo.create("t").import_file(file)
    widget = JobProgress(job)
    ended = threading.Event()
    widget.observe(lambda change: change["new"]["ended"] and ended.set(), "job")
    assert widget.job["ended"] or ended.wait(60)
    assert (widget.job["status"], widget.job["error"]) == ("succeeded", "")
    assert widget.job["title"] == job.info.title


def test_a_failed_job_says_why(repo: Repository, tmp_path: Path) -> None:
    file = tmp_path / "t.parquet"
    file.write_text("not parquet")
    job = repo.create("t").import_file(file).wait()
    state = JobProgress(job).job
    assert state["status"] == "failed"
    assert "parquet" in state["error"].lower()


# --------------------------------------------------------------------------------------------------------------------
# A saved notebook

WIDGET = "application/vnd.jupyter.widget-view+json"
CELLS = """
import sys, jupyter_datasets as jd
"duckdb" in sys.modules
---
repo = jd.connect()
flights = repo.create("flights")
with flights.edit("main", message="<script>bad()</script>") as edit:
    edit["flights"].append({"<i>": ["<script>bad()</script>", None], "n": [9007199254740993, 2]})
flights["main"]["flights"]
---
flights.log()
---
flights.graph()
---
open("t.csv", "w").write("a\\n1\\n")
flights.import_file("t.csv", table="t")
---
from jupyter_datasets.notebook.widgets import History
History(flights)
"""


def test_without_widgets_the_static_form_is_left(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where anywidget is not installed a formatter has nothing to add, and says nothing."""
    formatter = MimeBundleFormatter()
    register(formatter)
    assert WIDGET in formatter(table)[0]
    monkeypatch.setitem(sys.modules, "jupyter_datasets.notebook.widgets.grid", None)
    assert formatter(table) == ({}, {})


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What each cell of a notebook gave in a real kernel, by MIME type."""
    folder = tmp_path_factory.mktemp("notebook")
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DATASETS_STORE", str(folder / "store"))
        NotebookClient(notebook, kernel_name="python3", resources={"metadata": {"path": str(folder)}}).execute()
    return [cell.outputs[-1]["data"] for cell in notebook.cells]


def test_importing_is_all_it_takes(outputs: list[dict[str, Any]]) -> None:
    """Tables, logs, graphs and jobs show widgets after ``import jupyter_datasets``, which loads nothing heavy."""
    assert outputs[0]["text/plain"] == "False"
    assert all(WIDGET in data for data in outputs[1:])


def test_a_saved_notebook_shows_something(outputs: list[dict[str, Any]]) -> None:
    """Each output has text and HTML beside the widget, in which what people typed is text."""
    table, log, graph, job, history = outputs[1:]
    assert "9007199254740993" in table["text/html"]
    assert "&lt;script&gt;bad()" in table["text/html"]
    assert "flights" in log["text/html"]
    assert "Import t.csv" in job["text/html"]
    for data in (table, log, graph, job, history):
        assert data["text/plain"]
        assert "<script>" not in data["text/html"]
