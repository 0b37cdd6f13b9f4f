"""A line with room and a long way to the node: the phone does not fall behind, and nothing is lost where it breaks."""

from pathlib import Path

from playwright.sync_api import Page, Request, expect

from tests.journeys.conftest import Running
from tests.journeys.long_way import long_way
from tests.journeys.test_recording import open_by_words, safe_seconds, stop, widest_gap_ms
from tests.journeys.test_town import client_of_town
from tests.waiting import wait_until

ONE_WAY_S = 1.0
MOST_BEHIND = 10
"""Seconds: what waits, what is under way and what is being recorded make six. With one a request it was above thirty, and grew."""


class Sent:
    """Requests with seconds in them, as the browser makes them."""

    def __init__(self, page: Page) -> None:
        self.count, self.under_way, self.most = 0, 0, 0
        page.on("request", self._begun)
        page.on("requestfinished", self._ended)
        page.on("requestfailed", self._ended)

    def _begun(self, request: Request) -> None:
        if "/chunks" in request.url:
            self.count, self.under_way = self.count + 1, self.under_way + 1
            self.most = max(self.most, self.under_way)

    def _ended(self, request: Request) -> None:
        self.under_way -= "/chunks" in request.url


def recorded_seconds(page: Page) -> int:
    minutes, _, seconds = (page.locator("#clock").text_content() or "").partition(":")
    return int(minutes) * 60 + int(seconds)


def goes_on(page: Page) -> None:
    """Seconds become safe again."""
    before = safe_seconds(page)
    wait_until(lambda: safe_seconds(page) >= before + 4, 60)


def test_on_a_long_way_the_phone_does_not_fall_behind_and_a_line_that_breaks_loses_nothing(
    town: Running, phone: Page, tmp_path: Path, is_long: bool
) -> None:
    """Half a minute; a whole one with `--long`."""
    sent = Sent(phone)
    with long_way(town.town.ports.node, 0.0) as way:
        phone.goto(f"http://localhost:{way.port}/en/")
        phone.wait_for_load_state("networkidle")
        way.late_s = ONE_WAY_S
        phone.click("#record")
        expect(phone.locator("body.live")).to_be_visible()
        wait_until(lambda: safe_seconds(phone) >= (60 if is_long else 30), 180)
        behind = recorded_seconds(phone) - safe_seconds(phone)
        assert behind <= MOST_BEHIND
        assert sent.most == 1, "one request at a time: whatever is on the way, the oldest second is the first"
        for _ in range(2):
            wait_until(lambda: sent.under_way == 1, 60)
            way.cut()
            goes_on(phone)
        way.late_s = 0.0
        words = stop(phone)
    with client_of_town(town) as client:
        opened = open_by_words(client, words, tmp_path / "recording.tocsin")
    assert widest_gap_ms(opened) < 3_000
    assert (opened.events[0]["event"], opened.events[-1]["event"]) == ("start", "stop")
    assert sent.count < len(opened.inners), "several went together"
