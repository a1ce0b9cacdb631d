"""A difference in a browser, with the real rows of two versions."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from jupyter_datasets.client.dataset import Dataset
from jupyter_datasets.notebook.widgets import DiffView
from tests.widgets.bridge import Bridge
from tests.widgets.conftest import Open, violations

MINUS = "\N{MINUS SIGN}"


def show(flights: Dataset, open_page: Open, scheme: str = "light", width: int = 900) -> Page:
    page = Bridge(DiffView(flights.diff("v1.0", "main"))).show(open_page, scheme, width)
    page.get_by_role("option", name="flights").click()
    expect(page.get_by_role("row").nth(1)).to_contain_text("DL")
    return page


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(120)


def test_it_tells_what_differs(flights: Dataset, open_page: Open) -> None:
    """Both versions, each table with its kind of change and counts, and columns that are others."""
    page = show(flights, open_page)
    region = page.get_by_role("region", name="Changes of flights")
    expect(region).to_contain_text("<i>February</i>")
    expect(page.get_by_role("option")).to_have_count(3)
    expect(page.get_by_role("option", name="airports")).to_contain_text("added+1")
    expect(page.get_by_role("option", name="flights")).to_contain_text(f"changed+1{MINUS}1~993")
    expect(page.get_by_role("option", name="weather")).to_contain_text(f"removed{MINUS}2")


def test_changed_cells_hold_both_values(flights: Dataset, open_page: Open) -> None:
    """Marked by signs as well as by colours, with what people wrote as text."""
    page = show(flights, open_page)
    first = page.get_by_role("row").nth(1)
    expect(first.get_by_role("rowheader")).to_have_text("~ 1")
    expect(first.locator("del")).to_have_text(["AA", "-10"])
    expect(first.locator("ins")).to_have_text(["DL", "90"])
    expect(page.get_by_role("rowheader", name=f"{MINUS} 5")).to_be_visible()
    page.get_by_role("button", name="993 changed").click()
    expect(page.get_by_role("rowheader")).to_have_text([f"{MINUS} 1", "+ 2"])
    expect(page.get_by_role("gridcell", name="onerror")).to_be_visible()
    assert page.evaluate("window.hacked") is None
    page.get_by_role("button", name="1 added").click()
    page.get_by_role("button", name="1 removed").click()
    expect(page.get_by_text("No rows are of a kind")).to_be_visible()


def test_only_what_is_seen_is_loaded(flights: Dataset, open_page: Open) -> None:
    """A page of rows, and further ones as they are scrolled to."""
    page = show(flights, open_page)
    asked = "sent.filter(each => each.kind === 'page').map(each => each.limit)"
    assert sum(page.evaluate(asked)) < 200
    page.get_by_role("gridcell").first.click()
    press(page, "Control+End")
    expect(page.get_by_role("rowheader", name="+ 995")).to_be_visible()
    assert sum(page.evaluate(asked)) < 500


def test_keys_go_from_change_to_change(flights: Dataset, open_page: Open) -> None:
    """N to the next changed cell, P back; only columns that changed are seen when that is wanted; cells are copied."""
    page = show(flights, open_page)
    active = page.locator(".jd-grid-active")
    press(page, "n")
    expect(active).to_have_text("AA → DL")
    press(page, "n")
    expect(active).to_have_text("-10 → 90")
    press(page, "n", "n", "p", "p")
    expect(active).to_have_text("-10 → 90")
    press(page, "Control+c")
    assert page.evaluate("navigator.clipboard.readText()") == "-10 → 90"
    heads = page.get_by_role("columnheader")
    expect(heads).to_have_count(5)
    page.get_by_role("button", name="Changed columns only").click()
    expect(heads).to_have_text(["#", "idBIGINT", "carrierVARCHAR", "delayBIGINT"])


def test_versions_that_are_the_same_say_so(flights: Dataset, open_page: Open) -> None:
    page = Bridge(DiffView(flights.diff("v1.0", "fix~1"))).show(open_page)
    expect(page.get_by_text("Nothing differs.")).to_be_visible()


def test_what_goes_wrong_is_told_and_tried_again(flights: Dataset, open_page: Open) -> None:
    """Tables that share no column have no rows to compare."""
    for column in ("a", "b"):
        with flights.edit("main") as edit:
            edit["odd"].replace({column: [1]})
    page = Bridge(DiffView(flights.diff("main~1", "main"))).show(open_page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("compare their schemas instead")
    alert.get_by_role("button", name="Try again").click()
    expect(alert).to_contain_text("share no column")


@pytest.mark.parametrize(("scheme", "width"), [("light", 500), ("dark", 900)])
def test_axe_finds_nothing(flights: Dataset, open_page: Open, scheme: str, width: int) -> None:
    """And nothing runs over the edge of a narrow output."""
    page = show(flights, open_page, scheme, width)
    press(page, "n")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator(".jd-diff").evaluate("node => node.scrollWidth <= node.clientWidth")
