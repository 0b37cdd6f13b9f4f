"""Erase a recording: overwrite the one key that everything else hangs on. What stays is noise and a commitment."""

import asyncio

from tocsin.encounters import queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import DAY_SECONDS, TRANSITIONS, Event, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId

PROMISE = "will be erased when no duty to keep it remains"
"""The same words whether the recording is held, erased at once or was erased before (rule 16)."""


async def ask(room: Room, recording_id: RecordingId, capability: bytes) -> str:
    """The owner's wish to erase. The answer never says whether a duty to keep it stands."""
    live = await room.find(recording_id, capability, "owner")
    async with live.lock:
        if live.row.state is not State.ERASED:
            await room.act(live, "owner", Action.ERASE_ASKED)
            await erase(room, live)
    return PROMISE


async def erase(room: Room, live: Live) -> None:
    """Overwrite the slot, durably, then let go of the index. The caller holds `live.lock`."""
    await asyncio.to_thread(room.erase_keys.erase, live.row.slot)
    state, today = TRANSITIONS[live.row.state, Event.ERASURE], room.clock.now_ms() // 1000 // DAY_SECONDS
    await room.replace(live, state=state, box=b"", locator_digest=None, expires_day=today)
    await room.flush_index()
    await room.database.write(lambda c: queries.forget_frames(c, live.row.id))
    live.receipts.clear()
    live.is_dirty = False


async def expire(room: Room, today: int) -> int:
    """Erase every recording whose time is over; how many."""
    over = await room.database.read(lambda c: queries.expired(c, today))
    for recording_id in over:
        live = await room.live(recording_id)
        if live is not None:
            async with live.lock:
                await erase(room, live)
    return len(over)
