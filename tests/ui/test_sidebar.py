"""The list of datasets: by keyboard, through the bin, while the server is away, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Route, expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import Lab
from tests.ui.server import Server

LONG = 30_000  # ms that Lab may take to notice
OURS = ("#jupyter-datasets-sidebar", "#jupyter-datasets-jobs", ".jd-Tab")


def test_a_dataset_is_made_renamed_deleted_and_restored_by_keyboard_alone(lab: Lab, repo: jd.Repository) -> None:
    keyboard = lab.page.keyboard
    lab.choose_in_palette("Show Datasets")
    expect(lab.sidebar.get_by_role("searchbox")).to_be_focused()
    lab.choose_in_palette("New Dataset")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_be_focused()
    keyboard.type("no/name")
    keyboard.press("Enter")
    expect(lab.dialog.get_by_role("alert")).to_contain_text("would do")
    keyboard.press("Control+a")
    keyboard.type("trips")
    keyboard.press("Enter")
    expect(lab.dataset("trips")).to_be_visible()

    lab.sidebar.get_by_role("searchbox").focus()
    keyboard.press("Tab")
    expect(lab.dataset("trips")).to_be_focused()
    keyboard.press("F2")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_be_focused()
    keyboard.press("Control+a")
    keyboard.type("rides")
    keyboard.press("Enter")
    expect(lab.dataset("rides")).to_be_visible()
    lab.dataset("rides").focus()
    keyboard.press("Delete")
    expect(lab.sidebar.get_by_text("No datasets yet")).to_be_visible()
    assert not repo.datasets()

    lab.sidebar.get_by_role("button", name="Bin").focus()
    keyboard.press("Enter")
    lab.sidebar.get_by_role("button", name="Restore rides").first.focus()
    keyboard.press("Enter")
    expect(lab.sidebar.get_by_role("button", name="Restore rides")).to_have_count(0)
    assert [dataset.name for dataset in repo.datasets()] == ["rides"]


def test_a_rows_menu_acts_on_that_row_whatever_tab_is_in_front(lab: Lab, repo: jd.Repository) -> None:
    front, sales = repo.create("flights"), repo.create("sales")
    with sales.edit(message="first") as edit:
        edit["north"].append({"id": [1]})
    lab.open("flights")
    lab.choose_in_menu(lab.dataset("sales"), "Rename Dataset")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_have_value("sales")
    lab.dialog.get_by_label("Name", exact=True).fill("turnover")
    lab.dialog.get_by_role("button", name="Rename").click()
    expect(lab.dataset("turnover")).to_be_visible()

    lab.dataset("turnover").click()
    lab.sidebar.get_by_role("treeitem", level=2).click()
    for level in (2, 3):
        lab.choose_in_menu(lab.sidebar.get_by_role("treeitem", level=level), "Describe Dataset")
        expect(lab.dialog).to_contain_text("Describe turnover")
        lab.dialog.get_by_role("button", name="Cancel").click()
    lab.choose_in_menu(lab.sidebar.get_by_role("treeitem", level=2), "Query Dataset in Notebook")
    cells = lab.page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content")
    expect(cells.nth(1)).to_have_text(re.compile(r"FROM turnover\.north LIMIT"))

    lab.open("flights")
    lab.choose_in_menu(lab.sidebar.get_by_role("treeitem", level=3), "Delete Dataset")
    expect(lab.dataset("turnover")).to_have_count(0)
    assert [dataset.id for dataset in repo.datasets()] == [front.id]


def test_search_finds_names_labels_and_descriptions(lab: Lab, repo: jd.Repository) -> None:
    repo.create("trips", description="taxi rides")
    repo.create("weather", labels=["nyc", "hourly"])
    lab.show_datasets()
    search = lab.sidebar.get_by_role("searchbox")
    rows = lab.sidebar.get_by_role("treeitem")
    expect(rows).to_have_count(2)
    for words, name in (("HOURLY nyc", "weather"), ("taxi", "trips"), ("weath", "weather")):
        search.fill(words)
        expect(rows).to_have_count(1)
        expect(rows).to_contain_text(name)
    search.fill("nothing")
    expect(lab.sidebar.get_by_role("status")).to_contain_text("No dataset has these words")


def test_a_server_that_is_gone_is_told_and_all_recovers_when_it_is_back(
    lab: Lab, repo: jd.Repository, server: Server
) -> None:
    repo.create("trips")
    lab.open("trips")
    lab.run("jupyter-datasets:show-jobs")
    server.stop()
    try:
        lab.run("jupyter-datasets:refresh")
        for place in (lab.sidebar, lab.tab, lab.jobs):
            expect(place.get_by_role("alert").first).to_contain_text("does not answer", timeout=LONG)
        expect(lab.dataset("trips")).to_be_visible()
    finally:
        server.start()
    for place in (lab.sidebar, lab.tab, lab.jobs):
        expect(place.get_by_role("alert")).to_have_count(0, timeout=LONG)


def test_a_refusal_is_shown_with_its_next_step_and_goes_when_it_is_over(lab: Lab) -> None:
    lab.show_datasets()
    for status in (401, 403, 404, 500, 503):
        lab.page.route("**/api/v1/datasets*", refusal(status))
        lab.run("jupyter-datasets:refresh")
        expect(lab.sidebar.get_by_role("alert")).to_contain_text(f"Error {status}.Do that.")
        lab.sidebar.get_by_role("button", name="Try").click()
        expect(lab.sidebar.get_by_role("alert")).to_be_visible()
        lab.page.unroute("**/api/v1/datasets*")
        lab.run("jupyter-datasets:refresh")
        expect(lab.sidebar.get_by_role("alert")).to_have_count(0)


def refusal(status: int) -> Callable[[Route], None]:
    """Answers as the server does when it refuses."""
    error = {"kind": "some-kind", "message": f"Error {status}.", "next_step": "Do that.", "details": {}}
    return lambda route: route.fulfill(status=status, json={"error": error})


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_all_views_pass_axe_in_light_and_dark(lab: Lab, repo: jd.Repository, tmp_path: Path, theme: str) -> None:
    dataset = repo.create("trips", description="All trips", labels=["nyc"])
    with dataset.edit(message="first") as edit:
        edit["trips"].append(flights(1000))
    lab.run("apputils:change-theme", theme=theme)
    lab.page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
    lab.run("jupyter-datasets:show-jobs")
    lab.open("trips")
    lab.dataset("trips").click()
    for view in ("Data", "History", "Files", "Jobs"):
        lab.tab.get_by_role("tab", name=view).click()
        expect(lab.view(view)).to_be_visible()
        if view == "History":
            lab.view(view).get_by_text("first").click()
        lab.shot(tmp_path, view)
        assert serious(lab) == []


def serious(lab: Lab) -> list[str]:
    """What axe finds in our parts of the window that keeps people out."""
    found = Axe().run(lab.page, context=[[each] for each in OURS]).response["violations"]
    return [
        f"{each['id']}: {node['html']}"
        for each in found
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]
