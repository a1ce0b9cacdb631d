"""The grid and the history as they were built, in a bare page of a real Chromium."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, Route

import jupyter_datasets as jd
from jupyter_datasets.client.dataset import Dataset
from tests.ui.conftest import browser, chromium, lab, repo, server, window
from tests.widgets.flights import make_flights

__all__ = ["browser", "chromium", "lab", "repo", "server", "window"]  # fixtures of these tests as well

ROOT = Path(__file__).parents[2]
STATIC = ROOT / "jupyter_datasets" / "notebook" / "widgets" / "static"
ADDRESS = "http://localhost/"  # a secure context, so that there is a clipboard

Open = Callable[..., Page]


@pytest.fixture(scope="session")
def built() -> Path:
    """The folder of the built JavaScript."""
    if not (STATIC / "grid.js").is_file():
        if os.environ.get("JD_REQUIRE_CHROMIUM") == "1":
            pytest.fail("The widgets are not built, and JD_REQUIRE_CHROMIUM asks for them.")
        pytest.skip("The widgets are not built: run 'jlpm build:widgets' in labextension.")
    return STATIC


@pytest.fixture
def open_page(browser: BrowserContext, built: Path) -> Iterator[Open]:
    """Opens a page that runs a module; an error that nothing catches fails the test."""
    errors: list[str] = []
    assert browser.browser is not None
    context = browser.browser.new_context(viewport={"width": 920, "height": 860})
    context.grant_permissions(["clipboard-read", "clipboard-write"])

    def open_one(module: str, scheme: str = "light", prepare: Callable[[Page], object] = lambda _: None) -> Page:
        page = context.new_page()
        prepare(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        page.route("**/*", lambda route: _answer(route, built, module))
        page.goto(ADDRESS)
        return page

    yield open_one
    context.close()
    assert errors == []


def _answer(route: Route, built: Path, module: str) -> None:
    name = urlsplit(route.request.url).path.lstrip("/")
    files = {"": Path(__file__).with_name("page.html"), "module.js": None}
    if name == "module.js":
        route.fulfill(body=module, content_type="text/javascript")
    elif name in files or (built / name).is_file():
        path = files.get(name) or built / name
        kind = "text/html" if name == "" else "text/javascript"
        route.fulfill(body=path.read_text(), content_type=kind)
    else:
        route.fulfill(status=404, body="")


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with branches that went apart, to be copied."""
    store = tmp_path_factory.mktemp("flights") / "store"
    with jd.connect(store) as repo:
        make_flights(repo)
    return store


@pytest.fixture
def flights(filled: Path, tmp_path: Path) -> Iterator[Dataset]:
    """Branches that went apart, in a store of this process."""
    shutil.copytree(filled, tmp_path / "store")
    with jd.connect(tmp_path / "store") as repo:
        yield repo["flights"]


def violations(page: Page) -> list[tuple[str, str]]:
    """What axe finds: a rule, and the first element that breaks it."""
    return [(each["id"], each["nodes"][0]["html"][:200]) for each in Axe().run(page).response["violations"]]
