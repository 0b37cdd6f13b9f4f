"""What only a browser shows of alerts: a voice, a face, a threat, a drill, danger, no network, a signed page."""

import json
import re
from base64 import b64decode
from pathlib import Path

from playwright.sync_api import Page, Route, expect

from tests.alerts.screens import PASSPHRASE, Screens, serving_screens
from tests.alerts.world import AREA, PACK
from tests.journeys.conftest import DESK, PageOf, Watch
from tests.waiting import wait_until
from tests.web.test_accessible import findings_both_ways
from tocsin.alerts import board, queries, truth
from tocsin.alerts.model import Answer, MatterId, Status
from tocsin.crypto import canonical, envelope
from tocsin.crypto.keys import verify_ed25519
from tocsin.ids import unb64
from tocsin.tlog.entry import beat_entry
from tocsin.web import i18n

PLACE = next(area for area in PACK.areas if area.id == AREA)
SAY = {code: language.say for code, language in i18n.load().items()}
FACE_JS = (Path(__file__).parent.parent / "web" / "drawn_face.js").read_text()
WIRES = "caches.match('/live-kept').then(one => one ? one.json() : {wires: []}).then(one => one.wires.length)"
GREEN = """([x, y]) => { const copy = document.createElement("canvas"), whole = document.getElementById("cover");
[copy.width, copy.height] = [whole.width, whole.height]; const pen = copy.getContext("2d", {willReadFrequently: true});
pen.drawImage(whole, 0, 0); return pen.getImageData(x, y, 1, 1).data[1] < 40 }"""
PICTURE = """const canvas = Object.assign(document.createElement("canvas"), {width: 640, height: 480});
const pen = canvas.getContext("2d"); pen.fillStyle = "#7d8a80"; pen.fillRect(0, 0, 640, 480); drawnFace(pen, 320, 240, 60);
return canvas.toDataURL("image/jpeg").split(",")[1]"""
EBML = b"\x1a\x45\xdf\xa3"


def say(key: str, **values: object) -> str:
    return SAY["en"](key, **values)


def answered(page: Page, screens: Screens) -> None:
    """A report up to its last step, with one finger."""
    page.goto(f"{screens.url}/en/report")
    page.click("button[value=street-check]")
    page.click("section:not([hidden]) button[name=how_many][value=few]")
    page.locator("section:not([hidden]) > .ways .primary").click()
    page.click("section:not([hidden]) button[name=vehicles][value=no]")
    page.click("section:not([hidden]) button[name=when][value=now]")
    page.select_option("#area", AREA)
    page.locator("section:not([hidden]) > .ways .primary").click()
    page.click("summary")


def test_a_voice_is_heard_at_the_desk_and_its_key_is_gone_with_the_decision(tmp_path: Path, page_of: PageOf) -> None:
    with serving_screens(tmp_path) as screens:
        phone, dee = page_of(screens, permissions=["microphone"]), page_of(screens, DESK, "Dee")
        dee.goto(f"{screens.url}/en/alert-desk")
        answered(phone, screens)
        phone.click("#voice")
        expect(phone.locator("#voice")).to_have_text(say("report.voice_stop", n=1))
        phone.click("#voice")
        expect(phone.locator("#voice-goes")).to_be_visible()
        phone.click("#send")
        expect(phone.locator("#done-title")).to_have_text(say("report.sent_title"))
        dee.locator("#lines .pick").click()
        dee.click("#open-sealed")
        dee.fill("#unlock-passphrase", PASSPHRASE)
        dee.keyboard.press("Enter")
        expect(dee.locator("#reports audio")).to_have_js_property("error", None)
        dee.wait_for_function("document.querySelector('#reports audio').readyState > 0")
        (report,) = the_reports(screens, dee)
        assert envelope.open_with(screens.city.dispatcher, unb64(report["voice"])).startswith(EBML)
        dee.keyboard.press("t")
        expect(dee.locator("[data-act=close]")).to_be_visible()
        dee.keyboard.press("x")
        expect(dee.locator("#item")).to_be_hidden()
        matter = screens.do(screens.city.database.read(queries.matters))[0]
        (kept,) = screens.do(screens.city.database.read(lambda c: queries.reports_of(c, matter.id)))
        assert (kept.box, kept.slot) == (b"", -1)
        for page in (phone, dee):
            page.context.close()


def the_reports(screens: Screens, desk: Page) -> list[dict[str, str]]:
    matter = desk.locator("#lines .pick").get_attribute("data-matter")
    return screens.do(board.detail(screens.city.alerts, MatterId(unb64(str(matter)))))


