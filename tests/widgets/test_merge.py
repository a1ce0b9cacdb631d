"""The review of a merge in a browser, with real conflicts."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.client.merging import MergeConflicts
from jupyter_datasets.notebook.widgets import MergeReview
from tests.widgets.bridge import Bridge
from tests.widgets.conftest import Open, violations


@pytest.fixture
def review(flights: Dataset) -> MergeReview:
    """Five conflicts: a cell in each of four rows, and a row that main removed."""
    found = flights.merge("fix")
    assert isinstance(found, MergeConflicts)
    return MergeReview(found)


def show(review: MergeReview, open_page: Open, scheme: str = "light", width: int = 900) -> Page:
    page = Bridge(review).show(open_page, scheme, width)
    expect(conflicts(page)).to_have_count(5)
    return page


def conflicts(page: Page) -> Locator:
    return page.locator(".jd-conflict:not(.jd-conflict-head)")


def test_keys_settle_conflicts(review: MergeReview, open_page: Open) -> None:
    """O and T answer, arrows move, U takes the last answer back; each is told in words."""
    page = show(review, open_page)
    conflicts(page).first.focus()
    for key in ("o", "ArrowDown", "t", "ArrowDown", "n", "u"):
        page.keyboard.press(key)
    expect(page.get_by_text("3 are left.")).to_be_visible()
    expect(conflicts(page).nth(0).get_by_role("combobox")).to_have_value("ours")
    expect(conflicts(page).nth(0).get_by_role("button", name="ours: 90")).to_have_attribute("aria-pressed", "true")
    expect(conflicts(page).nth(1).get_by_role("combobox")).to_have_value("theirs")
    expect(conflicts(page).nth(2).get_by_role("combobox")).to_have_value("")
    assert [answer.take for answer in review._source.resolutions] == ["ours", "theirs"]


def test_many_are_settled_at_once_and_committed(flights: Dataset, review: MergeReview, open_page: Open) -> None:
    """A column, then one cell otherwise, then the row that is left; a commit is offered when none is."""
    page = show(review, open_page)
    commit = page.get_by_role("button", name="Commit")
    expect(commit).to_be_disabled()
    page.get_by_role("combobox", name="For").select_option("column")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("1 is left.")).to_be_visible()
    conflicts(page).first.get_by_role("button", name="theirs: null").click()
    conflicts(page).last.get_by_role("combobox").select_option("theirs")
    commit.click()
    expect(page.get_by_role("status").filter(has_text="Committed as #4")).to_be_visible()
    expect(commit).to_be_disabled()
    assert review.commit is not None
    assert review.commit.id == flights["main"].commit.id
    delays = flights["main"]["flights"].to_arrow(["id", "delay"]).to_pylist()
    assert [row["delay"] for row in delays if row["id"] < 5] == [None, 91, 92, 93, None]


def test_giving_up_is_told(flights: Dataset, review: MergeReview, open_page: Open) -> None:
    before = flights["main"].commit
    page = show(review, open_page)
    page.get_by_role("button", name="Abort").click()
    expect(page.get_by_text("given up")).to_be_visible()
    expect(conflicts(page).first.get_by_role("combobox")).to_be_disabled()
    assert flights["main"].commit == before


def test_a_branch_that_moved_is_told_with_the_next_step(flights: Dataset, review: MergeReview, open_page: Open) -> None:
    page = show(review, open_page)
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_text("0 are left.")).to_be_visible()
    with flights.edit("main") as edit:
        edit["other"].append({"n": [1]})
    page.get_by_role("button", name="Commit").click()
    page.get_by_role("alert").get_by_role("button", name="Look again").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_text("Committed as #5")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 500), ("dark", 900)])
def test_axe_finds_nothing(review: MergeReview, open_page: Open, scheme: str, width: int) -> None:
    """And nothing runs over the edge of a narrow output."""
    page = show(review, open_page, scheme, width)
    conflicts(page).first.focus()
    page.keyboard.press("o")
    expect(page.get_by_text("4 are left.")).to_be_visible()
    assert violations(page) == []
    assert page.locator(".jd-conflicts").evaluate("node => node.scrollWidth <= node.clientWidth")
