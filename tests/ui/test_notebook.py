"""The tutorial in a kernel of the server."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

import jupyter_datasets as jd
from tests.ui.lab import Lab
from tests.ui.server import ROOT, Server

RUN_ALL = """async () => {
  const { commands, shell } = window.jupyterapp;
  await commands.execute('notebook:run-all-cells');
  return shell.currentWidget.content.model.toJSON().cells;
}"""


def run(lab: Lab, path: str) -> list[dict[str, Any]]:
    """Open a notebook, run all its cells and give them."""
    lab.page.set_default_timeout(120_000)
    lab.open_notebook(path)
    cells: list[dict[str, Any]] = lab.page.evaluate(RUN_ALL)
    return cells


def errors(cells: list[dict[str, Any]]) -> list[str]:
    """What went wrong in them."""
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]


@pytest.mark.timeout(600)
def test_the_tutorial_runs_in_a_kernel_of_the_server(lab: Lab, server: Server, repo: jd.Repository) -> None:
    """It finds the server's store by itself, and what it made is there for everybody."""
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", server.files)
    cells = run(lab, "quickstart.ipynb")
    assert errors(cells) == []
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
    assert repo["flights"].log("fix")[0].message == "JetBlue: blank out unlikely departures"
