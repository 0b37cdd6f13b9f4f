"""A real node with two witnesses and a timestamp authority on free ports, and a Chromium whose camera is a moving pattern.

`town` is shared by all journeys of a run: begin your own recordings and touch nobody else's. A journey that kills or fills
the node asks for `own_town`. Pages come from `phone` (360x640), `desk` (1366x768) or `open_page`. An error or warning on the
console of any of them fails the journey.
"""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.alerts.screens import Screens, serving_screens
from tests.chromium import CHROMIUM, FLAGS
from tests.serving import free_ports
from tocsin.clock import SystemClock
from tocsin.demo.children import Children
from tocsin.demo.run import running
from tocsin.demo.town import Ports, Town

expect.set_options(timeout=60_000)  # three browsers share two cores

WAIT_MS = 60_000
READS_S = 4
"""As long as a text may be read at most, step by step (the play of P4)."""
PHONE = (360, 640)
DESK = (1366, 768)
BEAT_S = 2
"""Quick, so that a journey sees its leaf: a city's is 60 s."""


class Running:
    """A town that is up, with what a journey may do to it."""

    def __init__(self, town: Town, children: Children) -> None:
        self.town = town
        self.children = children

    @property
    def url(self) -> str:
        return self.town.url


def town_in(folder: Path) -> Town:
    """A town on free ports. Nothing of it runs."""
    node, one, two, authority, door = free_ports(5)
    return Town(folder, Ports(node, (one, two), authority, door), beat_s=BEAT_S)


def start_town(folder: Path) -> Iterator[Running]:
    """A town in a folder, stopped afterwards."""
    town = town_in(folder)
    with running(town, SystemClock()) as children:
        yield Running(town, children)


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The town of this run."""
    yield from start_town(tmp_path_factory.mktemp("town"))


@pytest.fixture
def own_town(tmp_path: Path) -> Iterator[Running]:
    """A town that this journey may break."""
    yield from start_town(tmp_path / "town")


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium with a fake camera and microphone that are always allowed.

    One for each file: Playwright holds an event loop while it runs, and other tests bring their own.
    """
    assert os.access(CHROMIUM, os.X_OK), "./run test installs Debian's Chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


OpenPage = Callable[..., Page]


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """Opens pages, each in a profile of its own: `open_page(size, locale="es", dark=True)`."""
    contexts: list[BrowserContext] = []
    said: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    def new(size: tuple[int, int] = PHONE, *, locale: str = "en-US", dark: bool = False) -> Page:
        width, height = size
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme="dark" if dark else "light",
            permissions=["camera", "microphone"],
        )
        context.set_default_timeout(60_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", listen)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield new
    for context in contexts:
        context.close()
    unexpected = [text for text in said if "net::ERR" not in text and "the server responded with a status" not in text]
    assert not unexpected, "the page complained"


@pytest.fixture
def phone(open_page: OpenPage) -> Page:
    """A page as large as a small phone."""
    return open_page(PHONE)


@pytest.fixture
def desk(open_page: OpenPage) -> Page:
    """A page as large as a small laptop."""
    return open_page(DESK)


PageOf = Callable[..., Page]


class Watch:
    """Tells when each step was done, and how long it took beside what a person tolerates (`9-people.md` of the design)."""

    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def tell(self, step: str, screens: int = 0, tolerated: float = 0) -> None:
        """`screens`: so many were to be read; for who reads little each takes `READS_S` more, which nobody waits for here.
        `tolerated`: seconds for this step alone.
        """
        now = time.monotonic()
        passed, took = now - self._began, now - self._last
        reading = f" ({passed + screens * READS_S:.0f} s with {READS_S} s of reading at each of {screens} screens)"
        beside = f" ({took:.1f} s of {tolerated:g})"
        print(f"{passed:6.1f} s  {step}{reading if screens else ''}{beside if tolerated else ''}")
        self.skip()

    def skip(self) -> None:
        """What was done since the last step is no part of the next: axe looked, or somebody else acted."""
        self._last = time.monotonic()


@pytest.fixture(scope="module")
def screens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Screens]:
    with serving_screens(tmp_path_factory.mktemp("city")) as found:
        yield found


@pytest.fixture
def page_of(chromium: Browser) -> Iterator[PageOf]:
    """`page_of(size, who="", **options)`; an error or warning of a page fails the journey."""
    said: list[str] = []
    contexts = []

    def new(screens: Screens, size: tuple[int, int] = PHONE, who: str = "", **options: object) -> Page:
        context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, **options)  # type: ignore[arg-type]
        context.set_default_timeout(WAIT_MS)
        if who:
            context.add_cookies([{"name": "who", "value": who, "url": screens.url}])
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda line: said.append(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        return page

    yield new
    for context in contexts:
        context.close()
    assert not [text for text in said if "net::ERR" not in text and "the server responded with a status" not in text]
