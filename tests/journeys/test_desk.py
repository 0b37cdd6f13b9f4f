"""A lawyer's evening at the legal desk, in browsers: take what a phone records, play it while it goes on, make the package."""

import json
import time
import zipfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, OpenPage, Running
from tests.journeys.test_package import desk_recipient, tocsin
from tests.journeys.test_recording import safe_seconds, stop, tap
from tests.journeys.test_town import client_of_town, desk_counts, record
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tocsin.clock import SystemClock
from tocsin.crypto.envelope import new_identity
from tocsin.demo import staff
from tocsin.ids import b64

SLOW_MS = 60_000
"""Argon2id, twice, beside whatever else the machine does."""


class Watch:
    """Prints what each step took, for whoever reads the run: nothing is asserted of it."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def tell(self, step: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {step}")


def sign_in(page: Page, town: Running, who: int = -1) -> None:
    """As one of the sample staff, the lawyer by default, by passphrase and by keyboard; their key is open afterwards."""
    person = staff.known(town.town)[who]
    page.goto(f"{town.url}/en/desk")
    page.locator("summary", has_text="passphrase").press("Enter")
    page.locator("#pseudonym").press_sequentially(person.pseudonym)
    page.locator("#passphrase").press_sequentially(person.passphrase)
    page.keyboard.press("Enter")
    if who != -1:
        page.wait_for_url(f"{town.url}/en/desk", timeout=SLOW_MS)
        return
    page.locator("#unlock[open]").wait_for(timeout=SLOW_MS)
    page.locator("#unlock-passphrase").press_sequentially(person.passphrase)
    page.keyboard.press("Enter")
    expect(page.locator("#locked")).to_be_hidden(timeout=SLOW_MS)


def listed(page: Page) -> set[str]:
    """Every recording on the list: the town is shared, and other journeys have left theirs in it, taken and waiting."""
    return set(page.locator(".pick").evaluate_all("all => all.map(one => one.dataset.recording)"))


def a_colleague_without_the_role_asks(page: Page, town: Running, recording: str) -> None:
    """Step 11: refused, whatever they send."""
    sign_in(page, town, 0)
    ask = """async recording => (await fetch(`/desk/items/${recording}/open`,
      {method: "POST", headers: {authorization: "Tocsin " + "A".repeat(43)}})).status"""
    assert page.evaluate(ask, recording) == 403


def wait_for_beats(client: httpx.Client, count: int) -> None:
    """So many more beats of the log, the last with its timestamps."""

    def size() -> int:
        return int(client.get("/log/checkpoint").text.splitlines()[1])

    for _ in range(count):
        before = size()
        wait_until(lambda known=before: size() > known, 60)  # type: ignore[misc]
    newest = size()
    wait_until(lambda: client.get(f"/log/timestamps/{newest}").json()["tokens"], 60)


def test_a_lawyers_evening_by_keyboard_and_read_by_axe(
    town: Running, phone: Page, desk: Page, open_page: OpenPage, tmp_path: Path
) -> None:
    """Script P3, steps 6 and 8 to 11, with what happens while it goes on; step 7 is played over a call (`test_call`)."""
    watch, package = Watch(), tmp_path / "package.zip"
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 60)
        other, _ = record(client, 2, [desk_recipient(town), new_identity(SystemClock())[1]])
    sign_in(desk, town)
    watch.tell("the lawyer's key is open")
    assert not findings(desk)
    expect(desk.locator(f".pick[data-recording='{b64(other.id)}']")).to_be_visible()
    known = listed(desk)
    tap(phone, town)
    wait_until(lambda: safe_seconds(phone) >= 2, 60)
    watch.tell("the phone records")

    desk.locator(f".pick[data-recording='{b64(other.id)}']").press("d")
    expect(desk.locator(f"[data-recording='{b64(other.id)}']")).to_have_count(0)
    watch.tell("8  a conflict is declined, and is on the list no longer")

    [recording] = wait_until(lambda: listed(desk) - known, 60)
    desk.locator(f".pick[data-recording='{recording}']").focus()
    desk.keyboard.press("Enter")
    desk.keyboard.press("t")
    expect(desk.get_by_role("button", name="Open it", exact=True)).to_be_visible()
    desk.locator(f".pick[data-recording='{recording}']").press("o")
    expect(desk.locator("#player-title")).to_be_focused()
    desk.get_by_role("button", name="Play", exact=True).press("Enter")
    wait_until(lambda: desk.evaluate("document.querySelector('video')?.currentTime > 1"), 60)
    watch.tell("9  the lawyer sees it, while it goes on")

    desk.locator("#a_number").press_sequentially("A12345")
    desk.keyboard.press("Tab")
    expect(desk.locator("#a_number-problem")).to_contain_text("8 or 9 digits")
    desk.locator("#a_number").fill("A 123-456-789")
    desk.locator("#warrant-administrative").press("Space")
    desk.locator("#sheet button[type=submit]").press("Enter")
    expect(desk.locator("#sheet-state")).to_have_text("Saved, sealed.", timeout=SLOW_MS)
    assert not findings(desk)
    watch.tell("6  the intake sheet is sealed, its A-number checked")

    a_colleague_without_the_role_asks(open_page(DESK), town, recording)
    expect(desk.locator("#acts")).to_contain_text("asked to open it, and was refused", timeout=SLOW_MS)
    watch.tell("11 a steward asked, was refused, and stands in the history")

    stop(phone)
    with client_of_town(town) as client:
        wait_for_beats(client, 2)
    expect(desk.locator("#player")).to_contain_text("Ended by the person who recorded", timeout=SLOW_MS)
    desk.locator("#package-begin").press("Enter")
    expect(desk.locator("#package-checks li").first).to_be_visible(timeout=SLOW_MS)
    desk.locator("#from-node").press("Space")
    desk.evaluate("delete window.showSaveFilePicker")  # its dialog is the browser's own
    with desk.expect_download(timeout=SLOW_MS) as download:
        desk.locator("#package button[type=submit]").press("Enter")
    download.value.save_as(package)
    watch.tell("10 the package is on the disk")
    expect(desk.locator("#acts")).to_contain_text("took a sealed copy", timeout=SLOW_MS)
    assert not findings(desk)

    checked = tocsin("verify", str(package), "--trust", str(town.town.trust), "--json")
    report = json.loads(checked.stdout)
    wrong = {step["name"]: (step["status"], step["codes"]) for step in report["steps"] if step["status"] != "PASS"}
    assert wrong == {}
    assert checked.returncode == 0
    with zipfile.ZipFile(package) as opened_zip:
        assert b"refused" in opened_zip.read("custody.jsonl")
    watch.tell("a stranger checked it")
