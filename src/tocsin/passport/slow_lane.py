"""The slow lane: how somebody without a token is heard, without saying who they are.

A room that has a form for everybody puts a `ticket` into it and hands what came back to `enter`. There are two doors. With script the
visitor's device does a proof of work (`client/src/passport/work.ts`), which costs a phone a second and a flooder a machine. Without it
there is a queue: so many may wait, it empties at a fixed pace, and who finds it full is told when to come back. Neither door looks at
who asks; nothing of either is written down.

A ticket is for one purpose and one time, and says by itself when it was given: a flood of askers takes no memory.
"""

import hmac
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.ids import b64, unb64

LIFE_S = 2 * 3600
"""How long a form may lie open."""
NONCE_BYTES = TAG_BYTES = 16
TICKET_BYTES = 4 + 1 + NONCE_BYTES + TAG_BYTES
WORK = b"tocsin.passport/v1 work\n"
WORK_BITS, WORK_BITS_MOST = 16, 20
"""65,536 hashes on average, a second of a weak phone; a million when many come at once."""
QUIET_A_MINUTE = 16
"""So many come in a minute before the work grows: by one bit each time their number doubles."""
WORKED_MOST = 300
"""A minute, whatever work was done: whoever has a hall of machines gets no more than this."""
QUEUE_MOST, QUEUE_PACE_S = 30, 20.0
"""How many may wait without work, and how long it takes until the next has room."""
MINUTE_S = 60.0


class Ticket(NamedTuple):
    """What a form carries: `text`, and `bits` for the script that does the work."""

    text: str
    bits: int


class TicketGone(TocsinError):
    code = "ticket_gone"
    status = 409
    message = "This form lay open too long, or was sent already. What you wrote is still there: send it again."


class WorkWrong(TocsinError):
    code = "work_wrong"
    status = 400
    message = "The page did not finish its sum. Nothing was sent. Try again, or send it without script."


class LaneFull(TocsinError):
    code = "lane_full"
    status = 503
    message = "Many people are sending at this moment. Nothing was kept. Try again when the time that is shown is over."


@dataclass
class SlowLane:
    """Both doors, in memory. `key`: 32 bytes that only this node has."""

    clock: Clock
    key: bytes
    _used: dict[bytes, float] = field(default_factory=dict)
    _worked: deque[float] = field(default_factory=deque)
    _queue: float = 0.0
    _emptied: float = 0.0

    def ticket(self, purpose: str) -> Ticket:
        """A ticket for one form. `purpose` is the room's word for it."""
        bits = self.bits
        said = (self.clock.now_ms() // 1000).to_bytes(4) + bytes([bits]) + self.clock.random_bytes(NONCE_BYTES)
        return Ticket(b64(said + self._tag(purpose, said)), bits)

    def enter(self, purpose: str, ticket: str, work: str = "") -> bool:
        """Let one in: True by work, False by the queue. Each ticket once.

        Raises `TicketGone`, `WorkWrong`, `LaneFull`; then nothing is used up and the same ticket may come again.
        """
        raw = self._read(purpose, ticket)
        now = self.clock.monotonic()
        self._forget(now)
        if raw in self._used:
            raise TicketGone
        if work:
            self._by_work(ticket, raw[4], work, now)
        else:
            self._by_queue(now)
        self._used[raw] = now + LIFE_S
        return bool(work)

    @property
    def bits(self) -> int:
        """How much work is asked for now."""
        self._forget(self.clock.monotonic())
        return min(WORK_BITS + (len(self._worked) // QUIET_A_MINUTE).bit_length(), WORK_BITS_MOST)

    def _read(self, purpose: str, ticket: str) -> bytes:
        try:
            raw = unb64(ticket)
        except ValueError as error:
            raise TicketGone from error
        said, tag = raw[:-TAG_BYTES], raw[-TAG_BYTES:]
        if len(raw) != TICKET_BYTES or not hmac.compare_digest(tag, self._tag(purpose, said)):
            raise TicketGone
        if not -LIFE_S < self.clock.now_ms() // 1000 - int.from_bytes(said[:4]) < LIFE_S:
            raise TicketGone
        return raw

    def _by_work(self, ticket: str, bits: int, work: str, now: float) -> None:
        if len(work) > 16 or not is_done(ticket, bits, work):
            raise WorkWrong
        if len(self._worked) >= WORKED_MOST:
            raise LaneFull(retry_after=int(MINUTE_S))
        self._worked.append(now)

    def _by_queue(self, now: float) -> None:
        self._queue = max(0.0, self._queue - (now - self._emptied) / QUEUE_PACE_S)
        self._emptied = now
        if self._queue > QUEUE_MOST - 1:
            raise LaneFull(retry_after=int(QUEUE_PACE_S))
        self._queue += 1

    def _forget(self, now: float) -> None:
        while self._worked and self._worked[0] <= now - MINUTE_S:
            self._worked.popleft()
        while self._used and (first := next(iter(self._used))) and self._used[first] <= now:
            del self._used[first]

    def _tag(self, purpose: str, said: bytes) -> bytes:
        return hmac.digest(self.key, purpose.encode() + b"\n" + said, "sha256")[:TAG_BYTES]


def is_done(ticket: str, bits: int, work: str) -> bool:
    """Whether `SHA-256(WORK | ticket | ":" | work)` begins with `bits` zeros."""
    digest = sha256(WORK + ticket.encode() + b":" + work.encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0
