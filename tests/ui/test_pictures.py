"""The picture in README.md is a screen of the tests: ``JD_PICTURES=labextension/pictures`` makes it anew."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import expect

import jupyter_datasets as jd
from tests.ui.data import flights
from tests.ui.lab import Lab

ROOT = Path(__file__).parents[2]
PICTURE = Path("labextension/pictures/history.png")
WORK = (
    ("main", "Flights of January", 20_000),
    ("main", "Flights of February", 18_500),
    ("fix", "Blank out unlikely departures", 3),
    ("main", "Flights of March", 21_100),
    ("fix", "Tail numbers in capitals", 7),
    ("delays", "Only what was late", 12),
    ("main", "Flights of April", 20_700),
)


def history(repo: jd.Repository) -> None:
    """Two datasets, one of them with branches that went apart."""
    trips = repo.create("flights", description="Departures from New York", labels=["nyc", "2013"])
    for branch, message, rows in WORK:
        if branch != "main" and branch not in {ref.name for ref in trips.refs()}:
            trips.branch(branch, at="main" if branch == "fix" else "fix")
        with trips.edit(branch, message=message) as edit:
            edit["flights"].append(flights(rows))
    trips.tag("v1.0", at="main~1")
    with repo.create("weather", labels=["hourly"]).edit(message="from the airports") as edit:
        edit["weather"].append({"origin": ["EWR", "JFK"], "temp": [39.0, 38.5]})


def test_the_readme_shows_the_sidebar_and_the_history(lab: Lab, repo: jd.Repository, tmp_path: Path) -> None:
    history(repo)
    lab.open("flights", view="history")
    row = lab.dataset("flights")
    row.press("ArrowRight")
    lab.view("History").get_by_text("Blank out unlikely departures").click()
    expect(lab.view("History").get_by_role("region", name="Commit")).to_be_visible()
    folder = Path(os.environ.get("JD_PICTURES") or tmp_path)
    lab.shot(folder, PICTURE.stem)
    assert (folder / PICTURE.name).stat().st_size > 20_000
    assert f"({PICTURE})" in (ROOT / "README.md").read_text()
