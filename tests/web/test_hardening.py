"""The policy in a real browser: what may not run does not, nobody else is asked, and without script every page still helps."""

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.web.conftest import PHONE, OpenPage
from tocsin.web.render import PAGES

SCRIPTED = [page for page in PAGES if page.is_scripted]


@pytest.mark.parametrize("path", [page.path for page in SCRIPTED])
def test_markup_from_a_string_and_script_in_a_page_do_nothing(chromium: Browser, node: str, path: str) -> None:
    """As an attacker who got a string into the page would try it: a sink, an inline script, an inline handler, a foreign script."""
    with chromium.new_context(service_workers="block") as context:
        page = context.new_page()
        page.goto(f"{node}/en/{path}")
        with pytest.raises(Exception, match="TrustedHTML"):
            page.evaluate("document.body.innerHTML = '<img src=x onerror=\"window.ran = 1\">'")
        page.evaluate(
            """() => {
              const script = document.createElement('script');
              script.append(document.createTextNode('window.ran = 1'));
              document.body.append(script);
              const picture = document.createElement('img');
              picture.setAttribute('src', '/nothing');
              try { picture.setAttribute('onerror', 'window.ran = 1'); } catch {}
              document.body.append(picture);
            }"""
        )
        with pytest.raises(Exception, match="TrustedScriptURL"):
            page.evaluate("document.createElement('script').src = 'https://elsewhere.example/x.js'")
        with pytest.raises(Exception, match="disallowed"):
            page.evaluate("trustedTypes.createPolicy('another', {})")
        assert page.evaluate("window.ran") is None


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_nobody_else_is_asked_for_anything(opened: OpenPage, node: str, path: str) -> None:
    hosts: set[str] = set()
    page = opened("about:blank", real=True, service_workers="allow")
    page.context.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(f"{node}/en/{path}")
    page.wait_for_load_state("networkidle")
    assert hosts == {node.split("/")[2]}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_without_script_a_page_says_what_one_can_do(opened: OpenPage, node: str, page: object) -> None:
    path = getattr(page, "path")  # noqa: B009
    drawn = opened(f"{node}/en/{path}", java_script_enabled=False)
    expect(drawn.locator("h1").first).to_be_visible()
    if not getattr(page, "is_scripted"):  # noqa: B009
        return
    expect(drawn.locator("noscript .notice")).to_contain_text("your phone’s own camera")
    assert drawn.locator("button:visible, input:visible, textarea:visible").count() == 0
    if path == "":
        expect(drawn.locator("a.emergency").first).to_be_visible()


def test_the_camera_is_for_pages_that_film_or_talk(opened: OpenPage, node: str) -> None:
    allowed = {}
    for page in SCRIPTED:
        drawn = opened(f"{node}/en/{page.path}")
        allowed[page.name] = drawn.evaluate("document.featurePolicy.allowsFeature('camera')")
    assert {name for name, is_allowed in allowed.items() if is_allowed} == {"first", "rehearsal", "call", "join"}


def test_leaving_is_quick_and_empties_the_cache_of_this_node(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/", viewport=PHONE)
    with page.expect_response(lambda answer: answer.url.endswith("/leave")) as answered:
        page.click("#exit")
    assert answered.value.all_headers()["clear-site-data"] == '"cache"'
    page.wait_for_url(re.compile("/measures$"), timeout=60_000)
