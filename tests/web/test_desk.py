"""A lawyer's evening in a real browser, by keyboard: a recording that goes on is taken, followed, written about and put away."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.encounters.phone import Phone
from tests.evidence.film import PICTURE, recorded
from tests.waiting import wait_until
from tests.web.conftest import DESK, PHONE, OpenPage
from tests.web.test_accessible import SMALL, findings
from tests.web.test_staff import invited, join_by_passkey, running, with_authenticator
from tocsin.ids import b64
from tocsin.node import Node
from tocsin.people import staff

__all__ = ["running"]
Running = tuple[Node, str]
NOTE = "Spoke with their sister. A-number is 123456789."


class Recorder:
    """A phone that records on a node over HTTP, for as long as a test wants."""

    def __init__(self, running: Running, recipients: list[str], kind: str = "encounter") -> None:
        self.url, self.phone = running[1], Phone(running[0].share_recipient, recipients, kind)
        answer = httpx.post(f"{self.url}/encounters", content=self.phone.start_json(), trust_env=False, timeout=60)
        assert answer.status_code == 201
        self.send()

    @property
    def number(self) -> str:
        return b64(self.phone.id)

    def send(self, body: bytes = b"", *, final: bool = False) -> None:
        raw = self.phone.second(body, final=final)
        address = f"{self.url}/encounters/{self.number}/chunks/{int.from_bytes(raw[:8])}"
        headers = {"authorization": f"Tocsin {b64(self.phone.upload)}"}
        assert httpx.put(address, content=raw, headers=headers, trust_env=False, timeout=60).status_code == 200


@pytest.fixture(scope="module")
def slices() -> list[bytes]:
    """Filled by the first test that has a browser: recording takes as long as the recording."""
    return []


@pytest.fixture
def recipients() -> list[str]:
    """Whoever is a lawyer when a test records."""
    return []


def at_the_desk(opened: OpenPage, running: Running, name: str, recipients: list[str], **options: object) -> Page:
    """Somebody who has just joined as a lawyer, with their key open, before the list."""
    page = opened("about:blank", **{"viewport": DESK, "real": True, **options})
    with_authenticator(page)
    page.goto(invited(running, name, "lawyer"))
    join_by_passkey(page)
    recipients[:] = [one.recipient for one in running[0].database.read_now(staff.everybody)]
    page.goto(f"{running[1]}/en/desk")
    page.click("#unlock-passkey")
    expect(page.locator("#locked")).to_be_hidden()
    return page


def press(page: Page, key: str) -> None:
    """A key in the list, on the line in hand."""
    page.locator(".pick[aria-current=true], .pick").first.focus()
    page.keyboard.press(key)


def test_a_recording_is_taken_followed_and_written_about_by_keyboard(
    opened: OpenPage, running: Running, recipients: list[str], slices: list[bytes]
) -> None:
    slices += recorded(opened(f"{running[1]}/en/", real=True, permissions=["camera", "microphone"]), 3, (PICTURE,))[0]
    page = at_the_desk(opened, running, "Wren", recipients)
    Recorder(running, recipients, "rehearsal")
    recorder = Recorder(running, recipients)
    recorder.send(slices[0])
    row = page.locator("tbody#lines tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Recording now")
    expect(row).to_contain_text("Stream stopped without goodbye 00:0", timeout=60_000)
    assert not findings(page)

    page.locator(".pick").focus()
    page.keyboard.press("Enter")
    press(page, "t")
    expect(row).to_contain_text("You")
    press(page, "o")
    expect(page.locator("#player-title")).to_be_focused()
    page.get_by_role("button", name="Play").click()
    for part in slices[1:]:
        recorder.send(part)
    wait_until(lambda: page.evaluate("document.querySelector('video')?.videoWidth") == 320, 60)
    followed_to_its_end(page, recorder)
    expect(row).to_contain_text("Stopped")
    expect(page.locator("#acts")).to_contain_text("opened it")

    page.fill("#note", NOTE)
    stored = "Object.entries(localStorage).filter(([key]) => key.startsWith('tocsin.draft.'))"
    wait_until(lambda: len(page.evaluate(stored)) == 1)
    assert "123456789" not in str(page.evaluate(stored))
    page.reload()
    page.click("#unlock-passkey")
    expect(row).to_contain_text("You")
    press(page, "Enter")
    page.get_by_role("button", name="Open it").click()
    page.locator("#drafts").get_by_role("button", name="Take it back").click()
    assert page.input_value("#note") == NOTE
    page.locator("#note-form button").click()
    expect(page.locator("#notes li")).to_contain_text(NOTE)

    page.fill("#held_at", "2026-11-20T23:10")
    page.fill("#a_number", "A12345")
    page.locator("#a_number").blur()
    expect(page.locator("#a_number-problem")).to_contain_text("8 or 9 digits")
    page.fill("#a_number", "A 123-456-789")
    page.fill("#place", "corner by the bakery")
    page.locator("#warrant-judicial").check()
    expect(page.locator("#next-deadline")).not_to_be_empty()
    page.locator("#sheet button[type=submit]").click()
    expect(page.locator("#sheet-state")).to_have_text("Saved, sealed.")
    for direction in ("rtl", "ltr"):
        page.evaluate("direction => { document.documentElement.dir = direction }", direction)
        assert not findings(page)
    printed(page)
    for size in (PHONE, DESK):
        page.set_viewport_size(size)
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
        assert not page.evaluate(SMALL)

    press(page, "f")
    expect(row).to_contain_text("put away")
    page.click("#undo-do")
    expect(row).not_to_contain_text("put away")
    held = running[0].database.read_now(lambda c: str(c.exec_driver_sql("SELECT * FROM desk_paper").all()))
    assert "123456789" not in held


def followed_to_its_end(page: Page, recorder: Recorder) -> None:
    """What stands says why, and goes on by itself: at the newest second, without a node, at the end."""
    told, trouble = page.locator("#player .clock").first, page.locator("#follow-problem")
    expect(told).to_contain_text("Waiting for what comes next.")
    page.route("**/chunks/*", lambda route: route.abort("internetdisconnected"))
    expect(trouble).to_contain_text("this page tries again by itself")
    recorder.send(final=True)
    page.unroute("**/chunks/*")
    expect(trouble).to_be_hidden()
    expect(told).to_contain_text("This is the end.")


def printed(page: Page) -> None:
    """The fact sheet alone is on paper."""
    page.evaluate("window.print = () => dispatchEvent(new Event('beforeprint'))")  # as every browser says it
    page.click("#sheet-print")
    sheet = page.locator("#fact-sheet")
    for said in ("A123456789", "corner by the bakery"):
        expect(sheet).to_contain_text(said)
    page.emulate_media(media="print")
    expect(sheet).to_be_visible()
    expect(page.locator("#notes")).to_be_hidden()
    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(sheet).to_be_hidden()


def linked(page: Page, first: Recorder, second: Recorder) -> None:
    """Two phones of one event, joined by who has both, and parted again."""
    for one in (second, first):
        page.locator(f"[data-recording='{one.number}']").focus()
        page.keyboard.press("t")
        expect(page.locator("tr", has=page.locator(f"[data-recording='{one.number}']"))).to_contain_text("You")
    page.get_by_role("button", name="Open it").click()
    page.select_option("#link-with", second.number)
    page.get_by_role("button", name="Link it", exact=True).click()
    expect(page.locator("#links")).to_contain_text(second.number[:6])
    page.click("#undo-do")
    expect(page.locator("#links li")).to_have_count(0)


def test_who_declines_does_not_see_it_again_and_can_undo_for_ten_seconds(
    opened: OpenPage, running: Running, recipients: list[str]
) -> None:
    page = at_the_desk(opened, running, "Kestrel", recipients)
    page.evaluate("document.hasFocus = () => false; dispatchEvent(new Event('blur'))")
    expect(page.locator("h1").first).to_be_hidden()  # nothing is on the screen while somebody works elsewhere
    page.evaluate("document.hasFocus = () => true; dispatchEvent(new Event('focus'))")
    recorder = Recorder(running, recipients)
    line = page.locator(f"[data-recording='{recorder.number}']")
    line.focus()
    page.keyboard.press("d")
    expect(line).to_have_count(0)
    page.click("#undo-do")
    expect(line).to_have_count(1)
    linked(page, Recorder(running, recipients), Recorder(running, recipients))
    line.focus()
    page.keyboard.press("d")
    expect(line).to_have_count(0)
    page.reload()
    page.click("#unlock-passkey")
    expect(page.locator("#locked")).to_be_hidden()
    expect(line).to_have_count(0)
