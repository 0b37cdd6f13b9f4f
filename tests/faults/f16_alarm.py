"""F16: nobody is woken while all is well; a disk that takes nothing, a log that stands still, a node that is dead wake once each."""

import resource
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, ClassVar

from tests.faults.elsewhere import witness
from tests.faults.outcome import Outcome
from tests.faults.served import Served, health, serving
from tests.serving import serving as answering
from tests.waiting import wait_until
from tocsin.wake import TEXT

SCALE = 0.02
"""A minute of the alarm is 1.2 s here, so everything below is a fiftieth of what a city waits."""
MINUTE_S = 60 * SCALE


class Steward(BaseHTTPRequestHandler):
    """Where the sentence is posted."""

    heard: ClassVar[list[tuple[str, str]]] = []

    def do_POST(self) -> None:
        self.heard.append((self.path, self.rfile.read(int(self.headers["content-length"])).decode()))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


class Watched:
    """A node, its witness elsewhere, and everybody who is woken."""

    def __init__(self, node: Served, alive: str, folder: Path, heard: list[tuple[str, str]]) -> None:
        self.node, self.alive = node, alive
        self._rung, self._heard = folder / "rung", heard

    def woken(self, by: str) -> int:
        """How often the node or the witness woke somebody; its two ways agree, and say one sentence."""
        lines = (self._rung.read_text() if self._rung.exists() else "").splitlines()
        posted = [body for path, body in self._heard if path == f"/{by}"]
        assert set(posted) | set(lines) <= {TEXT}, "something else than the sentence left"
        assert by != "node" or len(lines) <= len(posted) + 1
        return len(posted)

    def page(self) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.node.port}/en/status", timeout=10) as answer:
            return str(answer.read().decode())

    def is_red(self) -> bool:
        try:
            with urllib.request.urlopen(self.alive, timeout=10):
                return False
        except urllib.error.HTTPError as red:
            red.close()
            return red.code == 503


@contextmanager
def watched(folder: Path) -> Iterator[Watched]:
    """All of it, up and well."""
    Steward.heard = []
    with (
        answering(Steward) as address,
        witness(folder / "witness", 2 * MINUTE_S, silent_minutes=5, wake_url=f"{address}/witness") as outside,
    ):
        alarm = {"command": ["/bin/sh", "-c", f"cat >> {folder / 'rung'}"], "url": f"{address}/node"}
        with serving(folder, alarm=alarm, witnesses=[outside.as_setting]) as node:
            outside.follow(node.log_vkey)
            outside.start()
            node.watch_scale = SCALE
            node.start()
            yield Watched(node, f"{outside.url}/alive", folder, Steward.heard)


def waited(condition: Any, minutes: float) -> float:
    """Until it is true; in minutes of the alarm. What the machine itself needs is allowed on top."""
    began = time.monotonic()
    wait_until(condition, minutes * MINUTE_S + 20)
    return round((time.monotonic() - began) / MINUTE_S, 1)


def quiet(world: Watched, minutes: float, *whom: str) -> None:
    """Nobody is woken in this time, by the node or the witness."""
    before = {by: world.woken(by) for by in whom}
    until = time.monotonic() + minutes * MINUTE_S

    def is_over() -> bool:
        return time.monotonic() > until or any(world.woken(by) != count for by, count in before.items())

    wait_until(is_over, minutes * MINUTE_S + 20)
    assert before == {by: world.woken(by) for by in whom}, "somebody was woken for nothing"


def run(folder: Path, calm_minutes: float) -> dict[str, Any]:
    """Everything once. Raises `AssertionError`."""
    with watched(folder) as world:
        node, told = world.node, dict[str, Any]()
        wait_until(lambda: "Everything that was tried works." in world.page(), 30)
        quiet(world, calm_minutes, "node", "witness")
        told["calm_minutes"] = calm_minutes

        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
        told["disk_refuses_minutes"] = waited(lambda: world.woken("node") == 1, 10)
        assert "Something does not work." in world.page()
        assert {"probe", "beat"} & set(health(node.port)["troubles"])
        quiet(world, 5, "node")
        resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        told["well_again_minutes"] = waited(lambda: "Everything that was tried works." in world.page(), 15)
        quiet(world, 11, "node")

        log = node.place / "log"
        log.rename(node.place / "log.away")
        log.touch()
        told["log_stands_still_minutes"] = waited(lambda: world.woken("node") == 2, 10)
        log.unlink()
        (node.place / "log.away").rename(log)
        waited(lambda: "Everything that was tried works." in world.page(), 15)

        waited(lambda: not world.is_red(), 15)
        quiet(world, 11, "node", "witness")
        before = world.woken("witness")
        node.kill()
        told["node_dead_minutes"] = waited(lambda: world.woken("witness") == before + 1, 15)
        assert world.is_red()
        node.start()
        told["green_again_minutes"] = waited(lambda: not world.is_red(), 5)
        return told | {"woken_by_node": world.woken("node"), "woken_by_witness": world.woken("witness")}


def perform(folder: Path, is_full: bool) -> Outcome:
    """An hour of the alarm's time in which nothing happens, or a quarter; then everything that happens, once."""
    told = run(folder, 60 if is_full else 15)
    return Outcome(is_good=True, figures=told)
