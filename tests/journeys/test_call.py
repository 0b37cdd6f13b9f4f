"""A call from the tap to its package, in browsers: the phone, a lawyer by keyboard, who joins, who waits, who is no lawyer."""

import json
import re
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in, wait_for_beats
from tests.journeys.test_package import is_covered, tocsin
from tests.journeys.test_recording import open_by_words, stop, tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.crypto import canonical
from tocsin.crypto.stream import CALL
from tocsin.demo import staff
from tocsin.demo.town import DISPATCHER

HEARS = """async () => {
  const sound = document.querySelector("audio");
  const report = await new Promise((resolve) => setTimeout(() => resolve(sound?.srcObject?.getAudioTracks() ?? []), 50));
  return report.some((track) => track.readyState === "live" && !track.muted) && !sound.muted;
}"""
VOICE = """window.spoken = []; window.sounds = [];
window.Audio = class extends Audio { constructor() { super(); sounds.push(this); } };
const voice = {
  getVoices: () => [{}], cancel: () => undefined,
  speak(said) {
    const sound = document.querySelector("audio");
    window.spoken.push({ text: said.text, lang: said.lang, is_open: sound !== null && !sound.muted });
    setTimeout(() => said.dispatchEvent(new Event("end")), 100);
  },
};
Object.defineProperty(window, "speechSynthesis", { value: voice });"""
"""A voice where Chromium has none: it keeps what it was told to say, and whether sound was open then."""


SLOW_COUNT = """const before = window.setInterval;
window.setInterval = (act, ms, ...given) => before(act, ms === 1000 ? 20_000 : ms, ...given);"""
"""Seconds that are counted down take twenty each: whoever cancels by a machine that is busy has the time."""


MICROPHONES = """window.microphones = [];
const asked = MediaDevices.prototype.getUserMedia;
MediaDevices.prototype.getUserMedia = async function (...given) {
  const stream = await asked.apply(this, given);
  window.microphones.push(...stream.getAudioTracks());
  return stream;
};"""
"""The page's microphones, to see whether they are open."""
IS_OPEN = "() => microphones.some(one => one.enabled && one.readyState === 'live')"


def go_on_duty(desk: Page, languages: tuple[str, ...] = ("en", "es"), passphrase: str = "") -> None:
    """By keyboard: the summary, the hour, Enter; with `passphrase`, where the page does not have the key yet."""
    desk.locator("#duty-open > summary").press("Enter")
    for code in languages:
        desk.locator(f"#speaks-{code}").set_checked(True)
    desk.locator("#duty-until").fill(desk.evaluate("new Date(Date.now() + 4 * 3600e3).toTimeString().slice(0, 5)"))
    desk.locator("#duty-until").press("Enter")
    if passphrase:
        desk.locator("#unlock[open]").wait_for(timeout=SLOW_MS)
        desk.locator("#unlock-passphrase").press_sequentially(passphrase)
        desk.keyboard.press("Enter")
    expect(desk.locator("#duty-state")).to_contain_text("On duty until", timeout=SLOW_MS)


def answers(desk: Page) -> None:
    """By one key. A wave may pass in the moment of the press: the next is answered."""

    def is_taken() -> bool:
        if desk.locator("#ring").is_visible():
            desk.keyboard.press("a")
        return desk.locator("#talk").is_visible()

    wait_until(is_taken, 180, step=0.5)


def heard(page: Page, lang: str, words: str) -> bool:
    """Whether the page's voice has said it."""
    return any(words in said["text"] and said["lang"] == lang for said in page.evaluate("window.spoken"))


def dispatcher_of(town: Running) -> staff.Person:
    return next(one for one in staff.known(town.town) if one.pseudonym == DISPATCHER)


def joins(open_page: OpenPage, desk: Page, button: str, language: str) -> Page:
    """Somebody opens the link that the lawyer makes by keyboard, and joins."""
    before = desk.locator("#invite-link").input_value()
    desk.locator(button).press("Enter")
    link = wait_until(lambda: (now := desk.locator("#invite-link").input_value()) != before and now, 60)
    guest = open_page(DESK)
    guest.add_init_script(MICROPHONES)
    guest.goto(str(link).replace("/en/join", f"/{language}/join"))
    assert "#" not in guest.url, "what opens the call does not stay in the bar"
    guest.locator("#join").press("Enter")
    return guest


