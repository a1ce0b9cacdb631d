"""A real JupyterLab with a store of its own, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, expect, sync_playwright

import jupyter_datasets as jd
from tests.ui.data import LONG, write_flights
from tests.ui.hands import Hand, Keyboard, Mouse
from tests.ui.lab import SLOW, Lab
from tests.ui.server import TOKEN, Server

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium."""
    found = os.environ.get("JD_CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        if os.environ.get("JD_REQUIRE_CHROMIUM") == "1":
            pytest.fail("There is no Chromium, and JD_REQUIRE_CHROMIUM asks for one.")
        pytest.skip("There is no Chromium.")
    return found


@pytest.fixture(scope="session")
def server(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:  # noqa: ARG001  # none without a browser
    """The server of all tests."""
    server = Server(tmp_path_factory.mktemp("lab"))
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[BrowserContext]:
    """A browser of a module, with one cache: longer lived, its event loop would be in the way of other tests."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        expect.set_options(timeout=SLOW)
        yield browser.new_context(viewport={"width": 1280, "height": 800})
        browser.close()


@pytest.fixture(scope="module")
def window(browser: BrowserContext, server: Server) -> Iterator[Lab]:
    """JupyterLab on the shared server, loaded once for a module: loading it takes most of a test's time."""
    lab = Lab(browser.new_page(), f"{server.url}/lab/workspaces/{uuid.uuid4().hex}?token={TOKEN}")
    lab.load()
    yield lab
    lab.clear()


@pytest.fixture(scope="session")
def long_file(server: Server) -> str:
    """The name of a CSV file in the file browser's folder that takes some seconds to import."""
    write_flights(server.files / "long.csv", LONG)
    return "long.csv"


@pytest.fixture
def repo(server: Server) -> Iterator[jd.Repository]:
    """The store of the shared server, without datasets at first."""
    with jd.connect(server.url, token=TOKEN) as repo:
        for dataset in repo.datasets():
            dataset.delete()
        yield repo


@pytest.fixture
def lab(window: Lab, repo: jd.Repository) -> Iterator[Lab]:  # noqa: ARG001  # the store is emptied first
    """JupyterLab on the shared server, as it is after it was loaded."""
    window.clear()
    yield window
    assert window.faults == []


@pytest.fixture(params=[Mouse, Keyboard])
def hand(lab: Lab, request: pytest.FixtureRequest) -> Hand:
    """The mouse in light, and the keyboard in dark: together they see each screen of a story in both."""
    hand: Hand = request.param(lab)
    lab.use_theme(hand.theme)
    return hand
