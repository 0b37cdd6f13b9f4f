"""The list that pages keep open: each change is told once to each, also one that comes while another is being told."""

import contextlib

import pytest

from tests.crypto.counted_clock import CountedClock
from tocsin.web.changing import Changing

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Shelf:
    """A room with lines of its own."""

    def __init__(self) -> None:
        self.now: dict[str, int] = {"a": 1}
        self.changes: Changing[str, int] = Changing(CountedClock(b"shelf"), self.look)

    async def look(self) -> None:
        self.changes.take(self.now)

    async def put(self, **lines: int) -> None:
        self.now = lines
        await self.changes.refresh()


async def test_what_changes_while_a_page_is_being_told_is_told_next() -> None:
    shelf = Shelf()
    async with contextlib.aclosing(shelf.changes.watch(0, 60.0)) as watching:
        after, at = await anext(watching)
        assert (after, shelf.changes.changed(after)) == (0, [1])
        await shelf.put(a=2)  # the network is slow: the page has not taken the first yet
        after, at = await anext(watching)
        assert shelf.changes.changed(after) == [2]
        await shelf.put(b=3)
        after, at = await anext(watching)
        assert (shelf.changes.changed(after), shelf.changes.left(after)) == ([3], ["a"])
        assert at == shelf.changes.count
    assert shelf.changes.watchers == 0


async def test_who_comes_back_hears_what_they_missed_and_a_stranger_everything() -> None:
    shelf = Shelf()
    await shelf.changes.refresh()
    heard = shelf.changes.event_id(shelf.changes.count)
    await shelf.put(a=1, b=2)
    known = shelf.changes.known(heard)
    assert shelf.changes.changed(known) == [2]
    for other in (
        "",
        "1",
        f"other-{shelf.changes.count}",
        f"{shelf.changes.boot}-x",
        f"{shelf.changes.boot}-" + "9" * 15,
    ):
        assert shelf.changes.known(other) == 0
