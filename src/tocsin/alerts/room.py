"""Everything the verbs of this room stand on, and the few steps that all of them take."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.coarsen import step
from tocsin.alerts.duty import Duty
from tocsin.alerts.model import (
    NO_SLOT,
    TRANSITIONS,
    Caller,
    Event,
    Held,
    Matter,
    MatterId,
    Post,
    Report,
    Said,
    Spend,
    State,
    Status,
)
from tocsin.alerts.refusals import CallerWrong, EventWrong, MatterTaken, MatterUnknown, NotYours
from tocsin.clock import Clock
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import NONCE_BYTES
from tocsin.ids import SlotNumber
from tocsin.jurisdictions.model import Area
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.store.work import Work

BOOT_BYTES = 32
Gone = tuple[SlotNumber, bytes]
"""A slot that nothing names any more, and the number of the work that says so."""


@dataclass(frozen=True)
class Ports:
    """What other parts of the house do for this room: functions, none of their types."""

    erase_later: Callable[[Connection, SlotNumber], bytes]
    """Write down, in this transaction, that a slot is to be overwritten; answers the number of that work."""
    done: Callable[[Connection, bytes], None]
    key: Callable[[Status], SigningKey]
    """The city's key for a status. Raises while it is locked."""
    public: Callable[[], Mapping[Status, bytes]]
    member: Spend
    confirmer: Spend
    ticket: Callable[[], tuple[str, int]]
    """For a form without a token: a ticket of the slow lane, and how much work it asks for."""
    enter: Callable[[str, str], object]
    """The slow lane: ticket and work. Raises where it is full, or the ticket is none."""
    post: Post
    commit: Callable[[Connection, bytes], None]
    """Put 32 bytes in line for the log, as an entry nobody can tell from filler."""
    desk: Callable[[], Awaitable[Sequence[str]]]
    """Age recipients of those who are dispatchers."""
    stewards: Callable[[], Awaitable[Sequence[tuple[bytes, str]]]]
    """Staff id and age recipient of each steward."""
    epoch: Callable[[], int]
    logged: Callable[[bytes], Awaitable[Mapping[str, object] | None]]
    """Where the log holds a commitment of this epoch: `checkpoint` that an outside witness saw, `index`, `proof`. None where it
    does not yet.
    """
    newest_beat: Callable[[], int]
    """The newest time in the log, Unix seconds."""


@dataclass(frozen=True)
class Limits:
    """Numbers an operator may set."""

    per_hour: int = 6
    """More alerts than this in an hour need a third voice each (rule 6)."""
    languages: tuple[str, ...] = ("en",)
    is_limited: bool = False
    """The pack allows alerts in a limited way: none of checks on roads."""