def test_a_threat_leaves_the_public_path_and_stands_before_two_stewards_with_their_duty(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        dee = page_of(screens, DESK, "Dee")
        stew, ard = page_of(screens, DESK, "Stew"), page_of(screens, DESK, "Ard")
        dee.goto(f"{screens.url}/en/alert-desk")
        screens.do(screens.city.file())
        dee.locator("#lines .pick").focus()
        dee.keyboard.press("t")
        dee.click("#threat-part summary")
        dee.fill("#threat-text", "They say that they will hurt an officer tonight")
        dee.click("#threat-form button")
        expect(dee.locator("#lines .pick")).to_have_count(0)
        for steward, stands in ((stew, say("adesk.threat_waits", n=1)), (ard, say("adesk.threat_held"))):
            steward.goto(f"{screens.url}/en/alert-desk")
            expect(steward.locator("#threats-part")).to_contain_text(PACK.threat_page["en"].paragraphs[0])
            steward.click("#threats button >> nth=0")
            steward.fill("#unlock-passphrase", PASSPHRASE)
            steward.keyboard.press("Enter")
            expect(steward.locator("#threats .text")).to_have_text("They say that they will hurt an officer tonight")
            assert not findings_both_ways(steward)
            steward.click("#threats button >> nth=1")
            expect(steward.locator("#threats .small")).to_have_text(stands)
        assert not screens.city.posted
        for page in (dee, stew, ard):
            page.context.close()


def test_two_stewards_together_read_who_stood_behind_a_decision(tmp_path: Path, page_of: PageOf) -> None:
    with serving_screens(tmp_path) as screens:
        stew, ard = page_of(screens, DESK, "Stew"), page_of(screens, DESK, "Ard")
        screens.do(screens.city.published())
        for steward in (stew, ard):
            steward.goto(f"{screens.url}/en/alert-desk")
            expect(steward.locator("#lines .pick")).to_have_count(1)
            steward.click("#behind summary")
            expect(steward.locator("#behind-which option")).to_contain_text(PLACE.name)
            steward.click("#behind-open")
            steward.fill("#unlock-passphrase", PASSPHRASE)
            steward.keyboard.press("Enter")
            expect(steward.locator("#behind-mine")).to_have_text(re.compile(r"[\w-]{44}"))
        own, other = (one.inner_text("#behind-mine") for one in (stew, ard))
        stew.fill("#behind-other", own)
        stew.click("#behind-form button")
        expect(stew.locator("#behind-problem")).to_have_text(say("adesk.behind_wrong"))
        stew.fill("#behind-other", other)
        stew.click("#behind-form button")
        expect(stew.locator("#behind-said li")).to_have_count(2)
        for cohort in ("1", "2"):
            expect(stew.locator("#behind-said")).to_contain_text(f"Group {cohort}, ")
        [commitment] = screens.city.commitments
        expect(stew.locator("#behind-commitment")).to_contain_text(commitment.hex())
        expect(stew.locator("#behind-unlogged")).to_have_text(say("adesk.behind_not_yet"))
        screens.beat(beat_entry(commitment))
        stew.click("#behind-form button")
        expect(stew.locator("#behind-logged")).to_contain_text("The public log holds it")
        expect(stew.locator("#behind-unlogged")).to_be_hidden()
        stew.route("**/attribution/logged", another_place)
        stew.click("#behind-form button")
        expect(stew.locator("#behind-unlogged")).to_have_text(say("adesk.behind_unproven"))
        expect(stew.locator("#behind-logged")).to_be_hidden()
        assert not findings_both_ways(stew)
        for page in (stew, ard):
            page.context.close()


def another_place(route: Route) -> None:
    """A node that shows the proof of another entry."""
    told = route.fetch().json()
    route.fulfill(json={**told, "index": told["index"] ^ 1})


def test_a_drill_looks_like_nothing_else_and_danger_is_one_key(tmp_path: Path, page_of: PageOf) -> None:
    with serving_screens(tmp_path) as screens:
        city = screens.city
        dee, sam, public = page_of(screens, DESK, "Dee"), page_of(screens, DESK, "Sam"), page_of(screens)
        dee.goto(f"{screens.url}/en/alert-desk")
        sam.goto(f"{screens.url}/en/alert-desk")
        public.goto(f"{screens.url}/en/alerts")
        screens.do(city.published())
        screens.do(city.on_duty(7, 8))
        dee.locator("details", has=dee.locator("#exercise-form")).locator("summary").click()
        dee.click("#exercise-form button")
        expect(dee.locator("#lines tr.drill")).to_have_count(1)
        dee.locator("#lines tr.drill .pick").focus()
        dee.keyboard.press("t")
        expect(dee.locator("[data-act=ask]")).to_be_visible()
        dee.keyboard.press("q")
        expect(dee.locator("#asked li")).to_have_count(4)
        screens.do(city.speak_all(Answer.SEEN))
        expect(dee.locator("[data-act=release]")).to_be_visible()
        dee.keyboard.press("r")
        sam.locator("#lines tr.drill .pick").click()
        expect(sam.locator("[data-act=release]")).to_be_visible()
        sam.keyboard.press("r")
        wait_until(lambda: [str(one.status) for one in city.posted] == ["Actual", "Exercise"])
        expect(public.locator(".alert.drill .drill")).to_have_text(say("alert.status.exercise"))
        looks = [
            public.evaluate(f"getComputedStyle(document.querySelector('.alert.{name}')).backgroundColor")
            for name in ("drill", "real")
        ]
        assert looks[0] != looks[1]
        assert not findings_both_ways(public)
        watch = Watch()
        dee.locator("#lines tr:not(.drill) .pick").click()
        expect(dee.locator("#item-title")).to_be_focused()
        expect(dee.locator("#item-title")).not_to_contain_text(say("adesk.drill"))
        dee.keyboard.press("Shift+D")
        expect(public.locator(".alert.back")).to_contain_text(say("alert.reason.danger"))
        watch.tell("danger: from the key to an open page")
        for page in (dee, sam, public):
            page.context.close()


def test_without_network_a_phone_shows_what_it_last_heard_how_old_it_is_and_nothing_that_ended(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        screens.do(screens.city.published())
        phone = page_of(screens)
        phone.goto(f"{screens.url}/en/alerts")
        expect(phone.locator(".alert.real")).to_have_count(1)
        wait_until(lambda: phone.evaluate("caches.match('/en/alerts/offline').then(Boolean)"), 60)
        wait_until(lambda: phone.evaluate(WIRES) == 1, 60)
        assert "wires" not in phone.evaluate("caches.match('/en/alerts/offline').then(one => one.text())"), (
            "no alert in the copy"
        )
        phone.context.set_offline(True)
        phone.goto(f"{screens.url}/en/alerts", wait_until="commit")
        expect(phone.locator("#kept")).to_have_text(say("alerts.offline_kept", n=0))
        expect(phone.locator(".alert.real h2")).to_have_text(PLACE.name)
        expect(phone.locator("#none")).to_be_hidden()
        phone.clock.set_fixed_time(screens.city.clock.now_ms() / 1000 + 3 * 3_600)
        phone.goto(f"{screens.url}/en/alerts", wait_until="commit")
        expect(phone.locator("#kept")).to_contain_text(
            re.compile(r"1[78]\d min")
        )  # by the clocks of a city and of a machine
        expect(phone.locator(".alert")).to_have_count(0)
        wait_until(lambda: phone.evaluate(WIRES) == 0, 60)
        phone.context.close()


def test_is_this_true_is_answered_without_script_in_a_page_that_carries_what_was_signed(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        screens.do(screens.city.published())
        reader = page_of(screens, java_script_enabled=False)
        reader.goto(f"{screens.url}/en/alerts/true")
        expect(reader.locator("dl.facts").first).to_contain_text(PLACE.name)
        signed = json.loads(str(reader.locator("#signed").text_content()))
        assert [one["area"] for one in signed["truth"]["confirmed"]] == [AREA]
        key = screens.city.alerts.ports.public()[Status.ACTUAL]
        assert verify_ed25519(key, unb64(signed["signature"]), truth.LABEL + canonical.dumps(signed["truth"]))
        reader.context.close()


def test_where_the_finder_was_kept_it_covers_a_face_without_network_and_a_finger_covers_more(
    tmp_path: Path, page_of: PageOf
) -> None:
    with serving_screens(tmp_path) as screens:
        phone = page_of(screens)
        answered(phone, screens)
        picture = b64decode(phone.evaluate(f"() => {{ {FACE_JS}; {PICTURE} }}"))
        photo = {"name": "IMG_1.jpg", "mimeType": "image/jpeg", "buffer": picture}
        phone.set_input_files("#photo", photo)  # type: ignore[arg-type]
        expect(phone.locator("#faces-find")).to_be_hidden()
        phone.click("#faces-keep")
        expect(phone.locator("#faces-said")).to_have_text(say("report.faces_kept"))
        phone.evaluate("navigator.serviceWorker.ready.then(() => true)")
        answered(phone, screens)  # another day: what the phone keeps is served by its worker
        phone.set_input_files("#photo", photo)  # type: ignore[arg-type]
        expect(phone.locator("#faces-find")).to_be_visible()
        phone.context.set_offline(True)
        watch = Watch()
        phone.click("#faces-find")
        expect(phone.locator("#faces-said")).to_have_text(say("report.faces_found", n=1))
        watch.tell("a face found and covered on the phone, without network")
        assert [dark(phone, *at) for at in ((320, 240), (320, 290), (20, 20), (620, 460))] == [True, True, False, False]
        box = phone.locator("#cover").bounding_box()
        assert box is not None
        phone.locator("#cover").click(position={"x": box["width"] * 0.05, "y": box["height"] * 0.05})
        assert dark(phone, 20, 20), "a finger on what is seen covers it"
        phone.click("#photo-use")
        expect(phone.locator("#photo-goes")).to_be_visible()
        assert not findings_both_ways(phone)
        phone.context.close()


def dark(page: Page, x: int, y: int) -> bool:
    """Whether this point of the photo is covered: read from a copy that is made for reading."""
    return bool(page.evaluate(GREEN, [x, y]))
