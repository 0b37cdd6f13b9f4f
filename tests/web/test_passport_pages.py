"""The passport's pages as people see them: from the left and from the right, light and dark, narrow, and without script."""

import threading
from collections.abc import Iterator

import pytest
import uvicorn
from litestar import Litestar, get
from litestar.handlers import HTTPRouteHandler
from playwright.sync_api import Browser, expect

from tests.waiting import wait_until
from tests.web.conftest import DESK, PHONE, OpenPage
from tests.web.sample import page_config
from tests.web.test_accessible import NARROW, SMALL, findings_both_ways
from tocsin.passport import page_routes, pages
from tocsin.passport.counts import Counted
from tocsin.passport.model import Role
from tocsin.passport.training import CARDS
from tocsin.web import pages as own_pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.render import PageConfig
from tocsin.web.static_files import Built

COUNTED = [Counted(Role.CONFIRMER, 1, 23, None), Counted(Role.HELPER, 2, None, 20)]
EVERYTHING = """() => document.querySelectorAll('main [hidden]').forEach(one => {
  if (one.matches('input, fieldset ~ fieldset ~ fieldset ~ fieldset')) return;
  one.hidden = false;
  if (one.matches('ol')) one.append(document.createElement('li'));
  if (!one.textContent.trim() && !one.children.length) one.textContent = 'something';
})"""
"""Every state of a page at once: what a script shows and hides."""
SHOWN = ("passport", "passport/join", "passport/lost", "passport/train", "staff/passport")


def addresses(config: PageConfig) -> list[HTTPRouteHandler]:
    """The room's own pages; the stewards' with codes and counts, without who may see it."""

    def stewards(code: str) -> HTTPRouteHandler:
        drawn = pages.stewards(
            config,
            config.languages[code],
            COUNTED,
            is_founding=True,
            made=["abcde-fghjk"],
            kind="vouch",
            said="passport.burnt",
        )

        @get(f"/{code}/{pages.STEWARDS.path}", sync_to_thread=False)
        def shown() -> object:
            return page_routes.html(drawn)

        return shown

    found = [stewards(code) for code in config.languages]
    for language in config.languages.values():
        found += [page_routes.fixed_page(config, language, page) for page in pages.FIXED]
        found += page_routes.training_pages(config, language)
    return found


@pytest.fixture(scope="module")
def rooms(built: Built) -> Iterator[str]:
    """The pages on a loopback port."""
    config = page_config(built)
    application = Litestar([*own_pages.routes(config), *addresses(config)], openapi_config=None)
    server = uvicorn.Server(
        uvicorn.Config(with_headers(application, Site()), host="127.0.0.1", port=0, log_level="error", access_log=False)
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started, 60)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.mark.parametrize("path", SHOWN)
def test_every_state_of_a_page_is_for_everybody(opened: OpenPage, rooms: str, path: str) -> None:
    """axe both ways, light and dark; no sideways scrolling at 320 pixels; controls that a shaking thumb hits."""
    page = opened(f"{rooms}/es/{path}", viewport=NARROW)
    page.evaluate(EVERYTHING)
    for size in (NARROW, PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert not page.evaluate(SMALL)
    assert not findings_both_ways(page)


def test_without_script_a_page_says_so_and_the_training_works(chromium: Browser, rooms: str) -> None:
    with chromium.new_context(java_script_enabled=False, viewport=PHONE) as context:
        page = context.new_page()
        for path in ("passport", "passport/join", "passport/lost"):
            page.goto(f"{rooms}/en/{path}")
            expect(page.locator("noscript p.notice")).to_contain_text("which needs script")
            assert not page.locator("main form").first.is_visible(), "no form that would do nothing"
        page.goto(f"{rooms}/en/passport/train")
        for name, number in CARDS.items():
            page.check(f'input[name="{name}"][value="{number}"]')
        page.click("main form button")
        expect(page.locator("main [role=status]")).to_have_class("notice good")
