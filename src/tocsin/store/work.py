"""Durable timers and queues: one leased table, the same SQL on both databases.

`enqueue` inside the transaction of the business it belongs to: both happen or neither. `run` then performs it: at once when
it is due, woken inside the process by the commit, and by a slow poll for what another process or an earlier life left.

Promise: at least once. Work is leased, not taken: if the process dies, the lease runs out and somebody else gets it. So a
verb must bear being performed twice. What raises is tried again later, ever later, and never dropped.
Payloads are opaque and short: identifiers, never content and never anything about a person (the table is not sealed).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Table, delete, func, insert, select, update

from tocsin.clock import Clock
from tocsin.store.db import Database
from tocsin.store.tables import work

LEASE_MS = 60_000
POLL_S = 15.0
TAKEN_AT_ONCE = 32
LONGEST_WAIT_MS = 3_600_000

Verb = Callable[[bytes], Awaitable[None]]


@dataclass(frozen=True)
class Item:
    """One leased piece of work; `leased_until_ms` is the proof that the lease is still ours."""

    id: bytes
    kind: str
    payload: bytes
    tries: int
    leased_until_ms: int


class Work:
    """The table, and the loop that performs it."""

    def __init__(self, database: Database, clock: Clock, table: Table = work) -> None:
        """`table` has the columns of `work`: whose times must not lie on one page with other people's has one of its own."""
        self._table = table
        self._database = database
        self._clock = clock
        self._woken = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._enqueued = False
        database.after_commit.append(self._committed)

    def enqueue(
        self, connection: Connection, kind: str, due_ms: int, payload: bytes, work_id: bytes | None = None
    ) -> bytes:
        """Add work due at `due_ms` (Unix ms) to the caller's transaction. Returns its id: 16 bytes, random unless given."""
        work_id = work_id or self._clock.random_bytes(16)
        row = {"id": work_id, "kind": kind, "due_ms": due_ms, "leased_until_ms": 0, "tries": 0, "payload": payload}
        connection.execute(insert(self._table), row)
        self._enqueued = True
        return work_id

    def postpone(self, connection: Connection, work_id: bytes, due_ms: int) -> bool:
        """Move work that nobody has leased; inside the caller's transaction. Says whether it was there."""
        free = (self._table.c.id == work_id) & (self._table.c.leased_until_ms <= self._clock.now_ms())
        self._enqueued = True
        return connection.execute(update(self._table).where(free).values(due_ms=due_ms)).rowcount > 0

    def hurry(self, connection: Connection, *kinds: str) -> None:
        """Make all work of these kinds due at once, and take it from whoever had it: for a process that starts and is the only one."""
        change = update(self._table).where(self._table.c.kind.in_(kinds)).values(due_ms=0, leased_until_ms=0)
        connection.execute(change)
        self._enqueued = True

    def cancel(self, connection: Connection, work_id: bytes) -> bool:
        """Forget work, inside the caller's transaction. Says whether it was there; a verb already running is not stopped."""
        return connection.execute(delete(self._table).where(self._table.c.id == work_id)).rowcount > 0

    def cancel_all(self, connection: Connection, kind: str, payload: bytes) -> int:
        """The same for all work of a kind about one thing; how many there were."""
        about = (self._table.c.kind == kind) & (self._table.c.payload == payload)
        return connection.execute(delete(self._table).where(about)).rowcount

    async def lease(self, limit: int = TAKEN_AT_ONCE, lease_ms: int = LEASE_MS) -> list[Item]:
        """Up to `limit` due pieces, oldest first, nobody else's until `lease_ms` from now."""
        now = self._clock.now_ms()
        if not await self._database.read(
            lambda connection: connection.scalar(select(func.count()).where(self._free(now)))
        ):
            return []
        return await self._database.write(lambda connection: self._lease(connection, now, limit, lease_ms))

    async def done(self, item: Item) -> bool:
        """Forget a finished piece. False when its lease had run out and it is somebody else's now."""
        return await self._database.write(
            lambda connection: connection.execute(delete(self._table).where(self._ours(item))).rowcount > 0
        )

    async def later(self, item: Item, due_ms: int) -> bool:
        """Give a piece back, not to be taken before `due_ms`. False when its lease had run out."""
        change = update(self._table).where(self._ours(item)).values(due_ms=due_ms, leased_until_ms=0)
        return await self._database.write(lambda connection: connection.execute(change).rowcount > 0)

    def wake(self) -> None:
        """Look at the table now. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._woken.set)

    async def run(
        self, verbs: Mapping[str, Verb], poll_s: float = POLL_S, well: Callable[[], object] = lambda: None
    ) -> None:
        """Perform what is due, for ever; cancel the task to stop. Work of an unknown kind is left for a version that knows it.

        `well` is called whenever the table could be asked.
        """
        self._loop = asyncio.get_running_loop()
        while True:
            self._woken.clear()
            items = await self.lease()
            well()
            for item in items:
                await self._perform(item, verbs)
            if not items:
                await self._wait(poll_s)

    async def _perform(self, item: Item, verbs: Mapping[str, Verb]) -> None:
        try:
            await verbs[item.kind](item.payload)
        except Exception:  # noqa: BLE001  whatever a verb raises, the work is not lost and the loop goes on
            await self.later(item, self._clock.now_ms() + min(1000 * 2 ** min(item.tries, 12), LONGEST_WAIT_MS))
        else:
            await self.done(item)

    async def _wait(self, poll_s: float) -> None:
        """Until something is due, something was enqueued, or `poll_s` passed."""
        first = await self._database.read(
            lambda connection: connection.scalar(
                select(func.min(self._table.c.due_ms)).where(self._table.c.leased_until_ms == 0)
            )
        )
        due_s = poll_s if first is None else max(0.0, (first - self._clock.now_ms()) / 1000)
        try:
            await asyncio.wait_for(self._woken.wait(), min(poll_s, due_s))
        except TimeoutError:
            return

    def _committed(self) -> None:
        if self._enqueued:
            self._enqueued = False
            self.wake()

    def _free(self, now_ms: int) -> ColumnElement[bool]:
        return (self._table.c.due_ms <= now_ms) & (self._table.c.leased_until_ms <= now_ms)

    def _ours(self, item: Item) -> ColumnElement[bool]:
        return (self._table.c.id == item.id) & (self._table.c.leased_until_ms == item.leased_until_ms)

    def _lease(self, connection: Connection, now_ms: int, limit: int, lease_ms: int) -> list[Item]:
        table = self._table
        due = (
            select(table.c.id)
            .where(self._free(now_ms))
            .order_by(table.c.due_ms)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        change = (
            update(table).where(table.c.id.in_(due)).values(leased_until_ms=now_ms + lease_ms, tries=table.c.tries + 1)
        )
        rows = connection.execute(
            change.returning(
                table.c.id, table.c.kind, table.c.payload, table.c.tries, table.c.leased_until_ms, table.c.due_ms
            )
        ).all()
        return [
            Item(bytes(row.id), row.kind, bytes(row.payload), row.tries, row.leased_until_ms)
            for row in sorted(rows, key=lambda row: row.due_ms)
        ]
