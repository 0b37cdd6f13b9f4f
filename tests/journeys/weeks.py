"""A town whose clock a journey moves, and a member who walks through its weeks in a browser."""

import json
import sys
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import BEAT_S, Running
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.demo import members, run, staff
from tocsin.demo.children import Children
from tocsin.demo.town import STEWARDS, Ports, Town
from tocsin.passport.training import CARDS
from tocsin.tlog.entry import TOKEN_KEYS
from tocsin.tlog.token_keys import EPOCH_S, epoch_of

PASSPHRASE = "seven herons stood by the old canal"
PATIENT_MS = 60_000
BEAT_WAIT_S = 180
NOW = "(() => { const now = document.getElementById('fetch-now'); if (now.checkVisibility()) now.click(); })()"
UNTIL_BEAT_MS = 240_000
"""The page waits by itself until a beat of the new week was seen, for five minutes."""


class Weeks(Running):
    """A town whose clock a journey moves."""

    def __init__(self, town: Town, children: Children, file: Path) -> None:
        super().__init__(town, children)
        self._file = file
        self._ahead_ms = int.from_bytes(file.read_bytes())

    @property
    def here(self) -> str:
        return f"{self.url}/en/passport"

    @property
    def now_s(self) -> float:
        return (SystemClock().now_ms() + self._ahead_ms) / 1000

    def pass_one(self, *, wait: bool = True) -> None:
        """For node and witnesses. `wait` until a phone can believe the new week's keys: no person does before opening the page."""
        self._ahead_ms += EPOCH_S * 1000
        write_ahead(self._file, self._ahead_ms)
        if wait:
            self.wait_for_keys()

    def set_clock_of(self, page: Page) -> None:
        page.clock.set_fixed_time(datetime.fromtimestamp(self.now_s, UTC))

    def wait_for_keys(self) -> None:
        """Until a beat of this week that a witness saw says which keys there are."""
        wait_until(lambda: self._said_epoch() == epoch_of(int(self.now_s)), BEAT_WAIT_S, step=0.2)

    def _said_epoch(self) -> int:
        told = httpx.get(f"{self.url}/passport/keys", trust_env=False, timeout=30).json()
        if not (told["keys"] and told["state"]):
            return 0
        said: dict[str, int] = json.loads(b64decode(told["state"]["entry"]).removeprefix(TOKEN_KEYS))
        return said["epoch"]


def midweek_ahead_ms() -> int:
    """From now to the middle of the next week: no journey begins as a week ends."""
    now_s = SystemClock().now_ms() // 1000
    return ((epoch_of(now_s) + 1) * EPOCH_S + EPOCH_S // 2 - now_s) * 1000


def write_ahead(file: Path, ahead_ms: int) -> None:
    """In the place of what stands there: running programs have the file mapped."""
    with file.open("r+b") as opened:
        opened.write(ahead_ms.to_bytes(8))


@contextmanager
def running(folder: Path) -> Iterator[Weeks]:
    """A town in `folder`, in the middle of a week, whose keys stand in the log."""
    clock = folder / "clock"
    clock.write_bytes(midweek_ahead_ms().to_bytes(8))
    node, one, two, authority, door = free_ports(5)
    town = Town(folder / "town", Ports(node, (one, two), authority, door), beat_s=BEAT_S)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "PROGRAM", (sys.executable, "-m", "tests.journeys.shifted", str(clock)))
        with run.running(town, SystemClock()) as children:
            weeks = Weeks(town, children, clock)
            weeks.wait_for_keys()
            yield weeks


def codes_of(town: Town) -> list[str]:
    """A vouch of each of two stewards, and a training code, from their pages."""
    people = {one.pseudonym: one for one in staff.known(town)}
    with staff.client_of(town) as client:
        cookies = [members.sign_in(client, people[name]) for name in STEWARDS]
        return members.codes(client, cookies)


def join(page: Page, weeks: Weeks) -> list[str]:
    """The seven words that the page shows once."""
    page.goto(f"{weeks.here}/join")
    for field, code in zip(("#vouch-one", "#vouch-two", "#training"), codes_of(weeks.town), strict=True):
        page.fill(field, code)
    page.check("#adult")
    page.fill("#passphrase", PASSPHRASE)
    page.click("#passphrase-form button[type=submit]")
    expect(page.locator("#words li").or_(page.locator("#problem:visible")).first).to_be_visible(timeout=PATIENT_MS)
    assert page.locator("#problem").inner_text() == ""
    seven = page.locator("#words li").all_inner_texts()
    assert len(seven) == 7
    tap_twice(page, "#words-have")
    expect(page.locator("#joined-as")).to_contain_text("64 tokens")
    assert page.locator("#words li").count() == 0
    return seven


def open_it(page: Page, weeks: Weeks) -> None:
    page.goto(weeks.here)
    page.fill("#typed", PASSPHRASE)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#held")).to_be_visible(timeout=PATIENT_MS)


def renew(page: Page) -> None:
    """Answer, and then not wait for the moment that the page draws."""
    expect(page.locator("#renew")).to_be_visible()
    answer(page, "#renew")
    page.evaluate(NOW)  # in one step: on a slow machine the drawn moment may come first


def answer(page: Page, form: str) -> None:
    for card in page.locator(f"{form} fieldset:visible").all():
        number = CARDS[str(card.get_attribute("data-card"))]
        card.locator(f'input[value="{number}"]').check()
    page.click(f"{form} button[type=submit]")


def tap_twice(page: Page, control: str) -> None:
    """Two taps in one step: on a slow machine the four seconds between them may pass."""
    page.locator(control).evaluate("one => { one.click(); one.click(); }")
