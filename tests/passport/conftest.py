"""A real node with a passport, on SQLite and on PostgreSQL, its clock movable, its beat struck by hand."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.encounters.conftest import settings_in
from tocsin import new_keys
from tocsin.at_passport import passport_of
from tocsin.clock import SystemClock
from tocsin.encounters import start
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.own_keys import PUBLISHED
from tocsin.passport.keep import keep
from tocsin.passport.room import Passport
from tocsin.tlog.token_keys import EPOCH_S

MIDWEEK_MS = (2970 * EPOCH_S + 2 * 24 * 3600) * 1000
COHORTS = 2


@dataclass
class MovableClock(SystemClock):
    ms: int = MIDWEEK_MS

    def now_ms(self) -> int:
        return self.ms


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def node(tmp_path: Path, database: str, clock: MovableClock) -> AsyncIterator[Node]:
    node = open_node(tmp_path, database, clock)
    await start.start(node.encounters)
    yield node
    await node.end()


def open_node(folder: Path, database: str, clock: MovableClock) -> Node:
    if not (folder / "node" / PUBLISHED).exists():
        new_keys.make(settings_in(folder), None, clock)
    return Node.open(settings_in(folder, database), load.load("minneapolis-sample"), clock)


def room_of(node: Node) -> Passport:
    """The room as the composition root makes it, with two cohorts."""
    passport = passport_of(node)
    passport.cohorts = COHORTS
    return passport


async def beat(node: Node) -> None:
    await node.beat(max(node.clock.now_ms() // 60_000 * 60, node.encounters.newest_beat + 60))


@pytest.fixture
async def passport(node: Node) -> Passport:
    """With keys that stand in the log."""
    passport = room_of(node)
    await keep(passport)
    await beat(node)
    await keep(passport)
    return passport
