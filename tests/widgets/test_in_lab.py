"""Widgets in a notebook of a real JupyterLab: alive, and in a notebook that was saved."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.ui.lab import THEMES, Lab
from tests.ui.server import Server
from tests.ui.test_notebook import errors, run

CELLS = """
import jupyter_datasets as jd
birds = jd.connect().create("birds")
with birds.edit("main", message="seen <b>today</b>") as edit:
    edit["birds"].append({"n": [9007199254740993, 2], "name": ["<i>wren</i>", "owl"]})
birds["main"]["birds"]
---
birds.log()
"""
WORK = """
import jupyter_datasets as jd
from jupyter_datasets.notebook.widgets import History
birds = jd.connect().create("birds")
with birds.edit("main", message="one") as edit:
    edit["birds"].replace({"n": [1, 2], "name": ["wren", "owl"]}, key="n")
birds.branch("fix")
for branch, name in (("main", "robin"), ("fix", "lark")):
    with birds.edit(branch, message=f"a {name}") as edit:
        edit.sql(f"UPDATE birds SET name = '{name}' WHERE n = 1")
birds.diff("fix~1", "fix")
---
review = birds.merge("fix").review()
review
---
History(birds)
"""
KERNEL = 60_000  # ms that a kernel may take to start and run


@pytest.fixture
def write(server: Server, built: Path) -> Callable[[str], str]:  # noqa: ARG001  # without the widgets' JavaScript there is nothing to see
    """Puts a notebook into the file browser's folder, not run yet, and gives its name."""

    def put(sources: str) -> str:
        cells = [nbformat.v4.new_code_cell(source.strip()) for source in sources.split("---")]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), server.files / "birds.ipynb")
        return "birds.ipynb"

    return put


def test_a_notebook_shows_widgets_and_a_saved_one_what_they_showed(lab: Lab, write: Callable[[str], str]) -> None:
    """With a kernel the grid is alive; without it, after a reload, the static form stands in its place."""
    notebook = write(CELLS)
    outputs = lab.page.locator(".jp-Notebook .jp-OutputArea-output")
    assert errors(run(lab, notebook)) == []
    expect(outputs.first.get_by_role("grid")).to_be_visible(timeout=KERNEL)
    expect(outputs.first.get_by_role("gridcell").first).to_have_text("9007199254740993")
    expect(outputs.nth(1).get_by_role("option")).to_contain_text("seen <b>today</b>", timeout=KERNEL)

    lab.run("docmanager:save")
    expect(lab.page.locator(".jp-mod-dirty")).to_have_count(0)
    lab.page.evaluate("jupyterapp.serviceManager.sessions.shutdownAll()")
    lab.load()
    lab.run("docmanager:open", path=notebook)
    expect(outputs.first.locator("table")).to_contain_text("<i>wren</i>", timeout=KERNEL)
    expect(outputs.nth(1).locator("table")).to_contain_text("seen <b>today</b>")
    lab.page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").wait_for(timeout=KERNEL)
    expect(lab.page.get_by_text("model not found")).to_have_count(0)
    expect(outputs.first.locator("table")).to_be_visible()


def test_versions_are_compared_merged_and_worked_with(lab: Lab, write: Callable[[str], str]) -> None:
    """A difference, a review that commits, and a history that shows another difference below itself; in the dark."""
    lab.use_theme(THEMES[1])
    outputs = lab.page.locator(".jp-Notebook .jp-OutputArea-output")
    assert errors(run(lab, write(WORK))) == []
    diff, review, history = (outputs.nth(number) for number in range(3))
    expect(diff.locator("del")).to_have_text("wren", timeout=KERNEL)
    expect(diff.locator("ins")).to_have_text("lark")

    review.get_by_role("button", name="theirs: lark").click(timeout=KERNEL)
    review.get_by_role("button", name="Commit").click()
    expect(review.get_by_text("Committed as #4")).to_be_visible()

    history.get_by_role("option", name="one").click(timeout=KERNEL)
    history.get_by_role("button", name="Compare with main").click()
    below = history.get_by_role("region", name="Changes of birds")
    expect(below.locator("del")).to_have_text("wren", timeout=KERNEL)
    expect(below.locator("ins")).to_have_text("lark")
    if folder := os.environ.get("JD_PICTURES"):
        for name, output in (("diff", diff), ("review", review), ("actions", history)):
            output.screenshot(path=Path(folder) / f"{name}.png")
