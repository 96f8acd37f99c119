"""Fixtures of the browser tests: Debian's Chromium, a Jupyter server, the students' copy in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from opened import APPLICATIONS, Notebook, Server, serve
from playwright.sync_api import Browser, Locator, Page, sync_playwright

ROOT = Path(__file__).parents[2]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def pytest_ignore_collect(collection_path, config):
    """What only takes pictures is no test."""
    unwanted = collection_path.name == "test_pictures.py" and not config.getoption("pictures")
    return True if unwanted else None


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = next(filter(None, map(shutil.which, NAMES)), None)
    if executable is None:
        pytest.skip(
            "no Chromium (apt-get install chromium), so not tested: the lesson in JupyterLab and "
            "Notebook, its accessibility, and that its pages load nothing from the network"
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("student")
    for application in APPLICATIONS:
        shutil.copy(ROOT / "release/softmax/softmax.ipynb", folder / f"{application}.ipynb")
    with serve(folder, tmp_path_factory.mktemp("home")) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page that reaches 127.0.0.1 only; the tests fail if it tried to reach anything else."""
    context = browser.new_context(
        viewport={"width": 1100, "height": 900}, device_scale_factor=1.5, reduced_motion="reduce"
    )
    elsewhere = []

    def only_here(route):
        url = urlsplit(route.request.url)
        if url.hostname == "127.0.0.1" or url.scheme in ("data", "blob", "file"):
            route.continue_()
        else:
            elsewhere.append(route.request.url)
            route.abort()

    context.route("**/*", only_here)
    page = context.new_page()
    page.on("websocket", lambda socket: elsewhere.extend(_if_elsewhere(socket.url)))
    yield page
    context.close()
    assert elsewhere == [], "the page asked for something from the network"


def _if_elsewhere(url: str) -> list[str]:
    return [] if urlsplit(url).hostname == "127.0.0.1" else [url]


@pytest.fixture(scope="module", params=APPLICATIONS)
def application(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def notebook(server: Server, page: Page, application: str) -> Notebook:
    """The students' copy, opened in a fresh page; the tests of a module follow one another."""
    return Notebook(page, server, application, f"{application}.ipynb")


@pytest.fixture
def picture(request):
    """Return a function that takes one of the README's pictures, where they are wanted."""
    folder = request.config.getoption("pictures")

    def take(what: Locator, name: str) -> None:
        if folder:
            what.screenshot(path=Path(folder) / f"{name}.png")

    return take
