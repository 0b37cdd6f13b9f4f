"""An outbox over SQLite and over PostgreSQL, a clock to move, channels that fail as told."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tocsin.clock import SystemClock
from tocsin.deliver.channel import Turn
from tocsin.deliver.model import Kind, Message, Release
from tocsin.store.db import Database

NOON = 1_800_000_000_000
RELEASE = Release(b"1" * 32, b"2" * 32)


@dataclass
class MovableClock(SystemClock):
    ms: int = NOON
    s: float = 1000.0

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.s


@dataclass
class Heard:
    """A channel that remembers what it was given, and fails while `fails` says so."""

    name: str = "heard"
    fails: Callable[[Message], Exception | None] = lambda _: None
    messages: list[Message] = field(default_factory=list)
    tried: int = 0

    async def send(self, message: Message, turn: Turn) -> None:
        self.tried += 1
        failure = self.fails(message)
        if failure is not None:
            raise failure
        self.messages.append(message)


def message(kind: Kind = Kind.ALERT, *, life_ms: int = 3_600_000, body: bytes = b'{"a":1}') -> Message:
    return Message(SystemClock().random_bytes(16), kind, body, NOON + life_ms, ("north",))


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait for a condition inside the event loop."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
def tables(database: str, tmp_path: Path) -> Iterator[Database]:
    """The node's tables, empty, on each database."""
    with closing(Database.open(database or f"sqlite:///{tmp_path / 'node.db'}")) as opened:
        opened.migrate()
        yield opened
