"""Who is on duty to look, in a browser, by keyboard: asked for an area and nothing finer, in waves, stood down, and releasing."""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.alerts.screens import Screens, serving_screens
from tests.alerts.world import AREA, PACK
from tests.journeys.conftest import DESK, PageOf, Watch
from tests.journeys.passports import PASSPHRASE, put_passport
from tests.waiting import wait_until
from tests.web.test_accessible import findings_both_ways
from tocsin.alerts import queries
from tocsin.alerts.model import SILENCE_S, Answer, MatterId
from tocsin.web import i18n

PLACE = next(area for area in PACK.areas if area.id == AREA)
SAY = {code: language.say for code, language in i18n.load().items()}


def say(key: str, **values: object) -> str:
    return SAY["en"](key, **values)


def test_a_confirmer_is_asked_in_waves_looks_releases_and_is_stood_down(tmp_path: Path, page_of: PageOf) -> None:
    with serving_screens(tmp_path) as screens:
        pa, dee = page_of(screens), page_of(screens, DESK, "Dee")
        watch = Watch()
        begin(pa, screens)
        watch.tell("on duty: a passphrase and one key")
        others = screens.do(screens.city.on_duty(2, 3, 4, 2, 3))
        dee.goto(f"{screens.url}/en/alert-desk")
        first = asked_about(dee, screens)
        expect(pa.locator("#asked h3")).to_have_text(say("duty.ask", area=PLACE.name))
        watch.tell("asked: an area, and free?")
        card = pa.locator("#asked").inner_text()
        assert not any(street in card for street in ("Street", "Avenue")), "nothing finer than the area"
        assert not findings_both_ways(pa)
        assert states(screens, first) == [Answer.ASKED] * 4, "four of six, and no more"
        screens.do(screens.city.later(SILENCE_S + 1))
        expect(pa.locator("#asked")).to_contain_text(say("duty.said_silent", area=PLACE.name))
        wait_until(lambda: states(screens, first) == [Answer.ASKED] * 2 + [Answer.SILENT] * 4)
        watch.tell("a minute of silence later others are asked")
        dee.keyboard.press("x")
        expect(pa.locator("#asked section")).to_have_count(0)
        second = asked_about(dee, screens)
        expect(pa.get_by_role("button", name=say("duty.yes"))).to_be_visible()
        press(pa, say("duty.yes"))
        press(pa, say("duty.seen", kind=say("report.kind_street-check")))
        expect(pa.locator("#asked")).to_contain_text(say("duty.said_seen", area=PLACE.name))
        watch.tell("went, and saw it")
        speak_one(screens, others)
        press(pa, say("duty.release"))
        expect(pa.locator("#problem")).to_have_text(say("duty.released"))
        assert not screens.city.posted, "one of two"
        expect(dee.locator("#slot-1")).to_have_text(say("adesk.slot_done"))
        dee.keyboard.press("r")
        wait_until(lambda: screens.city.posted)
        watch.tell("released by her and by the desk")
        assert second != asked_about(dee, screens)
        expect(pa.locator("#asked h3")).to_have_text(say("duty.ask", area=PLACE.name))
        dee.keyboard.press("e")
        expect(pa.locator("#asked")).to_contain_text(say("duty.said_stood-down", area=PLACE.name, number="911"))
        watch.tell("enough: not needed, keep away")
        press(pa, say("duty.end"))
        expect(pa.locator("#ended")).to_be_visible()
        assert screens.city.alerts.duty.count() == len(others), "of her duty nothing is left"
        for page in (pa, dee):
            page.context.close()


def begin(page: Page, screens: Screens) -> None:
    """On duty with one token of the first cohort, by keyboard alone."""
    page.goto(f"{screens.url}/en/duty")
    put_passport(page, 1, [bytes([1]) * 33])
    page.locator("#passphrase").focus()
    page.keyboard.type(PASSPHRASE)
    page.keyboard.press("Enter")
    expect(page.locator("#on-title")).to_be_focused()


def press(page: Page, name: str) -> None:
    """A button by keyboard, once it is there and can be pressed."""
    button = page.get_by_role("button", name=name)
    expect(button).to_be_enabled()
    button.focus()
    page.keyboard.press("Enter")


def asked_about(dee: Page, screens: Screens) -> MatterId:
    """A fresh report, taken and asked about with three keys."""
    filed = screens.do(screens.city.file())
    matter = screens.do(screens.city.matter(filed))
    waiting = dee.locator("#lines tr", has_text=say("adesk.state_waiting")).locator(".pick")
    waiting.focus()
    dee.keyboard.press("t")
    expect(dee.locator("[data-act=ask]")).to_be_visible()
    dee.keyboard.press("q")
    wait_until(lambda: len(states(screens, matter)) > 0)
    return matter


def states(screens: Screens, matter: MatterId) -> list[Answer]:
    found = screens.do(screens.city.database.read(lambda c: queries.voices(c, matter)))
    return sorted((one.answer for one in found), key=lambda one: (one is Answer.SILENT, one))


def speak_one(screens: Screens, others: list[bytes]) -> None:
    """One of another cohort who was asked goes and sees it too."""

    async def speak() -> None:
        asked = [one for one in others if await screens.city.open_questions(one)]
        await screens.city.speak(asked[0])

    screens.do(speak())
