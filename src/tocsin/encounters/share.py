"""Hand the phone its half of the return key after the recording was stopped.

The answer may be lost on the way, and without it no recovery words can be made. So the same share is given again until the phone
has put its wraps, for `AGAIN_SECONDS` at most; it is then in memory only, no longer on disk.
"""

import asyncio

import msgspec

from tocsin.encounters import create
from tocsin.encounters.live import Live
from tocsin.encounters.model import RecordingErased, RecordingOpen, ShareGone, ShareState, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId

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
    """Put `envelope` under a new slot, then overwrite the old one: an old disk image opens nothing that was dropped."""
    old = live.row.slot
    slot = await asyncio.to_thread(room.erase_keys.allocate)
    box = create.seal_box(room, room.erase_keys.key(slot), live.row.id, envelope)
    await room.replace(live, slot=slot, box=box, **changes)
    await asyncio.to_thread(room.erase_keys.erase, old)
