"""`./run bench desk_list`: two hundred recordings on the desk's list, taken and opened one after the other in one page; its memory.

A whole node, a lawyer who joined by passkey, recordings of some seconds of real film. A step of the list is measured in the page: from
the key to the frame after the focus has moved. The peer of the memory is what the page held after its twentieth recording: what is put
away again must leave nothing.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from playwright.sync_api import Browser, Page, expect, sync_playwright

from bench._machine import described, own_folder, resident_mb, say
from bench._report import Headline, asked, finish, table
from tests.chromium import CHROMIUM, FLAGS
from tests.evidence.film import PICTURE, recorded
from tests.waiting import wait_until
from tests.web.test_desk import Recorder, at_the_desk
from tests.web.test_staff import whole_node

FULL, SHORT, EARLY = 200, 30, 20
WAIT_MS = 120_000
STEPS = 60
STEP = """async key => {
  const began = performance.now();
  document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key, bubbles: true, cancelable: true}));
  await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  return performance.now() - began;
}"""


def main() -> None:
    given = asked("Many recordings at the desk.")
    count = SHORT if given.is_short else FULL
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, measured(folder, count))


def measured(folder: Path, count: int) -> list[Headline]:
    with whole_node(folder) as running, browsing() as browser:
        film = filmed(browser, running[1])
        recipients: list[str] = []
        page = at_the_desk(opener(browser), running, "Wren", recipients)
        say(f"Sending {count} recordings.")
        began = time.perf_counter()
        recorders = [sent(running, recipients, film) for _ in range(count)]
        expect(page.locator("tbody#lines tr")).to_have_count(count, timeout=WAIT_MS)
        listed = time.perf_counter() - began
        page.locator(".pick").first.focus()
        moves = [float(page.evaluate(STEP, "ArrowDown")) for _ in range(STEPS)]
        opened, held, resident = [], [], []
        for number, one in enumerate(recorders):
            opened.append(worked(page, one.number))
            if number + 1 in {EARLY, count}:
                held.append(page_memory(browser, page))
                resident.append(max(resident_mb(one["id"]) for one in renderers(browser)))
                say(f"{number + 1} opened: {held[-1]:.0f} MB of script, last one {opened[-1]:.2f} s")
        most = max(resident_mb(one["id"], "VmHWM") for one in renderers(browser))
    rows = [
        [f"{count} lines sent and listed", f"{listed:.1f} s", ""],
        ["a step of the list, ms", f"{median(moves):.1f}", f"{quantiles(moves, n=20)[-1]:.1f}"],
        ["take, open, first picture, put away, s", f"{median(opened):.2f}", f"{quantiles(opened, n=20)[-1]:.2f}"],
        [
            f"  of them the first and the last {EARLY}, median s",
            f"{median(opened[:EARLY]):.2f}",
            f"{median(opened[-EARLY:]):.2f}",
        ],
        [f"script's memory after {EARLY} and {count}, MB", f"{held[0]:.1f}", f"{held[-1]:.1f}"],
        [f"memory of the renderer after {EARLY} and {count}, MB", f"{resident[0]:.0f}", f"{resident[-1]:.0f}"],
        ["most memory of a renderer, MB", f"{most:.0f}", ""],
    ]
    table(["", "median", "p95"], rows)
    return [Headline("desk_list_memory", round(held[-1], 1), round(held[0], 1), round(held[0] / held[-1], 2), "MB")]


@contextmanager
def browsing() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--js-flags=--expose-gc"])
        yield browser
        browser.close()


def opener(browser: Browser) -> Any:
    def opened(address: str, *, real: bool = True, **options: Any) -> Page:  # noqa: ARG001  as the fixture of tests
        page = browser.new_context(service_workers="block", **options).new_page()
        page.goto(address)
        return page

    return opened


def filmed(browser: Browser, url: str) -> list[bytes]:
    page = browser.new_page(permissions=["camera", "microphone"])
    page.goto(f"{url}/en/")
    slices = recorded(page, 3, (PICTURE,))[0]
    page.close()
    return slices


def sent(running: Any, recipients: list[str], film: list[bytes]) -> Recorder:
    one = Recorder(running, recipients)
    for part in film:
        one.send(part)
    one.send(final=True)
    return one


def worked(page: Page, recording: str) -> float:
    """Seconds from taking it to its first picture; then it is put away."""
    line = page.locator(f".pick[data-recording='{recording}']")
    began = time.perf_counter()
    line.press("t")
    expect(page.locator("tr", has=line)).to_contain_text("You", timeout=WAIT_MS)
    line.press("o")
    page.get_by_role("button", name="Play", exact=True).press("Enter", timeout=WAIT_MS)
    wait_until(lambda: page.evaluate("document.querySelector('video')?.videoWidth") == 320, 60)
    took = time.perf_counter() - began
    page.locator("#close-item").press("Enter")
    return took


def renderers(browser: Browser) -> list[Any]:
    told = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    return [one for one in told if one["type"] == "renderer"]


def page_memory(browser: Browser, page: Page) -> float:  # noqa: ARG001
    """What the page's script holds once what nobody holds is gone."""
    page.evaluate("gc()")
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


if __name__ == "__main__":
    main()
