"""Sam's evening (script P9, steps 1 to 8): from nothing to a desk that nobody opens alone, by keyboard, read by axe, timed.

With `--long` all of it, with two dispatchers, a node that is killed in the middle, and the demo as the sandbox, played in two tabs and
erased in one act; without, the two stewards, the lawyer and the pages.
"""

import json
import mmap
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, OpenPage, Running, town_in
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.serving import free_ports
from tests.waiting import wait_until
from tests.web.test_accessible import findings
from tests.web.test_staff import with_authenticator
from tocsin.clock import SystemClock
from tocsin.demo import staff
from tocsin.demo.run import running
from tocsin.demo.town import DISPATCHER

PROJECT = Path(__file__).parents[2]
PACK = "minneapolis-sample"
GO_ON = "section:not([hidden]) > .ways .primary"
WORDS_OF_TWO_SCREENS = 700
DAY_MS = 86_400_000
CLOSED = "http://127.0.0.1:9/nobody-listens-here"
"""Where an alarm was meant to go, and nothing answers."""


class Sam:
    """A node of one's own, as somebody types it."""

    def __init__(self, folder: Path) -> None:
        [port] = free_ports(1)
        self.url, self.settings, self.clock = f"http://localhost:{port}", folder / "node.toml", folder / "clock"
        self.clock.write_bytes(bytes(8))
        self.said = folder / "said"
        self.served: subprocess.Popen[bytes] | None = None

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        program = [sys.executable, "-m", "tocsin", "--settings", str(self.settings), *command]
        return subprocess.run(program, cwd=PROJECT, capture_output=True, text=True, timeout=120, check=False)

    def begin(self) -> list[tuple[str, str]]:
        """Pseudonyms and links of the first stewards."""
        told = self.run("init", "--public-url", self.url, "--pack", PACK, "--unattended-keys")
        assert told.returncode == 0, told.stderr
        port = self.url.rpartition(":")[2]
        self.settings.write_text(
            self.settings.read_text().replace("port = 8000", f"port = {port}\ntrials = true\nbeat_seconds = 1")
        )
        return re.findall(rf"(\w+): ({re.escape(self.url)}/\S+)", told.stdout)

    def serve(self) -> None:
        """Start it, on the day that `later` has come to."""
        program = [
            sys.executable,
            "-m",
            "tests.journeys.shifted",
            str(self.clock),
            "--settings",
            str(self.settings),
            "serve",
        ]
        with self.said.open("wb") as said:
            self.served = subprocess.Popen(program, cwd=PROJECT, stdout=said, stderr=said)
        wait_until(self._answers, 90)

    def _answers(self) -> bool:
        assert self.served
        assert self.served.poll() is None, self.said.read_text()
        try:
            return httpx.get(f"{self.url}/health", trust_env=False, timeout=5).status_code in {200, 503}
        except httpx.HTTPError:
            return False

    def later(self, days: int) -> None:
        with self.clock.open("r+b") as file:
            mmap.mmap(file.fileno(), 8)[:8] = (days * DAY_MS).to_bytes(8)

    def stop(self, how: signal.Signals = signal.SIGKILL) -> None:
        if self.served:
            os.kill(self.served.pid, how)
            self.served.wait(30)


@pytest.fixture
def sam(tmp_path: Path) -> Iterator[Sam]:
    made = Sam(tmp_path)
    yield made
    made.stop()


def enter(page: Page, what: str) -> None:
    """A key on what is there to be seen: one that is hidden still would take none, and nobody would be told."""
    wanted = page.locator(what)
    expect(wanted).to_be_visible(timeout=SLOW_MS)
    wanted.press("Enter")


def join(open_page: OpenPage, link: str) -> Page:
    """By passkey, by keyboard; the sheet is copied by hand, and the page forgets it."""
    page = open_page(DESK)
    with_authenticator(page)
    page.goto(link)
    enter(page, "#passkey")
    page.locator("#sheet-words li").first.wait_for(timeout=SLOW_MS)
    wait_until(lambda: copied(page), 60)
    enter(page, "#step-done a")
    expect(page.locator("h1")).to_have_text("Your work here", timeout=SLOW_MS)
    return page


def copied(page: Page) -> bool:
    """Twice within four seconds, however slow the machine is."""
    for _ in range(2):
        page.locator("#sheet-have").press("Enter")
    return page.locator("#sheet-part").is_hidden()


def invite(page: Page, url: str, name: str, role: str) -> str:
    """The link, off the sheet that is printed for one person."""
    page.goto(f"{url}/en/staff/people")
    page.locator("#pseudonym").press_sequentially(name)
    page.get_by_role("checkbox", name=role, exact=True).press("Space")
    page.get_by_role("button", name="Make the link").press("Enter")
    page.locator("#invitation").wait_for()
    return str(page.locator("code.address").text_content())


