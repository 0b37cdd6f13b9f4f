"""Durable work: at least once, never lost, on both databases."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tocsin.clock import SystemClock
from tocsin.store.db import Database
from tocsin.store.work import LEASE_MS, Item, Work

NOON = 1_800_000_000_000


@dataclass
class MovableClock(SystemClock):
    ms: int = NOON

    def now_ms(self) -> int:
        return self.ms


class WorkContract:
    """Subclasses give `url`."""

    @pytest.fixture
    def database(self, url: str) -> Iterator[Database]:
        database = Database.open(url)
        database.migrate()
        yield database
        database.close()

    @pytest.fixture
    def clock(self) -> MovableClock:
        return MovableClock()

    @pytest.fixture
    def work(self, database: Database, clock: MovableClock) -> Work:
        return Work(database, clock)

    def test_work_is_leased_when_due_and_oldest_first(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        for due in (NOON + 2000, NOON - 1, NOON, NOON + 1000):
            database.write_now(lambda connection, due=due: work.enqueue(connection, "beat", due, b"%d" % due))  # type: ignore[misc]
        assert [item.payload for item in asyncio.run(work.lease())] == [b"%d" % (NOON - 1), b"%d" % NOON]
        clock.ms += 5000
        assert [item.payload for item in asyncio.run(work.lease(limit=1))] == [b"%d" % (NOON + 1000)]

    def test_work_of_a_transaction_that_failed_does_not_exist(self, database: Database, work: Work) -> None:
        def fail(connection: object) -> None:
            work.enqueue(connection, "beat", NOON, b"")  # type: ignore[arg-type]
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            database.write_now(fail)
        assert asyncio.run(work.lease()) == []

    def test_leased_work_is_nobody_elses_until_the_lease_runs_out(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        enqueue(database, work)
        first = leased(work)
        assert asyncio.run(work.lease()) == []
        clock.ms += LEASE_MS
        second = leased(work)
        assert (first.id, first.tries, second.tries) == (second.id, 1, 2)
        assert not asyncio.run(work.done(first))
        assert asyncio.run(work.done(second))
        clock.ms += LEASE_MS
        assert asyncio.run(work.lease()) == []

    def test_work_given_back_comes_again_when_it_is_due(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        enqueue(database, work)
        assert asyncio.run(work.later(leased(work), NOON + 500))
        assert asyncio.run(work.lease()) == []
        clock.ms += 500
        assert leased(work).tries == 2

    def test_work_can_be_moved_and_cancelled_by_its_own_id(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        own = bytes(16)
        database.write_now(lambda connection: work.enqueue(connection, "silence", NOON, b"", own))
        assert database.write_now(lambda connection: work.postpone(connection, own, NOON + 1000))
        assert asyncio.run(work.lease()) == []
        assert database.write_now(lambda connection: work.cancel(connection, own))
        assert not database.write_now(lambda connection: work.postpone(connection, own, NOON))
        clock.ms += 1000
        assert asyncio.run(work.lease()) == []

    def test_the_loop_is_woken_by_the_commit(self, database: Database, work: Work) -> None:
        async def run() -> bytes:
            performed: asyncio.Queue[bytes] = asyncio.Queue()
            async with running(work, {"beat": performed.put}):
                await database.write(lambda connection: work.enqueue(connection, "other", NOON + 10**6, b""))
                await database.write(lambda connection: work.enqueue(connection, "beat", NOON, b"now"))
                return await asyncio.wait_for(performed.get(), 20)

        assert asyncio.run(run()) == b"now"
        assert asyncio.run(work.lease()) == []

    def test_work_that_fails_is_tried_again_later_and_never_dropped(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        async def run() -> None:
            tried: asyncio.Queue[int] = asyncio.Queue()

            async def fail(_payload: bytes) -> None:
                await tried.put(clock.ms)
                raise ZeroDivisionError

            async with running(work, {"beat": fail}):
                await database.write(lambda connection: work.enqueue(connection, "beat", NOON, b""))
                for wait in (2000, 4000, 8000):
                    await asyncio.wait_for(tried.get(), 20)
                    await given_back(database)
                    clock.ms += wait
                    work.wake()
                await asyncio.wait_for(tried.get(), 20)

        asyncio.run(run())

    def test_work_of_an_unknown_kind_is_left_for_a_version_that_knows_it(
        self, database: Database, work: Work, clock: MovableClock
    ) -> None:
        async def run() -> None:
            async with running(work, {}):
                await database.write(lambda connection: work.enqueue(connection, "newer", NOON, b""))
                await given_back(database)

        asyncio.run(run())
        clock.ms += 10**7
        assert leased(work).kind == "newer"

    def test_two_processes_never_lease_the_same_work(self, database: Database, work: Work, url: str) -> None:
        # One process is all that SQLite allows: there it is two tasks of one.
        other = work if url.startswith("sqlite") else Work(Database.open(url), MovableClock())
        for _ in range(40):
            enqueue(database, work)

        async def run() -> list[list[Item]]:
            return await asyncio.gather(*(one.lease(limit=5) for one in [work, other] * 4))

        ids = [item.id for items in asyncio.run(run()) for item in items]
        assert len(ids) == len(set(ids)) == 40
        if other is not work:
            other._database.close()


def enqueue(database: Database, work: Work) -> bytes:
    return database.write_now(lambda connection: work.enqueue(connection, "beat", NOON, b"x"))


def leased(work: Work) -> Item:
    (item,) = asyncio.run(work.lease())
    return item


async def given_back(database: Database) -> None:
    """Wait until something tried once is free again."""
    question = f"SELECT count(*) FROM work WHERE leased_until_ms = 0 AND due_ms > {NOON}"
    for _ in range(2000):
        if await database.read(lambda connection: connection.exec_driver_sql(question).scalar()):
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


class running:  # noqa: N801  reads as a word in `async with`
    """The loop, for as long as the block lasts."""

    def __init__(self, work: Work, verbs: dict[str, Callable[[bytes], Awaitable[None]]]) -> None:
        self._work, self._verbs = work, verbs

    async def __aenter__(self) -> None:
        self._task = asyncio.ensure_future(self._work.run(self._verbs))

    async def __aexit__(self, *_error: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class TestSqlite(WorkContract):
    @pytest.fixture
    def url(self, tmp_path: Path) -> str:
        return f"sqlite:///{tmp_path / 'node.db'}"


class TestPostgres(WorkContract):
    @pytest.fixture
    def url(self, postgres_url: str) -> str:
        return postgres_url
