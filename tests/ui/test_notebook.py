"""Notebooks in kernels of the server, with the store's screens beside them."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import Lab
from tests.ui.server import ROOT, Server

RUN = """async ([path, mode]) => {
  const app = window.jupyterapp;
  const panel = await app.commands.execute('docmanager:open', {path, factory: 'Notebook', options: {mode}});
  await panel.context.ready;
  await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  return panel.content.model.toJSON().cells;
}"""
BRANCH_AND_COMMIT = (
    """\
import jupyter_datasets as jd

trips = jd.connect()["trips"]
trips.branch("fix")
%load_ext jupyter_datasets
""",
    """\
%%sql fewer <<
SELECT * FROM trips LIMIT 10
""",
    """\
with trips.edit("fix", message="only ten") as edit:
    edit["trips"].replace(fewer)
""",
)


def run(lab: Lab, path: str, mode: str = "tab-after") -> list[dict[str, Any]]:
    """Open a notebook, run all its cells and give them."""
    lab.page.set_default_timeout(120_000)
    cells: list[dict[str, Any]] = lab.page.evaluate(RUN, [path, mode])
    return cells


def errors(cells: list[dict[str, Any]]) -> list[str]:
    """What went wrong in them."""
    outputs = [output for cell in cells for output in cell.get("outputs", ())]
    return ["\n".join(output["traceback"]) for output in outputs if output["output_type"] == "error"]


def write(server: Server, name: str, sources: tuple[str, ...]) -> None:
    """Put a notebook into the file browser's folder."""
    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": [], "execution_count": None, "id": f"c{i}"}
        for i, text in enumerate(sources)
    ]
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}
    (server.files / name).write_text(json.dumps(notebook))


@pytest.mark.timeout(600)
def test_the_tutorial_runs_in_a_kernel_of_the_server(lab: Lab, server: Server, repo: jd.Repository) -> None:
    """It finds the server's store by itself, and what it made is there for everybody."""
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", server.files)
    cells = run(lab, "quickstart.ipynb")
    assert errors(cells) == []
    assert all(cell["execution_count"] for cell in cells if cell["cell_type"] == "code")
    assert repo["flights"].log("fix")[0].message == "JetBlue: blank out unlikely departures"


def test_the_history_follows_a_notebook_beside_it(lab: Lab, server: Server, repo: jd.Repository) -> None:
    """A branch and a commit that a kernel makes show without a reload."""
    with repo.create("trips").edit(message="first") as edit:
        edit["trips"].append(flights(100))
    lab.open("trips", view="history")
    expect(lab.view("History").get_by_text("first", exact=True)).to_be_visible()
    write(server, "change.ipynb", BRANCH_AND_COMMIT)
    assert errors(run(lab, "change.ipynb", mode="split-right")) == []
    expect(lab.view("History").get_by_text("only ten", exact=True)).to_be_visible()
    expect(lab.view("History").get_by_text("fix", exact=True)).to_be_visible()
