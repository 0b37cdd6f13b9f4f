"""P4 and P1 in real browsers over the real verbs: a witness reports by pictures; a dispatcher decides with two and takes back.

Times are printed for whoever reads the run; nothing is asserted of them.
"""

import re
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.alerts.screens import Screens, serving_screens
from tests.alerts.world import AREA, PACK
from tests.journeys.conftest import DESK, PageOf, Watch
from tests.waiting import wait_until
from tests.web.test_accessible import SMALL, findings_both_ways
from tocsin.alerts.board import detail
from tocsin.crypto import envelope
from tocsin.ids import unb64
from tocsin.web import i18n

PLACE = next(area for area in PACK.areas if area.id == AREA)
SAY = {code: language.say for code, language in i18n.load().items()}
CANARY = b"Exif\0\0canary place and phone"


BYTES = """performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))
  .reduce((sum, one) => sum + one.encodedBodySize, 0)"""
"""What the page loaded until now."""
KEPT = """new Promise(done => { const opening = indexedDB.open('tocsin-reports'); opening.onsuccess = () => {
  const all = opening.result.transaction('reports').objectStore('reports').getAll();
  all.onsuccess = () => { opening.result.close(); done(JSON.stringify(all.result)) } } })"""
"""Everything that waits on the phone."""


def picture_of(page: Page) -> bytes:
    """A grey JPEG, drawn by the browser, with a place and a phone in its EXIF."""
    drawn = page.evaluate(
        "() => { const one = document.createElement('canvas'); const pen = one.getContext('2d');"
        " pen.fillStyle = '#999'; pen.fillRect(0, 0, 300, 150); return one.toDataURL('image/jpeg').split(',')[1] }"
    )
    raw = b64decode(drawn)
    return raw[:2] + b"\xff\xe1" + (len(CANARY) + 2).to_bytes(2) + CANARY + raw[2:]


def next_of(page: Page) -> None:
    page.locator("section:not([hidden]) > .ways .primary").click()


