"""Debian's Chromium as the trials start it: quiet on the network, with a fake camera and microphone that are always allowed."""

from playwright.sync_api import Page

from tests.waiting import wait_until

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
    "--enable-unsafe-swiftshader",
]
REST_MS = 800


def rest(page: Page) -> None:
    """The moment in which a person looks before they tap again: taps on the heels of others arm nothing (`client/src/ui/twice.ts`)."""
    since = page.evaluate("performance.now()")
    wait_until(lambda: page.evaluate("([since, ms]) => performance.now() - since > ms", [since, REST_MS]))