def on_paper(page: Page, name: str) -> None:
    """What a printer gets: one person's sheet and nothing of anybody else."""
    assert not findings(page)
    page.evaluate("window.print = () => { document.title = 'printed' }")
    page.get_by_role("button", name="Print this sheet").press("Enter")
    expect(page).to_have_title("printed")
    page.emulate_media(media="print")
    for there in ("svg.square", "code.address", ".tohand"):
        expect(page.locator(f"#invitation {there}")).to_be_visible()
    expect(page.locator("#invitation")).to_contain_text(name)
    for hidden in ("table", "#pseudonym", ".staffbar"):
        expect(page.locator(hidden)).to_be_hidden()
    page.emulate_media(media="screen")


def sign(page: Page, passphrase: str = "") -> None:
    """By passkey, or with the passphrase of a sample steward."""
    enter(page, "#sign-do")
    unlock = page.locator("#unlock[open] #unlock-passkey")
    expect(unlock.or_(page.locator("#done:not([hidden])")).first).to_be_visible(timeout=SLOW_MS)
    if unlock.is_visible() and passphrase:
        page.locator("#unlock-passphrase").press_sequentially(passphrase)
        page.keyboard.press("Enter")
    elif unlock.is_visible():
        unlock.press("Enter")


def propose(page: Page, url: str, act: str, passphrase: str = "") -> None:
    page.goto(f"{url}/en/staff/decisions")
    page.get_by_role("button", name=f"Sign first: {act}").press("Enter")
    sign(page, passphrase)
    expect(page.locator("#done")).to_contain_text("waits for a second steward", timeout=SLOW_MS)


def confirm(page: Page, url: str, passphrase: str = "") -> None:
    page.goto(f"{url}/en/staff/decisions")
    enter(page, "#waiting button")
    sign(page, passphrase)


def step(page: Page, name: str) -> str:
    """What the set-up page says of a step, by a word of its sentence."""
    return str(page.locator("main ol > li", has_text=name).first.text_content())


def test_sams_evening_from_nothing_to_a_desk_nobody_opens_alone(
    sam: Sam, open_page: OpenPage, is_long: bool, tmp_path: Path
) -> None:
    watch = Watch()
    page_of_it = (PROJECT / "docs/run/install.md").read_text()
    assert len(page_of_it.split()) < WORDS_OF_TWO_SCREENS
    for wanted in (
        "## What it needs",
        "## What it costs",
        "## What can go wrong",
        "## Who answers for it",
        "## What to decide first",
    ):
        assert wanted in page_of_it
    watch.tell(f"1  one page, {len(page_of_it.split())} words: needs, costs, dangers, who answers for it")

    (kestrel_name, kestrel_link), (_, heron_link) = sam.begin()
    sam.serve()
    watch.tell("2  one command gave two one-time links, without e-mail; the node answers")

    kestrel = join(open_page, kestrel_link)
    kestrel.goto(f"{sam.url}/en/staff/begin")
    assert not findings(kestrel)
    expect(kestrel.locator("main ol > li")).to_have_count(11)
    assert step(kestrel, "Two stewards").startswith("\nNot yet.")
    assert "English, Español, Français" in step(kestrel, "languages")
    assert "closed" in kestrel.locator("section dl.facts dd").all_text_contents(), (
        "rooms of risk are off until a pack opens them"
    )
    if is_long:
        sam.stop()
        sam.serve()
        kestrel.goto(f"{sam.url}/en/staff/begin")
        enter(kestrel, "#passkey")
        kestrel.wait_for_url("**/en/staff/begin", timeout=SLOW_MS)
        watch.tell("3  stopped in the middle and resumed where it was")
    heron = join(open_page, heron_link)
    kestrel.reload()
    assert "Done." in step(kestrel, "Two stewards")
    watch.tell(f"3  {kestrel_name} and a second steward have passkeys and sheets; the list of what is left is linear")

    if is_long:
        played_in_the_sandbox(open_page, tmp_path / "sandbox")
        watch.tell("4  the sandbox: witness and dispatcher in two tabs, each marked; erased in one act")

    kestrel.goto(f"{sam.url}/en/status")
    assert not findings(kestrel)
    checked = [json.loads(line) for line in sam.run("check", "--json").stdout.splitlines()]
    wrong = [one for one in checked if not one["good"]]
    assert wrong, "a node without witness, timestamps and backup is not all green"
    assert all(one["next"] for one in wrong), "each has its next command"
    watch.tell(
        f"5  what works: {len(checked) - len(wrong)} of {len(checked)} by a real try, the others with what to type next"
    )

    with sam.settings.open("a") as file:
        file.write(f'\n[alarm]\nurl = "{CLOSED}"\nprobe_minutes = 0\n')
    told = {one["name"]: one for one in map(json.loads, sam.run("check", "--json").stdout.splitlines())}
    assert "1 of 1 ways did not take the message" in told["alarm"]["seen"]
    assert told["recording"]["good"]
    assert httpx.get(f"{sam.url}/en/", trust_env=False, timeout=60).status_code == 200
    watch.tell("6  a way out that is set wrong is named, and the rest goes on")

    links = [invite(kestrel, sam.url, name, "dispatcher") for name in (("Wren", "Plover") if is_long else ())]
    links.append(invite(kestrel, sam.url, "Whimbrel", "lawyer"))
    on_paper(kestrel, "Whimbrel")
    lawyer = [join(open_page, link) for link in links][-1]
    lawyer.goto(f"{sam.url}/en/staff/keys")
    enter(lawyer, "#words-show")
    enter(lawyer, "#unlock-passkey")
    expect(lawyer.locator("#words-lawyer")).to_be_visible(timeout=SLOW_MS)
    said_aloud = str(lawyer.locator("#words-lawyer").text_content())
    propose(kestrel, sam.url, "The first two stewards")
    confirm(heron, sam.url)
    expect(heron.locator("#done")).to_contain_text("stands in the log", timeout=SLOW_MS)
    kestrel.goto(f"{sam.url}/en/staff/decisions")
    kestrel.get_by_role("button", name="Sign first: Add a lawyer to the desk, Whimbrel").press("Enter")
    expect(kestrel.locator("#sign-what")).to_contain_text(said_aloud)
    assert not findings(kestrel)
    sign(kestrel)
    expect(kestrel.locator("#done")).to_contain_text("waits for a second steward", timeout=SLOW_MS)
    confirm(kestrel, sam.url)
    expect(kestrel.locator("#problem")).to_contain_text("Another steward has to sign it too", timeout=SLOW_MS)
    watch.tell("7  one steward alone was refused")
    confirm(heron, sam.url)
    expect(heron.locator("#done")).to_contain_text("stands in the log", timeout=SLOW_MS)
    sam.later(2)
    wait_until(lambda: "Done." in reloaded(kestrel, f"{sam.url}/en/staff/begin", "A lawyer’s key"), 60)
    watch.tell("7  two signed, a day has passed: phones seal to the lawyer, whose words were read aloud")

    assert "none with fewer than 2,000 residents" in step(kestrel, "Areas")
    enter(kestrel, "a[href$='/staff/areas']")
    draws_areas(kestrel)
    watch.tell(
        "8  areas: the pack's, and those of a table of Sam's own; the smallest is explained, nobody goes below it"
    )


