"""The history in a browser: the real graph, any number of commits, by mouse and by keyboard."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.widgets.conftest import Open

SOURCE = Path(__file__).with_name("history_page.js")
START = 1_760_000_000_000_000  # microseconds

Commit = dict[str, Any]


def commit(seq: int, parents: Sequence[int], **rest: Any) -> Commit:
    made = {"id": f"{seq:064x}"[::-1], "parents": [f"{parent:064x}"[::-1] for parent in parents], "seq": seq}
    made |= {"author": "Ada", "time": START + seq * 60_000_000, "message": f"commit {seq}", "refs": []}
    return made | rest


def line(length: int) -> list[Commit]:
    """Commits one after the other."""
    return [commit(seq, [seq - 1] if seq > 1 else []) for seq in range(length, 0, -1)]


def tangle(length: int, seed: int = 0) -> list[Commit]:
    """Commits with branches that come and go, merges of two and of three."""
    chance = random.Random(seed)
    commits = []
    for seq in range(length, 0, -1):
        near = range(max(seq - 12, 1), seq)
        count = min(len(near), chance.choices((1, 2, 3), (80, 17, 3))[0])
        commits.append(commit(seq, chance.sample(near, count)))
    return commits


@pytest.fixture
def show(open_page: Open) -> Callable[..., Page]:
    """Opens a history of these commits."""

    def open_history(commits: Sequence[Commit], scheme: str = "light", start: bool = True) -> Page:
        page = open_page(f"const COMMITS = {json.dumps(commits)};\n{SOURCE.read_text()}", scheme)
        page.wait_for_function("!!window.start")  # a function itself would be called
        if start:
            page.evaluate("void start()")
        return page

    return open_history


@pytest.fixture
def lanes(show: Callable[..., Page]) -> Callable[..., list[dict[str, Any]]]:
    """The lanes of some commits."""

    def assign(commits: Sequence[Commit]) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = show(commits, start=False).evaluate("assignLanes(commits).rows")
        return found

    return assign


def option(page: Page, seq: int) -> Any:
    return page.locator(".jd-commit:visible", has_text=f"commit {seq}").filter(has_text=commit(seq, [])["id"][:12])


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
    page.evaluate("new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


def ids(*seqs: int) -> list[str]:
    return [commit(seq, [])["id"] for seq in seqs]


# --------------------------------------------------------------------------------------------------------------------
# Lanes


def test_a_line_stays_in_one_lane(lanes: Callable[..., Any]) -> None:
    rows = lanes(line(20))
    assert {row["lane"] for row in rows} == {0}
    assert {piece["color"] for row in rows for piece in row["above"] + row["below"]} == {0}
    assert rows[0]["above"] == []
    assert rows[-1]["below"] == []


def test_a_branch_has_a_lane_of_its_own(lanes: Callable[..., Any]) -> None:
    """From the merge that takes it in to the commit where it began; its colour differs."""
    rows = lanes([commit(4, [3, 2]), commit(3, [1]), commit(2, [1]), commit(1, [])])
    assert [row["lane"] for row in rows] == [0, 0, 1, 0]
    assert rows[0]["below"] == [{"from": 0, "to": 0, "color": 0}, {"from": 0, "to": 1, "color": 1}]
    assert rows[2]["below"] == [{"from": 0, "to": 0, "color": 0}, {"from": 1, "to": 0, "color": 0}]


def test_a_lane_that_is_free_is_used_again(lanes: Callable[..., Any]) -> None:
    """Branches that do not live at the same time share a lane."""
    rows = lanes([commit(7, [6, 5]), commit(6, [4]), commit(5, [4]), commit(4, [3, 2]), *line(3)])
    assert max(row["lane"] for row in rows) == 1


@pytest.mark.parametrize("seed", range(3))
def test_every_line_leads_to_the_parent(lanes: Callable[..., Any], seed: int) -> None:
    """Followed from row to row, each line that leaves a commit arrives at its parent, and none ends on the way."""
    commits = tangle(400, seed)
    rows = lanes(commits)
    places = {each["id"]: index for index, each in enumerate(commits)}
    for index, each in enumerate(commits):
        leaving = rows[index]["below"][len(rows[index]["below"]) - len(each["parents"]) :]
        for parent, piece in zip(each["parents"], leaving, strict=True):
            assert piece["from"] == rows[index]["lane"]
            assert follow(rows, index + 1, piece["to"], places[parent])


def follow(rows: list[dict[str, Any]], index: int, lane: int, goal: int) -> bool:
    """Whether the line that enters a row in a lane is that of the goal's commit."""
    while True:
        (entering,) = [piece for piece in rows[index]["above"] if piece["from"] == lane]
        if index == goal:
            return bool(entering["to"] == rows[index]["lane"])
        assert entering["to"] == lane
        assert {"from": lane, "to": lane, "color": entering["color"]} in rows[index]["below"]
        index += 1