@dataclass
class Alerts:
    """The room's dependencies and its memory. Made once, by the composition root."""

    clock: Clock
    database: Database
    erase_keys: EraseKeys
    work: Work
    city: str
    areas: Mapping[str, Area]
    ports: Ports
    limits: Limits = field(default_factory=Limits)
    changed: Callable[[], None] = lambda: None
    """Told after each act; set by the board."""
    heard: list[Callable[[object], None]] = field(default_factory=list)
    """Told of events of the model."""
    duty: Duty = field(init=False)
    names: dict[bytes, str] = field(default_factory=dict)
    """Pseudonyms by the mark of who has something: gone with the process, like the key of the marks."""
    deadlines: dict[bytes, float] = field(default_factory=dict)
    """By alert: until when it may stand by the clock that nobody sets."""
    born: dict[bytes, float] = field(default_factory=dict)
    """By alert: when it was published, by the same clock; its `sent` is a step of five minutes."""
    stood: dict[bytes, tuple[frozenset[int], float]] = field(default_factory=dict)
    """By alert of the last hour: which cohorts stood behind it, and when. Never people; gone with the process."""
    spoken: dict[bytes, bytes] = field(default_factory=dict)
    """By capability of a confirmer who said what they saw: their credential, also when they went off duty. Gone with the voice."""
    corrected: dict[bytes, int] = field(default_factory=dict)
    """By alert that was taken back: how many seconds it stood."""

    def __post_init__(self) -> None:
        self.boot = self.clock.random_bytes(BOOT_BYTES)
        self.duty = Duty(self.clock)

    @property
    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    @property
    def minute_s(self) -> int:
        return step(self.now_s, 60)

    def mark(self, kind: bytes, who: bytes) -> bytes:
        """16 bytes that stand for somebody as long as this process lives."""
        return hmac.digest(self.boot, kind + b"\n" + who, "sha256")[:16]

    def mark_of(self, caller: Caller) -> bytes:
        mark = self.mark(b"staff", caller.id)
        self.names[mark] = caller.pseudonym
        return mark

    def seal(self, slot: SlotNumber, name: bytes, plain: msgspec.Struct) -> bytes:
        """A struct under a slot's key: nonce 12, then AES-256-GCM with its row's id as AAD."""
        nonce = self.clock.random_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.erase_keys.key(slot)).encrypt(nonce, msgspec.msgpack.encode(plain), name)

    def open(self, slot: SlotNumber, name: bytes, box: bytes) -> bytes:
        """Raises `KeyErased`."""
        return AESGCM(self.erase_keys.key(slot)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], name)

    def held(self, matter: Matter) -> Held:
        return msgspec.msgpack.decode(self.open(matter.slot, matter.id, matter.box), type=Held)

    def said(self, report: Report) -> Said | None:
        """What a report says; None once it is decided."""
        if report.slot == NO_SLOT:
            return None
        return msgspec.msgpack.decode(self.open(report.slot, report.id, report.box), type=Said)

    def take_up(self, connection: Connection, matter_id: MatterId, turn: int | None = None) -> Matter:
        """The matter, locked. Raises `MatterUnknown`, and `MatterTaken` where it is not at the turn that was seen."""
        found = queries.matter_for(connection, matter_id)
        if found is None:
            raise MatterUnknown
        if turn is not None and found.turn != turn:
            raise MatterTaken
        return found

    def own(self, connection: Connection, caller: Caller, matter_id: MatterId, turn: int | None = None) -> Matter:
        """The same, if this dispatcher has it. Raises `CallerWrong`, `NotYours` too."""
        found = self.take_up(connection, matter_id, turn)
        if not caller.is_dispatcher:
            raise CallerWrong
        if found.owner != self.mark_of(caller):
            raise NotYours
        return found

    def turn(
        self, connection: Connection, seen: Matter, event: Event, held: Held | None = None, **changes: object
    ) -> Matter:
        """Move a matter that is locked. Raises `EventWrong`."""
        state = following(seen.state, event)
        if held is not None:
            changes["box"] = self.seal(seen.slot, seen.id, held)
        return queries.change_matter(connection, seen, state=state, **changes)

    async def slot(self) -> SlotNumber:
        return await asyncio.to_thread(self.erase_keys.allocate)

    async def let_go(self, *slots: SlotNumber) -> None:
        """Give back slots that came to nothing."""
        for one in slots:
            if one != NO_SLOT:
                await asyncio.to_thread(self.erase_keys.erase, one)

    def forget_later(self, connection: Connection, slots: Sequence[SlotNumber]) -> list[Gone]:
        """Write down, in this transaction, which slots are to be overwritten; what `overwrite` takes."""
        return [(one, self.ports.erase_later(connection, one)) for one in slots if one != NO_SLOT]

    async def overwrite(self, gone: Sequence[Gone]) -> None:
        """Overwrite them, durably, and forget that they were to be."""
        for slot, _ in gone:
            await asyncio.to_thread(self.erase_keys.erase, slot)
        if gone:
            await self.database.write(lambda c: self._done(c, gone))

    def _done(self, connection: Connection, gone: Sequence[Gone]) -> None:
        for _, waiting in gone:
            self.ports.done(connection, waiting)

    def tell(self, event: object) -> None:
        for one in self.heard:
            one(event)
        self.changed()


def following(state: State, event: Event) -> State:
    """Where an event leads. Raises `MatterTaken` for taking what somebody has, `EventWrong` for everything else."""
    found = TRANSITIONS.get((state, event))
    if found is not None:
        return found
    raise MatterTaken if event is Event.TAKE else EventWrong


def need_staff(caller: Caller) -> None:
    """Raises `CallerWrong` unless a dispatcher or steward asks."""
    if not (caller.is_dispatcher or caller.is_steward):
        raise CallerWrong


def digest_of(capability: bytes) -> bytes:
    return sha256(capability).digest()
