"""The registry in a real browser, without script: axe in both colour schemes, a phone and a desk, in Spanish and French too."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from litestar import Litestar

from tests.crypto.counted_clock import CountedClock
from tests.waiting import wait_until
from tests.web.conftest import DESK, PHONE, OpenPage
from tests.web.sample import page_config
from tests.web.test_accessible import findings
from tocsin.registry import routes
from tocsin.registry.room import Registry
from tocsin.store.db import Database
from tocsin.web import pages
from tocsin.web.headers import Site, with_headers
from tocsin.web.static_files import Built

PATHS = ("/en/registry?q=%22skip+tracing%22", "/es/registry/entity/tf-f020", "/fr/registry/entity/tf-org-palantir")


@pytest.fixture(scope="module")
def address(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the registry is served on a free loopback port."""
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('registry') / 'node.db'}")
    database.migrate()
    config = page_config(built)
    handlers = [*pages.routes(config), *routes.routes(Registry.open(database, CountedClock()), config)]
    app = with_headers(Litestar(handlers, exception_handlers={**pages.failures(config)}, openapi_config=None), Site())
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", access_log=False))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()
        database.close()


@pytest.mark.parametrize("path", PATHS)
def test_every_page_can_be_read_by_everybody(opened: OpenPage, address: str, path: str) -> None:
    page = opened(f"{address}{path}")
    assert not findings(page)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_a_search_is_a_form_and_a_filter_a_link(opened: OpenPage, address: str) -> None:
    page = opened(f"{address}/en/registry")
    page.get_by_label("Search names and words").fill('"skip tracing"')
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="2025 (7)").click()
    assert page.get_by_role("heading", name="7 results").is_visible()
    page.get_by_role("link", name="Bluehawk").first.click()
    assert Path(page.url).name == "tf-f035"
    assert page.get_by_text("201,400,000 USD").first.is_visible()
