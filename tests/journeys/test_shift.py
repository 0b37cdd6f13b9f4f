"""P1, a dispatcher's shift by keyboard over the real verbs: what is missing is asked for, an outage loses no word, a note goes over.

Times are printed for whoever reads the run; nothing is asserted of them.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.alerts.screens import PASSPHRASE, Screens, serving_screens
from tests.alerts.world import AREA, PACK
from tests.journeys.conftest import DESK, PageOf, Watch
from tests.waiting import wait_until
from tests.web.test_accessible import findings_both_ways
from tocsin.alerts import desk_routes
from tocsin.alerts.model import Answer
from tocsin.web import i18n

PLACE = next(area for area in PACK.areas if area.id == AREA)
SAY = {code: language.say for code, language in i18n.load().items()}
NOTE = "Two callers heard shouting. The second one will look again at ten."
RINGS = """window.rung = 0; const make = AudioContext.prototype.createOscillator;
AudioContext.prototype.createOscillator = function () { rung++; return make.call(this) }"""


def say(key: str, **values: object) -> str:
    return SAY["en"](key, **values)


def test_a_shift_asks_what_is_missing_outlives_an_outage_and_hands_over_with_a_note(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        dee, sam = page_of(screens, DESK, "Dee"), page_of(screens, DESK, "Sam")
        phone = page_of(screens)
        dee.add_init_script(RINGS)
        watch = Watch()
        for page in (dee, sam):
            page.goto(f"{screens.url}/en/alert-desk")
        dee.check("#sound")
        expect(dee.locator("#load")).to_contain_text("Dee 0, Sam 0")
        watch.tell("step 1: the board, and who else is here", 0, 15)
        code = screens.do(
            screens.city.file(language="es", how_many="unknown", wearing=(), text="Dos coches grises y gente con miedo")
        ).code
        expect(dee.locator("#lines .pick")).to_have_count(1)
        expect(dee).to_have_title(f"(1) {say('adesk.title')}")
        dee.wait_for_function("rung === 1")
        watch.tell("step 2: on top, with a sound and a number in the title", 0, 3)
        dee.locator("#lines .pick").focus()
        dee.keyboard.press("t")
        expect(sam.locator("#load")).to_contain_text("Dee 1, Sam 0")
        watch.tell("step 3: taken with one key; the other desk sees who and how much they have", 0, 1)
        dee.keyboard.press("a")
        look(phone, screens, code)
        expect(phone.locator(".notice strong")).to_have_text(SAY["es"]("report.state_being-checked"))
        watch.tell("step 4: acknowledged", 0, 5)
        expect(dee.locator("#missing-ask")).to_contain_text(SAY["es"]("report.ask_how_many"))
        dee.keyboard.press("m")
        expect(dee.locator("#asking")).to_contain_text(say("report.ask_how_many"))
        look(phone, screens, code)
        expect(phone.locator("#asked strong")).to_have_text(SAY["es"]("report.ask_how_many"))
        watch.tell("step 5: two questions with one key, before who reported, in Spanish", 0, 10)
        assert not findings_both_ways(phone)
        phone.click("#asked button[value=some]")
        expect(phone.locator("#asked strong")).to_have_text(SAY["es"]("report.ask_wearing"))
        phone.check("#asked input[value=masked]")
        phone.click("#asked button[name=part]")
        expect(phone.locator("#asked")).to_have_count(0)
        expect(dee.locator("#missing")).to_be_hidden()
        expect(dee.locator("#reports")).to_contain_text(say("report.how_many_some"))
        watch.tell("step 5: answered by the code alone")
        outage(dee, screens)
        watch.tell("step 11: an outage; no word lost, the list caught up")
        dee.select_option("#hand-to", "Sam")
        dee.check("#hand-all")
        dee.click("#hand-do")
        expect(dee.locator("#item-who")).to_contain_text("Sam")
        expect(dee.locator("#hand-note")).to_have_value("")
        sam.locator("#lines .pick", has_text=PLACE.name).last.click()
        expect(sam.locator("#note-part")).to_be_visible()
        sam.click("#open-sealed")
        sam.fill("#unlock-passphrase", PASSPHRASE)
        sam.keyboard.press("Enter")
        expect(sam.locator("#note")).to_have_text(NOTE)
        expect(sam.locator("#reports .text")).to_have_text("Dos coches grises y gente con miedo")
        watch.tell("step 12: handed over with a note that opens at the desk alone", 0, 60)
        assert not findings_both_ways(sam)
        watch.skip()
        sam.keyboard.press("x")
        look(phone, screens, code)
        expect(phone.locator(".notice strong")).to_have_text(SAY["es"]("report.state_no-decision"))
        assert not screens.city.posted
        watch.tell("step 8: closed; nothing was public, and who reported is told", 0, 10)
        for page in (dee, sam, phone):
            page.context.close()


def look(phone: Page, screens: Screens, code: str) -> None:
    """What a return code shows, without script."""
    phone.goto(f"{screens.url}/es/report/status")
    phone.fill("#code", code)
    phone.click("main form button")


def outage(dee: Page, screens: Screens) -> None:
    """The network is gone while she writes; meanwhile two more come. Looking at another matter in between loses nothing either."""
    dee.context.set_offline(True)
    screens.city.clock.pass_s(
        desk_routes.STREAM_S + 1
    )  # a browser that is set offline keeps the stream it has until it ends
    dee.fill("#hand-note", NOTE)
    dee.select_option("#draft-life", "90")
    for _ in range(2):
        screens.do(screens.city.file(kind="people-taken"))
    expect(dee.locator("#offline")).to_be_visible()
    dee.click("#hand-do, [data-act=ask]")
    expect(dee.locator("#item-problem")).to_have_text(say("adesk.no_absent"))
    dee.context.set_offline(False)
    expect(dee.locator("#offline")).to_be_hidden()
    expect(dee.locator("#lines .pick")).to_have_count(2)
    dee.locator("#lines .pick").first.click()
    expect(dee.locator("#hand-note")).to_have_value("")
    dee.locator("#lines .pick").last.click()
    expect(dee.locator("#hand-note")).to_have_value(NOTE)
    expect(dee.locator("#draft-life")).to_have_value("90")


def test_an_update_stands_ready_after_two_looked_again_and_taking_back_is_timed(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        city = screens.city
        dee, sam, public = page_of(screens, DESK, "Dee"), page_of(screens, DESK, "Sam"), page_of(screens)
        dee.goto(f"{screens.url}/en/alert-desk")
        sam.goto(f"{screens.url}/en/alert-desk")
        screens.do(city.published())
        public.goto(f"{screens.url}/en/alerts")
        expect(public.locator(".alert.real")).to_have_count(1)
        watch = Watch()
        dee.locator("#lines .pick").click()
        expect(dee.locator("#slot-2")).to_have_text(say("adesk.slot_done"))
        expect(dee.locator("[data-act=release]")).to_be_hidden()
        dee.keyboard.press("q")
        both_say(screens, Answer.SEEN)
        expect(dee.locator("[data-act=release]")).to_be_visible()
        expect(dee.locator("#preview-title")).to_have_text(say("adesk.preview_update"))
        dee.keyboard.press("r")
        sam.locator("#lines .pick").click()
        expect(sam.locator("[data-act=release]")).to_be_visible()
        sam.keyboard.press("r")
        wait_until(lambda: [str(one.msg_type) for one in city.posted] == ["Alert", "Update"])
        watch.tell("an Update: asked again, one tap by each of two")
        dee.keyboard.press("q")
        both_say(screens, Answer.NOTHING_SEEN)
        expect(dee.locator("#over-how")).to_be_visible()
        city.clock.pass_s(75)
        dee.click("[data-reason=over]")
        expect(dee.locator("#corrected")).to_have_text(say("adesk.corrected", time="1:15"))
        expect(public.locator(".alert.back")).to_have_count(1)
        watch.tell("nothing there any more: taken back with one tap, and timed")
        for page in (dee, sam, public):
            page.context.close()


def both_say(screens: Screens, said: Answer) -> None:
    """Two are asked, and go and say it, in whatever order the question reaches them."""
    spoken: list[int] = []

    def are_two() -> bool:
        spoken.append(screens.do(screens.city.speak_all(said)))
        return sum(spoken) == 2

    wait_until(are_two, 60)
