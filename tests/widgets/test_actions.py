"""What is done from a history in a browser, to a real dataset."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.notebook.widgets import History
from tests.widgets.bridge import Bridge
from tests.widgets.conftest import Open, violations


def show(flights: Dataset, open_page: Open, scheme: str = "light", width: int = 900, **options: bool) -> Page:
    page = Bridge(History(flights, **options)).show(open_page, scheme, width)
    expect(page.get_by_role("option")).to_have_count(3)
    return page


def select(page: Page, message: str, *modifiers: str) -> None:
    page.get_by_role("option", name=message).click(modifiers=list(modifiers))  # type: ignore[arg-type]  # names of keys


def test_a_branch_is_made_by_keyboard(flights: Dataset, open_page: Open) -> None:
    """B asks for the name; the new branch is in the graph at once, and the list has the focus again."""
    page = show(flights, open_page)
    select(page, "January")
    page.keyboard.press("b")
    expect(page.get_by_role("textbox", name="Name")).to_be_focused()
    page.keyboard.type("try")
    page.keyboard.press("Enter")
    expect(page.get_by_role("option", name="January").locator(".jd-chip-branch")).to_have_text("try")
    expect(page.get_by_role("status").filter(has_text="Branch try begins")).to_be_visible()
    expect(page.get_by_role("listbox")).to_be_focused()
    assert flights["try"].commit == flights["v1.0"].commit


def test_what_goes_wrong_is_told_in_place(flights: Dataset, open_page: Open) -> None:
    """The form stays, so that another name can be written."""
    page = show(flights, open_page)
    select(page, "January")
    page.get_by_role("button", name="New tag").click()
    page.get_by_role("textbox", name="Name").fill("v1.0")
    page.get_by_role("button", name="Create tag").click()
    expect(page.get_by_role("alert")).to_contain_text("v1.0")
    page.get_by_role("textbox", name="Name").fill("v0.9")
    page.get_by_role("button", name="Create tag").click()
    expect(page.get_by_role("alert")).to_be_hidden()
    assert flights["v0.9"].commit == flights["v1.0"].commit


def test_a_menu_offers_the_same(flights: Dataset, open_page: Open) -> None:
    """On the commit under the mouse; arrows and Enter choose, Escape leaves."""
    page = show(flights, open_page)
    page.get_by_role("option", name="Blank out").click(button="right")
    menu = page.get_by_role("menu")
    expect(menu.get_by_role("menuitem", name="New branch")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu).to_be_hidden()
    page.get_by_role("option", name="Blank out").click(button="right")
    for key in ("ArrowDown", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    page.get_by_role("form", name="Check out").get_by_role("button", name="Check out").click()
    expect(page.get_by_text("On fix")).to_be_visible()
    assert flights.current == "fix"


def test_two_commits_are_compared_below(flights: Dataset, open_page: Open) -> None:
    page = show(flights, open_page)
    select(page, "January")
    select(page, "February", "Shift")
    expect(page.get_by_role("button", name="Revert")).to_be_disabled()
    page.keyboard.press("d")
    diff = page.get_by_role("region", name="Changes of flights")
    expect(diff.get_by_role("option", name="flights")).to_contain_text("~993")
    select(page, "Blank out")
    page.get_by_role("button", name="Compare with main").click()
    expect(diff.get_by_role("option", name="flights")).to_contain_text("~994")
    expect(diff).to_have_count(1)


def test_conflicts_of_a_cherry_pick_are_settled_below(flights: Dataset, open_page: Open) -> None:
    """And the commit that comes of it is in the graph; undo takes that back."""
    page = show(flights, open_page)
    select(page, "Blank out")
    page.keyboard.press("p")
    page.get_by_role("textbox", name="Message").fill("picked")
    page.keyboard.press("Enter")
    review = page.get_by_role("grid", name="Conflicts")
    expect(review).to_be_visible()
    page.get_by_role("button", name="Apply").click()
    page.get_by_role("button", name="Commit", exact=True).click()
    expect(page.get_by_role("option", name="picked")).to_be_visible()
    page.get_by_role("button", name="Undo last move").click()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("option", name="picked")).to_have_count(0)
    assert flights["main"].commit.message == "<i>February</i>"


def test_actions_can_be_left_out(flights: Dataset, open_page: Open) -> None:
    page = show(flights, open_page, actions=False)
    select(page, "January")
    page.keyboard.press("b")
    expect(page.get_by_role("toolbar")).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)


@pytest.mark.parametrize(("scheme", "width"), [("light", 500), ("dark", 900)])
def test_axe_finds_nothing(flights: Dataset, open_page: Open, scheme: str, width: int) -> None:
    """Neither with a form nor with a menu; and nothing runs over the edge of a narrow output."""
    page = show(flights, open_page, scheme, width)
    select(page, "Blank out")
    page.keyboard.press("r")
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("option", name="January").click(button="right")
    assert violations(page) == []
    assert page.locator(".jd-actions").evaluate("node => node.scrollWidth <= node.clientWidth")