def test_a_call_from_the_tap_to_a_package_that_withholds_it(town: Running, open_page: OpenPage, tmp_path: Path) -> None:
    watch = Watch()
    phone, desk, second = open_page(PHONE, locale="es-ES"), open_page(DESK), open_page(PHONE, locale="es-ES")
    caller = phone.locator("#call")
    for one in (phone, second):
        one.add_init_script(VOICE)
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 120)
    sign_in(desk, town)
    go_on_duty(desk)
    watch.tell("P3.1 on duty, by keyboard")
    phone.goto(f"{town.url}/es/")
    phone.locator("#record").press("Enter")
    expect(phone.locator("body.live")).to_be_visible()
    expect(caller).to_contain_text("Se llama a la abogacía en", timeout=SLOW_MS)
    watch.tell("the phone counts down")
    expect(desk.locator("#ring")).to_be_visible(timeout=SLOW_MS)
    watch.tell("P3.2 the desk rings")
    expect(desk.locator("#ring-text")).to_have_text(re.compile("Español, Minnesota: Not said."))
    expect(caller).to_contain_text("1 de 1")
    desk.keyboard.press("a")
    expect(caller).to_contain_text("abogacía de la mesa legal", timeout=SLOW_MS)
    expect(desk.locator("#talk-line")).to_contain_text("Sound is open. It goes directly.", timeout=SLOW_MS)
    wait_until(lambda: desk.evaluate(HEARS) and phone.evaluate(HEARS), 60)
    watch.tell("P3.2 answered by one key: both hear")
    [said] = phone.evaluate("window.spoken")
    assert (said["lang"], said["is_open"]) == ("es", False), "who is there is said before the sound opens"
    assert "abogacía de la mesa legal" in said["text"]
    assert phone.evaluate("document.querySelector('audio').volume") < 0.5, "at the ear"
    expect(caller).to_contain_text("su conversación queda grabada")
    expect(caller).to_contain_text("esta llamada se graba en el teléfono que llama")
    expect(desk.locator("#sheet-title")).to_be_focused(timeout=SLOW_MS)
    for part in ("#sheet-title", "#talk-end"):
        expect(desk.locator(part)).to_be_in_viewport()
    watch.tell("P3.6 the sheet is beside the call")

    desk.locator("#talk-jail").press("Enter")
    expect(caller).to_contain_text("cárcel se escuchan", timeout=SLOW_MS)
    watch.tell("P3.7 the warning about jail telephones, by one key, in the caller's language")
    assert findings(desk) + findings(phone) == []
    interpreter = joins(open_page, desk, "#talk-invite", "fr")
    expect(caller).to_contain_text("intérprete", timeout=SLOW_MS)
    expect(desk.locator("#talk-people")).to_contain_text("an interpreter", timeout=SLOW_MS)
    expect(interpreter.locator("#join-told")).to_contain_text("un avocat du bureau juridique", timeout=SLOW_MS)
    assert "cárcel" not in interpreter.locator("#join-writing").inner_text(), (
        "who comes later hears nothing from before"
    )
    watch.tell("P3.5 an interpreter joins: everybody is told")
    assert not findings(interpreter)
    wait_until(lambda: interpreter.evaluate(IS_OPEN), 60)
    interpreter.locator("#join-mute").press("Enter")
    expect(interpreter.locator("#join-mute")).to_have_text("Rouvrir mon micro")
    assert not interpreter.evaluate(IS_OPEN), "who mutes is not heard"
    interpreter.locator("#join-leave").press("Enter")
    expect(interpreter.locator("#join-told")).to_have_text("Vous avez quitté l’appel. Il continue sans vous.")
    expect(desk.locator("#talk-people")).not_to_contain_text("an interpreter", timeout=SLOW_MS)
    interpreter.context.close()  # four who talk are more than two cores that other tests want too

    second.goto(f"{town.url}/es/call")
    watch.tell("P4.8 the page of a call without a recording is open")
    second.locator("#ring-now").press("Enter")
    wait_until(lambda: second.evaluate("sounds.some(one => one.currentTime > 0)"), 60)
    watch.tell("P4.8 after three seconds to cancel: a voice")
    expect(second.locator("#call")).to_contain_text("Nadie de la abogacía está libre", timeout=SLOW_MS)
    expect(second.locator("#call")).to_contain_text("Usted es la siguiente persona")
    expect(second.locator("#call")).not_to_contain_text("grabación")
    wait_until(lambda: heard(second, "es", "Nadie de la abogacía está libre"), 60)
    watch.tell("P4.8 and it was said aloud")
    expect(second.locator("#call li[aria-current]")).to_be_visible(timeout=SLOW_MS)
    assert not heard(second, "es", "Mantenga la calma"), "a card that was recorded is heard as it was recorded"
    expect(desk.locator("#duty-state")).to_contain_text("1 call waits", timeout=SLOW_MS)
    assert not findings(second)
    watch.tell("P4.8 nobody is free, and it is said")
    phone.get_by_role("button", name="Colgar").press("Enter")
    expect(desk.locator("#ring")).to_be_visible(timeout=SLOW_MS)
    desk.keyboard.press("a")
    expect(second.locator("#call")).to_contain_text("abogacía de la mesa legal", timeout=SLOW_MS)
    wait_until(lambda: desk.evaluate(HEARS) and second.evaluate(HEARS), 60)
    expect(second.locator("#call")).not_to_contain_text(re.compile("graba"))
    expect(desk.locator("#talk-consent")).to_have_text("Nothing is recorded on the phone that calls.")
    watch.tell("the first is over, who waited is rung and heard")
    words = stop(phone)
    phone.context.close()
    colleague = joins(open_page, desk, "#talk-invite-lawyer", "en")
    for told in (second.locator("#call"), desk.locator("#talk-people")):
        expect(told).to_contain_text(
            re.compile("abogacía.*abogacía|who calls, a lawyer of the legal desk"), timeout=SLOW_MS
        )
    expect(colleague.locator("#join-told")).to_contain_text(
        re.compile("who calls.*a lawyer|a lawyer.*who calls"), timeout=SLOW_MS
    )
    watch.tell("a second lawyer joins: everybody is told")
    desk.locator("#talk-end").press("Enter")
    expect(desk.locator("#call-over")).to_have_text("You left. The call goes on without you.")
    expect(desk.locator("#on-call-title")).to_be_focused()
    expect(colleague.locator("#join-told")).not_to_contain_text("a lawyer", timeout=SLOW_MS)
    colleague.locator("#join-leave").press("Enter")
    expect(colleague.locator("#join-told")).to_have_text("The call is over.")
    expect(second.locator("#call")).to_contain_text("La llamada terminó", timeout=SLOW_MS)
    area = second.locator("#call-area option").nth(1).text_content() or "?"
    second.locator("#call-area").select_option(area)
    second.get_by_label("Alguien a la puerta").press("Space")
    second.get_by_role("button", name="Llamar a la abogacía").press("Enter")
    expect(desk.locator("#ring-text")).to_have_text(
        f"Español, {area}, Minnesota: Somebody at the door.", timeout=SLOW_MS
    )
    desk.keyboard.press("x")
    expect(second.locator("#call")).to_contain_text("se llamó a 1 de 1", timeout=SLOW_MS)
    expect(desk.locator("#ring")).to_be_hidden()
    assert desk.locator("#ring-text").text_content() == ""
    watch.tell("P3.8 a conflict of interest, by one key: it is passed on, and nothing of it stays")
    desk.locator("#duty-end").press("Enter")
    expect(desk.locator("#duty-state")).to_contain_text("off duty")
    _package(town, words, tmp_path)
    watch.tell("no package before a decision; muted, it shows the gap and verifies")


