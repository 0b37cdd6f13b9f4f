"""The node looks at itself: a real rehearsal through its own door, and what it says when that or its log stands still."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest
import uvicorn

from tests.encounters.conftest import settings_in
from tests.serving import free_ports
from tocsin import new_keys, watch
from tocsin.app import application
from tocsin.clock import SystemClock
from tocsin.encounters import queries
from tocsin.encounters.model import State
from tocsin.jurisdictions import load
from tocsin.node import OUT, Node
from tocsin.people import inbox
from tocsin.wake import Alarm
from tocsin.watch import Watch
from tocsin.web.status import FAILS, UNTRIED, WORKS

pytestmark = pytest.mark.anyio


class Moved(SystemClock):
    """Minutes pass when the test says so."""

    ahead = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.ahead


class Bell:
    """Takes every message."""

    rung = 0

    def ring(self) -> bool:
        self.rung += 1
        return True


class Watched(NamedTuple):
    node: Node
    watch: Watch
    clock: Moved
    server: uvicorn.Server


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def watched(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watched]:
    """A node that answers, and who watches it."""
    monkeypatch.setattr(watch, "LEAST_FREE_BYTES", 0)
    clock, port = Moved(), free_ports(1)[0]
    given = settings_in(tmp_path_factory.mktemp("node"))
    settings = msgspec.structs.replace(given, port=port, hosts=("city.example",), public_url="https://city.example")
    new_keys.make(settings, None, clock)
    node = Node.open(settings, load.load("minneapolis-sample"), clock)
    server = uvicorn.Server(uvicorn.Config(application(node), port=port, log_level="error", access_log=False))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield Watched(node, Watch(node), clock, server)
    server.should_exit = True
    await task


async def test_a_probe_records_opens_and_erases_through_the_nodes_own_door(watched: Watched) -> None:
    assert watched.watch.parts()["recording"] == UNTRIED
    await watched.watch.probe()
    assert watched.watch.parts()["recording"] == WORKS
    assert watched.watch.shown().worked == "minutes"
    rows = await watched.node.database.read(queries.listed)
    assert {row.state for row in rows} <= {State.ERASED}
    watched.clock.ahead += 16 * 60
    assert watched.watch.parts()["recording"] == FAILS, "a probe that comes no more is no good sign"


async def test_two_probes_that_fail_wake_somebody_once_and_one_does_not(watched: Watched) -> None:
    bell = Bell()
    watched.watch.alarm = Alarm([bell.ring])
    await watched.watch.probe()
    watched.node.encounters.is_ready = False
    await watched.watch.probe()
    await watched.watch.look()
    assert (watched.watch.parts()["recording"], bell.rung) == (WORKS, 0)
    await watched.watch.probe()
    for _ in range(3):
        await watched.watch.look()
    assert (watched.watch.parts()["recording"], bell.rung) == (FAILS, 1)
    assert watched.node.troubles["probe"] == "HTTPStatusError"
    watched.node.encounters.is_ready = True
    await watched.watch.probe()
    assert watched.watch.parts()["recording"] == WORKS
    assert "probe" not in watched.node.troubles


async def test_a_log_that_stands_still_wakes_somebody(watched: Watched) -> None:
    bell = Bell()
    watched.watch.alarm = Alarm([bell.ring])
    await watched.node.beat(1_900_000_020)
    assert watched.watch.parts()["log"] == WORKS
    watched.clock.ahead += 4 * 60
    await watched.watch.look()
    assert not bell.rung
    watched.clock.ahead += 2 * 60
    assert watched.watch.parts()["log"] == FAILS
    await watched.watch.look()
    assert [bell.rung] == [1]


async def test_what_nobody_opens_wakes_somebody_and_no_public_page_says_so(watched: Watched) -> None:
    node, watch, _, _ = watched
    bell = Bell()
    watch.alarm = Alarm([bell.ring])
    node.last_beat = 1
    watch.unpublished = lambda: {"desk": FAILS}
    await watch.look()
    assert bell.rung == 1
    assert "desk" not in dict(watch.shown().parts)
    assert json.loads(watch.tell())["parts"]["desk"] == FAILS


async def test_a_message_nobody_takes_is_a_trouble_of_its_own(watched: Watched) -> None:
    watched.watch.alarm = Alarm([lambda: False])
    watched.node.log = None
    await watched.watch.look()
    assert "alarm" in watched.node.troubles


async def test_a_steward_is_told_more_than_the_public_and_nothing_of_anybody(watched: Watched) -> None:
    for _ in range(7):
        watched.node.noticed.count("too_fast")
    watched.node.noticed.count("capability_wrong")
    watched.node.noticed.keep("00ff", "OSError at tocsin.store:7")
    told = json.loads(watched.watch.tell())
    assert told["this_hour"] == {"too_fast": 5}
    assert told["errors"]["00ff"]["place"] == "OSError at tocsin.store:7"
    assert set(told) == {"parts", "troubles", "this_hour", "errors", "woken"}


async def test_the_command_asks_a_running_node_and_leaves_nothing_behind(watched: Watched) -> None:
    place = Path(watched.node.settings.folder)
    inbox.drop(place, {"kind": "status", "to": "0123"}, watched.clock)
    await watched.node.take_inbox()
    told = json.loads((place / OUT / "0123").read_text())
    assert told["parts"]["log"] == UNTRIED
    assert not list((place / inbox.FOLDER).iterdir())
