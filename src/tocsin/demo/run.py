"""Starts a town and keeps it until it is told to stop.

All begin at once; a node whose witnesses are not up yet asks them again at its next beat. Leaving the with-block stops all.
"""

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.clock import Clock
from tocsin.demo import staff
from tocsin.demo.children import Children
from tocsin.demo.town import PROGRAM, WITNESSES, DemoFailed, Town, prepare, write_trust


@contextmanager
def running(town: Town, clock: Clock) -> Iterator[Children]:
    """The town, up and answering. Raises `DemoFailed` or `ChildDied`."""
    for port in (town.ports.node, *town.ports.witnesses, town.ports.authority):
        refuse_taken(port)
    prepare(town)
    founding = staff.invite(town)
    with Children(town.folder / "said", clock) as children:
        authority = str(town.folder / "authority")
        children.start(
            "authority", [sys.executable, "-m", "tocsin.demo.authority", authority, str(town.ports.authority)]
        )
        for name in WITNESSES:
            children.start(name, [*PROGRAM, "witness", "serve", "--config", str(town.witness(name))])
        start_node(children, town)
        for name, port in zip(WITNESSES, town.ports.witnesses, strict=True):
            children.wait_for(name, port)
        children.wait_for("authority", town.ports.authority)
        write_trust(town)
        staff.join(town, founding, clock)
        yield children


def refuse_taken(port: int) -> None:
    """Raises `DemoFailed` when something listens there already: a stranger's answers must not pass for the demo's."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise DemoFailed(
                f"Port {port} is in use. Is another demo running? Stop it, or give this one --port."
            ) from error


def start_node(children: Children, town: Town) -> None:
    """The node alone: trials kill it and start it again."""
    children.start("node", [*PROGRAM, "--settings", str(town.settings), "serve"])
    children.wait_for("node", town.ports.node)
