"""`./run bench desk`: a two-hour recording of 64 KiB a second opened, played, sought in and packaged by a real browser; its memory.

The film is real: some seconds from the fake camera, its clusters repeated with the times of two hours and filled up to 64 KiB. The
peer of each figure is the goal: no other program does this. Memory is that of the browser's renderer, most so far.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from bench._machine import described, own_folder, resident_mb, say
from bench._report import Headline, asked, finish, table
from tests.chromium import CHROMIUM, FLAGS
from tests.evidence.film import PICTURE, recorded, taken_apart
from tests.evidence.scene import Scene
from tests.evidence.test_same_bytes import completed
from tests.waiting import wait_until
from tests.web.conftest import served
from tests.web.test_open_page import INTO_OWN_STORE
from tocsin.web.static_files import Built

FULL_SECONDS, SHORT_SECONDS = 7200, 600
GOAL_MB = 600
"""A renderer without anything in it takes about 100; the recording is 470 MB."""
PATIENCE_S = 600


def main() -> None:
    given = asked("A long recording on the desk's own machine.")
    seconds = SHORT_SECONDS if given.is_short else FULL_SECONDS
    with own_folder() as folder:
        print(described(folder), flush=True)
        finish(given, [measured(folder, seconds)])


def measured(folder: Path, seconds: int) -> Headline:
    with served(Built.load(), mirrored=False) as node, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        try:
            scene, export = made(folder, browser, node, seconds)
            rows = list(steps(browser, node, scene, export, seconds))
        finally:
            browser.close()
    size = export.stat().st_size / 1e6
    table(
        [f"{seconds} s, {size:.0f} MB", "seconds", "most memory, MB"],
        [[name, f"{took:.1f}", f"{mb:.0f}"] for name, took, mb in rows],
    )
    most = round(max(mb for _, _, mb in rows))
    return Headline("desk_memory", most, GOAL_MB, round(GOAL_MB / most, 2), "MB")


def made(folder: Path, browser: Browser, node: str, seconds: int) -> tuple[Scene, Path]:
    """The long recording, sealed and completed, and the world it is from."""
    say(f"Making a recording of {seconds} seconds.")
    page = browser.new_page(permissions=["camera", "microphone"])
    page.goto(f"{node}/en/")
    film = taken_apart(b"".join(recorded(page, slices=5, mimes=(PICTURE,))[0]))
    page.close()
    first = film.head + film.second(0)
    scene = Scene(
        folder, b"long", chunks=seconds + 2, step_ms=1000, gap_ms=(0, 0), is_timestamped=False,
        body=lambda seq: first if seq == 1 else film.second(seq - 3),
    )  # fmt: skip
    return scene, completed(scene)


def steps(browser: Browser, node: str, scene: Scene, export: Path, seconds: int) -> Iterator[tuple[str, float, float]]:
    """Name, seconds and memory of each thing that a lawyer does."""
    context = browser.new_context(viewport={"width": 1366, "height": 768}, service_workers="block")
    page, system = context.new_page(), browser.new_browser_cdp_session()
    page.add_init_script(INTO_OWN_STORE)
    page.goto(f"{node}/en/desk/open")
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as keys:
        keys.write(scene.identity)
        keys.flush()
        page.set_input_files("#sealed", export)
        page.set_input_files("#identity", keys.name)
        yield "before", 0.0, memory(system)
        yield timed("open and check", lambda: opened(page), system)
    yield timed("play", lambda: played(page, "k", 0), system)
    late = seconds - 60
    yield timed("seek near the end", lambda: sought(page, late), system)
    yield timed("play on, 20 s", lambda: played(page, "", late + 20), system)
    yield timed("package", lambda: packaged(page), system)
    context.close()


def timed(name: str, act: Callable[[], None], system: CDPSession) -> tuple[str, float, float]:
    began = time.perf_counter()
    act()
    took = name, time.perf_counter() - began, memory(system)
    say(f"{name}: {took[1]:.1f} s, {took[2]:.0f} MB")
    return took


def opened(page: Page) -> None:
    page.click("#ask button")
    page.locator("#package form").wait_for(timeout=PATIENCE_S * 1000)


def played(page: Page, key: str, at_s: float) -> None:
    if key:
        page.keyboard.press(key)
    wait_until(lambda: page.evaluate("document.querySelector('video').currentTime") > at_s + 0.5, PATIENCE_S)
    assert page.evaluate("document.querySelector('video').videoWidth") > 0


def sought(page: Page, at_s: int) -> None:
    page.locator("#player input[type=range]").fill(str(at_s))
    ready = "(v => v.currentTime >= %d && v.readyState >= 3 && !v.seeking)(document.querySelector('video'))"
    wait_until(lambda: page.evaluate(ready % (at_s - 3)), PATIENCE_S)


def packaged(page: Page) -> None:
    page.click("#package button[type=submit]")
    done = page.locator("#package [role=status]", has_text="SHA-256")
    done.wait_for(timeout=PATIENCE_S * 1000)


def memory(system: CDPSession) -> float:
    """The most that any renderer has held so far."""
    told = system.send("SystemInfo.getProcessInfo")["processInfo"]
    return max(resident_mb(one["id"], "VmHWM") for one in told if one["type"] == "renderer")


if __name__ == "__main__":
    main()
