"""A dataset's tab: rows, history, comparing, branches; and that it comes back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import Lab
from tests.ui.server import Server

LANES = 30
SETTINGS = "window.jupyterapp.serviceManager.settings"
SAVED = f"async () => (await {SETTINGS}.fetch('jupyter-datasets:settings')).raw.includes('60')"
RESET = f"() => {SETTINGS}.save('jupyter-datasets:settings', '{{}}')"


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


@pytest.mark.usefixtures("trips")
def test_the_grid_shows_the_table_of_the_chosen_version(lab: Lab) -> None:
    lab.open("trips")
    panel = lab.view("Data")
    expect(panel).to_contain_text("20,005 rows")
    grid = panel.get_by_role("grid")
    expect(grid.get_by_text("2013-01-01 10:00:00")).to_be_visible()
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
    expect(changes).to_contain_text("Tables: 1 added, 1 changed · Files: 1 added")
    expect(changes).to_contain_text("20,000 → 20,006 rows (6 more)")
    expect(changes).to_contain_text("notes added1 row added")
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


def test_tabs_come_back_with_their_version_and_behind_others_with_their_names(lab: Lab, trips: jd.Repository) -> None:
    trips.create("other")
    lab.open("other")
    lab.open("trips", ref="v1")
    expect(lab.view("Data")).to_contain_text("20,000 rows")
    lab.settle()
    lab.load()
    expect(lab.tab.get_by_label("Version")).to_have_value("v1")
    labels = lab.page.locator("#jp-main-dock-panel .lm-TabBar-tabLabel")
    expect(labels.filter(has_text="trips")).to_be_visible()
    expect(labels.filter(has_text="other")).to_be_visible()
    expect(labels.get_by_text("Dataset", exact=True)).to_have_count(0)


def test_comparing_tells_columns_and_rows_of_each_table(lab: Lab, trips: jd.Repository) -> None:
    dataset = trips["trips"]
    with dataset.edit(message="fourth") as edit:
        edit["notes"].replace({"text": ["a", "b"], "stars": [1, 2]})
    with dataset.edit(message="fifth") as edit:
        edit.drop("trips")
        edit["notes"].replace({"text": ["a"], "stars": [0.5]})
    lab.open("trips", view="history")
    changes = lab.view("History").get_by_role("region", name="Changes")
    lab.commit("second").click()
    lab.commit("fourth").click(modifiers=["Control"])
    expect(changes).to_contain_text("notes changed1 → 2 rows (1 more)stars added: BIGINT")
    lab.commit("fourth").click()
    lab.commit("fifth").click(modifiers=["Control"])
    expect(changes).to_contain_text("2 → 1 rows (1 fewer)stars changed: BIGINT → DOUBLE")
    expect(changes).to_contain_text("trips removed20,005 rows removed")


@pytest.mark.usefixtures("trips")
def test_the_history_is_zoomed_by_keys_buttons_and_wheel(lab: Lab, tmp_path: Path) -> None:
    lab.open("trips", view="history")
    panel = lab.view("History")
    commit, zoom = panel.get_by_role("option").first, panel.get_by_role("group", name="Zoom")
    expect(commit).to_have_css("height", "28px")
    panel.get_by_role("listbox").press("+")
    expect(commit).to_have_css("height", "35px")
    zoom.get_by_role("button", name="Zoom out").click()
    expect(commit).to_have_css("height", "28px")
    commit.hover()
    lab.page.keyboard.down("Control")
    lab.page.mouse.wheel(0, 10_000)
    lab.page.keyboard.up("Control")
    expect(commit).to_have_css("height", "17px")
    expect(zoom.get_by_role("button", name="Zoom out")).to_be_disabled()
    lab.shot(tmp_path, "far")
    assert lab.serious() == []
    panel.get_by_role("listbox").press("0")
    expect(zoom).to_contain_text("100 %")
    expect(commit).to_have_css("height", "28px")


def test_many_lanes_are_moved_along(lab: Lab, repo: jd.Repository, tmp_path: Path) -> None:
    """The arrow keys move the graph; a commit that is selected comes into sight with its lane."""
    dataset = repo.create("wide")
    with dataset.edit(message="root") as edit:
        edit["t"].append({"n": [0]})
    for branch in range(LANES):
        dataset.branch(f"b{branch}", at="main")
    for branch in [*range(LANES), *range(LANES)]:  # twice, so that all go on beside each other
        with dataset.edit(f"b{branch}", message=f"on {branch}.") as edit:
            edit["t"].append({"n": [branch]})
    lab.open("wide", view="history")
    panel = lab.view("History")
    list_ = panel.get_by_role("listbox")
    expect(panel.get_by_role("option").first).to_be_visible()
    left = lambda: list_.evaluate("port => port.scrollLeft")  # noqa: E731  # one question, asked often
    list_.press("ArrowRight")
    assert left() > 0
    list_.press("ArrowLeft")
    assert left() == 0
    list_.press("PageDown")
    last = panel.get_by_role("option", selected=True)
    lab.shot(tmp_path, "wide")
    drawing, dot = last.locator("svg").bounding_box(), last.locator("circle").bounding_box()
    assert drawing
    assert dot
    assert left() > 0
    assert drawing["x"] <= dot["x"] <= dot["x"] + dot["width"] <= drawing["x"] + drawing["width"]
    list_.press("Home")
    assert left() == 0


@pytest.mark.usefixtures("trips")
def test_settings_are_in_the_editor_and_work_at_once(lab: Lab, server: Server) -> None:
    lab.open("trips")
    row = lab.view("Data").get_by_role("grid").locator("[data-row='1']")
    expect(row).to_have_css("height", "24px")
    lab.run("settingeditor:open", query="Datasets")
    form = lab.page.locator(".jp-SettingsForm")
    expect(form.locator("[id$=_pollSeconds]")).to_have_value("5")
    form.locator("[id$=_rowHeight]").select_option("Comfortable")
    form.locator("[id$=_showJobs]").uncheck()
    form.locator("[id$=_notifyAfterSeconds]").fill("60")
    lab.page.wait_for_function(SAVED)
    lab.open("trips")
    expect(row).to_have_css("height", "32px")
    (server.files / "plain.csv").write_text("a\n1\n")
    lab.add_to_datasets("plain.csv")
    lab.dialog.get_by_role("button", name="Add").click()
    lab.show_datasets()
    expect(lab.dataset("plain")).to_contain_text("B ·")
    expect(lab.jobs).to_be_hidden()
    expect(lab.page.get_by_role("alert")).to_have_count(0)
    lab.page.evaluate(RESET)


@pytest.mark.usefixtures("trips")
def test_a_table_is_queried_in_a_notebook_by_a_click_and_by_dragging(lab: Lab) -> None:
    lab.open("trips", ref="v1")
    lab.tab.get_by_role("button", name="Query in notebook").click()
    cells = lab.page.locator(".jp-NotebookPanel .jp-CodeCell .cm-content")
    expect(cells).to_have_count(2)
    expect(cells.nth(0)).to_have_text("%load_ext jupyter_datasets")
    expect(cells.nth(1)).to_have_text(re.compile(r"SELECT \* FROM trips AT \(VERSION => 'v1'\) LIMIT 100"))
    lab.show_datasets()
    lab.dataset("trips").click()
    lab.drag(lab.sidebar.get_by_role("treeitem", name="notes"), cells.nth(1))
    expect(cells).to_have_count(4)
    expect(cells.filter(has_text="notes")).to_have_text(re.compile(r"SELECT \* FROM trips\.notes LIMIT 100"))
