"""Release a hold: its copy of the envelope is overwritten, and what waited for that goes on by itself.

Where the owner asked for erasure meanwhile, nothing is left that opens the recording. Where its time ran out, the next sweep
erases it. Else it is kept as before.
"""

from contextlib import suppress

from sqlalchemy import Connection

from tocsin.encounters import queries, share
from tocsin.encounters.hold import Also, named
from tocsin.encounters.model import Hold, HoldMissing
from tocsin.encounters.room import ERASE_SLOT, Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId
from tocsin.store.disk import DiskFull as StoreFull


async def propose(room: Room, recording_id: RecordingId, steward: str) -> None:
    """Note that one steward asks for the release. Changes nothing else. Raises `RecordingUnknown`, `HoldMissing`."""
    live = await named(room, recording_id)
    async with live.lock:
        await _standing(room, recording_id)
        await room.act(live, steward, Action.RELEASE_PROPOSED)


async def release(room: Room, recording_id: RecordingId, stewards: tuple[str, str], also: Also) -> None:
    """Release it on the word of two. `also` is done in the same transaction. Raises `RecordingUnknown`, `HoldMissing`.

    That the hold's slot is to be overwritten is written down together with its end, so that a node that dies in between still does it.
    """
    live = await named(room, recording_id)
    async with live.lock:
        held = await _standing(room, recording_id)
        for steward in stewards:
            await room.act(live, steward, Action.RELEASED)
        slot = held.slot.to_bytes(8)

        def end(connection: Connection) -> bytes:
            queries.drop_hold(connection, recording_id)
            also(connection)
            return room.work.enqueue(connection, ERASE_SLOT, room.finish_by_ms(), slot)

        waiting = await room.with_reserve(lambda: room.database.write(end))
        live.is_held = False
        live.is_dirty = live.is_dirty and live.is_kept
        await share.finish_slot(room, slot)
        with suppress(StoreFull):  # then it is done once more, which changes nothing
            await room.database.write(lambda c: room.work.cancel(c, waiting))


async def _standing(room: Room, recording_id: RecordingId) -> Hold:
    held = await room.database.read(lambda c: queries.hold_of(c, recording_id))
    if held is None:
        raise HoldMissing
    return held
