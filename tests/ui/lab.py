"""What a person does in JupyterLab."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

OURS = ("#jupyter-datasets-sidebar", "#jupyter-datasets-jobs", ".jd-Tab", ".jp-Dialog")
OPEN_NOTEBOOK = """async ([path, mode]) => {
  const { commands } = window.jupyterapp;
  const panel = await commands.execute('docmanager:open', { path, factory: 'Notebook', options: { mode } });
  await panel.context.ready;
  await panel.sessionContext.ready;
}"""
AXE = "include => axe.run({ include }, { resultTypes: ['violations'] })"
SLOW = 10_000  # ms that JupyterLab may take on a busy machine
THEMES = ("JupyterLab Light", "JupyterLab Dark")
CLEAR = """async () => {
  const { commands, serviceManager, shell } = window.jupyterapp;
  const open = [...shell.widgets('main')];
  await Promise.all(open.map(({ sessionContext }) => sessionContext?.ready));  // a kernel that starts is hard to stop
  open.sort((a, b) => a.isVisible - b.isVisible).forEach(widget => widget.dispose());  // closing one shows another
  await serviceManager.sessions.shutdownAll();
  await commands.execute('apputils:dismiss-notification');
  shell.collapseRight();
  await commands.execute('jupyter-datasets:show');
  await commands.execute('jupyter-datasets:refresh');
}"""


class Lab:
    """A window with JupyterLab."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self._url = url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(error.stack or str(error)))
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

    def clear(self) -> None:
        """Put away what an earlier test left."""
        self.faults.clear()
        self.page.unroute_all()
        self.page.set_default_timeout(SLOW)
        self.dismiss_dialogs()
        self.page.evaluate(CLEAR)
        self.sidebar.get_by_role("searchbox").fill("")
        self.run("filebrowser:activate")
        self.use_theme(THEMES[0])

    def dismiss_dialogs(self) -> None:
        """Close what asks something."""
        for _ in self.dialog.all():
            self.page.keyboard.press("Escape")

    def use_theme(self, theme: str) -> None:
        """Change the colours."""
        if self.page.locator("body").get_attribute("data-jp-theme-name") != theme:
            self.run("apputils:change-theme", theme=theme)
            self.page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")

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

    def side_tab(self, name: str) -> Locator:
        """The button of a sidebar."""
        return self.page.locator(".jp-SideBar").get_by_role("tab", name=name)

    def file(self, name: str) -> Locator:
        """A file in the file browser."""
        return self.page.locator(".jp-DirListing-item", has_text=name)

    def show_files(self) -> None:
        """Open the file browser, with the files that are there now."""
        self.run("filebrowser:activate")
        self.run("filebrowser:refresh")

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

    def commit(self, message: str) -> Locator:
        """A commit in the history of the tab in front."""
        return self.view("History").get_by_role("option").filter(has_text=message)

    def open(self, name: str, **place: str) -> None:
        """Open a dataset's tab."""
        self.show_datasets()
        row = self.dataset(name)
        self.run("jupyter-datasets:open", dataset=row.get_attribute("data-dataset"), **place)
        expect(self.tab.get_by_role("heading", name=name, exact=True)).to_be_visible()

    def add_to_datasets(self, file: str) -> None:
        """Choose it from the menu of a file in the file browser."""
        self.show_files()
        self.file(file).click(button="right")
        self.page.get_by_role("menuitem", name="Add to Datasets").click()

    def choose_in_menu(self, of: Locator, label: str) -> None:
        """Choose from the context menu of a row."""
        of.click(button="right")
        self.page.get_by_role("menuitem", name=label).click()

    def open_notebook(self, path: str, mode: str = "tab-after") -> Locator:
        """Open a notebook of the file browser's folder, and wait for its kernel."""
        self.page.evaluate(OPEN_NOTEBOOK, [path, mode])
        return self.page.locator(".jp-NotebookPanel:visible")

    def drag(self, what: Locator, to: Locator) -> None:
        """Drag with the mouse."""
        self.take(what)
        self.carry(to)
        self.page.mouse.up()

    def take(self, what: Locator) -> None:
        """Begin to drag."""
        x, y = place(what)
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + 30, y + 10, steps=3)

    def carry(self, to: Locator) -> None:
        """Go on dragging."""
        self.page.mouse.move(*place(to), steps=8)

    def drag_in(self, file: Path, to: Locator) -> None:
        """Drag a file of the person's machine into the window."""
        for kind in ("dragEnter", "dragOver"):
            self._drag_file(kind, file, to)

    def drop_in(self, file: Path, to: Locator) -> None:
        """Let go of it."""
        self._drag_file("drop", file, to)

    def _drag_file(self, kind: str, file: Path, to: Locator) -> None:
        x, y = place(to)
        data = {"items": [], "files": [str(file)], "dragOperationsMask": 1}
        session = self.page.context.new_cdp_session(self.page)
        session.send("Input.dispatchDragEvent", {"type": kind, "x": x, "y": y, "data": data})
        session.detach()

    def serious(self) -> list[str]:
        """What axe finds in our parts of the window, in its theme, that keeps people out."""
        if not self.page.evaluate("() => 'axe' in window"):
            self.page.evaluate(Axe().axe_script)
        found = self.page.evaluate(AXE, [[part] for part in OURS])
        return [
            f"{each['id']}: {node['html']}"
            for each in found["violations"]
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def come_back(self) -> None:
        """Come back from another window, so that everything is looked at anew."""
        self.page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")

    def settle(self) -> None:
        """Wait until JupyterLab has saved where everything is."""
        with self.page.expect_response(
            lambda answer: "/api/workspaces/" in answer.url and answer.request.method == "PUT"
        ):
            self.page.evaluate("() => window.jupyterapp.commands.notifyCommandChanged()")


def place(of: Locator) -> tuple[float, float]:
    """A point within it, in pixels of the window."""
    box = of.bounding_box()
    assert box
    return box["x"] + min(60, box["width"] / 2), box["y"] + min(10, box["height"] / 2)
