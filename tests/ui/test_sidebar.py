"""The list of datasets: by keyboard, by menu, through the bin; all commands; all that asks, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import THEMES, Lab
from tests.ui.server import Server

COMMANDS = """() => {
  const { commands } = window.jupyterapp;
  const ours = commands.listCommands().filter(id => id.startsWith('jupyter-datasets:') && commands.isVisible(id));
  return Object.fromEntries(ours.map(id => [id, commands.label(id)]));
}"""
OF_ONE_THING = {"jupyter-datasets:restore"}  # its place is beside what it restores


def test_a_dataset_is_made_renamed_deleted_and_restored_by_keyboard_alone(lab: Lab, repo: jd.Repository) -> None:
    keyboard = lab.page.keyboard
    lab.choose_in_palette("Show Datasets")
    expect(lab.sidebar.get_by_role("searchbox")).to_be_focused()
    lab.choose_in_palette("New Dataset")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_be_focused()
    keyboard.type("no/name")
    keyboard.press("Enter")
    expect(lab.dialog.get_by_role("alert")).to_contain_text("would do")
    expect(lab.dialog.get_by_label("Name", exact=True)).to_be_focused()
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


def test_all_commands_are_in_the_palette(lab: Lab, repo: jd.Repository) -> None:
    """Those that need a dataset as well, when one is open."""
    repo.create("trips")
    lab.open("trips")
    commands = lab.page.evaluate(COMMANDS)
    assert len(commands) > 15
    lab.page.keyboard.press("Control+Shift+c")
    lab.page.keyboard.type("Datasets")
    palette = lab.page.locator("#modal-command-palette")
    for command, label in commands.items():
        if command not in OF_ONE_THING:
            expect(palette.locator(f"[data-command='{command}'] .lm-CommandPalette-itemLabel")).to_have_text(label)
    lab.page.keyboard.press("Escape")


@pytest.mark.parametrize("theme", THEMES)
def test_all_views_pass_axe(lab: Lab, repo: jd.Repository, tmp_path: Path, theme: str) -> None:
    dataset = repo.create("trips", description="All trips", labels=["nyc"])
    for message in ("first", "second"):
        with dataset.edit(message=message) as edit:
            edit["trips"].append(flights(1000))
    lab.use_theme(theme)
    lab.run("jupyter-datasets:show-jobs")
    lab.open("trips")
    lab.dataset("trips").click()
    for view in ("Data", "History", "Files", "Jobs"):
        lab.tab.get_by_role("tab", name=view).click()
        expect(lab.view(view)).to_be_visible()
        if view == "History":
            lab.commit("first").click()
            assert lab.serious() == []
            lab.commit("second").click(modifiers=["Control"])
            expect(lab.view(view).get_by_role("region", name="Changes")).to_contain_text("1,000 more")
        lab.shot(tmp_path, view)
        assert lab.serious() == []


@pytest.mark.parametrize("theme", THEMES)
def test_all_that_asks_and_the_bin_pass_axe(lab: Lab, server: Server, repo: jd.Repository, theme: str) -> None:
    repo.create("trips")
    repo.create("gone").delete()
    (server.files / "plain.csv").write_text("a\n1\n")
    lab.use_theme(theme)
    lab.show_datasets()
    lab.dataset("trips").focus()
    cancel = lab.dialog.get_by_role("button", name="Cancel")
    for command, title in (("rename", "Rename trips"), ("describe", "Describe trips"), ("label", "Label trips")):
        lab.run(f"jupyter-datasets:{command}")
        expect(lab.dialog).to_contain_text(title)
        assert lab.serious() == []
        cancel.click()
    lab.run("jupyter-datasets:create")
    lab.dialog.get_by_role("button", name="Create").click()
    expect(lab.dialog.get_by_role("alert")).to_contain_text("Name is needed.")
    assert lab.serious() == []
    cancel.click()
    lab.add_to_datasets("plain.csv")
    lab.dialog.get_by_text("Options").click()
    expect(lab.dialog.get_by_label("Encoding")).to_be_visible()
    assert lab.serious() == []
    cancel.click()
    lab.run("jupyter-datasets:show-bin")
    expect(lab.sidebar.get_by_role("button", name="Restore gone").first).to_be_visible()
    assert lab.serious() == []
