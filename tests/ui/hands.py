"""The same deeds with the mouse and with the keyboard alone."""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, expect

from tests.ui.lab import THEMES, Lab

FAR = 80  # presses of Tab within which all can be reached


class Hand(Protocol):
    """What a person does, in one way or another; each way has its theme."""

    theme: str

    def show_datasets(self) -> None:
        """Open the sidebar."""

    def add_to_datasets(self, file: str) -> None:
        """Choose it for a file of the file browser, which is in sight."""

    def push(self, button: Locator) -> None:
        """Push a button."""

    def write(self, field: Locator, text: str) -> None:
        """Fill a field."""

    def open_dataset(self, name: str) -> None:
        """Open the tab of a dataset in the sidebar, which is in sight."""

    def unfold(self, row: Locator) -> None:
        """Open a row of the sidebar's tree."""

    def show_view(self, name: str) -> None:
        """Go to a view of the tab in front."""

    def go_to_last_row(self, grid: Locator) -> None:
        """Scroll a grid to its end."""

    def query(self, dataset: str, notebook: Locator) -> None:
        """Put a cell with a query into a notebook, as the active one."""

    def run_cell(self, notebook: Locator) -> None:
        """Run the cell of a notebook that is the active one."""


class Mouse:
    """Clicks, and writes what fields ask for."""

    theme = THEMES[0]

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def show_datasets(self) -> None:
        self._lab.side_tab("Datasets").click()

    def add_to_datasets(self, file: str) -> None:
        self._lab.file(file).click(button="right")
        self._lab.page.get_by_role("menuitem", name="Add to Datasets").click()

    def push(self, button: Locator) -> None:
        button.click()

    def write(self, field: Locator, text: str) -> None:
        field.fill(text)

    def open_dataset(self, name: str) -> None:
        self._lab.dataset(name).dblclick()

    def unfold(self, row: Locator) -> None:
        row.click()

    def show_view(self, name: str) -> None:
        self._lab.tab.get_by_role("tab", name=name).click()

    def go_to_last_row(self, grid: Locator) -> None:
        grid.hover()
        self._lab.page.mouse.wheel(0, 1e8)

    def query(self, dataset: str, notebook: Locator) -> None:
        self._lab.drag(self._lab.dataset(dataset), notebook.locator(".jp-Cell").last)
        notebook.locator(".jp-CodeCell", has_text="LIMIT 100").click()

    def run_cell(self, notebook: Locator) -> None:
        notebook.get_by_role("button", name="Run this cell").click()


class Keyboard:
    """Presses keys; what Tab does not lead to is not there."""

    theme = THEMES[1]

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._keyboard = lab.page.keyboard

    def show_datasets(self) -> None:
        self._lab.choose_in_palette("Show Datasets")
        expect(self._lab.sidebar.get_by_role("searchbox")).to_be_focused()

    def add_to_datasets(self, file: str) -> None:
        self._reach(self._lab.page.locator(".jp-DirListing-itemText[tabindex='0']"))
        self._keyboard.type(file)
        self._lab.choose_in_palette("Add to Datasets")

    def push(self, button: Locator) -> None:
        self._reach(button)
        self._keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        self._reach(field)
        self._keyboard.press("Control+a")
        self._keyboard.type(text)

    def open_dataset(self, name: str) -> None:
        self._reach_row(self._lab.dataset(name))
        self._keyboard.press("Enter")

    def unfold(self, row: Locator) -> None:
        self._reach_row(row)
        self._keyboard.press("ArrowRight")

    def show_view(self, name: str) -> None:
        tab = self._lab.tab
        self._reach(tab.locator("[role=tab][tabindex='0']"))
        for _ in tab.get_by_role("tab").all():
            if not _focused(tab.get_by_role("tab", name=name)):
                self._keyboard.press("ArrowRight")

    def go_to_last_row(self, grid: Locator) -> None:
        self._reach(grid.locator("[tabindex='0']").first)
        self._keyboard.press("Control+End")

    def query(self, dataset: str, notebook: Locator) -> None:  # noqa: ARG002  # it is the one in front
        self.show_datasets()
        self._reach_row(self._lab.dataset(dataset))
        self._lab.choose_in_palette("Query Dataset in Notebook")

    def run_cell(self, notebook: Locator) -> None:  # noqa: ARG002  # it has the focus
        self._keyboard.press("Shift+Enter")

    def _reach(self, what: Locator) -> None:
        what.wait_for()
        for _ in range(FAR):
            if _focused(what):
                return
            self._keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {what}.")

    def _reach_row(self, row: Locator) -> None:
        self._reach(self._lab.sidebar.locator("[role=treeitem][tabindex='0']"))
        self._keyboard.press("Home")
        for _ in range(FAR):
            if _focused(row):
                return
            self._keyboard.press("ArrowDown")
        raise AssertionError(f"The arrow keys do not lead to {row}.")


def _focused(what: Locator) -> bool:
    focused: bool = what.evaluate("node => node === document.activeElement")
    return focused
