"""The outbox: rows written in the caller's own transaction, sent by one loop a channel.

Promise: at least once, until the message ends. `put` inside a transaction that fails leaves nothing; after it commits, a process that
dies at any instant loses nothing, and the next one goes on where the last was. A channel that is down, slow or broken delays only
itself. What takes something back (`URGENT`) goes before what waits. A row goes when it was sent, a message with its last row or at
its end.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection

from tocsin.clock import Clock
from tocsin.deliver import queries
from tocsin.deliver.channel import Channel, ChannelDown
from tocsin.deliver.model import URGENT, Message, Release
from tocsin.deliver.queries import Leased
from tocsin.errors import place_of
from tocsin.store import fail_points
from tocsin.store.db import Database

LOG = logging.getLogger("tocsin")

LEASE_MS = 60_000
POLL_S = 15.0
AT_ONCE = 4
"""Ordinary messages that a channel sends at the same time; urgent ones never wait for them."""

Done = Callable[[bytes, str, int], None]


@dataclass
class Outbox:
    """Made once, by the composition root, with every channel that is on."""

    database: Database
    clock: Clock
    channels: Sequence[Channel]
    done: list[Done] = field(default_factory=list)
    """Told after each sent row: the message's id, the channel's name, Unix ms. Must be quick and must not raise."""
    well: Callable[[], object] = lambda: None
    """Called whenever the tables could be asked."""

    def __post_init__(self) -> None:
        self._woken = {channel.name: asyncio.Event() for channel in self.channels}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._was_put = False
        self.database.after_commit.append(self._committed)

    def put(
        self, connection: Connection, message: Message, release: Release, also: Iterable[str] = ()
    ) -> tuple[str, ...]:
        """Write `message` for every channel, in the caller's transaction; the names of those channels.

        `also`: channels that carried what this takes back; they get it even if they are off now, should they come back in time.
        Raises `ReleaseMissing`, `MessageWrong`.
        """
        release.check()
        message.check()
        names = tuple(dict.fromkeys([*(channel.name for channel in self.channels), *also]))
        queries.put(connection, message, names)
        self._was_put = True
        return names

    def withdraw(self, connection: Connection, message_id: bytes) -> None:
        """Send no more of a message, in the caller's transaction. Whoever has it already keeps it: put a cancel as well."""
        queries.drop(connection, message_id)

    async def waiting(self) -> Mapping[str, tuple[int, int]]:
        """For each channel that has something to send: how many messages, and how often one of them was tried."""
        return await self.database.read(queries.waiting)

    async def run(self) -> None:
        """Send what is due, for ever; cancel the task to stop. Takes every row from whoever had it: one process sends."""
        self._loop = asyncio.get_running_loop()
        await self._attempt(self.database.write(queries.hurry))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._expire())
            for channel in self.channels:
                tasks.create_task(self._serve(channel))

    async def turn(self, channel: Channel) -> int:
        """Try what is due for one channel, once; how many."""
        leased = await self._lease(channel.name, AT_ONCE)
        await asyncio.gather(*(self._perform(channel, one) for one in leased))
        return len(leased)

    def wake(self) -> None:
        """Look at the tables now. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._wake_all)

    async def _serve(self, channel: Channel) -> None:
        woken, busy = self._woken[channel.name], set[asyncio.Task[None]]()
        try:
            while True:
                woken.clear()
                ordinary = sum(task.get_name() == "ordinary" for task in busy)
                for one in await self._lease(channel.name, max(0, AT_ONCE - ordinary)):
                    name = "urgent" if one.message.kind in URGENT else "ordinary"
                    busy.add(asyncio.create_task(self._perform(channel, one), name=name))
                await self._rest(channel.name, woken, busy, is_full=ordinary >= AT_ONCE)
                busy = {task for task in busy if not task.done()}
        finally:
            for task in busy:
                task.cancel()
            await asyncio.gather(*busy, return_exceptions=True)

    async def _rest(self, name: str, woken: asyncio.Event, busy: set[asyncio.Task[None]], *, is_full: bool) -> None:
        """Until something is put, a try ends, a row is due that there is room for, or the poll."""
        due = (
            None
            if is_full
            else await self._attempt(self.database.read(lambda connection: queries.first_due(connection, name)))
        )
        wait_s = POLL_S if due is None else min(POLL_S, max(0.05, (due - self.clock.now_ms()) / 1000))
        waked = asyncio.create_task(woken.wait())
        try:
            await asyncio.wait({waked, *busy}, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waked.cancel()

    async def _lease(self, name: str, room: int) -> list[Leased]:
        now = self.clock.now_ms()
        due = await self._attempt(self.database.read(lambda connection: queries.first_due(connection, name)))
        self.well()
        if due is None or due > now:
            return []
        wanted = self.database.write(lambda connection: queries.lease(connection, name, now, LEASE_MS, room))
        return await self._attempt(wanted) or []

    async def _perform(self, channel: Channel, one: Leased) -> None:
        turn = _Turn(self.database, self.clock, one)
        try:
            if one.message.ends_ms > self.clock.now_ms():
                await channel.send(one.message, turn)
            fail_points.hit("outbox.sent")
            sent = await self.database.write(lambda connection: queries.done(connection, turn.leased))
            for told in self.done if sent else ():
                told(one.message.id, channel.name, self.clock.now_ms())
        except Exception as error:  # noqa: BLE001  whatever a channel raises, its row waits and the others go on
            LOG.warning("channel %s will try again: %s", channel.name, place_of(error))
            after_s = error.after_s if isinstance(error, ChannelDown) else 0.0
            now = self.clock.now_ms()
            await self._attempt(self.database.write(lambda c: queries.later(c, turn.leased, now, after_s)))

    async def _expire(self) -> None:
        while True:
            now = self.clock.now_ms()
            await self._attempt(self.database.write(partial(queries.expire, now_ms=now)))
            first = await self._attempt(self.database.read(queries.first_end))
            await asyncio.sleep(POLL_S if first is None else min(POLL_S, max(0.05, (first - now) / 1000)))

    async def _attempt(self, asked: Awaitable[queries.T]) -> queries.T | None:
        """What the database answers; None where it could not. The loops outlive a full disk and a lost server."""
        try:
            return await asked
        except Exception as error:  # noqa: BLE001  the same question is asked again within the poll
            LOG.error("the outbox could not ask its tables: %s", place_of(error))  # noqa: TRY400  a traceback may hold too much
            await asyncio.sleep(0.2)
            return None

    def _committed(self) -> None:
        if self._was_put:
            self._was_put = False
            self.wake()

    def _wake_all(self) -> None:
        for event in self._woken.values():
            event.set()


class _Turn:
    """One try (`channel.Turn`)."""

    def __init__(self, database: Database, clock: Clock, leased: Leased) -> None:
        self._database = database
        self._clock = clock
        self.leased = leased
        self._is_ours = True

    @property
    def came_to(self) -> bytes:
        return self.leased.came_to

    async def reached(self, place: bytes) -> bool:
        now = self._clock.now_ms()
        if self._is_ours and self.leased.message.ends_ms > now:
            moved = await self._database.write(lambda c: queries.reach(c, self.leased, place, now + LEASE_MS))
            self._is_ours = moved is not None
            self.leased = moved or self.leased
            return self._is_ours
        return False
