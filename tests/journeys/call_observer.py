"""P2 with a lawyer in her ear, by keyboard, read by axe: a slow network, none, one again, a locked screen, a phone that is taken.

Two minutes and a half, so it is asked for by name: `pytest -s tests/journeys/call_observer.py`.
"""

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.bad_line import bad_line
from tests.journeys.conftest import DESK, OpenPage, Running
from tests.journeys.test_call import HEARS, answers, go_on_duty
from tests.journeys.test_call_lost import relay, relays_over
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_recording import safe_seconds
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.clock import SystemClock

MID = (412, 915)
EDGE = {"offline": False, "latency": 400, "downloadThroughput": 30_000, "uploadThroughput": 30_000}
"""Bytes a second, and ms: 240 kbit/s."""
FULL = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
EDGE_LOSES, WITHOUT_S = 5, 10
SEEN = """is => {
  Object.defineProperty(document, "visibilityState", { configurable: true, get: () => is });
  Object.defineProperty(document, "hidden", { configurable: true, get: () => is === "hidden" });
  document.dispatchEvent(new Event("visibilitychange"));
}"""
"""What a page is told when the screen is locked, and when it is not any more."""


def here(page: Page) -> int:
    """Seconds that are only on the phone."""
    return int(page.evaluate("Number(/\\d+/.exec(document.querySelector('#here').textContent) ?? 0)"))


def test_an_observer_is_heard_through_what_goes_wrong(own_town: Running, open_page: OpenPage, tmp_path: Path) -> None:
    watch, clock = Watch(), SystemClock()
    phone, desk = open_page(MID), open_page(DESK)
    caller, line_told = phone.locator("#call"), desk.locator("#talk-line")
    with relay(tmp_path) as port, bad_line(port) as line:
        relays_over(own_town, line)
        with client_of_town(own_town) as client:
            wait_until(lambda: desk_counts(client), 120)
        sign_in(desk, own_town)
        go_on_duty(desk)
        network = phone.context.new_cdp_session(phone)
        network.send("Network.enable")
        watch.tell("a lawyer is on duty")
        phone.goto(f"{own_town.url}/en/")
        phone.locator("#record").focus()
        phone.keyboard.press("Enter")
        expect(phone.locator("body.live")).to_be_visible()
        watch.tell("P2.4 one press of a key: it records")
        wait_until(lambda: safe_seconds(phone) >= 1, 60)
        watch.tell("P2.4 the first second is safe on the node")
        answers(desk)
        expect(line_told).to_contain_text("Sound is open. It goes over the relay.", timeout=SLOW_MS)
        wait_until(lambda: desk.evaluate(HEARS) and phone.evaluate(HEARS), 60)
        watch.tell("both hear")
        assert not findings(phone)
        assert not findings(desk)

        network.send("Network.emulateNetworkConditions", EDGE)
        line.loss, safe = EDGE_LOSES, safe_seconds(phone)
        wait_until(lambda: safe_seconds(phone) >= safe + 5, 120)
        assert phone.evaluate(HEARS)
        assert desk.evaluate(HEARS)
        watch.tell(
            f"P2.5 on EDGE, {EDGE_LOSES} of a hundred packets lost each way: five more seconds are safe, both hear"
        )
        phone.context.set_offline(True)
        line.loss, since = 100, clock.monotonic()
        expect(caller).to_contain_text("The sound is lost", timeout=SLOW_MS)
        wait_until(lambda: here(phone) >= 5, 60)
        expect(phone.locator("body.live")).to_be_visible()
        watch.tell("P2.5 no network: it records on, and says what is only on the phone")
        assert not findings(phone, ["light"])
        wait_until(lambda: clock.monotonic() - since > WITHOUT_S, 60)
        behind = safe_seconds(phone) + here(phone)
        phone.context.set_offline(False)
        network.send("Network.emulateNetworkConditions", FULL)
        line.loss, back = 0, clock.monotonic()
        expect(caller).to_contain_text("Sound is open", timeout=SLOW_MS)
        watch.tell(f"P2.5 the call healed {clock.monotonic() - back:.1f} s after the network was back")
        wait_until(lambda: safe_seconds(phone) >= behind, 60)
        watch.tell(f"P2.5 the recording caught up {clock.monotonic() - back:.1f} s after it")

        phone.evaluate(SEEN, "hidden")
        safe = safe_seconds(phone)
        wait_until(lambda: safe_seconds(phone) >= safe + 2, 60)
        assert desk.evaluate(HEARS)
        phone.evaluate(SEEN, "visible")
        expect(caller).to_contain_text("Sound is open")
        watch.tell("P2.6 the screen was locked by mistake: it records on, and both hear")

        had = safe_seconds(phone)
        phone.context.set_offline(True)  # switched off in somebody's hand: nothing of it says goodbye
        line.loss = 100
        taken = clock.monotonic()
        expect(line_told).to_contain_text("The sound is lost", timeout=SLOW_MS)
        watch.tell(
            f"P2.8 the phone is taken: {clock.monotonic() - taken:.1f} s later the lawyer reads that the sound is lost"
        )
        row = desk.locator("#lines tr").first
        expect(row).to_contain_text("without goodbye", timeout=SLOW_MS)
        watch.tell(f"P2.8 the desk reads that nothing comes any more; {had} s and more are on the node")
        expect(desk.locator("#call-over")).to_have_text("The call is over.", timeout=120_000)
        watch.tell(f"P2.8 and the call is over {clock.monotonic() - taken:.1f} s after it")
        assert not findings(desk)
