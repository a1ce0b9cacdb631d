"""Widgets in a notebook of a real JupyterLab: alive, and in a notebook that was saved."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import expect

from tests.ui.lab import Lab
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
KERNEL = 60_000  # ms that a kernel may take to start and run


@pytest.fixture
def notebook(server: Server, built: Path) -> str:  # noqa: ARG001  # without the widgets' JavaScript there is nothing to see
    """A notebook in the file browser's folder, not run yet."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.split("---")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), server.files / "birds.ipynb")
    return "birds.ipynb"


def test_a_notebook_shows_widgets_and_a_saved_one_what_they_showed(lab: Lab, notebook: str) -> None:
    """With a kernel the grid is alive; without it, after a reload, the static form stands in its place."""
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
