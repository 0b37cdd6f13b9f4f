"""Hold a recording: two stewards keep it from erasure, expiry and any change of its envelope (rule 16).

A hold is a row of its own with a copy of the envelope under a slot of its own. The recording's ordinary life goes on beside it, its
owner's wishes are carried out in the same steps, and nothing that an owner or a phone can ask answers otherwise than before.
What was held can be handed out by staff (`export`, `as_held`) until it is released.
"""

import asyncio
from collections.abc import Callable

from sqlalchemy import Connection

from tocsin.encounters import create, queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import (
    DiskFull,
    Hold,
    HoldMissing,
    HoldStands,
    RecordingErased,
    RecordingLost,
    RecordingUnknown,
    State,
)
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId

Also = Callable[[Connection], None]


async def propose(room: Room, recording_id: RecordingId, steward: str, reason: str) -> None:
    """Note that one steward asks for a hold. Changes nothing else. Raises what `hold` raises."""
    live = await named(room, recording_id)
    async with live.lock:
        _check(room, live)
        await room.act(live, steward, Action.HOLD_PROPOSED, reason)


async def hold(
    room: Room, recording_id: RecordingId, stewards: tuple[str, str], reason: str, signed: bytes, also: Also
) -> None:
    """Hold it on the word of two. `also` is done in the same transaction. Noted first: no hold stands that a reader cannot see.

    Raises `RecordingUnknown`, `RecordingErased` (its key is overwritten: there is nothing to hold), `HoldStands`, `DiskFull`.
    """
    live = await named(room, recording_id)
    async with live.lock:
        _check(room, live)
        envelope = create.Envelope(create.open_box(room, live.row).wraps, b"")
        for steward in stewards:
            await room.act(live, steward, Action.HELD, reason)
        slot = await room.with_reserve(lambda: asyncio.to_thread(room.erase_keys.allocate))
        box = create.seal_box(room, room.erase_keys.key(slot), live.row.id, envelope)
        held = Hold(live.row.id, room.today(), reason, slot, box, signed)

        def add(connection: Connection) -> None:
            queries.add_hold(connection, held)
            also(connection)

        try:
            await room.with_reserve(lambda: room.database.write(add))
        except DiskFull:
            await asyncio.to_thread(room.erase_keys.erase, slot)
            raise
        live.is_held = True


async def wraps(room: Room, live: Live) -> bytes:
    """The envelope as it was when the hold was set. Raises `HoldMissing`."""
    held = await room.database.read(lambda c: queries.hold_of(c, live.row.id))
    if held is None:
        raise HoldMissing
    return create.open_sealed(room, held.slot, held.box, held.recording_id).wraps


async def named(room: Room, recording_id: RecordingId) -> Live:
    """The recording of this number, also one that is erased and held. Raises `RecordingUnknown`."""
    live = await room.live(recording_id)
    if live is None:
        raise RecordingUnknown
    async with live.lock:
        await room.take_up(live)
    return live


def _check(room: Room, live: Live) -> None:
    if live.is_held:
        raise HoldStands
    if live.row.state is State.ERASED:
        raise RecordingErased
    if live.row.state is State.LOST:
        raise RecordingLost
    room.erase_keys.key(live.row.slot)  # raises: an erasure that a full disk kept from being noted