def weak(page: Page) -> Callable[[bool], None]:
    """The weak profile of `9-people.md`: a processor six times slower, 400 kbit/s, 400 ms there and back. What takes the line away."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 6})
    session.send("Network.enable")
    line = {"latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}

    def set_offline(is_offline: bool) -> None:
        session.send("Network.emulateNetworkConditions", {**line, "offline": is_offline})

    set_offline(False)
    return set_offline


def test_a_frightened_witness_reports_by_pictures_and_learns_what_came_of_it(
    screens: Screens, page_of: PageOf, is_long: bool
) -> None:
    phone = page_of(
        screens,
        locale="es-MX",
        geolocation={"latitude": PLACE.points[0][0], "longitude": PLACE.points[0][1]},
        permissions=["geolocation"],
    )
    asked: list[str] = []
    phone.on("request", lambda request: asked.append(f"{request.url} {request.post_data or ''}"))
    set_offline = weak(phone) if is_long else phone.context.set_offline
    watch = Watch()
    phone.goto(f"{screens.url}/report")
    expect(phone.locator("h1:visible")).to_have_text(SAY["es"]("report.ask_kind"))
    assert phone.locator("input:visible").count() == 0, "nothing is asked about herself"
    size = phone.evaluate(BYTES)
    assert size < 150_000, "a prepaid phone"
    watch.tell(f"the first question, in Spanish without asking, after {size:,} bytes", 1, 6)
    phone.click("button[value=people-taken]")
    phone.click("button[value=some]")
    phone.check("input[value=masked]")
    next_of(phone)
    phone.click("section:not([hidden]) button[name=vehicles][value=yes]")
    phone.go_back()
    expect(phone.locator("h1:visible")).to_have_text(SAY["es"]("report.ask_vehicles"))
    phone.click("section:not([hidden]) button[name=vehicles][value=no]")
    phone.click("section:not([hidden]) button[name=when][value=now]")
    phone.click("#find")
    expect(phone.locator("#found")).to_contain_text(PLACE.name)
    next_of(phone)
    expect(phone.locator('[data-answer="vehicles"]')).to_contain_text(SAY["es"]("report.vehicles_no"))
    watch.tell("six questions answered, one of them twice", 7, 60)
    phone.click("summary")
    phone.set_input_files("#photo", {"name": "IMG_4711.jpg", "mimeType": "image/jpeg", "buffer": picture_of(phone)})
    expect(phone.locator("#photo-edit")).to_be_visible()
    assert phone.evaluate("document.getElementById('cover').getContext('2d').getImageData(2, 2, 1, 1).data[0]") < 40
    phone.click("#photo-use")
    expect(phone.locator("#photo-goes")).to_be_visible()
    watch.tell("a photo, covered before it leaves", 0, 12)
    set_offline(True)
    phone.click("#send")
    expect(phone.locator("#done-title")).to_have_text(SAY["es"]("report.saved_title"))
    watch.tell("no network: saved", 0, 3)
    kept = phone.evaluate(KEPT)
    assert "people-taken" not in kept
    assert AREA not in kept
    watch.skip()
    set_offline(False)
    expect(phone.locator("#done-title")).to_have_text(SAY["es"]("report.sent_title"))
    watch.tell("the network is back: sent by itself")
    code = phone.locator("#code").inner_text()
    phone.click("#look button")
    expect(phone.locator(".notice").first).to_have_text(SAY["es"]("report.state_received"))
    watch.tell("what came of it, by the code alone", 0, 5)
    told = " ".join(asked)
    assert str(PLACE.points[0][0]) not in told, "the fix stays on the phone"
    assert "canary" not in told
    assert code not in " ".join(one.split(" ")[0] for one in asked), "no code in an address"
    assert not findings_both_ways(phone)
    photo = sent_photo(screens)
    assert photo.startswith(b"\xff\xd8")
    assert b"canary" not in photo


def sent_photo(screens: Screens) -> bytes:
    """The photo of the report that was sent, as the desk opens it."""

    async def read() -> bytes:
        await screens.city.board.refresh()
        (line,) = screens.city.board.told()["lines"]
        (report,) = await detail(screens.city.alerts, unb64(line.matter))  # type: ignore[arg-type]
        assert report["area"] == AREA
        return envelope.open_with(screens.city.dispatcher, unb64(report["photo"]))

    return screens.do(read())


def test_the_form_is_whole_without_script(screens: Screens, page_of: PageOf) -> None:
    phone = page_of(screens, java_script_enabled=False, locale="fr-FR")
    watch = Watch()
    phone.goto(f"{screens.url}/report")
    phone.click("button[value=street-check]")
    phone.click("section:not([hidden]) button[name=how_many][value=unknown]")
    next_of(phone)
    phone.click("section:not([hidden]) button[name=vehicles][value=yes]")
    phone.click("section:not([hidden]) button[name=when][value=half-hour]")
    next_of(phone)
    expect(phone.locator("#problem")).to_have_text(SAY["fr"]("report.choose_first"))
    phone.select_option("#area", AREA)
    next_of(phone)
    phone.click("summary")
    phone.fill("#text", "Ils demandent Maria Gonzalez au 4711 Chicago Avenue")
    phone.click("#send")
    expect(phone.locator("#problem")).to_have_text(SAY["fr"]("report.no_alerts_text_refused"))
    phone.click("summary")
    phone.fill("#text", "Deux hommes avec un gilet parlent avec les gens")
    phone.click("#send")
    expect(phone.locator("h1")).to_have_text(SAY["fr"]("report.sent_title"))
    assert re.fullmatch(r"(\w{4}-){4}\w{4}", phone.locator(".code").inner_text())
    assert phone.url == f"{screens.url}/fr/report"
    watch.tell("reported without script")


def lines_of(desk: Page) -> list[str]:
    return desk.locator("#lines .pick").all_inner_texts()


def test_a_dispatcher_decides_with_two_and_takes_back(tmp_path: Path, page_of: PageOf) -> None:
    with serving_screens(tmp_path) as screens:
        city = screens.city
        dee = page_of(screens, DESK, "Dee")
        sam = page_of(screens, DESK, "Sam")
        public = page_of(screens)
        dee.goto(f"{screens.url}/en/alert-desk")
        sam.goto(f"{screens.url}/en/alert-desk")
        public.goto(f"{screens.url}/en/alerts")
        expect(public.locator("#none")).to_be_visible()
        expect(dee.locator("#load")).to_contain_text("On duty")
        crew = screens.do(city.on_duty(1, 2))
        watch = Watch()
        screens.do(city.file(language="es"))
        expect(dee.locator("#lines .pick")).to_have_count(1)
        assert dee.title().startswith("(1)")
        watch.tell("P1.2, a report is on top", 0, 3)
        dee.locator("#lines .pick").first.focus()
        dee.keyboard.press("t")
        expect(sam.locator("#lines td", has_text="Dee")).to_be_visible()
        watch.tell("P1.3, taken with one key, and the other desk sees who", 0, 1)
        dee.keyboard.press("a")
        expect(dee.locator("[data-act=acknowledge]")).to_be_hidden()
        for _ in range(3):
            screens.do(city.file())
        watch.skip()
        expect(dee.locator("#same li")).to_have_count(3)
        dee.keyboard.press("j")
        expect(dee.locator("#lines .pick")).to_have_count(1)
        dee.keyboard.press("u")
        expect(dee.locator("#lines .pick")).to_have_count(2)
        expect(dee.locator("#lines .pick").first).to_contain_text("2 alike")
        dee.keyboard.press("j")
        expect(dee.locator("#lines .pick")).to_have_count(1)
        watch.tell("P1.6, three more of the same joined, parted, joined", 0, 10)
        dee.keyboard.press("q")
        wait_until(lambda: all(screens.do(city.asked(one)) for one in crew))
        for one in crew:
            screens.do(city.speak(one))
        expect(dee.locator("#slots-seen")).to_contain_text("2 of 2")
        expect(dee.locator("#preview section")).to_have_count(3)
        watch.tell("P1.7, asked, and two of two groups said: seen", 0, 15)
        assert not findings_both_ways(dee)
        watch.skip()
        dee.keyboard.press("r")
        expect(dee.locator("#slot-1")).to_have_text(SAY["en"]("adesk.slot_done"))
        expect(dee.locator("#slot-2")).to_have_text(SAY["en"]("adesk.slot_open"))
        expect(public.locator("#none")).to_be_visible()
        sam.locator("#lines .pick").first.click()
        expect(sam.locator("[data-act=release]")).to_be_visible()
        watch.tell("P1.9, pressed by one, and before the second", 0, 20)
        sam.click("[data-act=release]")
        expect(public.locator(".alert.real h2")).to_have_text(PLACE.name)
        watch.tell("P1.9, pressed by the second: on an open page", 0, 5)
        assert not findings_both_ways(public)
        watch.skip()
        dee.click("[data-reason=not-so]")
        expect(public.locator(".alert.back")).to_contain_text(SAY["en"]("alert.reason.not-so"))
        watch.tell("taken back with one tap: on the open page", 0, 60)
        fresh = page_of(screens, java_script_enabled=False)
        fresh.goto(f"{screens.url}/en/alerts")
        expect(fresh.locator(".alert.back h2")).to_have_text(PLACE.name)
        for page in (dee, sam, public, fresh):
            page.context.close()  # a server waits for its streams


def test_every_page_is_whole_for_everybody(screens: Screens, page_of: PageOf) -> None:
    page = page_of(screens)
    for path in ("report", "report/status", "alerts", "alerts/map", "alerts/true", "report-a-danger", "duty"):
        page.goto(f"{screens.url}/es/{path}")
        assert not findings_both_ways(page), path
        for width in (320, 360, 1366):
            page.set_viewport_size({"width": width, "height": 640})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            assert not page.evaluate(SMALL), path
