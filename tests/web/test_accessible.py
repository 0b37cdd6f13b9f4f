"""axe-core over every page and state: from the left and from the right, light and dark. Any finding of WCAG 2.2 A or AA fails."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from tests.chromium import CHROMIUM, FLAGS
from tests.web.conftest import DESK, PHONE, OpenPage, opening
from tests.web.test_screens import UNDER_WAY, WORDS, move, record
from tocsin.crypto.words import word_list
from tocsin.web.render import PAGES, RETENTION, STATUS
from tocsin.web.static_files import Built

AXE = (Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js").read_text()
RULES: dict[str, dict[str, Any]] = {
    "light": {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "dark": {"runOnly": ["cat.color"], "rules": {"color-contrast-enhanced": {"enabled": False}}},
}
"""Between light and dark nothing differs but colours."""

NARROW: ViewportSize = {"width": 320, "height": 640}

SMALL = """() => [...document.querySelectorAll('a, button, input, textarea, summary')]
  .filter(one => one.checkVisibility() && !one.classList.contains('skip') && !one.closest('p, dd'))
  .map(one => [one.outerHTML.slice(0, 80), (one.closest('label') ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.height < 48 || box.width < 44).map(([html]) => html)"""
"""Controls too small for a shaking thumb; links within a sentence are text."""

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

STATES: dict[str, dict[str, Any]] = {
    "recording": {},
    "lost": {"network": "lost", "wakeLock": False, "isStored": False},
    "paused": {"phase": "paused"},
    "prompt": {"promptDueMs": 60_000},
    "words": {"phase": "words", "stoppedBecause": "person", "words": WORDS},
    "stopped": {"phase": "stopped", "stoppedBecause": "hidden", "stoppedAtMs": 70_000},
    "failed": {"phase": "failed", "stoppedBecause": "permission_refused"},
}


def findings(page: Page, schemes: Sequence[Literal["light", "dark"]] = SCHEMES) -> list[str]:
    """What axe found, in light and of colours in dark, each as rule and place. The script goes in past the page's policy."""
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": AXE})
    violations = []
    for scheme in schemes:
        page.emulate_media(color_scheme=scheme)
        violations += page.evaluate("rules => axe.run(document, rules)", RULES[scheme])["violations"]
    return [f"{one['id']}: {node['target']} {node['failureSummary']}" for one in violations for node in one["nodes"]]


def findings_both_ways(page: Page) -> list[str]:
    """The same from the left and from the right; colours do not turn round with the page."""
    page.evaluate("document.documentElement.dir = 'rtl'")
    found = findings(page, ["light"])
    page.evaluate("document.documentElement.dir = 'ltr'")
    return found + findings(page)


@pytest.mark.parametrize("path", [page.path for page in (*PAGES, RETENTION, STATUS)])
def test_pages(opened: OpenPage, node: str, path: str) -> None:
    assert not findings_both_ways(opened(f"{node}/en/{path}"))


@pytest.mark.parametrize("state", STATES)
def test_states(opened: OpenPage, node: str, state: str) -> None:
    page = opened(f"{node}/en/")
    record(page, **STATES[state])
    assert not findings_both_ways(page)


def test_a_language_read_from_the_right_turns_the_page_round(opened: OpenPage, node: str, mirrored: str) -> None:
    """The node says so itself: what the trials above turn round by hand comes that way."""
    assert opened(f"{node}/en/").get_attribute("html", "dir") == "ltr"
    page = opened(f"{mirrored}/en/")
    assert page.get_attribute("html", "dir") == "rtl"
    assert not findings(page)


@pytest.mark.parametrize("path", [page.path for page in PAGES])
def test_every_control_can_be_seen_and_hit(opened: OpenPage, node: str, path: str) -> None:
    """No sideways scrolling at 320 CSS pixels, which is also a desk at 400 % (WCAG 1.4.10); targets of 48 pixels (2.5.8 asks 24)."""
    page = opened(f"{node}/fr/{path}", viewport=NARROW)
    for size in (NARROW, PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert not page.evaluate(SMALL)


def test_text_grows_with_the_persons_own_spacing(opened: OpenPage, node: str) -> None:
    """WCAG 1.4.12, as a person's own style sheet would set it."""
    page = opened(f"{node}/en/", bypass_csp=True)
    page.add_style_tag(
        content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
    )
    record(page, **UNDER_WAY)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.fixture(scope="module")
def large(chromium: Browser) -> Iterator[Browser]:
    """A browser whose person reads twice the usual size."""
    flags = [*FLAGS, "--blink-settings=defaultFontSize=32"]
    browser = chromium.browser_type.launch(executable_path=CHROMIUM, args=flags)
    yield browser
    browser.close()


@pytest.mark.parametrize("language", ["es", "fr"])
def test_twice_the_size_of_text_does_not_scroll_sideways_on_a_small_phone(
    large: Browser, node: str, language: str
) -> None:
    page = large.new_page(viewport=NARROW)
    for each in (*PAGES, STATUS):
        page.goto(f"{node}/{language}/{each.path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], each.path
    page.close()


CUT = """() => ['mark-word', 'safe', 'here'].flatMap(id => {
  const node = document.getElementById(id).firstChild;
  return [...node.data.matchAll(/[^\\s\\u00ad]+/g)].filter(({ 0: word, index }) => {
    const range = document.createRange();
    range.setStart(node, Math.min(index + 1, index + word.length - 1));
    range.setEnd(node, index + word.length);
    return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1;
  }).map(([word]) => word);
})"""
"""Words of what is said of a recording that stand on two lines, but for where they may be divided with a hyphen."""


@pytest.fixture
def opened_large(large: Browser, built: Built) -> Iterator[OpenPage]:
    yield from opening(large, built)


def edges(page: Page, *places: str) -> list[float]:
    """Upper edge of the first and lower edges of all, from the top of the screen."""
    boxes = [page.locator(place).bounding_box() for place in places]
    assert all(boxes)
    return [boxes[0]["y"], *(box["y"] + box["height"] for box in boxes)]  # type: ignore[index]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_in_large_type_what_is_said_of_a_recording_is_whole_above_the_control_that_stops_it(
    opened_large: OpenPage, node: str, language: str
) -> None:
    page = opened_large(f"{node}/{language}/", viewport=NARROW)
    assert edges(page, "#record")[0] < 480
    assert page.evaluate("matchMedia('(max-width: 10rem)').matches"), "the font is the browser's own"
    record(page, **UNDER_WAY)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    assert page.evaluate("scrollY") == 0
    assert page.evaluate(CUT) == []
    top, bottom = edges(page, "#stop")
    assert bottom <= NARROW["height"]
    assert top >= max(edges(page, "#mark", "#safe", "#here"))
    assert bottom - top >= 64
    page.click("#stop")
    assert edges(page, "#stop")[0] >= max(edges(page, "#mark", "#safe", "#here")), "asked for the second tap"
    move(page, network="lost")
    assert page.locator("#preview").is_hidden()
    assert not findings(page)
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    assert max(edges(page, "#live .emergency")) <= edges(page, "#stop")[0]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_in_large_type_each_recovery_word_is_whole(opened_large: OpenPage, node: str, language: str) -> None:
    page = opened_large(f"{node}/{language}/", viewport=NARROW)
    longest = sorted(word_list(), key=len)[-7:]
    record(page, phase="words", stoppedBecause="person", words=longest)
    lines = "[...document.querySelectorAll('#words li')].map(one => one.getBoundingClientRect().height)"
    assert len({round(height) for height in page.evaluate(lines)}) == 1
    assert page.evaluate("document.querySelector('#words li').getBoundingClientRect().height") < 64
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_on_a_phone_held_sideways_words_and_control_share_the_screen(
    opened: OpenPage, node: str, language: str
) -> None:
    sideways: ViewportSize = {"width": 640, "height": 300}
    page = opened(f"{node}/{language}/", viewport=sideways)
    assert max(edges(page, "#record", "#rest .emergency")) <= sideways["height"]
    record(page, **UNDER_WAY)
    page.evaluate("document.getElementById('preview').hidden = false")
    assert page.evaluate("scrollY") == 0
    assert max(edges(page, "#mark", "#safe", "#here", "#stop")) <= sideways["height"]


def test_nothing_moves_for_who_asked_for_no_motion(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/", reduced_motion="reduce")
    moving = (
        "[...document.querySelectorAll('*')].filter(one => getComputedStyle(one).transitionDuration !== '0s').length"
    )
    assert page.evaluate(moving) == 0


def test_forced_colours_keep_an_edge_around_the_control(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/", forced_colors="active")
    assert page.evaluate("getComputedStyle(document.getElementById('record')).borderTopWidth") == "4px"
