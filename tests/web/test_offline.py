"""The second visit needs no network, in the language of the first; and what a release keeps, it keeps whole."""

from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from tests.waiting import wait_until
from tests.web.conftest import OpenPage

CARDS = 6
HEARD = """async () => {
  const names = (await caches.keys()).filter(name => name.startsWith("release-"));
  const kept = await Promise.all(names.map(async name => (await (await caches.open(name)).keys()).map(({ url }) => url)));
  return kept.flat().filter(url => /card-es-[0-9a-f]{8}-/.test(url)).length;
}"""
WATCHES = """window.sounds = []; window.voiced = 0;
window.Audio = class extends Audio { constructor() { super(); sounds.push(this); } };
Object.defineProperty(window, "speechSynthesis", { value: { speak() { voiced += 1; }, cancel() {}, getVoices: () => [{}] } });"""
KEPT = "async language => !!(await caches.match(`/${language}/offline`))"


def visited(opened: OpenPage, node: str, language: str = "es") -> tuple[Page, BrowserContext]:
    """A first visit, until the worker has kept this language."""
    page = opened(f"{node}/{language}/", real=True, service_workers="allow", locale=language)
    wait_until(lambda: page.evaluate(KEPT, language))
    return page, page.context


def test_the_second_visit_needs_no_network(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node)
    context.set_offline(True)
    for path in ("", "rehearsal", "import", "about"):
        page.goto(f"{node}/es/{path}")
        expect(page.locator("h1").first).to_be_visible()
    page.goto(f"{node}/es/")
    page.click("#record")
    expect(page.locator("#live")).to_be_visible()


def test_the_door_opens_without_network_in_the_language_that_was_kept(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node, "fr")
    context.set_offline(True)
    page.goto(f"{node}/")
    assert page.url == f"{node}/fr/"


def test_a_page_that_was_not_kept_says_so_kindly(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node)
    context.set_offline(True)
    page.goto(f"{node}/es/recover")
    expect(page.locator("h1")).to_have_text("Sin red")
    assert page.locator('a[href="tel:911"]').count() == 1


def test_leaving_works_without_network(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node)
    context.set_offline(True)
    page.click("#exit")
    page.wait_for_url("**/es/measures")
    expect(page.locator("h1")).to_have_text("Medidas de cocina")


def test_only_the_language_in_use_is_kept(opened: OpenPage, node: str) -> None:
    page, _ = visited(opened, node)
    assert page.evaluate(KEPT, "en") is False


def test_what_is_kept_is_the_shell_and_nothing_of_anybody(opened: OpenPage, node: str) -> None:
    page, _ = visited(opened, node)
    addresses = page.evaluate(
        "async () => (await Promise.all((await caches.keys()).map(async name =>"
        " (await (await caches.open(name)).keys()).map(one => new URL(one.url).pathname)))).flat()"
    )
    is_shell: Callable[[str], bool] = lambda address: address.startswith(("/static/built/", "/es/"))  # noqa: E731
    assert addresses
    assert all(map(is_shell, addresses))


def test_a_kept_page_still_has_its_headers(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node)
    context.set_offline(True)
    page.goto(f"{node}/es/")
    assert page.evaluate("crossOriginIsolated") is True


def test_recorded_cards_are_read_without_network_and_stop_at_a_key(opened: OpenPage, node: str) -> None:
    page, context = visited(opened, node)
    wait_until(lambda: page.evaluate(HEARD) == CARDS)
    context.set_offline(True)
    page.add_init_script(WATCHES)
    page.goto(f"{node}/es/call")
    read, cards = page.locator("#alone-read"), page.locator("#alone-cards li")
    read.press("Enter")
    expect(cards.nth(0)).to_have_attribute("aria-current", "true")
    expect(read).to_have_text("Dejar de leer")
    wait_until(lambda: page.evaluate("sounds.some(one => one.currentTime > 0.2 && one.src.startsWith('blob:'))"))
    read.press("Enter")
    expect(read).to_have_text("Leer en voz alta")
    expect(page.locator("#alone-cards [aria-current]")).to_have_count(0)
    assert page.evaluate("sounds.every(one => one.paused)")
    assert page.evaluate("voiced") == 0, "the browser's own voice is for what has no recording"
