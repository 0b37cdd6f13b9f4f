"""A call from the tap to its end, in browsers: the phone that records, a lawyer by keyboard, an interpreter by a link."""

import re

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_recording import tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tests.web.test_accessible import findings

HEARS = """async () => {
  const sound = document.querySelector("audio");
  const report = await new Promise((resolve) => setTimeout(() => resolve(sound?.srcObject?.getAudioTracks() ?? []), 50));
  return report.some((track) => track.readyState === "live" && !track.muted) && !sound.muted;
}"""


def go_on_duty(desk: Page, languages: tuple[str, ...] = ("en", "es")) -> None:
    """By keyboard: the summary, the hour, Enter."""
    desk.locator("#duty-open > summary").press("Enter")
    for code in languages:
        desk.locator(f"#speaks-{code}").set_checked(True)
    desk.locator("#duty-until").fill(desk.evaluate("new Date(Date.now() + 4 * 3600e3).toTimeString().slice(0, 5)"))
    desk.locator("#duty-until").press("Enter")
    expect(desk.locator("#duty-state")).to_contain_text("On duty until", timeout=SLOW_MS)


def test_a_lawyer_answers_by_keyboard_and_an_interpreter_joins(town: Running, open_page: OpenPage) -> None:
    watch = Watch()
    phone, desk = open_page(PHONE, locale="es-ES"), open_page(DESK)
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 60)
    sign_in(desk, town)
    go_on_duty(desk)
    watch.tell("on duty")
    phone.goto(f"{town.url}/es/")
    phone.click("#record")
    expect(phone.locator("body.live")).to_be_visible()
    expect(phone.locator("#call")).to_contain_text("Se llama a la abogacía en", timeout=SLOW_MS)
    watch.tell("the phone counts down")
    expect(desk.locator("#ring")).to_be_visible(timeout=SLOW_MS)
    watch.tell("the desk rings")
    expect(desk.locator("#ring-text")).to_have_text(re.compile("Español, Minnesota: Not said."))
    expect(phone.locator("#call")).to_contain_text("1 de 1")
    desk.keyboard.press("a")
    expect(phone.locator("#call")).to_contain_text("abogacía de la mesa legal", timeout=SLOW_MS)
    expect(desk.locator("#talk-line")).to_contain_text("Sound is open.", timeout=SLOW_MS)
    wait_until(lambda: desk.evaluate(HEARS) and phone.evaluate(HEARS), 60)
    watch.tell("both hear")
    expect(phone.locator("#call")).to_contain_text("su conversación queda grabada")
    expect(desk.locator("#sheet")).to_be_visible(timeout=SLOW_MS)
    watch.tell("the sheet is beside the call")

    desk.locator("#talk-jail").press("Enter")
    expect(phone.locator("#call")).to_contain_text("cárcel se escuchan", timeout=SLOW_MS)
    assert findings(desk) + findings(phone) == []
    desk.locator("#talk-invite").press("Enter")
    link = wait_until(lambda: desk.locator("#invite-link").input_value(), 60)
    guest = open_page(DESK)
    guest.goto(link.replace("/en/join", "/fr/join"))
    assert "#" not in guest.url, "what opens the call does not stay in the bar"
    guest.locator("#join").press("Enter")
    expect(phone.locator("#call")).to_contain_text("intérprete", timeout=SLOW_MS)
    expect(desk.locator("#talk-people")).to_contain_text("an interpreter", timeout=SLOW_MS)
    expect(guest.locator("#join-told")).to_contain_text("un avocat du bureau juridique", timeout=SLOW_MS)
    watch.tell("everybody is told of the interpreter")

    desk.locator("#talk-end").press("Enter")
    expect(phone.locator("#call")).to_contain_text("La llamada terminó", timeout=SLOW_MS)
    expect(guest.locator("#join-told")).to_contain_text("terminé", timeout=SLOW_MS)
    desk.locator("#duty-end").press("Enter")
    expect(desk.locator("#duty-state")).to_contain_text("off duty")


def test_who_cancels_in_time_rings_nobody_and_nobody_on_duty_is_said(own_town: Running, phone: Page) -> None:
    """In a town of its own: in a shared one, a journey that failed may have left a lawyer on duty."""
    with client_of_town(own_town) as client:
        wait_until(lambda: desk_counts(client), 60)
    tap(phone, own_town)
    phone.get_by_role("button", name="Ring nobody").click(timeout=SLOW_MS)
    expect(phone.locator("#call")).to_contain_text("Nobody is rung")
    phone.get_by_role("button", name="Ring a lawyer").click()
    expect(phone.locator("#call")).to_contain_text("on duty now", timeout=SLOW_MS)
    expect(phone.locator("#call")).to_contain_text("You may stay silent")