def played_in_the_sandbox(open_page: OpenPage, folder: Path) -> None:
    """A witness in one tab, a dispatcher in another, in a city that does not exist and says so; then nothing of it is left."""
    town = town_in(folder)
    with running(town, SystemClock()) as children:
        phone, dispatcher = open_page(), open_page(DESK)
        sign_in(dispatcher, Running(town, children), [one.pseudonym for one in staff.known(town)].index(DISPATCHER))
        dispatcher.goto(f"{town.url}/en/alert-desk")
        phone.goto(f"{town.url}/en/report")
        for page in (phone, dispatcher):
            expect(page.locator(".sample").first).to_be_visible()
        for asked in ("button[value=street-check]", "section:not([hidden]) button[name=how_many][value=few]", GO_ON):
            phone.click(asked)
        for name, answer in (("vehicles", "no"), ("when", "now")):
            phone.click(f"section:not([hidden]) button[name={name}][value={answer}]")
        phone.select_option("#area", index=1)
        phone.click(GO_ON)
        phone.click("#send")
        expect(phone.locator("#code")).not_to_be_empty()
        dispatcher.locator("#lines .pick").first.press("Enter")
        dispatcher.keyboard.press("t")
        expect(dispatcher.locator("#lines")).to_contain_text("in hand")
        for page in (phone, dispatcher):
            page.close()
    erase = [sys.executable, "-m", "tocsin.demo", "--erase", "--folder", str(folder), "--port", str(town.ports.node)]
    assert subprocess.run(erase, cwd=PROJECT, timeout=60, check=False).returncode == 0
    assert not folder.exists()


def draws_areas(page: Page) -> None:
    """The pack's areas as a picture and a list; then a table of one's own, wrong and right. Nothing of it is kept."""
    expect(page.locator("h1")).to_have_text("Areas")
    expect(page.locator("main")).to_contain_text(
        "at least 2,000 residents: a smaller one would point at somebody’s door"
    )
    expect(page.locator("svg.areas path")).to_have_count(71)
    assert not findings(page)
    table = "name,lat,lon,residents\nNorth,45.02,-93.2,5000\nSouth,45.0,-93.2,1999\n"
    for typed, said in (
        (f"{table}Bridge\n", "Line 4 is not name"),
        (f"{table}Bridge,45.01,-93.2,\n", "Areas that come of it: 1."),
    ):
        page.locator("#table").fill(typed)
        page.get_by_role("button", name="Draw it").press("Enter")
        expect(page.locator("main")).to_contain_text(said)
    expect(page.locator("tbody tr")).to_have_text(["Bridge, North, South6,999"])
    assert not findings(page)


def reloaded(page: Page, address: str, name: str) -> str:
    page.goto(address)
    return step(page, name)
