"""The grid and the history as they were built, in a bare page of a real Chromium."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import BrowserContext, Page, Route

from tests.ui.conftest import browser, chromium, lab, repo, server, window

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

    def open_one(module: str, scheme: str = "light") -> Page:
        page = context.new_page()
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
    elif name in files or name in ("grid.js", "history.js", "progress.js"):
        path = files.get(name) or built / name
        kind = "text/html" if name == "" else "text/javascript"
        route.fulfill(body=path.read_text(), content_type=kind)
    else:
        route.fulfill(status=404, body="")
