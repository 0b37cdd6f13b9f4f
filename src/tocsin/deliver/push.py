"""The channel `push`: one message to every subscription of its zones, the same bytes, as fast as the push services take them.

A push service that is slow or away holds up nobody else: its subscribers are tried again while the message lives. What a service says
is gone (404, 410) is forgotten. At least once: after a crash the walk goes on where everything before had been taken.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tocsin.clock import Clock
from tocsin.deliver.ahead import Ahead
from tocsin.deliver.channel import ChannelDown, Turn
from tocsin.deliver.lane import Answer
from tocsin.deliver.message_encryption import padded
from tocsin.deliver.model import Message
from tocsin.deliver.subscription import Subscriber, Subscriptions
from tocsin.deliver.webpush import Sender

BATCH = 500
STEP = 5_000
"""Subscribers between two durable notes of how far it came."""
PLACE_BYTES = 2
"""Of a subscription's number, where a walk stands: beside the hour of a message nobody's whole number is written. Who goes on after a
crash sends again to those few that begin alike.
"""
MOST_OUT = 1_000
"""Messages of one push service that are under way."""
STUCK_S = 5.0
"""A service that answered nobody for so long is left for later."""
LEAST_PAUSE_S = 2.0


@dataclass
class PushChannel:
    """`send` gives a message to everybody who subscribed to one of its zones."""

    sender: Sender
    subscriptions: Subscriptions
    ahead: Ahead
    clock: Clock
    name: str = "push"
    held: dict[bytes, tuple[int, set[bytes]]] = field(default_factory=dict)
    """By message: when it ends, and who could not be reached yet. In memory: another process walks again from where all was taken."""

    async def send(self, message: Message, turn: Turn) -> None:
        """Raises `ChannelDown` while somebody could not be reached, `KeyLocked` while the boxes are."""
        now = self.clock.now_ms()
        self.held = {number: kept for number, kept in self.held.items() if kept[0] > now}
        _, missed = self.held.pop(message.id, (0, None))
        out = _FanOut(self, message, turn)
        self.ahead.may_go_on.clear()
        try:
            await (out.walk() if missed is None else out.again(missed))
        finally:
            self.ahead.may_go_on.set()
        if out.missed and not out.is_over:
            self.held[message.id] = message.ends_ms, out.missed
            raise ChannelDown(out.pause_s())


class _FanOut:
    """One walk of one message."""

    def __init__(self, channel: PushChannel, message: Message, turn: Turn) -> None:
        self._channel = channel
        self._message = message
        self._turn = turn
        self._zones = frozenset(message.zones)
        self._record = padded(message.body)
        self._ttl_s = max(1, (message.ends_ms - channel.clock.now_ms()) // 1000)
        self._out: Counter[str] = Counter()
        self._stuck: set[str] = set()
        self._gone: list[bytes] = []
        self._answered = asyncio.Event()
        self.missed: set[bytes] = set()
        self.is_over = False

    async def walk(self) -> None:
        """Everybody, from where an earlier try came to."""
        count, place = 0, self._turn.came_to
        async for batch in self._batches(place):
            await self._give(batch)
            count += len(batch)
            place = batch[-1].id[:PLACE_BYTES]
            if count >= STEP:
                count = 0
                if not await self._note(place):
                    return
        await self._note(place)

    async def again(self, missed: set[bytes]) -> None:
        """Those who could not be reached before."""
        waiting = sorted(missed)
        for start in range(0, len(waiting), BATCH):
            await self._give(await self._channel.subscriptions.these(waiting[start : start + BATCH]))
            if not await self._note(self._turn.came_to):
                return

    def pause_s(self) -> float:
        """When the slowest of the services that could not be reached may be asked again."""
        lanes = [self._channel.sender.lane(origin) for origin in self._stuck or self._out]
        return max([LEAST_PAUSE_S, *(lane.pause_s for lane in lanes)])

    async def _batches(self, after: bytes) -> AsyncIterator[list[Subscriber]]:
        while batch := await self._channel.subscriptions.after(after, BATCH):
            yield batch
            after = batch[-1].id

    async def _give(self, batch: list[Subscriber]) -> None:
        for one in batch:
            if self._zones and one.zone not in self._zones:
                continue
            origin = one.endpoint.origin
            if origin not in self._stuck and self._out[origin] >= MOST_OUT:
                await self._room(origin)
            if origin in self._stuck:
                self.missed.add(one.id)
                continue
            try:
                prepared = self._channel.ahead.take(one)
            except ValueError:
                self._gone.append(one.id)  # no point of the curve: no browser ever said this
                continue
            self._out[origin] += 1
            self._channel.sender.push(one.endpoint, prepared, self._record, self._ttl_s, self._told(one.id, origin))
        await asyncio.sleep(0)

    async def _room(self, origin: str) -> None:
        """Wait until a service has answered half of what is under way, or mark it as stuck."""
        while self._out[origin] > MOST_OUT // 2:
            before = self._out[origin]
            self._answered.clear()
            try:
                await asyncio.wait_for(self._answered.wait(), STUCK_S)
            except TimeoutError:
                if self._out[origin] == before:
                    self._stuck.add(origin)
                    return

    async def _note(self, place: bytes) -> bool:
        """Wait for every answer, forget who is gone, and remember the place if everybody before it was reached. False: stop."""
        while sum(self._out.values()):
            self._answered.clear()
            await self._answered.wait()
        gone, self._gone = self._gone, []
        await self._channel.subscriptions.drop_all(gone)
        is_ours = await self._turn.reached(self._turn.came_to if self.missed else place)
        self.is_over = not is_ours
        return is_ours

    def _told(self, number: bytes, origin: str) -> Callable[[Answer], None]:
        def told(answer: Answer) -> None:
            self._out[origin] -= 1
            if answer is Answer.GONE:
                self._gone.append(number)
            elif answer in (Answer.SLOW, Answer.FAILED):
                self.missed.add(number)
                if self._channel.sender.lane(origin).pause_s:
                    self._stuck.add(origin)
            if self._out[origin] <= MOST_OUT // 2:
                self._answered.set()

        return told
