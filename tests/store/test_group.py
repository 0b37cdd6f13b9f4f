"""The shape of group commit: everything waiting at once, each its own answer, in order, never blocking the loop."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from tocsin.store.group import Group, StoreClosed


class Recorded:
    """Performs by doubling, remembers the groups, and can be held up like a slow disk."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.go_on = threading.Event()
        self.began = threading.Event()
        self.go_on.set()

    def __call__(self, jobs: Sequence[int]) -> list[int | BaseException]:
        self.began.set()
        self.go_on.wait(20)
        self.groups.append(list(jobs))
        return [ValueError(job) if job < 0 else job * 2 for job in jobs]


def test_what_waits_while_the_disk_works_goes_together() -> None:
    perform = Recorded()
    group: Group[int, int] = Group("trial", perform, 64)

    async def run() -> list[int]:
        perform.go_on.clear()
        first = asyncio.ensure_future(group.ask(0))
        await asyncio.to_thread(perform.began.wait, 20)
        rest = [asyncio.ensure_future(group.ask(job)) for job in range(1, 30)]
        await asyncio.sleep(0)
        perform.go_on.set()
        return await asyncio.gather(first, *rest)

    assert asyncio.run(run()) == [job * 2 for job in range(30)]
    assert perform.groups == [[0], list(range(1, 30))]
    group.close()


def test_a_group_has_a_limit_and_keeps_the_order() -> None:
    perform = Recorded()
    group: Group[int, int] = Group("trial", perform, 4)

    async def run() -> list[int]:
        return await asyncio.gather(*(group.ask(job) for job in range(11)))

    assert asyncio.run(run()) == [job * 2 for job in range(11)]
    assert [job for jobs in perform.groups for job in jobs] == list(range(11))
    assert max(map(len, perform.groups)) <= 4
    group.close()


def test_callers_that_come_back_are_waited_for_a_moment() -> None:
    perform = Recorded()
    group: Group[int, int] = Group("trial", perform, 64)

    async def caller() -> None:
        for _ in range(50):
            await group.ask(1)

    async def run() -> None:
        await asyncio.gather(*(caller() for _ in range(16)))

    asyncio.run(run())
    assert sum(map(len, perform.groups)) == 800
    assert len(perform.groups) < 400
    group.close()


def test_each_caller_gets_its_own_error() -> None:
    group: Group[int, int] = Group("trial", Recorded(), 64)

    async def run() -> list[int | BaseException]:
        return await asyncio.gather(*(group.ask(job) for job in (1, -1, 2)), return_exceptions=True)

    one, failed, two = asyncio.run(run())
    assert (one, two) == (2, 4)
    assert isinstance(failed, ValueError)
    group.close()


def test_an_error_of_the_whole_group_reaches_everybody_and_the_next_group_is_tried() -> None:
    broken = [True]

    def perform(jobs: Sequence[int]) -> list[int]:
        if broken:
            raise OSError(broken.pop())
        return list(jobs)

    group: Group[int, int] = Group("trial", perform, 64)
    with pytest.raises(OSError, match="True"):
        group.ask_now(1)
    assert group.ask_now(2) == 2
    group.close()


def test_closing_performs_what_waits_and_refuses_what_comes_later() -> None:
    perform = Recorded()
    group: Group[int, int] = Group("trial", perform, 1)

    async def run() -> list[int]:
        perform.go_on.clear()
        asked = [asyncio.ensure_future(group.ask(job)) for job in range(5)]
        await asyncio.sleep(0)
        closing = asyncio.ensure_future(asyncio.to_thread(group.close))
        perform.go_on.set()
        await closing
        with pytest.raises(StoreClosed):
            await group.ask(9)
        return await asyncio.gather(*asked)

    assert asyncio.run(run()) == [0, 2, 4, 6, 8]


def test_a_loop_that_went_away_hurts_nobody() -> None:
    perform = Recorded()
    group: Group[int, int] = Group("trial", perform, 64)
    perform.go_on.clear()
    gone = asyncio.new_event_loop()
    asked = gone.create_task(group.ask(1))
    gone.run_until_complete(asyncio.sleep(0))
    asked.cancel()
    gone.run_until_complete(asyncio.gather(asked, return_exceptions=True))
    gone.close()
    perform.go_on.set()
    assert group.ask_now(2) == 4
    group.close()
