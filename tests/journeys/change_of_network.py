"""A phone whose network changes in the middle of a call, for real: `python -m tests.journeys.change_of_network`, as root.

The phone's browser runs in a network namespace of its own, with two links to this machine, as a phone has Wi-Fi and a mobile network:
one is taken away, and after a while the other comes. Then with both there, and all of it over the relay alone. Prints how long nobody
heard anything.
"""

import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import DESK, PHONE, Running, start_town
from tests.journeys.test_call import answers, go_on_duty
from tests.journeys.test_call_lost import SECRET, killed, relay
from tests.journeys.test_desk import SLOW_MS, sign_in
from tests.journeys.test_recording import safe_seconds, tap
from tests.journeys.test_town import client_of_town, desk_counts
from tests.waiting import wait_until
from tocsin.clock import SystemClock

HERE = "10.77.0.1"
"""This machine, whichever link leads to it."""
LINKS = {"wlan0": 1, "wwan0": 2}
WITHOUT_S = 3
"""From Wi-Fi that is gone to a mobile network that is there."""
LINES = """window.lines = [];
window.RTCPeerConnection = class extends RTCPeerConnection { constructor(...given) { super(...given); lines.push(this); } };"""
CAME = """async () => {
  let came = 0;
  for (const line of lines) for (const one of (await line.getStats()).values())
    if (one.type === "inbound-rtp" && one.kind === "audio") came += one.packetsReceived;
  return came;
}"""
"""Packets of sound that came so far."""


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True)


class Networks:
    """A namespace with two links; a link that is down has no address and no way."""

    def __init__(self) -> None:
        self.name = f"tocsin-{os.getpid()}"

    def up(self, link: str) -> None:
        number = LINKS[link]
        ip("-n", self.name, "link", "set", link, "up")
        ip(
            "-n",
            self.name,
            "route",
            "replace",
            "default",
            "via",
            f"10.77.{number}.1",
            "dev",
            link,
            "metric",
            str(number),
        )

    def down(self, link: str) -> None:
        ip("-n", self.name, "link", "set", link, "down")


@contextmanager
def two_networks() -> Iterator[Networks]:
    made = Networks()
    ip("netns", "add", made.name)
    try:
        ip("addr", "add", f"{HERE}/32", "dev", "lo")
        ip("-n", made.name, "link", "set", "lo", "up")
        for link, number in LINKS.items():
            outer = f"tocsin-{number}"
            ip("link", "add", outer, "type", "veth", "peer", "name", link, "netns", made.name)
            ip("addr", "add", f"10.77.{number}.1/24", "dev", outer)
            ip("link", "set", outer, "up")
            ip("-n", made.name, "addr", "add", f"10.77.{number}.2/24", "dev", link)
        yield made
    finally:
        for number in LINKS.values():  # a namespace stays as long as something of the browser does, and keeps its links
            subprocess.run(["ip", "link", "del", f"tocsin-{number}"], check=False)
        subprocess.run(["ip", "addr", "del", f"{HERE}/32", "dev", "lo"], check=False)
        ip("netns", "del", made.name)


@contextmanager
def passed_on(port: int) -> Iterator[None]:
    """The node listens on the loopback alone: what comes to the same port of this machine's other address goes there."""
    door = socket.create_server((HERE, port))

    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while raw := source.recv(65_536):
                sink.sendall(raw)
        except OSError:
            pass
        finally:
            for one in (source, sink):
                one.close()

    def accept() -> None:
        while True:
            try:
                came, _ = door.accept()
            except OSError:
                return
            inner = socket.create_connection(("127.0.0.1", port))
            for pair in ((came, inner), (inner, came)):
                threading.Thread(target=pump, args=pair, daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield
    finally:
        door.shutdown(socket.SHUT_RDWR)
        door.close()


def open_page(browser: Browser, size: tuple[int, int]) -> Page:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, locale="en-US", permissions=["camera", "microphone"]
    )
    context.set_default_timeout(SLOW_MS)
    page = context.new_page()
    page.add_init_script(LINES)
    return page


def hears_again(pages: tuple[Page, ...]) -> None:
    """Sound goes both ways, counted at both ends."""
    before = [page.evaluate(CAME) for page in pages]
    wait_until(
        lambda: all(page.evaluate(CAME) > was + 10 for page, was in zip(pages, before, strict=True)), 120, step=0.05
    )


def passes(seconds: float) -> None:
    clock = SystemClock()
    began = clock.monotonic()
    wait_until(lambda: clock.monotonic() - began > seconds, 60)


def plays(town: Running, networks: Networks, phone: Page, desk: Page) -> None:
    clock, both = SystemClock(), (phone, desk)
    tap(phone, town)
    answers(desk)
    expect(desk.locator("#talk-line")).to_contain_text("Sound is open", timeout=SLOW_MS)
    hears_again(both)
    print(f"   both hear: {desk.locator('#talk-line').text_content()}")
    for told, gone, after_s, other in (
        ("Wi-Fi is gone, the mobile network comes later", "wlan0", WITHOUT_S, "wwan0"),
        ("Wi-Fi is back, then the mobile network is gone", "wwan0", 0, "wlan0"),
    ):
        safe = safe_seconds(phone)
        if not after_s:
            networks.up(other)
            passes(WITHOUT_S)
        networks.down(gone)
        since = clock.monotonic()
        if after_s:
            passes(after_s)
            networks.up(other)
        hears_again(both)
        healed = clock.monotonic() - since
        wait_until(lambda: safe_seconds(phone) > safe + healed, 120)  # noqa: B023
        print(f"   {told}: heard again {healed:.1f} s after it was lost, {healed - after_s:.1f} s after there was a network; "
              f"the recording has caught up after {clock.monotonic() - since:.1f} s")  # fmt: skip
    desk.locator("#talk-end").press("Enter")
    expect(phone.locator("#call")).to_contain_text("The call is over", timeout=SLOW_MS)
    phone.context.close()


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        networks = stack.enter_context(two_networks())
        networks.up("wlan0")
        inside = folder / "chromium"
        inside.write_text(f'#!/bin/sh\nexec ip netns exec {networks.name} {CHROMIUM} "$@"\n')
        inside.chmod(0o755)
        for town in start_town(folder / "town"):
            stack.enter_context(passed_on(town.town.ports.node))
            play = stack.enter_context(sync_playwright())
            outer = play.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            inner = play.chromium.launch(
                executable_path=str(inside), args=[*FLAGS, f"--host-resolver-rules=MAP localhost {HERE}"]
            )
            with client_of_town(town) as client:
                wait_until(lambda: desk_counts(client), 120)
            desk = open_page(outer, DESK)
            sign_in(desk, town)
            go_on_duty(desk)
            print("directly")
            plays(town, networks, open_page(inner, PHONE), desk)
            networks.up("wlan0")
            desk.context.close()
            port = stack.enter_context(relay(folder, HERE))
            with town.town.settings.open("a") as settings:
                settings.write(f'relay = {{ urls = ["turn:{HERE}:{port}"], secret = "{SECRET}" }}\n')
            killed(town)
            desk = open_page(outer, DESK)
            sign_in(desk, town)
            go_on_duty(desk)
            print("over the relay alone")
            plays(town, networks, open_page(inner, PHONE), desk)
            for browser in (inner, outer):
                browser.close()


if __name__ == "__main__":
    main()
