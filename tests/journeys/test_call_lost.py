"""A call over the relay alone, through what goes wrong: the relay stands still, the node is killed as it rings and as it talks."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect

from tests.journeys.conftest import DESK, PHONE, OpenPage, Running
from tests.journeys.test_call import HEARS, go_on_duty
from tests.journeys.test_desk import SLOW_MS, Watch, sign_in
from tests.journeys.test_recording import tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.serving import free_ports
from tests.waiting import wait_until
from tocsin.clock import SystemClock
from tocsin.demo.run import start_node

SECRET = "a secret that node and relay share"
OUTAGE_S = 10
AGAIN_MS = 180_000
"""A node that takes longer than the twenty seconds to start on a busy machine rings again a minute later."""


@contextmanager
def relay(folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """Debian's coturn on the loopback, and its address."""
    program = shutil.which("turnserver")
    assert program, "./run test installs Debian's coturn"
    [port] = free_ports(1)
    command = [
        program, "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}", "--use-auth-secret",
        f"--static-auth-secret={SECRET}", "--realm=calls.example", "--no-cli", "--no-tls", "--no-dtls", "--allow-loopback-peers",
        "--log-file=/dev/null", "--no-stdout-log", f"--pidfile={folder / 'relay.pid'}", f"--db={folder / 'relay.sqlite'}",
    ]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"turn:127.0.0.1:{port}", running
    finally:
        running.send_signal(signal.SIGCONT)
        running.kill()
        running.wait()


def killed(town: Running) -> None:
    """The node dies at this instant, and is started again."""
    town.children.kill("node")
    start_node(town.children, town.town)


def test_a_call_over_the_relay_outlives_ten_seconds_without_it_and_two_deaths_of_the_node(
    own_town: Running, open_page: OpenPage, tmp_path: Path
) -> None:
    watch, clock = Watch(), SystemClock()
    phone, desk = open_page(PHONE), open_page(DESK)
    with relay(tmp_path) as (address, turn):
        with own_town.town.settings.open("a") as settings:
            settings.write(f'relay = {{ urls = ["{address}"], secret = "{SECRET}" }}\n')
        killed(own_town)
        with client_of_town(own_town) as client:
            wait_until(lambda: desk_counts(client), 60)
        sign_in(desk, own_town)
        go_on_duty(desk)
        tap(phone, own_town)
        expect(desk.locator("#ring")).to_be_visible(timeout=SLOW_MS)
        watch.tell("it rings")
        killed(own_town)
        expect(phone.locator("#call")).to_contain_text("1 of 1", timeout=AGAIN_MS)
        expect(desk.locator("#ring")).to_be_visible(timeout=AGAIN_MS)
        watch.tell("killed while it rang: it rings on")
        desk.keyboard.press("a")
        expect(desk.locator("#talk-line")).to_contain_text("Sound is open. It goes over the relay.", timeout=SLOW_MS)
        wait_until(lambda: desk.evaluate(HEARS) and phone.evaluate(HEARS), 60)
        watch.tell("both hear, over the relay alone")

        turn.send_signal(signal.SIGSTOP)
        since = clock.monotonic()
        expect(phone.locator("#call")).to_contain_text("The sound is lost", timeout=SLOW_MS)
        phone.fill("#call-text", "they opened the door")
        phone.keyboard.press("Enter")
        expect(desk.locator("#talk-writing")).to_contain_text("they opened the door", timeout=SLOW_MS)
        watch.tell("no sound: what is written goes in the same sealed session")
        wait_until(lambda: clock.monotonic() - since > OUTAGE_S, 60)
        turn.send_signal(signal.SIGCONT)
        expect(desk.locator("#talk-line")).to_contain_text("Sound is open", timeout=SLOW_MS)
        expect(phone.locator("#call")).to_contain_text("Sound is open", timeout=SLOW_MS)
        watch.tell(f"healed after more than {OUTAGE_S} s")

        killed(own_town)
        phone.fill("#call-text", "after the node died")
        phone.keyboard.press("Enter")
        expect(desk.locator("#talk-writing")).to_contain_text("after the node died", timeout=AGAIN_MS)
        watch.tell("killed while they talked: they talk on")
        expect(desk.locator("#unlock")).to_be_hidden()  # the node forgot who is signed in, and asks nobody over a call
        desk.locator("#talk-end").press("Enter")
        expect(desk.locator("#unlock-title")).to_have_text("This page is locked", timeout=SLOW_MS)
        watch.tell("the call is over: now the page wants a sign-in")
