"""A lawyer's evening at the legal desk, in browsers: take what a phone records, play it while it goes on, make the package."""

import json
import time
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Running
from tests.journeys.test_package import tocsin
from tests.journeys.test_recording import safe_seconds, stop, tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tocsin.demo import staff

SLOW_MS = 60_000
"""Argon2id, twice, beside whatever else the machine does."""


class Watch:
    """Prints what each step took, for whoever reads the run: nothing is asserted of it."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def tell(self, step: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {step}")


def sign_in(page: Page, town: Running) -> None:
    """As the sample lawyer, by passphrase; the key is open afterwards."""
    lawyer = staff.known(town.town)[-1]
    page.goto(f"{town.url}/en/desk")
    page.locator("summary", has_text="passphrase").click()
    page.fill("#pseudonym", lawyer.pseudonym)
    page.fill("#passphrase", lawyer.passphrase)
    page.keyboard.press("Enter")
    page.locator("#unlock[open]").wait_for(timeout=SLOW_MS)
    page.fill("#unlock-passphrase", lawyer.passphrase)
    page.keyboard.press("Enter")
    expect(page.locator("#locked")).to_be_hidden(timeout=SLOW_MS)


def wait_for_beats(client: httpx.Client, count: int) -> None:
    """So many more beats of the log, the last with its timestamps."""

    def size() -> int:
        return int(client.get("/log/checkpoint").text.splitlines()[1])

    for _ in range(count):
        before = size()
        wait_until(lambda known=before: size() > known, 60)  # type: ignore[misc]
    newest = size()
    wait_until(lambda: client.get(f"/log/timestamps/{newest}").json()["tokens"], 60)


def test_a_lawyer_follows_a_recording_and_makes_its_package_without_leaving_the_desk(
    town: Running, phone: Page, desk: Page, tmp_path: Path
) -> None:
    watch, package = Watch(), tmp_path / "package.zip"
    with client_of_town(town) as client:
        wait_until(lambda: desk_counts(client), 60)
    tap(phone, town)
    wait_until(lambda: safe_seconds(phone) >= 2, 60)
    watch.tell("the phone records")
    sign_in(desk, town)
    watch.tell("the lawyer's key is open")
    desk.locator(".pick").last.click()
    desk.get_by_role("button", name="Take it", exact=True).click()
    desk.get_by_role("button", name="Open it", exact=True).click()
    expect(desk.locator("#player-title")).to_be_focused()
    desk.get_by_role("button", name="Play", exact=True).click()
    wait_until(lambda: desk.evaluate("document.querySelector('video')?.currentTime > 1"), 60)
    watch.tell("the lawyer sees it, while it goes on")
    stop(phone)
    with client_of_town(town) as client:
        wait_for_beats(client, 2)
    watch.tell("what was recorded stands in the log")
    expect(desk.locator("#player")).to_contain_text("Ended by the person who recorded", timeout=SLOW_MS)

    desk.click("#package-begin")
    expect(desk.locator("#package-checks li").first).to_be_visible(timeout=SLOW_MS)
    desk.locator("#from-node").check()
    desk.evaluate("delete window.showSaveFilePicker")  # its dialog is the browser's own
    with desk.expect_download(timeout=SLOW_MS) as download:
        desk.locator("#package button[type=submit]").click()
    download.value.save_as(package)
    watch.tell("the package is on the disk")
    expect(desk.locator("#acts")).to_contain_text("took a sealed copy", timeout=SLOW_MS)

    checked = tocsin("verify", str(package), "--trust", str(town.town.trust), "--json")
    report = json.loads(checked.stdout)
    wrong = {step["name"]: (step["status"], step["codes"]) for step in report["steps"] if step["status"] != "PASS"}
    assert wrong == {}
    assert checked.returncode == 0
    watch.tell("a stranger checked it")
