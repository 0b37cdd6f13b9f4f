"""Everything the verbs of this room stand on, and the recordings in memory.

`Room.find` is the door: it answers a `Live` for a capability or raises `CapabilityWrong`, for a wrong capability and for a recording
that never was alike.
"""

import hmac
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar

from tocsin.clock import Clock
from tocsin.crypto.custody import Session
from tocsin.crypto.profiles import CHUNK_NOTE_BYTES
from tocsin.crypto.stream import parse_chunk, parse_header
from tocsin.encounters import queries
from tocsin.encounters.live import Live, Pace, frame_meta, note_frame_number, read_meta
from tocsin.encounters.model import (
    DAY_SECONDS,
    NOTE_BASE,
    CapabilityWrong,
    DiskFull,
    Kind,
    Limits,
    NotReady,
    Recording,
    RecordingLost,
    State,
    TooFast,
)
from tocsin.encounters.queries import Stored
from tocsin.evidence.custody import Action, Chain
from tocsin.evidence.receipt import ReceiptSigner
from tocsin.ids import RecordingId
from tocsin.store.ballast import Ballast
from tocsin.store.db import Database
from tocsin.store.disk import DiskFull as StoreFull
from tocsin.store.erase_keys import EraseKeys
from tocsin.store.segment_format import Position
from tocsin.store.segments import SegmentStore
from tocsin.store.work import Work

T = TypeVar("T")

ERASE, ERASE_SLOT = "erase recording", "erase slot"
"""Kinds of durable work: what a process that died had begun to erase."""
DAY_MS = 1000 * DAY_SECONDS

ACT_BYTES = 1024 * 1024
IN_MEMORY = 20_000
"""Recordings kept in memory; the ones longest unused are dropped first and read back when needed."""


