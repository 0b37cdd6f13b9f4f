"""Hand the phone its half of the return key after the recording was stopped.

The answer may be lost on the way, and without it no recovery words can be made. So the same share is given again until the phone
has put its wraps, for `AGAIN_SECONDS` at most; it is then in memory only, no longer on disk.
"""

import asyncio
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from tocsin.encounters import create, queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import DiskFull, Recording, RecordingErased, RecordingOpen, ShareGone, ShareState, State
from tocsin.encounters.room import ERASE_SLOT, Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, SlotNumber
from tocsin.store import fail_points
from tocsin.store.disk import DiskFull as StoreFull

AGAIN_SECONDS = 15 * 60


async def return_share(room: Room, recording_id: RecordingId, capability: bytes) -> bytes:
    """The 32 bytes that the phone sealed to this node at the tap. They are gone from the disk before this returns.

    Raises `RecordingOpen` before FINAL, `ShareGone` after the wraps were put or too late, and for a recording that was cut.
    """
    live = await room.find(recording_id, capability, "upload")
    async with live.lock:
        if live.row.state is State.ERASED:
            raise RecordingErased
        if live.row.state is not State.STOPPED:
            raise RecordingOpen
        now = room.clock.monotonic()
        if live.row.share_state is not ShareState.SEALED:
            return _again(live, now)
        share = room.open_share(create.open_box(room, live.row).return_share)
        live.returned = share, now
        await forget_share(room, live, ShareState.RETURNED)
        await room.act(live, "phone", Action.SHARE_RETURNED)
        return share


def _again(live: Live, now: float) -> bytes:
    share, since = live.returned or (b"", 0.0)
    if not share or live.row.share_state is not ShareState.RETURNED or now - since > AGAIN_SECONDS:
        live.returned = None
        raise ShareGone
    return share


async def forget_share(room: Room, live: Live, state: ShareState) -> None:
    """Seal the envelope anew without the share, and overwrite the key it lay under. The caller holds `live.lock`."""
    envelope = create.open_box(room, live.row)
    await reseal(room, live, msgspec.structs.replace(envelope, return_share=b""), share_state=state)


async def reseal(room: Room, live: Live, envelope: create.Envelope, **changes: object) -> None:
    """Put `envelope` under a new slot, then overwrite the old one: an old disk image opens nothing that was dropped.

    That the old one is to be overwritten is written down together with the new one, so that a node that dies in between still does it.
    """
    old = live.row.slot
    slot = await room.with_reserve(lambda: asyncio.to_thread(room.erase_keys.allocate))
    box = create.seal_box(room, room.erase_keys.key(slot), live.row.id, envelope)

    def swap(connection: Connection) -> tuple[Recording, bytes]:
        waiting = room.work.enqueue(connection, ERASE_SLOT, room.finish_by_ms(), old.to_bytes(8))
        return queries.replace(connection, live.row, {"slot": slot, "box": box, **changes}), waiting

    try:
        live.row, waiting = await room.with_reserve(lambda: room.database.write(swap))
    except DiskFull:
        await asyncio.to_thread(room.erase_keys.erase, slot)
        raise
    fail_points.hit("share.before_overwrite")
    await finish_slot(room, old.to_bytes(8))
    with suppress(StoreFull):  # then it is done once more, which changes nothing
        await room.database.write(lambda c: room.work.cancel(c, waiting))


async def finish_slot(room: Room, slot: bytes) -> None:
    """Overwrite a slot that nothing names any more."""
    await asyncio.to_thread(room.erase_keys.erase, SlotNumber(int.from_bytes(slot)))
