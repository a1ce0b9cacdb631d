"""The progress of a job in a browser."""

from __future__ import annotations

import json
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.widgets.conftest import Open

RUNNING = {
    "title": "Import <b>x</b>.csv",
    "status": "running",
    "ended": False,
    "stopping": False,
    "part": 0.25,
    "text": "reading, 1,000 rows",
    "messages": ["<i>2 nulls</i>"],
    "error": "",
}
MODULE = """
import widget from '/progress.js';

let job = JOB;
const listeners = new Set();
window.sent = [];
window.change = changes => {
  job = { ...job, ...changes };
  listeners.forEach(each => each());
};
const model = {
  get: () => job,
  on: (event, callback) => listeners.add(callback),
  off: (event, callback) => listeners.delete(callback),
  send: message => window.sent.push(message)
};
window.close = widget.render({ model, el: document.getElementById('host') });
"""


def show(open_page: Open, scheme: str = "light", **changes: Any) -> Page:
    return open_page(MODULE.replace("JOB", json.dumps({**RUNNING, **changes})), scheme)


def test_it_follows_the_job(open_page: Open) -> None:
    """Bar, text and messages are those of the job; once it has ended there is nothing to cancel."""
    page = show(open_page)
    bar = page.get_by_role("progressbar")
    expect(bar).to_have_js_property("value", 0.25)
    expect(page.get_by_text("running, reading, 1,000 rows")).to_be_visible()
    page.evaluate("change({ part: null })")
    expect(bar).to_have_js_property("position", -1)
    page.evaluate("change({ status: 'succeeded', ended: true, text: '' })")
    expect(page.get_by_text("succeeded", exact=True)).to_be_visible()
    expect(bar).to_be_hidden()
    expect(page.get_by_role("button")).to_be_hidden()


def test_a_job_is_cancelled_once(open_page: Open) -> None:
    page = show(open_page)
    page.get_by_role("button", name="Cancel").press("Enter")
    expect(page.get_by_role("button", name="Cancel")).to_be_disabled()
    assert page.evaluate("sent") == [{"kind": "stop"}]


def test_what_people_wrote_is_text(open_page: Open) -> None:
    """In title, messages and errors."""
    page = show(open_page, status="failed", ended=True, error="<img src=x onerror='window.hacked=1'>")
    expect(page.get_by_role("alert")).to_have_text("<img src=x onerror='window.hacked=1'>")
    expect(page.get_by_role("listitem")).to_have_text("<i>2 nulls</i>")
    expect(page.get_by_text("Import <b>x</b>.csv")).to_be_visible()
    assert page.locator("#host b, #host i, #host img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_page: Open, scheme: str) -> None:
    page = show(open_page, scheme, error="It failed.")
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []
