"""`./run bench loss`: how much is lost when a phone is destroyed while it records.

A real browser records a film whose pictures say their number, through a real node. At a random instant the page is asked which
picture its camera shows, and everything of the browser is killed. Then the node's export is opened by its recipient, and the last
picture in it is read. What lies between the two is lost; the time the question took counts as lost too.
"""

import os
import random
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import av
from playwright.sync_api import Page, Playwright, sync_playwright

from bench._machine import described, own_folder, say
from bench._picture import FPS, film, middles, number_of
from bench._report import Headline, asked, finish, table
from bench._servers import free_port
from tests.chromium import CHROMIUM, FLAGS
from tests.journeys.conftest import Running, start_town
from tests.journeys.test_town import client_of_town
from tests.waiting import wait_until
from tocsin.demo.town import tocsin

SHORT, FULL = 20, 200
EARLIEST_S, LATEST_S = 4.0, 12.0
"""When the phone is destroyed, after the tap."""
FILM_S = 90
GOAL_P95_S = 2.0
READY_S = 60.0

KEEP_STREAM = """
const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = await open(wanted);
  const video = document.createElement("video");
  video.muted = true;
  video.srcObject = stream;
  await video.play();
  window.benchVideo = video;
  return stream;
};
"""
SHOWN = """(places) => {
  const video = window.benchVideo;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  return places.map(([x, y]) =>
    context.getImageData(Math.floor(x * canvas.width), Math.floor(y * canvas.height), 1, 1).data[1]);
}"""


class Run(NamedTuple):
    """One destroyed phone: the picture shown at the end, the last one on the node, and what was kept and lost in seconds."""

    shown: float
    kept: int
    lost_s: float


def main() -> None:
    given = asked("What is lost when a phone is destroyed while it records.")
    count = given.runs or (SHORT if given.is_short else FULL)
    chance = random.Random()
    with own_folder() as folder, contextmanager(start_town)(folder / "town") as town, sync_playwright() as playwright:
        print(described(folder), flush=True)
        film(folder / "film.y4m", FILM_S)
        wait_for_the_desk(town)
        runs: list[Run] = []
        for number in range(count):
            after = chance.uniform(EARLIEST_S, LATEST_S)
            runs.append(destroy_one(playwright, town, folder, number, after))
            say(f"{number + 1} of {count}: killed after {after:.1f} s, {runs[-1].lost_s:.2f} s lost")
    losses = sorted(run.lost_s for run in runs)
    p50, p95 = statistics.median(losses), losses[min(len(losses) - 1, int(len(losses) * 0.95))]
    print(f"\n{count} phones destroyed {EARLIEST_S:.0f} to {LATEST_S:.0f} s after the tap, {FPS} pictures a second")
    rows = [["lost, s", f"{p50:.2f}", f"{p95:.2f}", f"{losses[0]:.2f}", f"{losses[-1]:.2f}"]]
    table(["", "p50", "p95", "least", "most"], [*rows, ["goal", "", f"{GOAL_P95_S:.2f}", "", ""]])
    finish(given, [Headline("loss_p95", round(p95, 2), GOAL_P95_S, round(GOAL_P95_S / max(p95, 0.01), 2), "s")])


def wait_for_the_desk(town: Running) -> None:
    """Until the sample lawyer's key counts on phones."""
    with client_of_town(town) as client:
        wait_until(lambda: any(key["since"] for key in client.get("/desk-keys").json()["roll"]), READY_S)
    time.sleep(town.town.pack.desk_key_wait_s + 1)


def destroy_one(playwright: Playwright, town: Running, folder: Path, number: int, after_s: float) -> Run:
    """Record, kill, open what the node has, read its last picture."""
    before = recordings(town)
    with browser(folder, number) as (port, child):
        page = opened(playwright, port, town)
        page.click("#record")
        page.locator("body.live").wait_for(timeout=30_000)
        page.wait_for_function("() => window.benchVideo?.videoWidth > 0", timeout=30_000)
        time.sleep(after_s)
        asked_at = time.perf_counter()
        brightness = page.evaluate(SHOWN, middles_as_shares())
        kill_all(child.pid)
        taken_s = time.perf_counter() - asked_at
    seen = number_of(brightness)
    assert seen is not None, "the camera's picture cannot be read"
    shown = seen + taken_s * FPS
    wait_until(lambda: recordings(town) > before, READY_S)
    (recording,) = recordings(town) - before
    kept = last_number(town, folder, recording)
    return Run(shown, kept, (shown - kept) / FPS)


def recordings(town: Running) -> set[str]:
    """Numbers of what the node keeps."""
    listed = tocsin("--settings", str(town.town.settings), "sealed", "list")
    return {line.split()[0] for line in listed.splitlines() if line.strip()}


def last_number(town: Running, folder: Path, recording: str) -> int:
    """The last picture that can be read in what the recipient opens; -1 when there is none."""
    sealed, clear = folder / f"{recording}.tocsin", folder / f"{recording}.opened"
    tocsin("--settings", str(town.town.settings), "sealed", "export", recording, "-o", str(sealed))
    tocsin("open", str(sealed), "--identity", str(town.town.desk_identity), "-o", str(clear))
    numbers = [found for media in sorted(clear.glob("*media*")) for found in numbers_in(media)]
    return numbers[-1] if numbers else -1


def numbers_in(media: Path) -> Iterator[int]:
    """Numbers of a media file's pictures, as far as it can be decoded."""
    try:
        with av.open(str(media)) as container:
            for frame in container.decode(video=0):
                luma = frame.reformat(format="gray")
                plane = luma.planes[0]
                raw = bytes(plane)
                read = number_of([raw[y * plane.line_size + x] for x, y in middles(luma.width, luma.height)])
                if read is not None:
                    yield read
    except (av.FFmpegError, IndexError):
        return


@contextmanager
def browser(folder: Path, number: int) -> Iterator[tuple[int, subprocess.Popen[bytes]]]:
    """A Chromium of its own, with a fresh profile and the film as its camera; its port for Playwright."""
    port = free_port()
    command = [
        CHROMIUM,
        *FLAGS,
        "--headless=new",
        f"--remote-debugging-port={port}",
        f"--user-data-dir={folder / f'profile-{number}'}",
        f"--use-file-for-fake-video-capture={folder / 'film.y4m'}",
        "about:blank",
    ]
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    try:
        yield port, child
    finally:
        kill_all(child.pid)
        child.wait()


def opened(playwright: Playwright, port: int, town: Running) -> Page:
    """The node's first page in that browser."""
    page: list[Page] = []

    def try_once() -> bool:
        try:
            connected = playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{port}")
        except Exception:  # noqa: BLE001  it is not up yet, whatever it says
            return False
        context = connected.contexts[0]
        context.grant_permissions(["camera", "microphone"], origin=town.url)
        page.append(context.new_page())
        return True

    wait_until(try_once, READY_S)
    page[0].add_init_script(KEEP_STREAM)
    page[0].goto(f"{town.url}/en/")
    return page[0]


def kill_all(pid: int) -> None:
    """SIGKILL to a process and everything below it, the parent first so that none is started anew."""
    try:
        below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        os.kill(pid, signal.SIGKILL)
    except (FileNotFoundError, ProcessLookupError):
        return
    for child in below:
        kill_all(int(child))


def middles_as_shares() -> list[list[float]]:
    """Middles of blocks as parts of width and height."""
    return [[x / 1000, y / 1000] for x, y in middles(1000, 1000)]


if __name__ == "__main__":
    main()
