"""The outbox: with the business or not at all, at least once, a channel that is down delays itself alone."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.deliver.conftest import NOON, RELEASE, Heard, MovableClock, message, until
from tocsin.deliver import queries
from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.model import MOST_BYTES, Kind, Message, MessageWrong, Release, ReleaseMissing
from tocsin.deliver.outbox import LEASE_MS, Outbox
from tocsin.deliver.tables import message as messages
from tocsin.deliver.tables import row
from tocsin.store.db import Database

pytestmark = pytest.mark.anyio
CHILD = [sys.executable, "-m", "tests.deliver.sending"]


@asynccontextmanager
async def running(outbox: Outbox) -> AsyncIterator[None]:
    task = asyncio.create_task(outbox.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def put(outbox: Outbox, one: Message) -> None:
    await outbox.database.write(lambda connection: outbox.put(connection, one, RELEASE))


async def left(database: Database) -> tuple[int, int]:
    """Messages and rows that are stored."""
    return await database.read(lambda c: (len(c.execute(messages.select()).all()), len(c.execute(row.select()).all())))


async def test_every_channel_sends_it_and_nothing_stays(tables: Database, clock: MovableClock) -> None:
    one, other, told = Heard("one"), Heard("other"), list[tuple[bytes, str, int]]()
    outbox = Outbox(tables, clock, [one, other], done=[lambda *what: told.append(what)])
    sent = message()
    async with running(outbox):
        await put(outbox, sent)
        await until(lambda: len(told) == 2)
    assert one.messages == other.messages == [sent]
    assert sorted(told) == [(sent.id, "one", NOON), (sent.id, "other", NOON)]
    assert await left(tables) == (0, 0)


async def test_what_a_failed_transaction_put_is_not_there(tables: Database, clock: MovableClock) -> None:
    outbox = Outbox(tables, clock, [Heard()])

    def fail(connection: object) -> None:
        outbox.put(connection, message(), RELEASE)  # type: ignore[arg-type]
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await tables.write(fail)
    assert await left(tables) == (0, 0)


@pytest.mark.parametrize("release", [Release(b"1" * 32, b"1" * 32), Release(b"1" * 32, b""), Release(b"1", b"2")])
async def test_one_person_alone_sends_nothing(tables: Database, clock: MovableClock, release: Release) -> None:
    outbox = Outbox(tables, clock, [Heard()])
    with pytest.raises(ReleaseMissing):
        await tables.write(lambda connection: outbox.put(connection, message(), release))
    assert await left(tables) == (0, 0)


@pytest.mark.parametrize("body", [b"", b"x" * (MOST_BYTES + 1), b"two\nlines", b"\xff\xfe", b"a\rb"])
async def test_what_no_channel_could_carry_is_refused(tables: Database, clock: MovableClock, body: bytes) -> None:
    outbox = Outbox(tables, clock, [Heard()])
    with pytest.raises(MessageWrong):
        await tables.write(lambda connection: outbox.put(connection, message(body=body), RELEASE))


async def test_a_channel_that_is_down_delays_itself_alone(tables: Database, clock: MovableClock) -> None:
    down, well = Heard("down", fails=lambda _: ChannelDown()), Heard("well")
    outbox = Outbox(tables, clock, [down, well])
    async with running(outbox):
        for _ in range(3):
            await put(outbox, message())
        await until(lambda: len(well.messages) == 3 and down.tried >= 3)
        assert not down.messages
        down.fails = lambda _: None
        await until(lambda: _moved(clock, outbox) and len(down.messages) == 3)


def _moved(clock: MovableClock, outbox: Outbox) -> bool:
    """Time goes on, and the outbox is told to look."""
    clock.ms += 1_000
    outbox.wake()
    return True


async def test_tries_grow_rarer_and_heed_what_the_other_side_asked(tables: Database, clock: MovableClock) -> None:
    asked = [0.0, 0.0, 0.0, 300.0]
    channel = Heard(fails=lambda _: ChannelDown(asked[min(channel.tried, len(asked)) - 1]))
    outbox = Outbox(tables, clock, [channel])
    await put(outbox, message())
    waits = []
    for _ in asked:
        assert await outbox.turn(channel) == 1
        due = await tables.read(lambda c: queries.first_due(c, "heard"))
        assert due is not None
        waits.append(due - clock.ms)
        assert await outbox.turn(channel) == 0, "not before it is due"
        clock.ms = due
    assert waits == [1_000, 2_000, 4_000, 300_000]


async def test_what_takes_back_goes_first_and_waits_for_nobody(tables: Database, clock: MovableClock) -> None:
    stuck = asyncio.Event()

    class Slow(Heard):
        async def send(self, message: Message, turn: Turn) -> None:
            if message.kind is Kind.ALERT:
                await stuck.wait()
            await super().send(message, turn)

    channel = Slow()
    outbox = Outbox(tables, clock, [channel])
    async with running(outbox):
        for _ in range(9):
            await put(outbox, message())
        for kind in (Kind.CANCEL, Kind.DANGER):
            await put(outbox, message(kind))
        await until(lambda: len(channel.messages) == 2)
        assert {one.kind for one in channel.messages} == {Kind.CANCEL, Kind.DANGER}
        stuck.set()
        await until(lambda: len(channel.messages) == 11)


async def test_what_was_withdrawn_or_has_ended_is_not_sent(tables: Database, clock: MovableClock) -> None:
    channel = Heard(fails=lambda _: ChannelDown())
    outbox = Outbox(tables, clock, [channel])
    withdrawn, ended = message(), message(life_ms=5_000)
    for one in (withdrawn, ended):
        await put(outbox, one)
    assert await outbox.turn(channel) == 2
    await tables.write(lambda connection: outbox.withdraw(connection, withdrawn.id))
    channel.fails = lambda _: None
    clock.ms += 5_000
    async with running(outbox):
        async with asyncio.timeout(60):
            while await left(tables) != (0, 0):
                await asyncio.sleep(0.01)
    assert not channel.messages


async def test_a_fan_out_stops_when_its_message_is_withdrawn_and_goes_on_where_it_was(
    tables: Database, clock: MovableClock
) -> None:
    seen: list[bytes] = []
    going: list[bool] = []

    class Many(Heard):
        async def send(self, message: Message, turn: Turn) -> None:
            seen.append(turn.came_to)
            going.append(await turn.reached(b"half"))
            if self.tried == 0:
                self.tried += 1
                raise ChannelDown
            await tables.write(lambda connection: outbox.withdraw(connection, message.id))
            going.append(await turn.reached(b"more"))

    channel = Many()
    outbox = Outbox(tables, clock, [channel])
    await put(outbox, message())
    await outbox.turn(channel)
    clock.ms += 1_000
    await outbox.turn(channel)
    assert seen == [b"", b"half"]
    assert going == [True, True, False]


async def test_a_lease_that_ran_out_is_somebody_elses(tables: Database, clock: MovableClock) -> None:
    outbox = Outbox(tables, clock, [Heard()])
    await put(outbox, message())
    [first] = await tables.write(lambda c: queries.lease(c, "heard", clock.ms, LEASE_MS, 9))
    assert not await tables.write(lambda c: queries.lease(c, "heard", clock.ms, LEASE_MS, 9))
    clock.ms += LEASE_MS
    [second] = await tables.write(lambda c: queries.lease(c, "heard", clock.ms, LEASE_MS, 9))
    assert not await tables.write(lambda c: queries.done(c, first))
    assert await tables.write(lambda c: queries.done(c, second))
    assert await left(tables) == (0, 0)


async def test_a_cancel_waits_for_a_channel_that_carried_the_alert_and_is_off(
    tables: Database, clock: MovableClock
) -> None:
    outbox = Outbox(tables, clock, [Heard("on")])
    names = await tables.write(lambda c: outbox.put(c, message(Kind.CANCEL), RELEASE, also=("gone", "on")))
    assert names == ("on", "gone")
    assert set(await outbox.waiting()) == {"on", "gone"}
    back = Heard("gone")
    later = Outbox(tables, clock, [back])
    assert await later.turn(back) == 1
    assert [one.kind for one in back.messages] == [Kind.CANCEL]


def test_killed_at_any_moment_it_is_sent_by_the_next_process(database: str, tmp_path: Path) -> None:
    url = database or f"sqlite:///{tmp_path / 'node.db'}"
    heard = tmp_path / "heard"
    for point in ("db.after_commit", "outbox.sent"):
        environment = {**os.environ, "TOCSIN_FAIL_POINT": point}
        killed = subprocess.run([*CHILD, url, str(heard), "put"], env=environment, timeout=120, check=False)
        assert killed.returncode == -signal.SIGKILL, point
    ended = subprocess.run([*CHILD, url, str(heard), "send"], timeout=120, check=False)
    assert ended.returncode == 0
    assert len(set(heard.read_text().split())) == 2, "each message at least once"
