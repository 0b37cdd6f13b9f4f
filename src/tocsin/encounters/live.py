"""A recording in memory: where it stands, and the only place where its order is decided.

A `Live` is made from the row and the newest frame, so a restarted node knows what it knew. Everything that must not happen twice
happens under `lock`.
"""

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field

from tocsin.crypto.custody import Session
from tocsin.crypto.stream import Header
from tocsin.encounters.model import NOTE_BASE, Recording, State
from tocsin.evidence.custody import Chain
from tocsin.store.segment_format import Position

RECEIPTS_KEPT = 64
HEAD_BYTES = 32 + 4
"""Frame meta begins with the custody head after this frame and the number of notes, in clear: they say nothing alone."""


@dataclass
class Pace:
    """A token bucket: `rate` a second on average, `burst` at once."""

    rate: float
    burst: float
    level: float = field(default=-1.0)
    seen: float = 0.0

    def take(self, amount: float, now: float, keep: float = 0.0) -> bool:
        """Whether `amount` may pass at `now` (monotonic seconds) and leave `keep` for others."""
        if self.level < 0:
            self.level, self.seen = self.burst, now
        self.level = min(self.burst, self.level + (now - self.seen) * self.rate)
        self.seen = now
        if amount + keep > self.level:
            return False
        self.level -= amount
        return True

    def wait(self, amount: float, keep: float = 0.0) -> int:
        """Whole seconds until `amount` may pass."""
        return max(1, round((amount + keep - self.level) / self.rate + 0.5))


@dataclass
class Live:
    """One recording. `row` is replaced, never changed in place."""

    row: Recording
    header: Header
    chain: Chain
    pace: Pace
    next_seq: int = 0
    newest_link: bytes = b""
    has_final: bool = False
    """The final second is durable, whether or not the row says so yet."""
    size: int = 0
    received_ms: int = 0
    heard: float = 0.0
    is_heard: bool = False
    """Something of it came since this process began; else `heard` is when it was read back from the disk."""
    is_dirty: bool = False
    is_held: bool = False
    """Two stewards keep it, whatever its row says."""
    is_taken_up: bool = True
    """False for one that was read back erased: where its chunks and notes stand is not known."""
    oldest_promise: int = 0
    """The first beat promised for something that no leaf covers yet; 0 for none."""
    session: Session | None = None
    positions: dict[int, Position] = field(default_factory=dict)
    receipts: "OrderedDict[int, tuple[bytes, bytes]]" = field(default_factory=OrderedDict)
    returned: tuple[bytes, float] | None = None
    """The share that was handed back and when (monotonic): an answer that was lost on the way can be asked for again."""
    refusals: dict[str, int] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_closed(self) -> bool:
        return self.has_final or self.row.state is State.STOPPED

    @property
    def is_kept(self) -> bool:
        """Whether its second and notes still count: it was not erased, or it is held."""
        return self.row.state is not State.ERASED or self.is_held

    def remember(self, seq: int, link: bytes, receipt: bytes) -> None:
        """Keep the receipt so that a repeated chunk gets the same bytes."""
        self.receipts[seq] = (link, receipt)
        if len(self.receipts) > RECEIPTS_KEPT:
            self.receipts.popitem(last=False)


def frame_meta(chain: Chain, sealed_note: bytes = b"") -> bytes:
    """Custody head, number of notes, and for a chunk its sealed note."""
    return chain.head + chain.count.to_bytes(4) + sealed_note


def read_meta(meta: bytes) -> tuple[bytes, int, bytes]:
    """Inverse of `frame_meta`: head, number of notes, sealed note."""
    return meta[:32], int.from_bytes(meta[32:HEAD_BYTES]), meta[HEAD_BYTES:]


def note_frame_number(note_number: int) -> int:
    return NOTE_BASE + note_number
