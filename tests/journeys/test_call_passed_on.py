"""Two lawyers' browsers: the first lets it ring, the next answers above a locked page and signs in beside the call."""

from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_call import HEARS, IS_OPEN, MICROPHONES, go_on_duty
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_first_run import enter
from tests.journeys.test_leaver import joined_by_a_lawyer
from tests.journeys.test_recording import tap
from tests.journeys.test_town import client_of_town, desk_counts, lawyers_of
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.clock import SystemClock
from tocsin.demo import staff


def two_lawyers(town: Running, open_page: OpenPage) -> tuple[Page, Page]:
    """The sample lawyer, and a colleague whose key two stewards put into the log; both at the desk, with their keys open."""
    url = town.url
    one, two, desk = open_page(DESK), open_page(DESK), open_page(DESK)
    colleague = joined_by_a_lawyer(one, two, town, open_page)
    with client_of_town(town) as client:
        wait_until(lambda: len(lawyers_of(client.get("/desk-keys").json())) == 2 and desk_counts(client), 120)
    for page in (one, two):
        page.context.close()
    for page in (desk, colleague):
        page.add_init_script(MICROPHONES)
    sign_in(desk, town)
    colleague.goto(f"{url}/en/desk")
    enter(colleague, "#unlock-passkey")
    expect(colleague.locator("#locked")).to_be_hidden(timeout=SLOW_MS)
    return desk, colleague


def locks(page: Page, url: str) -> None:
    """Signed out in another tab: this one is blanked, as after twenty minutes."""
    signs_out(page, url)
    expect(page.locator("#unlock-title")).to_have_text("This page is locked", timeout=SLOW_MS)


def signs_out(page: Page, url: str) -> None:
    """In another tab."""
    tab = page.context.new_page()
    tab.goto(f"{url}/en/staff/")
    tab.locator(".staffbar form button").press("Enter")
    tab.wait_for_url("**/staff/sign-in")
    tab.close()


def enters(page: Page, passphrase: str) -> None:
    """The sample lawyer by passphrase, the colleague by passkey."""
    if passphrase:
        page.locator("#unlock-passphrase").press_sequentially(passphrase)
        page.keyboard.press("Enter")
    else:
        enter(page, "#unlock-passkey")


def test_a_call_passes_on_and_is_answered_above_a_locked_page(
    own_town: Running, open_page: OpenPage, *, is_long: bool
) -> None:
    watch, clock = Watch(), SystemClock()
    both = two_lawyers(own_town, open_page)
    phone = open_page(PHONE)
    caller = phone.locator("#call")
    for page in both:
        go_on_duty(page)
        locks(page, own_town.url)
    watch.tell("two lawyers are on duty, and both pages are locked")
    tap(phone, own_town)
    wait_until(lambda: any(page.locator("#ring").is_visible() for page in both), 60)
    first, second = both if both[0].locator("#ring").is_visible() else (both[1], both[0])
    since = clock.monotonic()
    expect(caller).to_contain_text("1 of 2", timeout=SLOW_MS)
    expect(second.locator("#ring")).to_be_hidden()
    watch.tell("one of them rings")
    if not is_long:
        first.keyboard.press("n")
    expect(second.locator("#ring")).to_be_visible(timeout=SLOW_MS)
    watch.tell(f"the other rings, {clock.monotonic() - since:.1f} s after the first did")
    expect(first.locator("#ring")).to_be_hidden(timeout=SLOW_MS)
    assert first.locator("#ring-text").text_content() == "", "nothing of it stays with who did not answer"
    expect(caller).to_contain_text("2 of 2", timeout=SLOW_MS)
    second.keyboard.press("a")
    expect(caller).to_contain_text("a lawyer of the legal desk", timeout=SLOW_MS)
    wait_until(lambda: second.evaluate(HEARS) and phone.evaluate(HEARS), 60)
    watch.tell("answered by one key above a locked page: both hear")

    for shown in ("#talk-end", "#talk-mute", "#talk-people"):
        expect(second.locator(shown)).to_be_visible()
    for hidden in ("#unlock", "#count", "#duty-state"):
        expect(second.locator(hidden)).to_be_hidden()
    expect(second.locator("#talk-title")).to_be_focused()
    assert not findings(second)
    assert second.evaluate(IS_OPEN)
    second.locator("#talk-mute").press("Enter")
    expect(second.locator("#talk-mute")).to_have_text("Open my microphone")
    assert not second.evaluate(IS_OPEN), "who mutes is not heard"
    second.locator("#talk-mute").press("Enter")
    expect(second.locator("#talk-mute")).to_have_text("Mute my microphone")
    assert second.evaluate(IS_OPEN)
    watch.tell("the call's own controls are there, and nothing else of the page")

    second.locator("#talk-unlock").press("Enter")
    expect(second.locator("#unlock")).to_be_visible()
    second.keyboard.press("Escape")
    expect(second.locator("#unlock")).to_be_hidden()
    expect(second.locator("#talk-end")).to_be_visible()
    second.locator("#talk-unlock").press("Enter")
    enters(second, staff.known(own_town.town)[-1].passphrase if second is both[0] else "")
    expect(second.locator("#sheet-title")).to_be_focused(timeout=SLOW_MS)
    expect(second.locator("#talk-end")).to_be_in_viewport()
    expect(second.locator("#talk-unlock")).to_be_hidden()
    assert second.evaluate(HEARS)
    signs_out(second, own_town.url)
    expect(second.locator("#talk-unlock")).to_be_visible(timeout=SLOW_MS)
    expect(second.locator("#unlock")).to_be_hidden()
    expect(second.locator("#sheet-title")).to_be_hidden()
    expect(second.locator("#talk-end")).to_be_visible()
    watch.tell("signed in beside the call: the sheet is open, the sound went on; signed out, the call alone is left")
    second.locator("#talk-end").press("Enter")
    expect(caller).to_contain_text("The call is over", timeout=SLOW_MS)
    for page in both:
        expect(page.locator("#unlock-title")).to_be_visible(timeout=SLOW_MS)
    watch.tell("it is over: both pages are locked, as they were")
