"""A member's weeks in browsers: joined, spent, renewed by hand and by itself, burnt and replaced, lost and moved, left."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, Request, expect

from tests.journeys.conftest import DESK, PHONE, OpenPage
from tests.journeys.test_desk import sign_in
from tests.journeys.weeks import (
    PASSPHRASE,
    PATIENT_MS,
    UNTIL_BEAT_MS,
    Weeks,
    answer,
    join,
    open_it,
    renew,
    running,
    tap_twice,
)
from tocsin.demo import members

LATEST_MS = 90_000
"""After so long the drawn moment has come (`client/src/passport/moment.ts`)."""


@pytest.fixture(scope="module")
def weeks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Weeks]:
    """One town for these journeys: each begins in the week in which the one before it ended."""
    with running(tmp_path_factory.mktemp("weeks")) as found:
        yield found


def test_a_member_joins_spends_renews_vouches_and_leaves(weeks: Weeks, phone: Page) -> None:
    weeks.set_clock_of(phone)
    phone.goto(f"{weeks.url}/en/about")
    phone.click("main a[href='/en/passport']")
    before = phone.locator("main").inner_text()
    join(phone, weeks)
    phone.goto(weeks.here)
    assert phone.locator("main").inner_text() == before, "with a passport and without, the screen is the same"
    open_it(phone, weeks)
    expect(phone.locator("#left")).to_have_text("64")
    phone.click("#try")
    expect(phone.locator("#state")).to_contain_text("The node saw: confirmer, group")
    expect(phone.locator("#left")).to_have_text("63")
    weeks.pass_one(wait=False)
    weeks.set_clock_of(phone)
    open_it(phone, weeks)
    renew(phone)
    expect(phone.locator("#state")).to_contain_text("Renewed", timeout=UNTIL_BEAT_MS)
    expect(phone.locator("#left")).to_have_text("64")
    expect(phone.locator("#vouches")).to_have_text("5")
    phone.check("#met")
    phone.click("#vouch button[type=submit]")
    expect(phone.locator("#vouch-code")).to_have_text(members.SPELLED)
    tap_twice(phone, "#leave")
    expect(phone.locator("#problem")).to_contain_text("gone from this phone")
    phone.fill("#typed", PASSPHRASE)
    phone.click("#unlock button[type=submit]")
    expect(phone.locator("#problem")).to_contain_text("Nothing opens")


def test_seven_words_move_a_lost_phones_membership_and_the_lost_one_renews_nothing(
    weeks: Weeks, open_page: OpenPage
) -> None:
    lost, new = open_page(PHONE), open_page(PHONE)
    for page in (lost, new):
        weeks.set_clock_of(page)
    seven = join(lost, weeks)
    new.goto(f"{weeks.here}/lost")
    new.fill("#seven", " ".join(seven))
    new.fill("#passphrase", PASSPHRASE)
    answer(new, "#passphrase-form")
    expect(new.locator("#found-what")).to_contain_text("lost phone renews nothing", timeout=PATIENT_MS)
    assert new.locator("#seven").input_value() == "", "the words stand nowhere on the page any more"
    weeks.pass_one()
    for page in (lost, new):
        weeks.set_clock_of(page)
        open_it(page, weeks)
        expect(page.locator("#left")).to_have_text("0")
        renew(page)
    expect(lost.locator("#problem")).to_contain_text("this phone was replaced", timeout=UNTIL_BEAT_MS)
    expect(new.locator("#state")).to_contain_text("Renewed", timeout=UNTIL_BEAT_MS)
    expect(new.locator("#left")).to_have_text("64")


def test_answers_kept_ahead_renew_at_a_drawn_moment_and_a_burnt_role_has_new_tokens_within_minutes(
    weeks: Weeks, open_page: OpenPage
) -> None:
    phone, desk, asked = open_page(PHONE), open_page(DESK), list[str]()
    phone.on("request", lambda request: asked.append(request.url) if is_issue(request) else None)
    phone.clock.install(time=datetime.fromtimestamp(weeks.now_s, UTC))
    join(phone, weeks)
    open_it(phone, weeks)
    phone.click("#ready summary")
    answer(phone, "#ready")
    expect(phone.locator("#is-ready")).to_be_visible()
    weeks.pass_one()
    asked.clear()
    # From here no timer of the page runs but those that are let run: the moment cannot come while nobody looks.
    phone.clock.pause_at(datetime.fromtimestamp(weeks.now_s, UTC))
    open_it(phone, weeks)
    expect(phone.locator("#fetching")).to_be_visible()
    expect(phone.locator("#state")).to_contain_text("on their way")
    assert not asked, "opening it is not the moment"
    phone.clock.run_for(LATEST_MS)
    phone.clock.resume()
    expect(phone.locator("#state")).to_contain_text("Renewed", timeout=UNTIL_BEAT_MS)
    assert len(asked) == 1
    expect(phone.locator("#left")).to_have_text("64")
    burn_and_replace(weeks, phone, desk)
    renew_after_it(weeks, phone, desk)


def is_issue(request: Request) -> bool:
    return request.url.endswith("/passport/issue")


def burn_and_replace(weeks: Weeks, phone: Page, desk: Page) -> None:
    """A steward sees no count under five, and takes all tokens of a role back; a phone hears it from a refusal and has new ones."""
    stewards = f"{weeks.url}/en/staff/passport"
    sign_in(desk, weeks, 0)
    desk.goto(stewards)
    counted = desk.locator("table td.number").all_inner_texts()
    assert counted
    assert set(counted) == {"under 5"}, "a few people are no count"
    desk.check("form[action$=burn] input[value=confirmer]")
    desk.check("form[action$=burn] input[name=sure]")
    desk.click("form[action$=burn] button")
    expect(desk.locator("#said")).to_contain_text("Burnt")
    phone.click("#try")
    expect(phone.locator("#problem")).to_contain_text("took back")
    expect(phone.locator("#trying")).to_be_hidden()
    open_it(phone, weeks)  # it was closed meanwhile, and knows still
    expect(phone.locator("#state")).to_contain_text("took back")
    answer(phone, "#replace")
    expect(phone.locator("#problem")).to_contain_text("Ask a trainer", timeout=UNTIL_BEAT_MS)
    phone.fill("#training", training_code(weeks, desk))
    phone.click("#replace button[type=submit]")
    expect(phone.locator("#state")).to_contain_text("New tokens", timeout=UNTIL_BEAT_MS)
    expect(phone.locator("#left")).to_have_text("64")
    phone.click("#try")
    expect(phone.locator("#state")).to_contain_text("The node saw: confirmer, group")


def renew_after_it(weeks: Weeks, phone: Page, desk: Page) -> None:
    """Nobody waits a burning out: who renews in the week after it is asked for a training code, and has their tokens with one."""
    weeks.pass_one()
    weeks.set_clock_of(phone)
    open_it(phone, weeks)
    renew(phone)
    expect(phone.locator("#problem")).to_contain_text("Ask a trainer", timeout=UNTIL_BEAT_MS)
    phone.fill("#training-again", training_code(weeks, desk))
    renew(phone)
    expect(phone.locator("#state")).to_contain_text("Renewed", timeout=UNTIL_BEAT_MS)
    expect(phone.locator("#left")).to_have_text("64")


def training_code(weeks: Weeks, desk: Page) -> str:
    desk.goto(f"{weeks.url}/en/staff/passport")
    desk.check("form[action$=training] input[value=confirmer]")
    desk.click("form[action$=training] button")
    return desk.locator("ul.codes li").first.inner_text()
