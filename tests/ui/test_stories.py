"""The first stories, each with the mouse in light and with the keyboard alone in dark; axe looks at each screen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import duckdb
import pytest
from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.data import flights, write_flights
from tests.ui.hands import Hand
from tests.ui.lab import Lab
from tests.ui.server import Server

BAD = "<img src=x onerror='window.ran = 1'>"
SCRIPT = "<script>window.ran = 1</script>"
KERNEL = 60_000  # ms that a kernel may take to start and run
BRANCH_AND_COMMIT = (
    'import jupyter_datasets as jd\ntrips = jd.connect()["trips"]\ntrips.branch("fix")\n%load_ext jupyter_datasets',
    "%%sql fewer <<\nSELECT * FROM trips LIMIT 10",
    'with trips.edit("fix", message="only ten") as edit:\n    edit["trips"].replace(fewer)',
)


@pytest.fixture
def trips(repo: jd.Repository, tmp_path: Path) -> jd.Dataset:
    """Dataset ``trips``: two commits, 20,005 rows, a file."""
    dataset = repo.create("trips")
    (tmp_path / "codebook.txt").write_text("what it means")
    with dataset.edit(message="first") as edit:
        edit["trips"].append(flights(20_000))
    with dataset.edit(message="second") as edit:
        edit["trips"].append(flights(5))
        edit.attach(tmp_path / "codebook.txt")
    return dataset


def test_a_file_of_the_file_browser_becomes_a_dataset(
    hand: Hand, lab: Lab, server: Server, repo: jd.Repository, tmp_path: Path
) -> None:
    write_flights(server.files / "flights.csv")
    hand.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    expect(lab.sidebar.get_by_role("listitem")).to_have_count(3)
    assert lab.serious() == []
    lab.shot(tmp_path, "empty")

    hand.push(lab.sidebar.get_by_role("button", name="Show the file browser"))
    lab.show_files()
    hand.add_to_datasets("flights.csv")
    expect(lab.dialog.get_by_label("Dataset")).to_have_value("flights")
    assert lab.serious() == []
    hand.write(lab.dialog.get_by_label("Message"), "first load")
    hand.push(lab.dialog.get_by_role("button", name="Add"))

    job = lab.jobs.get_by_role("listitem").filter(has_text="flights.csv").first
    expect(job).to_contain_text(re.compile("Done.*336,776 rows", re.DOTALL))
    expect(lab.page.get_by_role("alert").get_by_role("button", name="Open")).to_be_visible()
    hand.push(job.get_by_role("button", name="Open"))
    expect(lab.tab.get_by_role("heading", name="flights")).to_be_visible()

    hand.show_datasets()
    expect(lab.dataset("flights")).to_contain_text(re.compile("kB|MB"))
    hand.unfold(lab.dataset("flights"))
    hand.unfold(lab.sidebar.get_by_role("treeitem", level=2))
    columns = lab.sidebar.get_by_role("treeitem", level=3)
    expect(columns).to_have_count(6)
    expect(columns.nth(3)).to_have_text("dep_delayBIGINT")
    assert [commit.message for commit in repo["flights"].log()] == ["first load"]
    assert lab.serious() == []
    lab.shot(tmp_path, "imported")


def test_the_last_row_of_a_grid_is_what_duckdb_says(hand: Hand, lab: Lab, trips: jd.Dataset) -> None:
    hand.show_datasets()
    hand.open_dataset("trips")
    grid = lab.view("Data").get_by_role("grid")
    expect(grid.locator("[data-row='0']").get_by_role("gridcell").first).to_have_text("0")
    hand.go_to_last_row(grid)
    rows = trips["main"]["trips"].to_arrow()  # noqa: F841  # DuckDB finds it by its name
    (last,) = duckdb.sql("SELECT coalesce(COLUMNS(*)::VARCHAR, 'null') FROM rows OFFSET 20004").fetchall()
    cells = grid.locator("[data-row='20004']").get_by_role("gridcell")
    expect(cells).to_have_text([re.compile(re.escape(text) + r"(\.0*)?$") for text in last])
    assert lab.serious() == []


@pytest.mark.usefixtures("trips")
def test_the_history_follows_a_notebook_beside_it(hand: Hand, lab: Lab, server: Server) -> None:
    """A branch and a commit that a kernel makes show without a reload; a cell that is put in is ready to run."""
    lab.open("trips", view="history")
    expect(lab.view("History").get_by_text("first", exact=True)).to_be_visible()
    write_notebook(server, "change.ipynb", BRANCH_AND_COMMIT)
    notebook = lab.open_notebook("change.ipynb", mode="split-right")
    for _ in BRANCH_AND_COMMIT:
        hand.run_cell(notebook)
    history = lab.view("History")
    expect(history.get_by_text("only ten", exact=True)).to_be_visible(timeout=KERNEL)
    expect(history.get_by_text("fix", exact=True)).to_be_visible()
    assert lab.serious() == []

    hand.query("trips", notebook)
    expect(notebook.locator(".jp-mod-active .cm-content")).to_have_text(re.compile(r"SELECT \* FROM trips"))
    hand.run_cell(notebook)
    expect(notebook.get_by_text("10 of 100 rows")).to_be_visible(timeout=KERNEL)
    assert lab.serious() == []


def test_a_cancelled_import_leaves_nothing(hand: Hand, lab: Lab, long_file: str, repo: jd.Repository) -> None:
    lab.show_files()
    hand.add_to_datasets(long_file)
    hand.push(lab.dialog.get_by_role("button", name="Add"))
    job = lab.jobs.get_by_role("listitem").filter(has_text=long_file).first
    expect(job).to_have_attribute("data-status", "running")
    expect(lab.page.locator("#jp-main-statusbar")).to_contain_text("1 dataset job")
    assert lab.serious() == []
    hand.push(job.get_by_role("button", name="Cancel"))
    expect(job).to_contain_text("Cancelled")
    hand.show_datasets()
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    assert not repo.datasets()
    assert lab.serious() == []


@pytest.mark.usefixtures("trips")
def test_tabs_come_back_after_a_reload(hand: Hand, lab: Lab) -> None:
    hand.show_datasets()
    hand.open_dataset("trips")
    expect(lab.view("Data").get_by_role("grid")).to_be_visible()
    hand.show_view("Files")
    expect(lab.view("Files").get_by_role("link", name="codebook.txt")).to_be_visible()
    lab.settle()
    lab.load()
    expect(lab.view("Files").get_by_role("link", name="codebook.txt")).to_be_visible()
    assert lab.serious() == []


def test_names_and_cells_are_shown_as_text_and_run_nothing(
    hand: Hand, lab: Lab, server: Server, repo: jd.Repository, tmp_path: Path
) -> None:
    (tmp_path / BAD).write_text("")
    dataset = repo.create("hostile", description=SCRIPT, labels=[BAD])
    with dataset.edit(message=SCRIPT) as edit:
        edit["hostile"].append({BAD: [SCRIPT, "\u202eabc"]})
        edit.attach(tmp_path / BAD)
    (server.files / f"{BAD}.csv").write_text(f"{BAD}\n{SCRIPT}\n")
    dataset.import_file(server.files / f"{BAD}.csv", table="imported").result()

    hand.show_datasets()
    expect(lab.dataset("hostile")).to_contain_text(BAD)
    hand.unfold(lab.dataset("hostile"))
    hand.unfold(lab.sidebar.get_by_role("treeitem", level=2).first)
    expect(lab.sidebar.get_by_role("treeitem", level=3)).to_contain_text(BAD)
    hand.open_dataset("hostile")
    expect(lab.tab).to_contain_text(SCRIPT)
    expect(lab.view("Data").get_by_role("grid")).to_contain_text(BAD)
    expect(lab.view("Data").get_by_role("grid")).to_contain_text(SCRIPT)
    for view, text in (("History", SCRIPT), ("Files", BAD), ("Jobs", BAD)):
        hand.show_view(view)
        expect(lab.view(view)).to_contain_text(text)
        assert lab.serious() == []
    assert lab.page.evaluate("() => window.ran") is None
    assert lab.page.locator("img[src=x]").count() == 0


def write_notebook(server: Server, name: str, sources: tuple[str, ...]) -> None:
    """Put a notebook into the file browser's folder."""
    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None, "id": f"c{i}"}
        for i, text in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    (server.files / name).write_text(json.dumps(notebook))
