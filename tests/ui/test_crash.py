"""What a person sees when the server dies, is slow, or refuses."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from playwright.sync_api import Error, Locator, Route, expect

import jupyter_datasets as jd
from tests.ui.data import write_flights
from tests.ui.lab import THEMES, Lab
from tests.ui.server import TOKEN, Server

AWHILE = 30_000  # ms that the page may take to notice
ROUTES = "**/jupyter-datasets/api/v1/**"


@pytest.fixture
def screens(lab: Lab, repo: jd.Repository) -> tuple[Locator, ...]:
    """The sidebar, the tab of dataset ``trips`` and the jobs, side by side."""
    with repo.create("trips").edit(message="first") as edit:
        edit["trips"].append({"id": [1, 2]})
    lab.open("trips")
    expect(lab.view("Data").get_by_role("grid")).to_be_visible()
    lab.run("jupyter-datasets:show-jobs")
    expect(lab.jobs).to_be_visible()
    return lab.sidebar, lab.tab, lab.jobs


def test_a_server_killed_during_an_import_is_told_and_all_recovers(
    lab: Lab, server: Server, screens: tuple[Locator, ...], long_file: str
) -> None:
    """Without a reload: the job is lost, the store is whole, and a second import works."""
    lab.add_to_datasets(long_file)
    lab.dialog.get_by_role("button", name="Add").click()
    job = lab.jobs.get_by_role("listitem").filter(has_text=long_file).first
    expect(job).to_have_attribute("data-status", "running")
    lab.show_datasets()
    server.kill()
    try:
        lab.run("jupyter-datasets:refresh")
        for screen in screens:
            expect(screen.get_by_role("alert").first).to_contain_text("does not answer", timeout=AWHILE)
        expect(lab.dataset("trips")).to_be_visible()
    finally:
        server.start()
    for screen in screens:
        expect(screen.get_by_role("alert")).to_have_count(0, timeout=AWHILE)
    lab.dismiss_dialogs()  # JupyterLab itself said that the server was away
    expect(job).to_have_attribute("data-status", "lost", timeout=AWHILE)

    with jd.connect(server.url, token=TOKEN) as repo:
        assert repo.doctor().ok
        write_flights(server.files / "second.csv", 1000)
        lab.add_to_datasets("second.csv")
        lab.dialog.get_by_role("button", name="Add").click()
        expect(lab.jobs.get_by_role("listitem").filter(has_text="second.csv")).to_have_attribute(
            "data-status", "succeeded"
        )
        assert repo["second"]["main"]["second"].num_rows == 1000


def test_refusals_are_told_on_each_screen_and_go_when_they_are_over(lab: Lab, screens: tuple[Locator, ...]) -> None:
    for status in (401, 403, 404, 409, 500, 503):
        lab.page.route(ROUTES, refusal(status))
        lab.come_back()
        for screen in screens:
            expect(screen.get_by_role("alert").first).to_contain_text(f"Error {status}.Do that.")
    for theme in THEMES:
        lab.use_theme(theme)
        assert lab.serious() == []
    lab.page.unroute(ROUTES)
    for screen in screens:
        expect(screen.get_by_role("alert")).to_have_count(0, timeout=AWHILE)


def test_a_slow_server_is_waited_for(lab: Lab, screens: tuple[Locator, ...]) -> None:
    """Each screen keeps what it shows, says that it loads what it has not, and goes on when the answer is there."""
    held: list[Route] = []
    lab.page.route(ROUTES, lambda route: held.append(route))
    lab.come_back()
    lab.dataset("trips").press("ArrowRight")
    lab.tab.get_by_role("tab", name="History").click()
    expect(lab.view("History").get_by_role("status")).to_contain_text("Loading")
    for screen in screens:
        expect(screen.get_by_role("alert")).to_have_count(0)
    lab.page.unroute(ROUTES)
    for route in held:
        with suppress(Error):  # the page may have given up asking
            route.continue_()
    expect(lab.view("History").get_by_text("first", exact=True)).to_be_visible()
    expect(lab.sidebar.get_by_role("treeitem", level=2)).to_be_visible()


def refusal(status: int) -> Callable[[Route], None]:
    """Answers as the server does when it refuses."""
    error = {"kind": "some-kind", "message": f"Error {status}.", "next_step": "Do that.", "details": {}}
    return lambda route: route.fulfill(status=status, json={"error": error})
