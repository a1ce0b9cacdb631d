"""What a person does in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

SLOW = 10_000  # ms that JupyterLab may take on a busy machine


class Lab:
    """A window with JupyterLab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.set_default_timeout(SLOW)

    def load(self) -> None:
        """Load the page, and wait until JupyterLab has put everything where it was."""
        self.page.goto(self._url)
        self.page.wait_for_selector("#main:not(.jp-mod-loading)", state="attached")
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")
        self.page.evaluate("() => window.jupyterapp.restored.then(() => true)")
        self.page.wait_for_function(
            "() => window.jupyterapp.shell.currentWidget?.node.contains(document.activeElement)"
        )

    def run(self, command: str, **args: Any) -> None:
        """Execute a command without waiting for its end."""
        self.page.evaluate("([id, args]) => void window.jupyterapp.commands.execute(id, args)", [command, args])

    def choose_in_palette(self, label: str) -> None:
        """Find a command by its label and execute it, with the keyboard."""
        self.page.keyboard.press("Control+Shift+c")
        self.page.keyboard.type(label)
        self.page.keyboard.press("Enter")

    @property
    def sidebar(self) -> Locator:
        return self.page.locator("#jupyter-datasets-sidebar")

    @property
    def jobs(self) -> Locator:
        return self.page.locator("#jupyter-datasets-jobs")

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")

    def show_datasets(self) -> None:
        """Open the sidebar as its button does."""
        self.run("jupyter-datasets:show")
        expect(self.sidebar).to_be_visible()

    def dataset(self, name: str) -> Locator:
        """A dataset's row in the sidebar."""
        return self.sidebar.get_by_role("treeitem", level=1).filter(has_text=name)

    def shot(self, folder: Path, name: str) -> None:
        """Keep a picture of the window."""
        self.page.screenshot(path=folder / f"{name}.png")

    @property
    def tab(self) -> Locator:
        """The dataset's tab that is in front."""
        return self.page.locator(".jd-Tab:visible")

    def view(self, name: str) -> Locator:
        """A view of that tab."""
        return self.tab.get_by_role("tabpanel", name=name)

    def open(self, name: str, **place: str) -> None:
        """Open a dataset's tab."""
        self.show_datasets()
        row = self.dataset(name)
        self.run("jupyter-datasets:open", dataset=row.get_attribute("data-dataset"), **place)
        expect(self.tab.get_by_role("heading", name=name, exact=True)).to_be_visible()

    def add_to_datasets(self, file: str) -> None:
        """Choose it from the menu of a file in the file browser."""
        self.run("filebrowser:activate")
        self.run("filebrowser:refresh")
        self.page.locator(".jp-DirListing-item", has_text=file).click(button="right")
        self.page.get_by_role("menuitem", name="Add to Datasets").click()

    def choose_in_menu(self, of: Locator, label: str) -> None:
        """Choose from the context menu of a row."""
        of.click(button="right")
        self.page.get_by_role("menuitem", name=label).click()

    def drag(self, what: Locator, to: Locator) -> None:
        """Drag with the mouse."""
        start, end = what.bounding_box(), to.bounding_box()
        assert start
        assert end
        mouse = self.page.mouse
        mouse.move(start["x"] + 60, start["y"] + 10)
        mouse.down()
        mouse.move(start["x"] + 90, start["y"] + 20, steps=3)
        mouse.move(end["x"] + 40, end["y"] + 10, steps=8)
        mouse.up()

    def settle(self) -> None:
        """Wait until JupyterLab has saved where everything is."""
        with self.page.expect_response(
            lambda answer: "/api/workspaces/" in answer.url and answer.request.method == "PUT"
        ):
            self.page.evaluate("() => window.jupyterapp.commands.notifyCommandChanged()")
