"""The registry of one node, opened: its database, its clock, the full text made sure of."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from litestar.exceptions import ServiceUnavailableException
from litestar.types import Receive
from sqlalchemy import Connection, func, select

from tocsin.clock import Clock
from tocsin.registry import due, search, starter
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.record import Recorded, record, release
from tocsin.registry.tables import COUNTING, entity, judgement, statement
from tocsin.store.db import Database
from tocsin.web.events import gone

T = TypeVar("T")

DAY_MS = 86_400_000
AT_ONCE = 2
"""Pages that are drawn at the same time. More of them would only take the processor from each other, and from a recording: each thread
that draws gets as much of it as the one that all recordings go through.
"""
WAITING = 100
"""Questions that wait for their turn. More would wait for minutes, and be answered to people who have long given up."""
REASON = "starter facts: spellings of one firm"


class ReadersTooMany(ServiceUnavailableException):
    """A page for a person, as for whatever else the node cannot answer now."""

    def __init__(self) -> None:
        super().__init__(headers={"retry-after": "10"})


class ReaderGone(ReadersTooMany):
    """Whoever asked went away before their turn came: this answer reaches nobody."""


@dataclass
class Line:
    """Who waits, and who is let in."""

    turns: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    waiting: int = 0

    @asynccontextmanager
    async def turn(self, receive: Receive) -> AsyncIterator[None]:
        """`receive` is asked whether who waits is still there. Raises `ReadersTooMany`, `ReaderGone`."""
        if self.waiting >= WAITING:
            raise ReadersTooMany
        self.waiting += 1
        try:
            await self._come_up(receive)
        finally:
            self.waiting -= 1
        try:
            yield
        finally:
            self.turns.release()

    async def _come_up(self, receive: Receive) -> None:
        if not self.turns.locked():
            await self.turns.acquire()
            return
        turn, left = asyncio.create_task(self.turns.acquire()), asyncio.create_task(gone(receive))
        is_here = False
        try:
            await asyncio.wait((turn, left), return_when=asyncio.FIRST_COMPLETED)
            is_here = not left.done()
        finally:
            left.cancel()
            if not is_here and not turn.cancel():  # it came up in the same moment, and goes to the next
                self.turns.release()
        if not is_here:
            raise ReaderGone


@dataclass(frozen=True)
class Registry:
    """What the verbs and pages need."""

    database: Database
    clock: Clock
    _line: Line = field(default_factory=Line)

    async def read(self, receive: Receive, question: Callable[[Connection], T]) -> T:
        """`Database.read` for what the public asks, `AT_ONCE` at a time, in the order in which it came. `receive` is the asker's.

        Raises `ReadersTooMany`, and `ReaderGone` where `receive` tells that nobody waits for the answer any more.
        """
        async with self._line.turn(receive):
            return await self.database.read(question)

    @classmethod
    def open(cls, database: Database, clock: Clock) -> "Registry":
        """Make sure of the full text, and of the facts that ship where the registry is empty."""
        registry = cls(database, clock)
        database.write_now(registry._begin)
        return registry

    @property
    def today(self) -> int:
        """Whole days since 1970."""
        return self.clock.now_ms() // DAY_MS

    def _begin(self, connection: Connection) -> None:
        _count_on(connection)
        if search.prepare(connection):
            search.rebuild(connection)
            due.find(connection)
        if connection.execute(select(statement.c.number).limit(1)).first() is None:
            begin(connection, self.today)


def begin(connection: Connection, day: int) -> Recorded:
    """Record the facts that ship, and what their notes say about who is who."""
    for name in starter.INSTITUTIONS:
        release(connection, name, "starter facts: named as a firm by the source", day)
    done = record(connection, list(starter.rows()), starter.DATASET, day)
    said = {(row.left, row.right) for row in connection.execute(select(judgement.c.left, judgement.c.right))}
    for pair in starter.SAME:
        left, right = sorted(f"{starter.PREFIX}-org-{part}" for part in pair)
        known = set(connection.execute(select(entity.c.entity).where(entity.c.entity.in_([left, right]))).scalars())
        if known == {left, right} and (left, right) not in said:
            judge(connection, left, right, Verdict.SAME, REASON, day)
    return done


def _count_on(connection: Connection) -> None:
    """Rows that a backup brought keep their numbers; PostgreSQL counts on from where it was told, not from what is there."""
    if connection.dialect.name == "postgresql":
        for table in COUNTING:
            last = connection.execute(select(func.max(table.c.number))).scalar()
            if last is not None:
                connection.execute(select(func.setval(func.pg_get_serial_sequence(table.name, "number"), last)))
