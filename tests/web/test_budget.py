"""The first screen is small: a phone on a weak network has it before the moment is over."""

import gzip

from playwright.sync_api import expect

from tests.web.conftest import OpenPage
from tests.web.sample import page_config
from tocsin.web.render import render
from tocsin.web.static_files import PREFIX, Built

FIRST_SCREEN = 13 * 1024
"""HTML, style and the screens' own script, gzipped: below what a server sends before it hears again (RFC 6928: ten segments).
It records, rings a lawyer, and leads to reports, alerts and membership."""

RECORDING_PATH = 60 * 1024
"""The same with everything that a recording loads."""


def weight(parts: list[bytes]) -> int:
    return sum(len(gzip.compress(part, 9)) for part in parts)


def drawn(built: Built) -> list[bytes]:
    rendered = render(page_config(built))
    scripts = [built.files[url.removeprefix(PREFIX)] for url in built.scripts("first")]
    return [rendered.pages["es", "first"], built.files[built.names["app.css"]], *scripts]


def test_the_first_screen_fits(built: Built) -> None:
    assert weight(drawn(built)) <= FIRST_SCREEN


def test_the_way_to_a_recording_fits(opened: OpenPage, node: str, built: Built) -> None:
    """Everything that a real browser asks for until it records, icons left out: they are not on the way."""
    names: set[str] = set()
    page = opened("about:blank", real=True, permissions=["camera", "microphone"])
    page.on("request", lambda request: names.add(request.url.rpartition("/")[2]))
    page.goto(f"{node}/es/")
    page.click("#record")
    expect(page.locator("body.live")).to_be_visible()
    loaded = [built.files[name] for name in names if name.endswith((".js", ".css")) and name in built.files]
    html = render(page_config(built)).pages["es", "first"]
    assert len(loaded) > 4
    assert weight([html, *loaded]) <= RECORDING_PATH


def test_every_page_is_light(built: Built) -> None:
    for page in render(page_config(built)).pages.values():
        assert len(gzip.compress(page, 9)) <= 50 * 1024