def _package(town: Running, said: str, folder: Path) -> None:
    """The recording's talk is marked in it: no package without a decision, and a muted one proves what it leaves out."""
    sealed, package = folder / "recording.tocsin", folder / "package.zip"
    with client_of_town(town) as client:
        opened = open_by_words(client, said, sealed)
        wait_until(lambda: is_covered(client, opened.recording, opened.owner, len(opened.inners) - 1), 120)
        wait_for_beats(client, 2)
        opened = open_by_words(client, said, sealed)
    marks = [canonical.loads(inner.body) for inner in opened.inners if inner.type == CALL]
    assert [mark["call"] for mark in marks if isinstance(mark, dict)] == ["begin", "end"]
    make = ("package", str(sealed), "--identity", str(town.town.desk_identity), "--log", town.url)
    signed = ("--custodian", str(town.town.desk_key), "--output", str(package))
    refused = tocsin(*make, *signed)
    assert refused.returncode != 0
    assert "may be privileged" in refused.stderr
    assert not package.exists()
    made = tocsin(*make, "--call", "1=mute", *signed)
    assert made.returncode == 0, made.stderr
    checked = tocsin("verify", str(package), "--trust", str(town.town.trust), "--json")
    report = json.loads(checked.stdout)
    found = {step["name"]: (step["status"], step["codes"]) for step in report["steps"] if step["status"] != "PASS"}
    assert found["chunks"] == ("MISSING", ["withheld"]), "it says what is left out"
    assert "FAIL" not in {status for status, _ in found.values()}
    assert "custody" not in found, "every note is signed under a key that the log announced"
    with zipfile.ZipFile(package) as made_of:
        capture = json.loads(made_of.read("capture.json"))
    assert isinstance(capture["build_entry"]["value"], int), "the build that the phone ran stands in the log"
    assert capture["controlled_capture"]["value"] == "yes"