@dataclass
class Room:
    """The room's dependencies and memory. Made once, by the composition root."""

    clock: Clock
    database: Database
    segments: SegmentStore
    erase_keys: EraseKeys
    work: Work
    ballast: Ballast
    receipts: ReceiptSigner
    limits: dict[Kind, Limits]
    days: Mapping[Kind, int]
    """How many days each kind is kept, by the retention table in force (or the pack's, until a table stands in the log)."""
    starts: Pace
    beat_seconds: int
    open_share: Callable[[bytes], bytes]
    """Opens a return share with the node's own key; raises while that key is locked."""
    latest_ms: int = 0
    """No recording was written to after this moment (Unix ms)."""
    is_ready: bool = False
    newest_beat: int = 0
    """The newest beat that stands in the log: nothing that comes now can be promised an earlier one, whatever the clock says."""
    lives: "OrderedDict[RecordingId, Live]" = field(default_factory=OrderedDict)
    pending: list[Stored] = field(default_factory=list)
    """Frames that are durable in a segment and not yet in the index."""
    after_erasure: list[Callable[[RecordingId], Awaitable[None]]] = field(default_factory=list)
    """Told when a recording's key was overwritten, before its owner is: what else hangs on it goes then."""
    may_fetch: list[Callable[[RecordingId], Awaitable[None]]] = field(default_factory=list)
    """Asked before a sealed export is handed out; each may raise."""
    appending: dict[object, Position] = field(default_factory=dict)
    """Where the segments ended when each append that is still under way began."""
    reclaimed_below: int = -1
    """The newest segment when files were last looked through for some to drop."""

    async def find(self, recording_id: RecordingId, capability: bytes, *allowed: str) -> Live:
        """The recording, if `capability` is one of its `allowed` kinds ("upload", "owner").

        Raises `CapabilityWrong`, and `RecordingLost` after a restore.
        """
        if not self.is_ready:
            raise NotReady(retry_after=1)
        live = await self.live(recording_id)
        digest = sha256(capability).digest()
        row = live.row if live else None
        known = {"upload": row.upload_digest, "owner": row.owner_digest} if row else {}
        if live is None or not any(hmac.compare_digest(known[kind], digest) for kind in allowed):
            raise CapabilityWrong
        if live.row.state is State.LOST:
            raise RecordingLost
        if live.row.state is State.ERASED and live.row.day < self.today():
            raise CapabilityWrong  # whether its row went with the day or stays under a hold is nobody's to see
        return live

    async def live(self, recording_id: RecordingId) -> Live | None:
        """The recording in memory, read back from disk when it is not there; None when there is none."""
        live = self.lives.get(recording_id)
        if live is None:
            row = await self.database.read(lambda c: queries.recording_of(c, recording_id))
            if row is None:
                return None
            fresh = await self.revive(row)
            live = self.lives.setdefault(recording_id, fresh)  # another task may have been faster: one Live a recording
        self.lives.move_to_end(recording_id)
        self._forget_the_longest_unused()
        return live

    def hold(self, row: Recording) -> Live:
        """A `Live` for a recording that has nothing yet."""
        header = parse_header(row.header)
        limits = self.limits[row.kind]
        pace = Pace(limits.bytes_per_second, limits.burst_bytes)
        chain = Chain(self.clock, self.receipts, row.id)
        return Live(row, header, chain, pace, newest_link=header.link, heard=self.clock.monotonic())

    async def revive(self, row: Recording) -> Live:
        """A `Live` as it was when the process ended."""
        live = self.hold(row)
        # When its last second came is sealed; it was not after the last write. So its time does not go back over a restart either.
        live.received_ms = self.latest_ms
        live.is_held = await self.database.read(lambda c: queries.hold_of(c, row.id)) is not None
        live.is_taken_up = False
        if row.state is not State.ERASED:
            await self.take_up(live)
        return live

    async def take_up(self, live: Live) -> None:
        """Know again where a recording's chunks and notes stand. Of what is erased only staff's acts under a hold need it: its owner
        is answered without, so that the delay does not tell whether something is left.
        """
        if live.is_taken_up:
            return
        live.is_taken_up, row = True, live.row
        await self.flush_index()
        newest = await self.database.read(lambda c: queries.newest_frames(c, row.id))
        notes_at_chunk = -1
        for number, position in newest:
            stored = self.segments.read(position)
            head, count, _ = read_meta(stored.meta)
            if count > live.chain.count:
                live.chain = Chain(self.clock, self.receipts, row.id, head, count)
            if number < NOTE_BASE:
                chunk = parse_chunk(stored.body)
                live.next_seq, live.newest_link, live.has_final = chunk.seq + 1, chunk.link, chunk.is_final
                notes_at_chunk = count
        live.size = await self.database.read(lambda c: queries.stored_bytes(c, row.id))
        live.is_dirty = row.covered_seq < live.next_seq - 1
        if live.has_final and row.state in {State.OPEN, State.CUT}:
            await self._finish_stop(live, is_noted=live.chain.count > notes_at_chunk)

    async def _finish_stop(self, live: Live, *, is_noted: bool) -> None:
        """The process died after the final second was durable and before the recording was stopped."""
        if not is_noted:
            await self.act(live, "phone", Action.STOPPED)
        await self.replace(live, state=State.STOPPED)

    def session(self, live: Live) -> Session:
        """The session that seals this recording's notes now."""
        if live.session is None or live.session.is_spent:
            live.session = Session(live.row.id, live.row.custody_public, self.clock)
        return live.session

    async def note(self, live: Live, plaintext_of: Callable[[Chain], bytes]) -> None:
        """Write one custody note, durably. The caller holds `live.lock`."""
        chain = live.chain.after()
        sealed = self.session(live).seal(plaintext_of(chain))
        number = note_frame_number(chain.count - 1)
        await self.append(live, number, frame_meta(chain), sealed)
        live.chain = chain

    async def act(self, live: Live, actor: str, action: Action, reason: str = "") -> None:
        """Note an act at this moment. The caller holds `live.lock`."""
        at_ms = self.received_ms(live)
        await self.note(live, lambda chain: chain.act(at_ms, actor, action, reason))
        live.is_dirty = True

    def seal_chunk_note(self, live: Live, plaintext: bytes) -> bytes:
        return self.session(live).seal(plaintext, CHUNK_NOTE_BYTES)

    def charge(self, live: Live) -> None:
        """Count an act of its owner's that is noted as a megabyte of the recording's pace: a note counts for no quota, and whoever has
        a capability could fill the disk with them. Raises `TooFast`.
        """
        amount = min(ACT_BYTES, live.pace.burst)
        if not live.pace.take(amount, self.clock.monotonic()):
            raise TooFast(retry_after=live.pace.wait(amount))

    async def append(self, live: Live, number: int, meta: bytes, body: bytes) -> None:
        """Make one frame durable. On a full disk notes and the seconds of an encounter take from the reserve. Raises `DiskFull`."""
        token = object()
        self.appending[token] = self.segments.end_position()
        may_take = live.row.kind is Kind.ENCOUNTER or number >= NOTE_BASE
        try:
            position = await self.with_reserve(
                lambda: self.segments.append(live.row.id, number, meta, body), may_take=may_take
            )
        finally:
            del self.appending[token]
        live.positions[number] = position
        self.pending.append(Stored(live.row.id, number, position, len(body)))

    async def with_reserve(self, attempt: Callable[[], Awaitable[T]], *, may_take: bool = True) -> T:
        """What `attempt` answers. When the disk is full the ballast is given up for it, once. Raises `DiskFull`."""
        try:
            return await attempt()
        except StoreFull as error:
            if not may_take:
                raise DiskFull(retry_after=30) from error
            self.ballast.release()  # others may have been faster: what they gave up is there for us too
        try:
            return await attempt()
        except StoreFull as error:
            raise DiskFull(retry_after=30) from error

    def received_ms(self, live: Live) -> int:
        """Now, but never before the last thing of this recording: a clock that jumps back must not reorder evidence."""
        live.received_ms = max(live.received_ms, self.clock.now_ms())
        self.latest_ms = max(self.latest_ms, live.received_ms)
        return live.received_ms

    def today(self) -> int:
        """Whole days since 1970."""
        return self.clock.now_ms() // DAY_MS

    def finish_by_ms(self) -> int:
        """Until when whoever began an erasure has to end it: the end of the day. A finer time would stay on the disk and say when a
        recording was stopped. A node that starts does not wait for it.
        """
        return (self.clock.now_ms() // DAY_MS + 1) * DAY_MS

    def promised_beat(self, received_ms: int) -> int:
        """The first beat that covers something received at this moment."""
        by_clock = (received_ms // 1000 // self.beat_seconds + 1) * self.beat_seconds
        return max(by_clock, self.newest_beat + self.beat_seconds)

    async def replace(self, live: Live, **changes: object) -> Recording:
        """Change columns of the row, durably, and answer the new row."""
        live.row = await self.with_reserve(lambda: self.database.write(lambda c: queries.replace(c, live.row, changes)))
        return live.row

    async def flush_index(self) -> None:
        """Put what is durable in segments into the index."""
        taken, self.pending = self.pending, []
        if not taken:
            return
        # Frames of appends under way lie at or after where the segments ended when those began.
        mark = min(self.appending.values(), default=max(stored.position for stored in taken))
        try:
            await self.database.write(lambda c: queries.add_frames(c, taken, mark))
        except BaseException:
            self.pending = taken + self.pending
            raise
        for stored in taken:
            if live := self.lives.get(stored.recording_id):
                live.positions.pop(stored.number, None)

    def _forget_the_longest_unused(self) -> None:
        while len(self.lives) > IN_MEMORY:
            oldest = next(iter(self.lives.values()))
            if oldest.is_dirty or oldest.lock.locked() or oldest.positions:
                self.lives.move_to_end(oldest.row.id)
                return
            self.lives.popitem(last=False)
