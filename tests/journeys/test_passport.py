"""A member's way through a browser: two vouchers and a training, tokens, one spent, a week later renewed, a vouch, and gone."""

import sys
from collections.abc import Iterator
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
from tocsin.tlog.token_keys import EPOCH_S, epoch_of

PASSPHRASE = "seven herons stood by the old canal"
PATIENT_MS = 60_000
NOW = "(() => { const now = document.getElementById('fetch-now'); if (now.checkVisibility()) now.click(); })()"
UNTIL_BEAT_MS = 240_000
"""The page waits by itself until a beat of the new week was seen, for five minutes."""


class Weeks(Running):
    """A town whose clock a journey moves."""

    def __init__(self, town: Town, children: Children, file: Path) -> None:
        super().__init__(town, children)
        self._file = file
        self._ahead_ms = int.from_bytes(file.read_bytes())

    def pass_one(self, page: Page) -> None:
        """For node, witnesses and phone. Nothing here waits for the week's first beat: no person does before opening the page."""
        self._ahead_ms += EPOCH_S * 1000
        write_ahead(self._file, self._ahead_ms)
        self.set_clock_of(page)

    def set_clock_of(self, page: Page) -> None:
        page.clock.set_fixed_time(datetime.fromtimestamp((SystemClock().now_ms() + self._ahead_ms) / 1000, UTC))

    def has_keys(self) -> bool:
        told = httpx.get(f"{self.town.url}/passport/keys", trust_env=False, timeout=30).json()
        return bool(told["keys"] and told["state"])


def midweek_ahead_ms() -> int:
    """From now to the middle of the next week: no journey begins as a week ends."""
    now_s = SystemClock().now_ms() // 1000
    return ((epoch_of(now_s) + 1) * EPOCH_S + EPOCH_S // 2 - now_s) * 1000


def write_ahead(file: Path, ahead_ms: int) -> None:
    """In the place of what stands there: running programs have the file mapped."""
    with file.open("r+b") as opened:
        opened.write(ahead_ms.to_bytes(8))


@pytest.fixture
def weeks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Weeks]:
    clock = tmp_path / "clock"
    clock.write_bytes(midweek_ahead_ms().to_bytes(8))
    monkeypatch.setattr(run, "PROGRAM", (sys.executable, "-m", "tests.journeys.shifted", str(clock)))
    node, one, two, authority, door = free_ports(5)
    town = Town(tmp_path / "town", Ports(node, (one, two), authority, door), beat_s=BEAT_S)
    with run.running(town, SystemClock()) as children:
        weeks = Weeks(town, children, clock)
        wait_until(weeks.has_keys, 180, step=0.2)
        yield weeks


def test_a_member_joins_spends_renews_vouches_and_leaves(weeks: Weeks, phone: Page) -> None:
    here = f"{weeks.town.url}/en/passport"
    phone.set_default_timeout(PATIENT_MS)
    weeks.set_clock_of(phone)
    phone.goto(f"{weeks.town.url}/en/about")
    phone.click("main a[href='/en/passport']")
    before = phone.locator("main").inner_text()
    join(phone, here, codes_of(weeks.town))
    phone.goto(here)
    assert phone.locator("main").inner_text() == before, "with a passport and without, the screen is the same"
    open_it(phone)
    expect(phone.locator("#left")).to_have_text("64")
    phone.click("#try")
    expect(phone.locator("#state")).to_contain_text("The node saw: confirmer, group", timeout=PATIENT_MS)
    expect(phone.locator("#left")).to_have_text("63")
    weeks.pass_one(phone)
    phone.goto(here)
    open_it(phone)
    renew(phone)
    expect(phone.locator("#left")).to_have_text("64")
    expect(phone.locator("#vouches")).to_have_text("5")
    get_ready(phone)
    phone.check("#met")
    phone.click("#vouch button[type=submit]")
    expect(phone.locator("#vouch-code")).to_have_text(members.SPELLED, timeout=PATIENT_MS)
    for _ in range(2):
        phone.click("#leave")
    expect(phone.locator("#problem")).to_contain_text("gone from this phone")
    phone.fill("#typed", PASSPHRASE)
    phone.click("#unlock button[type=submit]")
    expect(phone.locator("#problem")).to_contain_text("Nothing opens", timeout=PATIENT_MS)


def codes_of(town: Town) -> list[str]:
    """A vouch of each of two stewards, and a training code, from their pages."""
    people = {one.pseudonym: one for one in staff.known(town)}
    with staff.client_of(town) as client:
        cookies = [members.sign_in(client, people[name]) for name in STEWARDS]
        return members.codes(client, cookies)


def join(page: Page, here: str, codes: list[str]) -> None:
    page.goto(f"{here}/join")
    for field, code in zip(("#vouch-one", "#vouch-two", "#training"), codes, strict=True):
        page.fill(field, code)
    page.check("#adult")
    page.fill("#passphrase", PASSPHRASE)
    page.click("#passphrase-form button[type=submit]")
    expect(page.locator("#words li").or_(page.locator("#problem:visible")).first).to_be_visible(timeout=PATIENT_MS)
    assert page.locator("#problem").inner_text() == ""
    assert page.locator("#words li").count() == 7
    for _ in range(2):
        page.click("#words-have")
    expect(page.locator("#joined-as")).to_contain_text("64 tokens")
    assert page.locator("#words li").count() == 0


def open_it(page: Page) -> None:
    page.fill("#typed", PASSPHRASE)
    page.click("#unlock button[type=submit]")
    expect(page.locator("#held")).to_be_visible(timeout=PATIENT_MS)


def renew(page: Page) -> None:
    """Answer, and then not wait for the moment that the page draws."""
    expect(page.locator("#state")).to_contain_text("The week is over")
    answer(page, "#renew")
    expect(page.locator("#fetching-title")).to_be_focused()
    page.evaluate(NOW)  # in one step: on a slow machine the drawn moment may come first
    expect(page.locator("#state")).to_contain_text("Renewed", timeout=UNTIL_BEAT_MS)


def get_ready(page: Page) -> None:
    """Next week's answers, a week before: then it renews by itself, at a moment that the page draws."""
    page.click("#ready summary")
    answer(page, "#ready")
    expect(page.locator("#is-ready")).to_be_visible(timeout=PATIENT_MS)


def answer(page: Page, form: str) -> None:
    for card in page.locator(f"{form} fieldset:visible").all():
        number = CARDS[str(card.get_attribute("data-card"))]
        card.locator(f'input[value="{number}"]').check()
    page.click(f"{form} button[type=submit]")
