"""A list that pages keep open: which line changed at which count, and who waits for the next change. In memory alone.

A room puts its lines in (`take`); a page hears what changed after the last it knows (`watch`), and who comes back what it missed.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Mapping
from typing import Generic, TypeVar

from tocsin.clock import Clock
from tocsin.ids import b64

BOOT_BYTES = 6

K = TypeVar("K", bound=Hashable)
L = TypeVar("L")


class Changing(Generic[K, L]):
    """`look` brings it up to date: it calls `take`, and `bump` for what stands beside the lines."""

    def __init__(self, clock: Clock, look: Callable[[], Awaitable[None]]) -> None:
        self.boot = b64(clock.random_bytes(BOOT_BYTES))
        """Of this process: a count of another says nothing here."""
        self.count = 0
        self.lines: dict[K, tuple[int, L]] = {}
        """Each line with the count at which it became so."""
        self.watchers = 0
        self._gone: dict[K, int] = {}
        self._clock, self._look_now = clock, look
        self._looking, self._news = asyncio.Lock(), asyncio.Event()
        self._is_due = False
        self._task: asyncio.Task[None] | None = None

    def take(self, fresh: Mapping[K, L]) -> None:
        """These are all lines now."""
        for name, line in fresh.items():
            if name not in self.lines or self.lines[name][1] != line:
                self.bump()
                self.lines[name] = self.count, line
                self._gone.pop(name, None)
        for name in set(self.lines) - set(fresh):
            self.bump()
            self._gone[name] = self.count
            del self.lines[name]

    def bump(self) -> None:
        """Something changed."""
        self.count += 1

    def changed(self, after: int) -> list[L]:
        """Lines that changed after a count."""
        return [line for at, line in self.lines.values() if at > after]

    def left(self, after: int) -> list[K]:
        """What is no longer on the list since a count."""
        return [name for name, at in self._gone.items() if at > after]

    def known(self, last: str) -> int:
        """The count in the number of the last event that a page heard (`event_id`); 0 where it was of another process, or none."""
        boot, _, count = last.rpartition("-")
        return int(count) if boot == self.boot and count.isascii() and count.isdigit() and len(count) < 15 else 0

    def event_id(self, count: int) -> str:
        return f"{self.boot}-{count}"

    async def refresh(self) -> None:
        """Bring it up to date and tell who waits for news."""
        async with self._looking:
            await self._look_now()
        self._news.set()
        self._news = asyncio.Event()

    def hint(self) -> None:
        """Something was done here: who watches is told at once, not at the next tick."""
        if self.watchers and not self._is_due:
            self._is_due = True
            self._task = asyncio.get_running_loop().create_task(self._soon())

    async def _soon(self) -> None:
        self._is_due = False
        await self.refresh()

    async def watch(self, after: int, for_s: float) -> AsyncGenerator[tuple[int, int], None]:
        """Pairs of counts: tell what changed after the first, which is all up to the second. For so long: who goes on asks again."""
        self.watchers += 1
        until = self._clock.monotonic() + for_s
        try:
            await self.refresh()
            while True:
                at = self.count  # while it is told, more may change
                yield after, at
                after = at
                while self.count == after:
                    rest = until - self._clock.monotonic()
                    if rest <= 0:
                        return
                    await self._wait(rest)
        finally:
            self.watchers -= 1

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._news.wait(), seconds)
        except TimeoutError:
            return
