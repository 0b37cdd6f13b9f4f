"""Forget what the desk has of recordings that are gone: their slots are overwritten, durably, and their rows go."""

import asyncio

from sqlalchemy import Connection

from tocsin.desk import queries
from tocsin.desk.room import Desk
from tocsin.ids import RecordingId, SlotNumber


async def forget(desk: Desk, recording_id: RecordingId) -> None:
    """Everything of one recording. A node that dies in between finishes it: the work is written down with the rows."""

    def drop(connection: Connection) -> list[tuple[SlotNumber, bytes]]:
        slots = queries.forget(connection, recording_id)
        return [(slot, desk.recordings.erase_later(connection, slot)) for slot in slots]

    for slot, waiting in await desk.database.write(drop):
        await desk.overwrite(slot, waiting)
    desk.changed()


async def sweep(desk: Desk) -> int:
    """What a node that died left: items and papers of recordings that are gone; of how many."""
    known = await desk.database.read(queries.known)
    kept = {one.recording_id for one in await desk.recordings.kept()} if known else set()
    for recording_id in known - kept:
        await forget(desk, recording_id)
        await asyncio.sleep(0)  # others go first
    return len(known - kept)
