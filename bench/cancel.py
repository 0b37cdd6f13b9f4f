"""`./run bench cancel`: an alert is taken back at the desk; when has the last of 10,000 open pages heard it?

Nothing of it is played: a whole demo town (`tocsin serve`, two witnesses, its log beating), a stranger's report, confirmers with
passports of two cohorts, two who release, then a dispatcher's Cancel, all over the node's own addresses. The pages are real
connections to its live stream, of another process. The clock runs from before the request of the Cancel is sent. `--short`: 1,000.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import quantiles
from typing import NamedTuple

from bench._machine import CLIENT_CORE, cpu_s, described, own_folder, pin, resident_mb, say
from bench._report import Headline, asked, finish, table
from tests.demo.playing import GoneOut, an_alert_goes_out
from tests.serving import free_ports
from tocsin.clock import SystemClock
from tocsin.demo import members, staff
from tocsin.demo.run import running
from tocsin.demo.town import Ports, Town

PAGES, SHORT_PAGES = 10_000, 1_000
GOAL_S = 60.0
PATIENCE_S = 180.0


class Heard(NamedTuple):
    """Seconds from the desk's key to each page; to the desk's answer; what the node used and holds."""

    pages: list[float]
    answered: float
    cpu_s: float
    kb_a_page: float


def main() -> None:
    given = asked("A Cancel to every open page.")
    count = SHORT_PAGES if given.is_short else PAGES
    with own_folder() as folder:
        print(described(folder), flush=True)
        node, one, two, authority, door = free_ports(5)
        town = Town(folder / "town", Ports(node, (one, two), authority, door))
        with running(town, SystemClock()) as children:
            say("An alert goes out.")
            links = [one.partition("#")[2] for one in members.links(town, SystemClock()).values()]
            found = an_alert_goes_out(town, links)
            if found is None:
                raise SystemExit("All sample confirmers fell into one group, as once in 128 starts. Begin again.")
            heard = measured(town, found, count, children.pid("node"))
    shown(heard, count, given.is_short)
    p99 = quantiles(heard.pages, n=100)[-1]
    unit = f"s, {count:,} pages, p99; peer: the goal"
    finish(given, [Headline("cancel_p99_s", round(p99, 3), GOAL_S, round(GOAL_S / p99, 1), unit)])


def measured(town: Town, alert: GoneOut, count: int, pid: int) -> Heard:
    say(f"{count:,} pages open.")
    before_mb = resident_mb(pid)
    with pages(town.ports.node, count) as child:
        kb = (resident_mb(pid) - before_mb) * 1000 / count
        with staff.client_of(town) as client:
            used, began = cpu_s(pid), time.monotonic()
            answer = client.post(
                f"/alert-desk/alerts/{alert.alert}/cancel", json={"reason": "not-so"}, headers={"Cookie": alert.desk}
            )
            answered = time.monotonic() - began
            answer.raise_for_status()
            told, _ = child.communicate(timeout=PATIENCE_S)
            times: list[float] = json.loads(told)
        return Heard(sorted(one - began for one in times), answered, cpu_s(pid) - used, kb)


@contextmanager
def pages(port: int, count: int) -> Iterator["subprocess.Popen[str]"]:
    """Open pages in a process of their own, all of them open."""
    command = [sys.executable, "-m", "bench.peers.open_pages", str(port), "/alerts/news", str(count), "event: cancel"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, preexec_fn=lambda: pin(CLIENT_CORE)) as child:  # noqa: PLW1509  no thread runs here yet
        try:
            if child.stdout is None or child.stdout.readline() != "open\n":
                raise SystemExit("The pages were not opened.")
            yield child
        finally:
            child.kill()


def shown(heard: Heard, count: int, is_short: bool) -> None:
    cuts = quantiles(heard.pages, n=100)
    figures = {
        "p50": cuts[49],
        "p95": cuts[94],
        "p99": cuts[98],
        "last": heard.pages[-1],
        "desk answered": heard.answered,
    }
    table([f"{count:,} pages, s", *figures], [["from the desk's request", *(f"{one:.3f}" for one in figures.values())]])
    print(f"\n{len(heard.pages):,} of {count:,} pages heard it{' (the short form)' if is_short else ''}.")
    print(f"The node used {heard.cpu_s:.2f} s of processor time for it, and held {heard.kb_a_page:.1f} kB a page.")


if __name__ == "__main__":
    main()