def test_lanes_of_pages_are_those_of_the_whole(show: Callable[..., Page]) -> None:
    """What comes page by page is drawn as if it had come at once."""
    page = show(tangle(300), start=False)
    assert page.evaluate(
        """() => {
          const first = assignLanes(commits.slice(0, 117));
          const second = assignLanes(commits.slice(117), first.state);
          return JSON.stringify([...first.rows, ...second.rows]) === JSON.stringify(assignLanes(commits).rows);
        }"""
    )


# --------------------------------------------------------------------------------------------------------------------
# The view


def test_ten_thousand_commits_are_seen_at_once(show: Callable[..., Page]) -> None:
    """Only what is seen is made."""
    page = show(tangle(10_000))
    expect(option(page, 10_000)).to_be_visible()
    page.wait_for_function("asked.length === 6")
    assert page.locator(".jd-commit").count() < 40


@pytest.mark.benchmark
def test_the_first_paint_of_ten_thousand_commits_takes_no_half_second(show: Callable[..., Page]) -> None:
    """Whatever comes after."""
    first = show(tangle(10_000), start=False).evaluate("start()")
    print(f"first paint of 10,000 commits: {first:.0f} ms")  # noqa: T201  # a figure
    assert first < 500


def test_the_oldest_commit_is_reached(show: Callable[..., Page]) -> None:
    """By End and by the scrollbar, and the newest again by Home."""
    page = show(line(10_000))
    page.get_by_role("listbox", name="History made up").focus()
    page.wait_for_function("asked.length === 6")
    press(page, "End")
    expect(option(page, 1)).to_be_visible()
    assert page.evaluate("selected") == ids(1)
    press(page, "Home")
    expect(option(page, 10_000)).to_be_visible()
    page.evaluate("document.querySelector('.jd-history-port').scrollTop = 1e9")
    expect(option(page, 1)).to_be_visible()


@pytest.mark.benchmark
def test_scrolling_is_smooth(show: Callable[..., Page]) -> None:
    """A frame of scrolling through a tangle costs far less than 50 ms of work."""
    page = show(tangle(10_000))
    page.wait_for_function("asked.length === 6")
    slowest = page.evaluate(
        """async () => {
          const port = document.querySelector('.jd-history-port');
          const times = [];
          for (let step = 0; step < 60; step++) {
            port.scrollTop += 420;
            await new Promise(requestAnimationFrame);
            const before = performance.now();
            await new Promise(resolve => setTimeout(resolve));
            times.push(performance.now() - before);
          }
          return times.sort((a, b) => a - b)[57];
        }"""
    )
    assert slowest < 50


def test_one_or_two_are_selected(show: Callable[..., Page]) -> None:
    """By click and with Shift; details of both are shown, and a third takes the second one's place."""
    page = show(line(30))
    option(page, 30).click()
    assert page.evaluate("selected") == ids(30)
    option(page, 27).click(modifiers=["Shift"])
    assert page.evaluate("selected") == ids(30, 27)
    option(page, 26).click(modifiers=["Shift"])
    assert page.evaluate("selected") == ids(30, 26)
    expect(page.locator("[role=option][aria-selected=true]:visible")).to_have_count(2)
    details = page.get_by_role("region", name="Details")
    expect(details).to_contain_text(ids(30)[0])
    expect(details).to_contain_text(ids(26)[0])


def test_it_is_used_by_keyboard(show: Callable[..., Page]) -> None:
    """Arrows select, Shift and an arrow a second one, Ctrl and an arrow none, Enter opens."""
    page = show(line(30))
    expect(option(page, 30)).to_be_visible()
    page.keyboard.press("Tab")
    press(page, "ArrowDown", "ArrowDown")
    assert page.evaluate("selected") == ids(28)
    press(page, "Shift+ArrowDown", "Shift+ArrowDown")
    assert page.evaluate("selected") == ids(28, 26)
    press(page, "Control+ArrowDown")
    assert page.evaluate("selected") == ids(28, 26)
    press(page, "Enter")
    assert page.evaluate("opened") == ids(25)[0]
    press(page, "ArrowUp", "Shift+Home")
    assert page.evaluate("selected") == ids(26, 30)
    named = page.evaluate("document.activeElement.getAttribute('aria-activedescendant')")
    expect(page.locator(f"#{named}")).to_contain_text("commit 30")


