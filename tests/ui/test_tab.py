"""A dataset's tab: rows, history, comparing, branches; and that it comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import Lab


@pytest.fixture
def trips(repo: jd.Repository, tmp_path: Path) -> jd.Repository:
    """Dataset ``trips``: three commits on two branches, a tag, a file."""
    dataset = repo.create("trips", description="All trips", labels=["nyc"])
    (tmp_path / "codebook.txt").write_text("what it means")
    with dataset.edit(message="first") as edit:
        edit["trips"].append(flights(20_000))
    dataset.tag("v1")
    with dataset.edit(message="second") as edit:
        edit["trips"].append(flights(5))
        edit["notes"].append({"text": ["a"]})
        edit.attach(tmp_path / "codebook.txt")
    dataset.branch("fix")
    with dataset.edit("fix", message="third") as edit:
        edit["trips"].append(flights(1))
    return repo


def test_the_grid_shows_the_table_of_the_chosen_version(lab: Lab, trips: jd.Repository) -> None:
    lab.open("trips")
    panel = lab.view("Data")
    expect(panel).to_contain_text("20,005 rows")
    grid = panel.get_by_role("grid")
    expect(grid.get_by_text("2013-01-01 10:00:00")).to_be_visible()
    grid.press("Control+End")
    last = trips["trips"]["main"]["trips"].to_arrow().slice(20_004).to_pylist()[0]
    expect(grid.get_by_text(str(last["time_hour"]))).not_to_have_count(0)
    lab.tab.get_by_label("Version").select_option("v1")
    expect(panel).to_contain_text("20,000 rows")


@pytest.mark.usefixtures("trips")
def test_the_grid_ends_where_its_tab_ends(lab: Lab, tmp_path: Path) -> None:
    def check() -> None:
        grid = lab.view("Data").get_by_role("grid")
        expect(lab.view("Data").locator(".jd-grid-size")).to_contain_text("20,005 rows")
        grid.press("Control+End")
        last = grid.locator("[data-row='20004']")
        expect(last).to_be_visible()
        lab.shot(tmp_path, "grid")
        footer, scrolled, seen = map(bottom, (lab.view("Data").locator(".jd-grid-status"), grid, last))
        assert footer == pytest.approx(bottom(lab.page.locator(".jp-MainAreaWidget:visible .jd-Tab")), abs=1)
        assert seen <= scrolled <= footer

    lab.open("trips")
    check()
    lab.settle()
    lab.load()
    check()


def bottom(of: Locator) -> float:
    """Where it ends, in pixels from the top of the window."""
    box = of.bounding_box()
    assert box
    return box["y"] + box["height"]


def test_one_commit_shows_details_and_two_show_what_differs(lab: Lab, trips: jd.Repository) -> None:
    lab.open("trips", view="history")
    panel = lab.view("History")
    panel.get_by_text("third").click()
    details = panel.get_by_role("region", name="Commit")
    expect(details).to_contain_text(trips["trips"]["fix"].commit.short)
    panel.get_by_text("first", exact=True).click(modifiers=["Control"])
    changes = panel.get_by_role("region", name="Changes")
    expect(changes).to_contain_text("20,000 → 20,006 rows")
    expect(changes).to_contain_text("notes added")
    expect(changes).to_contain_text("codebook.txt file, added")


def test_a_branch_is_made_from_a_commit_and_undo_takes_it_back_by_one(lab: Lab, trips: jd.Repository) -> None:
    lab.open("trips", view="history")
    panel = lab.view("History")
    panel.get_by_text("second").click()
    panel.get_by_role("button", name="Create branch").click()
    lab.dialog.get_by_label("Name").fill("again")
    lab.dialog.get_by_role("button", name="Create").click()
    expect(lab.tab.get_by_label("Version")).to_have_value("again")
    expect(panel.get_by_text("again", exact=True)).not_to_have_count(0)
    dataset = trips["trips"]
    assert dataset["again"].commit.id == dataset["main"].commit.id

    lab.tab.get_by_label("Version").select_option("fix")
    panel.get_by_role("button", name="Undo on fix").click()
    expect(panel.get_by_text("third")).to_have_count(0)
    panel.get_by_role("button", name="Redo on fix").click()
    expect(panel.get_by_text("third")).to_be_visible()


def test_undo_that_removes_the_tabs_branch_leads_to_main(lab: Lab, trips: jd.Repository) -> None:
    trips["trips"].branch("again")
    lab.open("trips", view="history", ref="again")
    panel = lab.view("History")
    panel.get_by_text("second").click()
    points = panel.get_by_role("region", name="Commit")
    expect(points.get_by_text("again", exact=True)).to_be_visible()
    panel.get_by_role("button", name="Undo on again").click()
    expect(lab.page.get_by_role("alert")).to_contain_text("Branch again of trips is gone; its tab shows main now.")
    expect(lab.tab.get_by_label("Version")).to_have_value("main")
    expect(panel.get_by_text("again", exact=True)).to_have_count(0)
    expect(points.get_by_text("main", exact=True)).to_be_visible()
    expect(lab.tab.get_by_role("alert")).to_have_count(0)


def test_a_commit_made_elsewhere_is_seen_without_a_reload(lab: Lab, trips: jd.Repository) -> None:
    lab.open("trips", view="history")
    expect(lab.view("History").get_by_text("second")).to_be_visible()
    with trips["trips"].edit(message="from a notebook") as edit:
        edit["notes"].append({"text": ["b"]})
    expect(lab.view("History").get_by_text("from a notebook")).to_be_visible()


@pytest.mark.usefixtures("trips")
def test_tabs_come_back_after_a_reload(lab: Lab) -> None:
    lab.open("trips", ref="v1", view="files")
    expect(lab.view("Files")).to_contain_text("no attached files")
    lab.tab.get_by_label("Version").select_option("main")
    expect(lab.view("Files").get_by_role("link", name="codebook.txt")).to_be_visible()
    lab.settle()
    lab.load()
    expect(lab.view("Files").get_by_role("link", name="codebook.txt")).to_be_visible()
    expect(lab.tab.get_by_label("Version")).to_have_value("main")


def test_tabs_that_come_back_behind_others_have_their_names(lab: Lab, trips: jd.Repository) -> None:
    trips.create("other")
    lab.open("trips")
    lab.open("other")
    lab.settle()
    lab.load()
    labels = lab.page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")
    expect(labels.filter(has_text="trips")).to_be_visible()
    expect(labels.filter(has_text="other")).to_be_visible()
    expect(labels.get_by_text("Dataset", exact=True)).to_have_count(0)


@pytest.mark.usefixtures("trips")
def test_a_dataset_is_queried_in_a_notebook_by_a_click_and_by_dragging(lab: Lab) -> None:
    lab.open("trips", ref="v1")
    lab.tab.get_by_role("button", name="Query in notebook").click()
    cells = lab.page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content")
    expect(cells).to_have_count(2)
    expect(cells.nth(0)).to_have_text("%load_ext jupyter_datasets")
    expect(cells.nth(1)).to_have_text(re.compile(r"SELECT \* FROM trips AT \(VERSION => 'v1'\) LIMIT 100"))
    lab.show_datasets()
    lab.drag(lab.dataset("trips"), cells.nth(1))
    expect(cells).to_have_count(4)
