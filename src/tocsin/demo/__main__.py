"""`./run demo`: start a town, say what to try, stop on Ctrl-C."""

import signal
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from http.server import ThreadingHTTPServer
from pathlib import Path

import click

from tocsin.clock import SystemClock
from tocsin.demo import erasing, fake_people, links, members
from tocsin.demo.run import running
from tocsin.demo.town import Ports, Town
from tocsin.errors import TocsinError

FOLDER = Path(".demo")
WATCH_S = 0.5
FIRST_PORT = 8000


@click.command()
@click.option(
    "--lan", is_flag=True, help="Let a phone on this network in: https under tocsin-demo.local, own certificate."
)
@click.option("--for", "seconds", type=float, help="Stop by itself after so many seconds.")
@click.option(
    "--folder", type=click.Path(file_okay=False, path_type=Path), default=FOLDER, help="Where everything is kept."
)
@click.option(
    "--port", default=FIRST_PORT, show_default=True, help="The node's port; the others lie at most 461 above it."
)
@click.option("--erase", "is_erased", is_flag=True, help="Erase a stopped demo: everything of it, in one act.")
def main(*, lan: bool, seconds: float | None, folder: Path, port: int, is_erased: bool) -> None:
    """A sandbox: a node with a sample city, fake people, two witnesses and links to try."""
    if is_erased:
        return _erase(Town(folder.resolve(), Ports.above(port)))
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        demo(_town(folder.resolve(), port, lan=lan), stop, seconds)
    except TocsinError as error:
        click.echo(f"{error.message} ({error.code})", err=True)
        sys.exit(1)
    return None


def _erase(town: Town) -> None:
    try:
        erasing.erase(town)
    except TocsinError as error:
        click.echo(f"{error.message} ({error.code})", err=True)
        sys.exit(1)
    click.echo(f"Erased: {town.folder}. Nothing of the demo is left there.")


def demo(town: Town, stop: threading.Event, seconds: float | None, say: Callable[[str], None] = click.echo) -> None:
    """Run until `stop` is set or the time is over. Raises `ChildDied` when a part of it ends by itself."""
    clock = SystemClock()
    with running(town, clock) as children, ExitStack() as doors:
        door = _door(town, doors) if town.lan else ""
        if not town.lan:
            fake_people.come(town, clock)
        for line in links.lines(town, door, members.links(town, clock)):
            say(line)
        end = clock.monotonic() + seconds if seconds is not None else None
        while not stop.wait(WATCH_S) and not (end is not None and clock.monotonic() > end):
            children.check()
    say("Stopped.")


def _town(folder: Path, port: int, *, lan: bool) -> Town:
    if not lan:
        return Town(folder, Ports.above(port))
    from tocsin.demo import lan as local_network

    return Town(folder, Ports.above(port, is_lan=True), lan=local_network.prepare(folder / "lan", SystemClock()))


def _door(town: Town, doors: ExitStack) -> str:
    """Open the plain http door for phones and announce the name. Answers the door's address."""
    from tocsin.demo import lan as local_network

    assert town.lan is not None
    server = ThreadingHTTPServer(("0.0.0.0", town.ports.door), local_network.door(town.lan, f"{town.url}/"))
    doors.enter_context(server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    doors.callback(server.shutdown)
    zeroconf = local_network.announce(town.lan.address, town.ports.node)
    doors.callback(zeroconf.close)
    return f"http://{town.lan.address}:{town.ports.door}/"


if __name__ == "__main__":
    main()
