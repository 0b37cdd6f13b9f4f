"""The room's things: the queue, and who waits for news of it. All of it is memory."""

import asyncio
import hmac
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from hashlib import sha256

from tocsin.calls.advance import advance
from tocsin.calls.model import (
    Call,
    CallId,
    CallNotYours,
    CallUnknown,
    Duty,
    Handle,
    NotOnDuty,
    Party,
    Queue,
    State,
)
from tocsin.clock import Clock

TICK_S = 0.25
BEAT_S = 4.0
"""An end that listens hears something this often, so that a page knows within seconds that its line is dead."""
KEPT_MS = 30_000
"""A call that is over is told as over for so long to whoever still listens; then nothing is left of it."""
BOOT_BYTES = 8


@dataclass(frozen=True)
class Relay:
    """Where calls are relayed, and the secret shared with it (coturn's `static-auth-secret`)."""

    urls: tuple[str, ...] = ()
    secret: str = ""


@dataclass
class Calls:
    """`key` seals the state that is handed to a call's ends: 32 bytes that stay the same when the process does not."""

    clock: Clock
    key: bytes
    languages: frozenset[str]
    places: frozenset[str]
    relay: Relay = Relay()
    queue: Queue = field(default_factory=Queue)
    boot: bytes = b""
    ended: dict[CallId, int] = field(default_factory=dict)
    _watching: set["_Watcher"] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.boot = self.clock.random_bytes(BOOT_BYTES)

    @property
    def now_ms(self) -> int:
        return self.clock.now_ms()

    async def tick(self) -> None:
        """Look, four times a second."""
        if self.queue.calls or self.queue.duties:
            self.look()

    def look(self) -> None:
        """Move on what can move, forget what is over, and tell whom it concerns."""
        now = self.now_ms
        advance(self.queue, now)
        for call in [one for one in self.queue.calls.values() if one.state is State.ENDED]:
            if now - self.ended.setdefault(call.id, now) > KEPT_MS:
                del self.queue.calls[call.id], self.ended[call.id]
        self.tell()

    def tell(self) -> None:
        """Wake whoever watches what has changed, and nobody else: fifty calls at once must not wake each other."""
        for one in self._watching:
            if one.read() != one.seen:
                one.news.set()

    def duty(self, capability: bytes) -> Duty:
        """The shift that a capability stands for. Raises `NotOnDuty`."""
        found = self.queue.duties.get(handle_of(capability))
        if found is None or found.until_ms <= self.now_ms:
            raise NotOnDuty
        return found

    def call(self, call_id: CallId) -> Call:
        """Raises `CallUnknown`."""
        found = self.queue.calls.get(call_id)
        if found is None:
            raise CallUnknown
        return found

    def end_of(self, call_id: CallId, capability: bytes) -> tuple[Call, Party]:
        """A call and which of its ends asks. Raises `CallUnknown`, `CallNotYours`."""
        call, digest = self.call(call_id), sha256(capability).digest()
        for party in call.parties:
            if hmac.compare_digest(party.digest, digest):
                party.heard_ms = self.now_ms
                return call, party
        raise CallNotYours

    async def watch_duty(self, duty: Duty, for_s: float) -> AsyncGenerator[bool, None]:
        """Yields when a shift's row changed (true) or a beat has passed (false); meanwhile a device of theirs is there."""
        duty.devices += 1
        self.look()
        try:
            async for is_new in self._watch(lambda: duty.version, for_s):
                yield is_new
        finally:
            duty.devices -= 1
            duty.heard_ms = self.now_ms

    async def watch_call(self, call: Call, party: Party, for_s: float) -> AsyncGenerator[bool, None]:
        """The same for one end of a call."""
        party.listening += 1
        try:
            async for is_new in self._watch(lambda: call.version + call.sent, for_s):
                yield is_new
        finally:
            party.listening -= 1
            party.heard_ms = self.now_ms

    async def _watch(self, read: Callable[[], int], for_s: float) -> AsyncGenerator[bool, None]:
        until, beat = self.clock.monotonic() + for_s, self.clock.monotonic() + BEAT_S
        one = _Watcher(read)
        self._watching.add(one)
        try:
            while True:  # how it stands is told once, however short the time
                now = self.clock.monotonic()
                if read() != one.seen or now >= beat:
                    is_new, one.seen, beat = read() != one.seen, read(), now + BEAT_S
                    yield is_new
                elif now < until:
                    await one.wait(min(until, beat) - now)
                if self.clock.monotonic() >= until:
                    return
        finally:
            self._watching.discard(one)


class _Watcher:
    """Somebody who waits until what `read` gives is not `seen` any more."""

    def __init__(self, read: Callable[[], int]) -> None:
        self.read, self.seen, self.news = read, -1, asyncio.Event()

    async def wait(self, seconds: float) -> None:
        self.news.clear()
        try:
            await asyncio.wait_for(self.news.wait(), seconds)
        except TimeoutError:
            return


def handle_of(capability: bytes) -> Handle:
    return Handle(sha256(capability).digest())