def test_it_is_zoomed(show: Callable[..., Page]) -> None:
    """By keys, buttons and the wheel with Ctrl, between 60 % and twice the size; what is in the middle stays."""
    page = show(line(1000))
    page.wait_for_function("asked.length === 2")
    page.evaluate("document.querySelector('.jd-history-port').scrollTop = 14000")
    expect(option(page, 490)).to_be_visible()
    row = page.locator(".jd-commit:visible").first
    page.keyboard.press("Tab")
    for keys, height in (("+", 35), ("=", 44), ("0", 28), ("-", 22)):
        press(page, keys)
        expect(row).to_have_css("height", f"{height}px")
        expect(option(page, 490)).to_be_visible()
    page.get_by_role("button", name="Zoom to 100 %").click()
    expect(row).to_have_css("height", "28px")
    option(page, 490).hover()
    page.keyboard.down("Control")
    for pixels, height in ((-10_000, 56), (10_000, 17)):
        page.mouse.wheel(0, pixels)
        expect(row).to_have_css("height", f"{height}px")
        expect(option(page, 490)).to_be_visible()
    expect(page.get_by_role("button", name="Zoom out")).to_be_disabled()


def test_many_lanes_are_moved_along(show: Callable[..., Page]) -> None:
    """By arrow keys and by scrolling; the lane of a commit that is selected comes into sight."""
    tips = [commit(seq, [seq - 40]) for seq in range(81, 41, -1)]
    page = show([*tips, *(commit(seq, [1]) for seq in range(41, 1, -1)), commit(1, [])])
    page.get_by_role("listbox").focus()
    expect(option(page, 81)).to_be_visible()
    press(page, "ArrowRight")
    assert left(page) > 0
    press(page, "ArrowLeft")
    assert left(page) == 0
    press(page, *["ArrowDown"] * 32)
    chosen = page.locator("[aria-selected=true]:visible")
    drawing, dot = (chosen.locator(part).bounding_box() for part in ("svg", "circle"))
    assert drawing
    assert dot
    assert left(page) > 0
    assert drawing["x"] <= dot["x"] <= drawing["x"] + drawing["width"] - dot["width"]
    press(page, "Home")
    assert left(page) == 0


def left(page: Page) -> float:
    """How far the lanes are moved."""
    pixels: float = page.evaluate("document.querySelector('.jd-history-port').scrollLeft")
    return pixels


def test_branches_and_tags_are_chips(show: Callable[..., Page]) -> None:
    """Each with its kind, as text."""
    page = show([commit(2, [1], refs=["main", "<i>x</i>"]), commit(1, [], refs=["v1.0"])])
    expect(page.locator(".jd-chip-branch")).to_have_text("main")
    expect(page.locator(".jd-chip-tag")).to_have_text("v1.0")
    expect(page.locator(".jd-chip", has_text="<i>x</i>")).to_be_visible()


def test_what_people_wrote_is_text(show: Callable[..., Page]) -> None:
    """Markup in messages, authors and names is shown, and does nothing."""
    bad = "<img src=x onerror='window.hacked = 1'>"
    page = show([commit(1, [], message=bad, author=bad, refs=[bad])])
    page.locator(".jd-commit").first.click()
    expect(page.get_by_role("region", name="Details")).to_contain_text(bad)
    assert page.evaluate("window.hacked") is None
    assert page.locator("#host img").count() == 0


def test_it_recovers_by_itself(show: Callable[..., Page]) -> None:
    """A failed request is told, tried again, and forgotten once it works."""
    page = show(line(5), start=False)
    page.evaluate("broken = true; void start()")
    expect(page.get_by_role("alert")).to_contain_text("<b>The server</b> is away.")
    page.evaluate("broken = false")
    expect(option(page, 5)).to_be_visible(timeout=5000)
    expect(page.get_by_role("alert")).to_be_hidden()


def test_a_dataset_without_commits_says_so(show: Callable[..., Page]) -> None:
    page = show([])
    expect(page.locator("#host").get_by_role("status")).to_contain_text("There are no commits yet.")


def test_new_commits_come_by_a_refresh(show: Callable[..., Page]) -> None:
    """The selection and the active commit stay what they were; nothing flickers away meanwhile."""
    page = show(line(3000))
    page.wait_for_function("asked.length === 3")
    page.get_by_role("listbox").focus()
    press(page, "End")
    page.evaluate("newer => { commits.unshift(newer); view.refresh(); }", commit(3001, [3000]))
    page.wait_for_function("asked.length === 6")
    assert page.evaluate("selected") == ids(1)
    press(page, "ArrowUp")
    assert page.evaluate("selected") == ids(2)
    press(page, "Home")
    assert page.evaluate("selected") == ids(3001)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(show: Callable[..., Page], scheme: str) -> None:
    page = show([commit(201, [200], refs=["main", "v1.0", "other"]), *tangle(200)], scheme)
    page.locator(".jd-commit").first.click()
    option(page, 199).click(modifiers=["Shift"])
    violations = Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in violations] == []