def test_nobody_is_rung_in_time_nobody_is_on_duty_and_then_a_volunteer_listens(
    own_town: Running, open_page: OpenPage
) -> None:
    """In a town of its own: in a shared one, a journey that failed may have left a lawyer on duty."""
    watch = Watch()
    phone, volunteer = open_page(PHONE), open_page(DESK)
    caller = phone.locator("#call")
    with client_of_town(own_town) as client:
        wait_until(lambda: desk_counts(client), 120)
    phone.add_init_script(SLOW_COUNT)
    tap(phone, own_town)
    phone.get_by_role("button", name="Ring nobody").press("Enter", timeout=SLOW_MS)
    expect(caller).to_contain_text("Nobody is rung")
    phone.get_by_role("button", name="Ring a lawyer").press("Enter")
    expect(caller).to_contain_text("on duty now", timeout=SLOW_MS)
    expect(phone.locator("#cards")).to_contain_text("You may stay silent")
    watch.tell("cancelled in time; then nobody is on duty, and it is said, with the cards")

    person = dispatcher_of(own_town)
    volunteer.goto(f"{own_town.url}/en/on-call")
    volunteer.locator("summary", has_text="passphrase").press("Enter")
    volunteer.locator("#pseudonym").press_sequentially(person.pseudonym)
    volunteer.locator("#passphrase").press_sequentially(person.passphrase)
    volunteer.keyboard.press("Enter")
    volunteer.wait_for_url(f"{own_town.url}/en/on-call", timeout=SLOW_MS)
    assert "gone when the machine starts again" in (volunteer.locator("#duty-form").text_content() or "")
    go_on_duty(volunteer, ("en",), person.passphrase)
    watch.tell("a volunteer is on duty")
    let = phone.get_by_role("button", name="Let a volunteer listen")
    expect(let).to_be_visible(timeout=SLOW_MS)
    expect(volunteer.locator("#ring")).to_be_hidden()
    let.press("Enter")
    expect(volunteer.locator("#ring")).to_be_visible(timeout=SLOW_MS)
    assert not findings(volunteer)
    volunteer.keyboard.press("a")
    expect(caller).to_contain_text("a volunteer, not a lawyer", timeout=SLOW_MS)
    expect(caller).to_contain_text("I am a volunteer, not a lawyer. What you say to me may not be secret.")
    wait_until(lambda: volunteer.evaluate(HEARS) and phone.evaluate(HEARS), 60)
    expect(volunteer.locator("#talk")).to_contain_text("Never advise")
    assert not findings(volunteer)
    watch.tell("after the caller's yes: a volunteer, who says what they are")
