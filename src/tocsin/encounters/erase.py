"""Erase a recording: overwrite the one key that everything else hangs on. What stays is noise and a commitment."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress

import msgspec
from sqlalchemy import Connection

from tocsin.encounters import queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import TRANSITIONS, DiskFull, Event, Kind, State
from tocsin.encounters.room import ERASE, Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId
from tocsin.store import fail_points
from tocsin.store.disk import DiskFull as StoreFull

PROMISE = "will be erased when no duty to keep it remains"
"""The same words whether the recording is held, erased at once or was erased before (rule 16)."""


async def ask(room: Room, recording_id: RecordingId, capability: bytes) -> str:
    """The owner's wish to erase. The answer never says whether a duty to keep it stands."""
    live = await room.find(recording_id, capability, "owner")
    async with live.lock:
        if live.row.state is not State.ERASED:
            with suppress(DiskFull):  # overwriting needs no room; being noted does
                await room.act(live, "owner", Action.ERASE_ASKED)
            await erase(room, live)
    return PROMISE


async def erase(room: Room, live: Live) -> None:
    """Overwrite the slot, durably; the sweep lets go of the index. The caller holds `live.lock`.

    A hold is not looked at: it has a copy of the envelope under a slot of its own, and the sweep leaves its index alone. So what an
    owner asks for is done in the same steps whether the recording is held or not, and neither answer nor delay tells.

    What is to be done is written down first, so that a node that dies in between finishes it. On a disk without any room the key is
    overwritten all the same; the row follows when there is room, or when its time is over.
    """
    with suppress(DiskFull):
        await room.with_reserve(lambda: room.database.write(lambda c: _promise(room, c, live)))
    await asyncio.to_thread(room.erase_keys.erase, live.row.slot)
    fail_points.hit("erase.after_overwrite")
    for tell in room.after_erasure:
        with suppress(DiskFull, StoreFull):  # then whoever hangs on it sweeps later
            await tell(live.row.id)
    state = TRANSITIONS[live.row.state, Event.ERASURE]
    changes = {"state": state, "box": b"", "locator_digest": None, "day": room.today()}
    try:
        await room.flush_index()
        await room.with_reserve(lambda: room.database.write(lambda c: _let_go(room, c, live, changes)))
    except (DiskFull, StoreFull):
        return
    live.row = msgspec.structs.replace(live.row, **changes)
    live.receipts.clear()
    live.is_dirty = live.is_dirty and live.is_held


async def finish(room: Room, recording_id: bytes) -> None:
    """End an erasure that a dying process began."""
    live = await room.live(RecordingId(recording_id))
    if live is not None:
        async with live.lock:
            if live.row.state is not State.ERASED:
                await erase(room, live)


def _promise(room: Room, connection: Connection, live: Live) -> None:
    room.work.cancel(connection, live.row.id)
    room.work.enqueue(connection, ERASE, room.finish_by_ms(), live.row.id, work_id=live.row.id)


def _let_go(room: Room, connection: Connection, live: Live, changes: Mapping[str, object]) -> None:
    queries.replace(connection, live.row, changes)
    room.work.cancel(connection, live.row.id)


async def expire(room: Room, today: int, days: Mapping[Kind, int]) -> int:
    """Erase every recording whose time is over under `days` and that is not held; how many."""
    over = await room.database.read(lambda c: queries.expired(c, today, days))
    for recording_id in over:
        live = await room.live(recording_id)
        if live is not None:
            async with live.lock:
                if live.row.state is not State.ERASED and not live.is_held:
                    await erase(room, live)
    return len(over)
