"""Everything the verbs of this room stand on, and the few steps that all of them take."""

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection

from tocsin.clock import Clock
from tocsin.crypto.envelope import check_shape
from tocsin.crypto.profiles import NONCE_BYTES
from tocsin.desk import queries
from tocsin.desk.model import (
    NO_SLOT,
    TRANSITIONS,
    Caller,
    CallerWrong,
    Event,
    EventWrong,
    Held,
    Item,
    ItemFrozen,
    ItemTaken,
    ItemUnknown,
    Kept,
    NotYours,
    Recordings,
    State,
)
from tocsin.ids import RecordingId, SlotNumber
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys

MOST_REFUSED = 4_096


@dataclass
class Desk:
    """The room's dependencies. Made once, by the composition root."""

    clock: Clock
    database: Database
    erase_keys: EraseKeys
    recordings: Recordings
    changed: Callable[[], None] = lambda: None
    """Told after each act; set by the board."""
    refused: set[bytes] = field(default_factory=set)
    """Digests, under a key of this process, of who asked for what and may not have it, as far as it was noted since the node began:
    whoever searches the memory for a lawyer's key or a recording's number finds neither beside the other."""

    def __post_init__(self) -> None:
        self._asking = self.clock.random_bytes(32)

    def is_first_refusal(self, key: str, recording_id: RecordingId) -> bool:
        """Whether it is to be noted that this key asked for this recording. The memory is bounded: after that it is noted anew."""
        asked = blake2b(recording_id + key.encode(), key=self._asking, digest_size=16).digest()
        if asked in self.refused:
            return False
        if len(self.refused) >= MOST_REFUSED:
            self.refused.clear()
        self.refused.add(asked)
        return True

    def seal(self, slot: SlotNumber, recording_id: RecordingId, plain: bytes) -> bytes:
        """`plain` under a slot's key: nonce 12, then AES-256-GCM with the recording's id as AAD."""
        nonce = self.clock.random_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.erase_keys.key(slot)).encrypt(nonce, plain, recording_id)

    def open(self, slot: SlotNumber, recording_id: RecordingId, box: bytes) -> bytes:
        """Inverse of `seal`. Raises `KeyErased`."""
        return AESGCM(self.erase_keys.key(slot)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], recording_id)

    def held(self, item: Item) -> Held | None:
        """What lies in an item's box; None where nobody has it."""
        if item.slot == NO_SLOT:
            return None
        return msgspec.msgpack.decode(self.open(item.slot, item.recording_id, item.box), type=Held)

    async def kept(self, recording_id: RecordingId) -> Kept:
        """The recording. Raises `ItemUnknown` for one that is gone or never was for the desk."""
        found = await self.recordings.standing(recording_id)
        if found is None:
            raise ItemUnknown
        return found

    async def item(self, recording_id: RecordingId) -> Item:
        return await self.database.read(lambda c: queries.item_of(c, recording_id))

    async def taken(self, caller: Caller, recording_id: RecordingId, capability: bytes) -> Item:
        """The item, if this lawyer has it. Raises `CallerWrong`, `ItemUnknown`, `NotYours`."""
        if not caller.is_lawyer:
            raise CallerWrong
        await self.kept(recording_id)
        item = await self.item(recording_id)
        if not item.digest or not hmac.compare_digest(item.digest, sha256(capability).digest()):
            raise NotYours
        return item

    async def store(self, recording_id: RecordingId, held: Held) -> tuple[SlotNumber, bytes]:
        """A fresh slot, and `held` under its key. Raises `EnvelopeMalformed` for what is no small age file."""
        for sealed in (held.ticket, held.label, *([held.wraps] if held.wraps else [])):
            check_shape(sealed)
        slot = await asyncio.to_thread(self.erase_keys.allocate)
        return slot, self.seal(slot, recording_id, msgspec.msgpack.encode(held))

    async def move(self, item: Item, event: Event, **changes: Any) -> Item:
        """Move an item that still is as it was seen. Raises `EventWrong`, `ItemFrozen`, `ItemTaken` for who was slower.

        Where it gets another slot, that the old one is to be overwritten is written down in the same transaction, so that a node that
        dies in between still does it.
        """
        state = following(item.state, event)
        old = item.slot if changes.get("slot", item.slot) != item.slot else NO_SLOT

        def turn(connection: Connection) -> tuple[Item, bytes]:
            moved = queries.move(connection, item, state=state, **changes)
            if moved is None:
                raise ItemTaken
            return moved, self.recordings.erase_later(connection, old) if old != NO_SLOT else b""

        try:
            moved, waiting = await self.database.write(turn)
        except BaseException:
            await self.let_go(changes.get("slot", NO_SLOT))
            raise
        if waiting:
            await self.overwrite(old, waiting)
        self.changed()
        return moved

    async def overwrite(self, slot: SlotNumber, waiting: bytes) -> None:
        """Overwrite a slot that nothing names any more, and forget that it was to be."""
        await asyncio.to_thread(self.erase_keys.erase, slot)
        await self.database.write(lambda c: self.recordings.done(c, waiting))

    async def let_go(self, slot: SlotNumber) -> None:
        """Give back a slot that came to nothing."""
        if slot != NO_SLOT:
            await asyncio.to_thread(self.erase_keys.erase, slot)


def following(state: State, event: Event) -> State:
    """Where an event leads. Raises `ItemFrozen`, `ItemTaken` for what somebody has, `EventWrong` for everything else."""
    found = TRANSITIONS.get((state, event))
    if found is not None:
        return found
    if state is State.FROZEN:
        raise ItemFrozen
    raise ItemTaken if event in {Event.TAKE, Event.DECLINE} else EventWrong
