"""A call over the relay alone, through what goes wrong: a line that loses, ten seconds without one, a node killed in each state."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.journeys.bad_line import BadLine, bad_line
from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_call import HEARS, answers, go_on_duty
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_recording import tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.demo.run import start_node

SECRET = "a secret that node and relay share"
HOTLINE = "+1 612 555 0100"
OUTAGE_S = 10
AGAIN_MS = 180_000
"""A node that takes longer than the twenty seconds to start on a busy machine rings again a minute later."""
LOSES = 15
"""Of a hundred packets, at each end: too many for a picture, few enough for sound."""
SEES = """() => [...document.querySelectorAll("video")].some(film => !film.hidden && film.id !== "preview" && film.srcObject
  && film.getVideoPlaybackQuality().totalVideoFrames > 5)"""


@contextmanager
def relay(folder: Path, address: str = "127.0.0.1") -> Iterator[int]:
    """Debian's coturn on an address of this machine, and its port."""
    program = shutil.which("turnserver")
    assert program, "./run test installs Debian's coturn"
    [port] = free_ports(1)
    command = [
        program, "-n", f"--listening-ip={address}", f"--relay-ip={address}", f"--listening-port={port}", "--use-auth-secret",
        f"--static-auth-secret={SECRET}", "--realm=calls.example", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers",
        "--log-file=/dev/null", "--no-stdout-log", f"--pidfile={folder / 'relay.pid'}", f"--db={folder / 'relay.sqlite'}",
    ]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield port
    finally:
        running.kill()
        running.wait()


def killed(town: Running) -> None:
    """The node dies at this instant, and is started again."""
    town.children.kill("node")
    start_node(town.children, town.town)


def relays_over(town: Running, line: BadLine) -> None:
    """The node is started again with a relay at the other end of a line."""
    with town.town.settings.open("a") as settings:
        settings.write(
            f'hotline = "{HOTLINE}"\nrelay = {{ urls = ["turn:127.0.0.1:{line.port}"], secret = "{SECRET}" }}\n'
        )
    killed(town)


def write(page: Page, text: str) -> None:
    page.fill("#call-text", text)
    page.locator("#call-text").press("Enter")


def test_a_call_outlives_a_bad_line_ten_seconds_without_one_and_a_node_killed_in_each_state(
    own_town: Running, open_page: OpenPage, tmp_path: Path
) -> None:
    watch, clock = Watch(), SystemClock()
    phone, desk = open_page(PHONE), open_page(DESK)
    caller, line_told, written = phone.locator("#call"), desk.locator("#talk-line"), desk.locator("#talk-writing")
    with relay(tmp_path) as port, bad_line(port) as line:
        relays_over(own_town, line)
        with client_of_town(own_town) as client:
            wait_until(lambda: desk_counts(client), 120)
        tap(phone, own_town)
        expect(caller).to_contain_text("No lawyer who speaks this language is on duty", timeout=SLOW_MS)
        expect(caller).to_contain_text(f"Call the hotline: {HOTLINE}")
        killed(own_town)
        watch.tell("killed while it waited")
        sign_in(desk, own_town)
        go_on_duty(desk)
        expect(desk.locator("#ring")).to_be_visible(timeout=AGAIN_MS)
        watch.tell("it rings whoever comes on duty")
        killed(own_town)
        expect(caller).to_contain_text("1 of 1", timeout=AGAIN_MS)
        expect(desk.locator("#ring")).to_be_visible(timeout=AGAIN_MS)
        watch.tell("killed while it rang: it rings on")
        line.loss = 100
        answers(desk)
        expect(line_told).to_contain_text("Sound is being connected", timeout=SLOW_MS)
        killed(own_town)
        line.loss = 0
        expect(line_told).to_contain_text("Sound is open. It goes over the relay.", timeout=AGAIN_MS)
        wait_until(lambda: desk.evaluate(HEARS) and phone.evaluate(HEARS), 60)
        watch.tell("killed while they connected: both hear, over the relay alone")

        phone.get_by_role("button", name="Picture, if both want it").press("Enter")
        assert not desk.evaluate(SEES), "one does not show the other what only one wants"
        desk.locator("#talk-picture").press("Enter")
        wait_until(lambda: desk.evaluate(SEES) and phone.evaluate(SEES), 60)
        watch.tell("both want a picture, and both see")
        line.loss = LOSES
        expect(line_told).to_contain_text("the picture was given up", timeout=SLOW_MS)
        expect(desk.locator("#talk-picture")).to_have_text("Picture, if both want it")
        expect(caller).to_contain_text("Sound is open")
        watch.tell(f"{LOSES} of a hundred packets are lost at each end: the picture goes, the sound stays")
        line.loss, since = 100, clock.monotonic()
        expect(caller).to_contain_text("The sound is lost", timeout=SLOW_MS)
        write(phone, "they opened the door")
        expect(written).to_contain_text("they opened the door", timeout=SLOW_MS)
        watch.tell("no sound: what is written goes in the same sealed session")
        killed(own_town)
        write(phone, "they are inside")
        expect(written).to_contain_text("they are inside", timeout=AGAIN_MS)
        watch.tell("killed while they wrote: they write on")
        wait_until(lambda: clock.monotonic() - since > OUTAGE_S, 60)
        line.loss = 0
        expect(line_told).to_contain_text("Sound is open", timeout=SLOW_MS)
        expect(caller).to_contain_text("Sound is open", timeout=SLOW_MS)
        watch.tell(f"healed after more than {OUTAGE_S} s")

        killed(own_town)
        write(phone, "after the node died")
        expect(written).to_contain_text("after the node died", timeout=AGAIN_MS)
        assert phone.evaluate(HEARS), "the sound went on without the node"
        watch.tell("killed while they talked: they talk on")
        expect(desk.locator("#unlock")).to_be_hidden()  # the node forgot who is signed in, and asks nobody over a call
        desk.locator("#talk-end").press("Enter")
        expect(desk.locator("#unlock-title")).to_have_text("This page is locked", timeout=SLOW_MS)
        watch.tell("the call is over: now the page wants a sign-in")
