"""A real JupyterLab with a store of its own, and a real Chromium to look at it."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator

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
    found = os.environ.get("JD_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )
    if found is None:
        if os.environ.get("JD_REQUIRE_CHROMIUM") == "1":
            pytest.fail("There is no Chromium, and JD_REQUIRE_CHROMIUM asks for one.")
        pytest.skip("There is no Chromium.")
    return found


@pytest.fixture(scope="session")
def new_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Server]]:
    """Starts servers, which are stopped in the end."""
    servers: list[Server] = []

    def start() -> Server:
        servers.append(server := Server(tmp_path_factory.mktemp("lab")))
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def server(chromium: str, new_server: Callable[[], Server]) -> Server:  # noqa: ARG001  # no server where no browser is
    """The server that most tests share."""
    return new_server()


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
    lab = load(browser, server)
    yield lab
    lab.clear()


def load(browser: BrowserContext, server: Server) -> Lab:
    """Open JupyterLab in a new window, with a workspace of its own."""
    lab = Lab(browser.new_page(), f"{server.url}/lab/workspaces/{uuid.uuid4().hex}?token={TOKEN}")
    lab.load()
    return lab


@pytest.fixture
def open_lab(browser: BrowserContext) -> Iterator[Callable[[Server], Lab]]:
    """Opens JupyterLab on a server, in a window that goes with the test."""
    labs: list[Lab] = []

    def open_(server: Server) -> Lab:
        labs.append(lab := load(browser, server))
        return lab

    yield open_
    for lab in labs:
        lab.page.close()
    assert [fault for lab in labs for fault in lab.faults] == []


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
