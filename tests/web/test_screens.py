"""The screens, drawn: what a person sees in each state of a recording, what is kept of it, and the way out."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.chromium import rest
from tests.waiting import wait_until
from tests.web.conftest import OpenPage

UNDER_WAY = {
    "phase": "recording",
    "recordedMs": 45_900,
    "safeMs": 42_999,
    "onlyHereMs": 2_901,
    "bytesSent": 1_234_567,
}
WORDS = ["abandon", "orbit", "velvet", "ranch", "dilemma", "copper", "zebra"]


def move(page: Page, **changes: Any) -> None:
    page.evaluate("changes => fake.move(changes)", changes)


def record(page: Page, **changes: Any) -> None:
    """Tap, then put the recording into a state."""
    page.click("#record")
    wait_until(lambda: page.evaluate("globalThis.fake?.calls.includes('start')"))
    move(page, **{**UNDER_WAY, **changes})


def test_the_control_is_two_fifths_of_a_small_phone_and_its_number_and_way_out_are_seen(
    opened: OpenPage, node: str
) -> None:
    page = opened(f"{node}/en/")
    control = page.locator("#record").bounding_box()
    assert control is not None
    assert control["height"] >= 0.4 * 640
    assert control["y"] + control["height"] <= 640
    for place in ("#exit", ".emergency"):
        box = page.locator(place).first.bounding_box()
        assert box is not None
        assert box["height"] >= 48
        assert box["y"] + box["height"] <= 640
    way_out = page.locator("#exit").bounding_box()
    assert way_out is not None
    assert way_out["x"] + way_out["width"] > 360 - 24


def test_stop_stands_where_record_stood(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    before = page.locator("#record").bounding_box()
    record(page)
    after = page.locator("#stop").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) <= 24
    assert before["height"] == after["height"]


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_the_control_does_not_move_under_a_thumb_whatever_is_said_above_it(
    opened: OpenPage, node: str, language: str
) -> None:
    page = opened(f"{node}/{language}/")
    record(page, phase="starting")
    page.evaluate("document.getElementById('preview').hidden = false")
    places = set()
    for changes in (
        {"recordedMs": 900, "safeMs": 0, "onlyHereMs": 900},
        {"phase": "recording"},
        {"safeMs": 42_999, "recordedMs": 55_000, "onlyHereMs": 12_001},
        {"phase": "paused"},
    ):
        move(page, **changes)
        box = page.locator("#stop").bounding_box()
        assert box is not None
        places.add((box["y"], box["height"]))
    assert len(places) == 1


def test_status_words_are_the_recorders_and_round_to_the_careful_side(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page)
    expect(page.locator("#safe")).to_have_text("Safe on the node up to 00:42")
    expect(page.locator("#here")).to_have_text("3 seconds only on this phone")
    expect(page.locator("#clock")).to_have_text("00:45")
    expect(page.locator("#bits")).to_contain_text("1.2 MB sent")
    move(page, safeMs=900, onlyHereMs=1)
    expect(page.locator("#safe")).to_have_text("Nothing has reached the node yet")
    expect(page.locator("#here")).to_have_text("1 second only on this phone")
    move(page, safeMs=45_000, onlyHereMs=0)
    expect(page.locator("#here")).to_have_text("Nothing waits on this phone")


def test_spanish_status_has_no_english_word(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/es/")
    record(page, network="lost", wakeLock=False, takes={"picture": False, "sound": True})
    expect(page.locator("#safe")).to_have_text("A salvo en el nodo hasta 00:42")
    expect(page.locator("#trouble")).to_contain_text("El nodo no responde")
    expect(page.locator("#bits")).to_contain_text("1,2 MB enviados")


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_a_network_that_is_lost_is_told_whole_on_the_first_screen(opened: OpenPage, node: str, language: str) -> None:
    page = opened(f"{node}/{language}/")
    record(page, network="lost")
    page.evaluate("document.getElementById('preview').hidden = false")
    place = page.locator("#trouble").bounding_box()
    assert place is not None
    assert place["y"] + place["height"] <= 640


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"network": "lost"}, "The node does not answer. Recording goes on"),
        ({"network": "slow"}, "Sending is slow"),
        ({"isStored": False}, "This phone cannot keep seconds"),
        ({"isHeldBack": True}, "The phone holds back camera or microphone"),
        ({"phase": "finishing"}, "then your words come. Keep this page open"),
        ({"phase": "finishing", "onlyHereMs": 0}, "First the last seconds reach the node, then your words come"),
        ({"phase": "finishing", "network": "lost"}, "Keep this page open to get your words"),
    ],
)
def test_trouble_is_said_and_taken_back(opened: OpenPage, node: str, changes: dict[str, Any], sentence: str) -> None:
    page = opened(f"{node}/en/")
    record(page, **changes)
    expect(page.locator("#trouble")).to_contain_text(sentence)
    place = page.locator("#trouble").bounding_box()
    assert place is not None
    assert place["y"] + place["height"] <= 640, "on the first screen, below nothing that can be long"
    move(page, phase="recording", network="ok", isStored=True, isHeldBack=False)
    expect(page.locator("#trouble")).to_be_hidden()


def test_the_mark_says_recording_only_while_something_is_taken_in(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page, phase="starting")
    page.evaluate("fake.move({ recording: undefined })")
    expect(page.locator("#mark-word")).to_have_text("Not recording yet")
    expect(page.locator("#live")).to_have_accessible_name("Not recording yet")
    expect(page.locator("#bits")).to_have_text("1.2 MB sent")
    expect(page.locator("#said")).to_have_text(re.compile("^Not recording yet. Starting the camera"))
    move(page, phase="recording", recording="a-recording", recordedMs=0, safeMs=0)
    expect(page.locator("#mark-word")).to_have_text("Recording")
    expect(page.locator("#said")).to_have_text(re.compile("^Recording. Nothing has reached the node yet"))
    rest(page)
    page.dblclick("#stop")
    expect(page.locator("#mark-word")).to_have_text("Recording has ended")
    expect(page.locator("#said")).to_have_text(re.compile("^Recording has ended"))
    expect(page.locator("#stop")).to_be_hidden()
    expect(page.locator("#bits")).not_to_contain_text("Picture")


@pytest.mark.parametrize(
    ("picture", "sound", "sentence"),
    [
        (True, True, "Picture and sound"),
        (True, False, "Picture without sound"),
        (False, True, "Sound only"),
        (False, False, "Neither picture nor sound now"),
    ],
)
def test_what_is_taken_in_is_said(opened: OpenPage, node: str, sentence: str, *, picture: bool, sound: bool) -> None:
    page = opened(f"{node}/en/")
    record(page, takes={"picture": picture, "sound": sound})
    expect(page.locator("#bits li").first).to_have_text(sentence)


def test_one_touch_does_not_stop_two_do(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page)
    rest(page)
    page.click("#stop")
    expect(page.locator("#stop")).to_contain_text("Tap again to stop")
    assert page.evaluate("fake.calls") == ["start"]
    page.click("#stop")
    assert page.evaluate("fake.calls") == ["start", "stop"]


def test_a_hand_that_hammers_begins_and_does_not_end(opened: OpenPage, node: str) -> None:
    """The stop stands where the control stood: who taps five times in a second means that it is to record."""
    page = opened(f"{node}/en/")
    place = page.locator("#record").bounding_box()
    assert place is not None
    for _ in range(6):
        page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    expect(page.locator("#stop")).to_be_visible()
    for _ in range(6):
        page.mouse.click(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    assert page.evaluate("fake.calls") == ["start"]
    expect(page.locator("#stop-word")).to_have_text("Stop")
    rest(page)
    page.dblclick("#stop")
    assert page.evaluate("fake.calls") == ["start", "stop"]


def test_holding_for_a_second_stops_and_letting_go_earlier_does_not(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    page.clock.install(time=0)
    record(page)
    page.locator("#stop").hover()
    page.clock.pause_at(3_600)  # else it goes on with the machine's, which may be slow
    page.mouse.down()
    page.clock.run_for(900)
    assert page.evaluate("fake.calls") == ["start"]
    page.clock.run_for(200)
    assert page.evaluate("fake.calls") == ["start", "stop"]
    page.mouse.up()


def test_an_armed_stop_forgets_after_four_seconds(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    page.clock.install()
    record(page)
    page.clock.run_for(800)
    page.click("#stop")
    expect(page.locator("#stop")).to_contain_text("Tap again to stop")
    page.clock.run_for(4_100)
    expect(page.locator("#stop-word")).to_have_text("Stop")
    page.click("#stop")
    assert page.evaluate("fake.calls") == ["start"]


def test_the_keyboard_stops_too(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page)
    expect(page.locator("#stop")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert page.evaluate("fake.calls") == ["start", "stop"]


def test_a_key_that_is_kept_down_does_not_end_what_it_began(opened: OpenPage, node: str) -> None:
    """The stop takes the place of the control and its focus: a key repeats after half a second, thirty times a second."""
    page = opened(f"{node}/en/")
    page.locator("#record").focus()
    page.keyboard.down("Enter")
    expect(page.locator("#stop")).to_be_focused()
    for _ in range(30):
        page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    assert page.evaluate("fake.calls") == ["start"]
    expect(page.locator("#stop-word")).to_have_text("Stop")


def test_pause_is_one_tap_and_is_shown(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page)
    page.click("#pause")
    expect(page.locator("#mark-word")).to_have_text("Paused")
    expect(page.locator("#trouble")).to_have_text("Paused. Nothing is being recorded.")
    icon = page.locator("#pause .icon")
    hollow = "getComputedStyle(document.querySelector('#mark .icon')).fill"
    assert page.evaluate(hollow) == "none"
    assert icon.is_hidden()
    page.click("#pause")
    assert page.evaluate(hollow) != "none"
    assert icon.is_visible()
    expect(page.locator("#mark-word")).to_have_text("Recording")


def test_words_are_shown_once_and_gone_when_copied(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page, phase="words", stoppedBecause="person", words=WORDS)
    expect(page.locator("#words li")).to_have_text(WORDS)
    page.click("#words-have")
    expect(page.locator("#words li")).to_have_count(7)
    page.click("#words-have")
    expect(page.locator("#words-part")).to_be_hidden()
    assert not [word for word in WORDS if word in page.content()]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert "copied" in page.evaluate("fake.calls")


def test_on_paper_there_are_the_words_and_where_to_use_them(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page, phase="words", stoppedBecause="person", words=WORDS)
    page.emulate_media(media="print")
    expect(page.locator("#words")).to_be_visible()
    expect(page.locator("#words-use")).to_contain_text("/en/recover")
    for hidden in ("#exit", "#words-print", "#words-have"):
        expect(page.locator(hidden)).to_be_hidden()


def test_a_recording_that_stopped_by_itself_says_so_loudly_and_since_when(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page, phase="stopped", stoppedBecause="hidden", stoppedAtMs=70_400, safeMs=69_000)
    expect(page.locator("#after-title")).to_have_text(
        "Recording stopped at 01:10: the screen locked or another app came in front"
    )
    expect(page.locator("#after-safe")).to_have_text("Safe on the node up to 01:09")


@pytest.mark.parametrize("because", ["permission_refused", "no_device", "not_supported", "setup_failed", "refused_x"])
def test_a_recording_that_cannot_begin_says_why_and_what_to_do(opened: OpenPage, node: str, because: str) -> None:
    page = opened(f"{node}/en/")
    page.click("#record")
    wait_until(lambda: page.evaluate("!!globalThis.fake"))
    move(page, phase="failed", stoppedBecause=because)
    expect(page.locator("#ended")).to_contain_text("Not recording: ")
    expect(page.locator("#ended")).to_contain_text("your phone’s own camera")
    expect(page.locator("#record")).to_be_visible()
    assert "the browser did not say why" not in page.locator("#ended").inner_text()


def test_somebody_still_there_says_so_with_one_tap(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page, promptDueMs=60_000)
    page.click("#still-yes")
    assert page.evaluate("fake.calls") == ["start", "still"]
    expect(page.locator("#still")).to_be_hidden()


@pytest.mark.parametrize("chosen", ["keep", "drop"])
def test_leaving_drops_the_keys_goes_away_and_leaves_no_step_back(opened: OpenPage, node: str, chosen: str) -> None:
    page = opened(f"{node}/es/", locale="es")
    page.evaluate("choice => localStorage.setItem('tocsin.leave', choice)", chosen)
    record(page)
    steps = page.evaluate("history.length")
    page.click("#exit")
    page.wait_for_url("**/es/measures")
    assert page.evaluate("sessionStorage.getItem('left')") == str(chosen == "keep").lower()
    assert page.evaluate("history.length") == steps
    expect(page.locator("h1")).to_have_text("Medidas de cocina")


def test_nothing_leads_away_from_a_recording_but_the_way_out(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/")
    record(page)
    visible = page.locator("a:visible")
    assert {
        visible.nth(i).get_attribute("id") or visible.nth(i).get_attribute("href") for i in range(visible.count())
    } <= {
        "exit",
        "tel:911",
        "#main",
    }


def test_the_rehearsal_asks_records_ten_seconds_and_keeps_two_choices(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/en/rehearsal", permissions=["camera", "microphone"])
    page.click("#ask")
    expect(page.locator("#asked")).to_have_text("Camera and microphone are allowed.")
    page.click("#start")
    wait_until(lambda: page.evaluate("globalThis.fake?.calls.includes('start')"))
    assert page.evaluate("[fake.options.kind, fake.options.stream instanceof MediaStream]") == ["rehearsal", True]
    move(page, phase="recording", recordedMs=7_000, safeMs=6_500, rehearsal=True)
    expect(page.locator("#arrivals .arrived")).to_have_count(6)
    move(page, recordedMs=10_050, safeMs=9_000)
    assert page.evaluate("fake.calls") == ["start", "stop"]
    move(page, phase="words", safeMs=10_050, words=WORDS)
    expect(page.locator("#arrived")).to_contain_text("All ten seconds arrived")
    expect(page.locator(".rehearsing")).to_be_visible()
    rest(page)
    page.dblclick("#words-have")  # within four seconds, however slow the machine is
    page.click("text=They are dropped from this phone")
    page.click("text=A short sound")
    page.click("text=Kitchen measures, a cup")
    chosen = {"tocsin.leave": "drop", "tocsin.sound": "on", "tocsin.name": "plain"}
    assert page.evaluate("({...localStorage})") == chosen
    page.goto(f"{node}/en/")
    assert page.evaluate("({...localStorage})") == chosen
    expect(page.locator('link[rel="manifest"]')).to_have_attribute("href", "/en/plain.webmanifest")


def test_no_page_shows_a_key_instead_of_a_sentence(opened: OpenPage, node: str) -> None:
    page = opened(f"{node}/fr/")
    record(page, stoppedBecause=None)
    assert "status." not in page.inner_text("body")
    assert "record." not in page.inner_text("body")
