"""Makes the README's pictures anew, from a real node and a real browser: `python -m tests.journeys.pictures`."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from tests.alerts.screens import serving_screens
from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import DESK, PHONE, Running, start_town
from tests.journeys.test_call import answers, go_on_duty
from tests.journeys.test_desk import sign_in
from tests.journeys.test_recording import safe_seconds, stop
from tests.journeys.test_town import client_of_town, desk_counts
from tests.rules.tree import ROOT
from tests.waiting import wait_until

FOLDER = ROOT / "docs" / "pictures"


def main() -> None:
    """First screen, recording, words, what the words show (in Spanish and dark), the legal desk, a call, an institution;
    a report's first question and a live alert.
    """
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for town in start_town(Path(folder)):
            with client_of_town(town) as client:
                wait_until(lambda: desk_counts(client), 60)
            with browser_page("en-US") as page:
                page.goto(f"{town.url}/en/")
                take(page, "first")
                page.click("#record")
                expect(page.locator("body.live")).to_be_visible()
                wait_until(lambda: safe_seconds(page) >= 5, 60)
                take(page, "recording")
                words = stop(page)
                take(page, "words")
            with browser_page("es-MX", dark=True) as page:
                recover(page, town, words)
                take(page, "recover")
            with browser_page("en-US") as page:
                lawyer = follow(page, town)
                take(lawyer, "desk")
                call(page, lawyer)
                take(page, "call")
            with browser_page("en-US", DESK) as page:
                institution(page, town)
                take(page, "registry")
    with tempfile.TemporaryDirectory() as folder, serving_screens(Path(folder)) as screens:
        with browser_page("es-MX") as page:
            page.goto(f"{screens.url}/report")
            page.locator("h1:visible").wait_for()
            take(page, "report")
        with browser_page("en-US") as page:
            screens.do(screens.city.published())
            page.goto(f"{screens.url}/en/alerts")
            expect(page.locator(".alert.real")).to_have_count(1)
            take(page, "alert")


def recover(page: Page, town: Running, words: str) -> None:
    """The recovery page after the words were given."""
    page.goto(f"{town.url}/es/recover")
    page.locator("input[type=text], textarea").first.fill(words)
    page.locator("button[type=submit], #fetch").first.click()
    page.locator("dl dd").first.wait_for(timeout=60_000)


def follow(page: Page, town: Running) -> Page:
    """The sample lawyer's page, who took what a phone records and plays it while it goes on."""
    assert page.context.browser
    width, height = DESK
    lawyer = page.context.browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.goto(f"{town.url}/en/")
    page.click("#record")
    wait_until(lambda: safe_seconds(page) >= 3, 60)
    sign_in(lawyer, town)
    lawyer.locator("tr", has_text="Recording now").locator(".pick").click()
    for act in ("Take it", "Open it", "Play"):
        lawyer.get_by_role("button", name=act, exact=True).click()
    wait_until(lambda: lawyer.evaluate("document.querySelector('video')?.currentTime > 3"), 60)
    lawyer.evaluate("scrollTo(0, 0)")
    return lawyer


def call(page: Page, lawyer: Page) -> None:
    """The phone that records is in a call with the lawyer who follows it."""
    go_on_duty(lawyer)
    answers(lawyer)
    expect(page.locator("#call")).to_contain_text("Sound is open", timeout=60_000)
    page.locator("#call").evaluate("one => one.scrollIntoView()")


def institution(page: Page, town: Running) -> None:
    """What the starter data knows of a vendor."""
    page.goto(f"{town.url}/en/registry?q=palantir&schema=Company")
    page.locator("a[href*='/registry/entity/']").first.click()
    page.wait_for_url("**/registry/entity/*")


@contextmanager
def browser_page(locale: str, size: tuple[int, int] = PHONE, *, dark: bool = False) -> Iterator[Page]:
    """A page of `size`."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            locale=locale,
            color_scheme="dark" if dark else "light",
            permissions=["camera", "microphone"],
        )
        yield context.new_page()
        browser.close()


def take(page: Page, name: str) -> None:
    """A picture of what is on the screen."""
    page.screenshot(path=FOLDER / f"{name}.png", animations="disabled")


if __name__ == "__main__":
    main()
