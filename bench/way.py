"""`./run bench way`: how far what is safe lies behind what is recorded, on lines whose way to the node is long.

A real browser records through a proxy that delivers each byte late, each way, to a real node. Every second the page is read: what its
clock says, and up to where it says that the node has it. What is read is the screen's, in whole seconds.
"""

import statistics
import time
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Page, sync_playwright

from bench._machine import described, own_folder, say
from bench._report import Headline, asked, finish, table
from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import Running, start_town
from tests.journeys.long_way import long_way

SHORT_S, FULL_S = 30, 60
READY_S = 60.0
GOAL_S = 10
"""On a way of 1.5 s: what waits, what is under way and what is being recorded, twice over."""

SENT = "() => Number(/([\\d.]+) MB/.exec(document.querySelector('#bits').textContent)?.[1] ?? 0)"
READ = """() => ["#clock", "#safe"].map((place) => {
  const [, minutes, seconds] = /(\\d+):(\\d+)\\D*$/.exec(document.querySelector(place).textContent) ?? [0, 0, 0];
  return Number(minutes) * 60 + Number(seconds);
})"""


class Line(NamedTuple):
    """`there_and_back_s`: of one byte. `kbits`: a second, upwards; 0 for no limit."""

    there_and_back_s: float
    kbits: int


LINES = (Line(0.0, 0), Line(1.5, 0), Line(1.5, 1_000), Line(3.0, 0), Line(6.0, 0), Line(0.3, 100), Line(0.1, 60))


class Seen(NamedTuple):
    """One recording: seconds behind in the middle of its second half, most of all and at its end; requests; what was sent."""

    middle: float
    most: int
    last: int
    requests: int
    sent_mb: float


def main() -> None:
    given = asked("How far the node is behind the phone on a line with a long way.")
    length = SHORT_S if given.is_short else FULL_S
    rows, found = [], []
    with own_folder() as folder, contextmanager(start_town)(folder / "town") as town, sync_playwright() as playwright:
        print(described(folder), flush=True)
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for line in LINES:
            context = browser.new_context(permissions=["camera", "microphone"], viewport={"width": 360, "height": 640})
            seen = record(context.new_page(), town, line, length)
            context.close()
            say(f"{line}: {seen}")
            found.append(seen)
            speed = f"{line.kbits:,} kbit/s" if line.kbits else "no limit"
            behind = [f"{seen.middle:.0f}", str(seen.most), str(seen.last)]
            rows.append([f"{line.there_and_back_s:g} s, {speed}", *behind, str(seen.requests), f"{seen.sent_mb:.1f}"])
        browser.close()
    table(["line", "behind, s, median of the 2nd half", "most", f"after {length} s", "requests", "MB"], rows)
    last = found[LINES.index(Line(1.5, 0))].last
    finish(given, [Headline("behind_on_a_way_of_1500_ms", last, GOAL_S, round(GOAL_S / max(last, 1), 2), "s")])


def record(page: Page, town: Running, line: Line, length: int) -> Seen:
    """Record for so many seconds of the page's clock."""
    with long_way(town.town.ports.node, line.there_and_back_s / 2, line.kbits * 125) as way:
        said: list[str] = []
        page.on("request", lambda request: said.append(request.url) if "/chunks" in request.url else None)
        late_s, way.late_s = way.late_s, 0.0  # the page itself may come at once
        page.goto(f"http://localhost:{way.port}/en/")
        page.wait_for_load_state("networkidle")
        way.late_s = late_s
        page.click("#record")
        page.locator("body.live").wait_for(timeout=READY_S * 1000)
        behind: list[int] = []
        while True:
            recorded, safe = page.evaluate(READ)
            behind.append(recorded - safe)
            if recorded >= length:
                break
            time.sleep(1)
        way.late_s = 0.0
        return Seen(
            statistics.median(behind[len(behind) // 2 :]), max(behind), behind[-1], len(said), page.evaluate(SENT)
        )


if __name__ == "__main__":
    main()
