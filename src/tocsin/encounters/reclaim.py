"""Give back what erased recordings held: whole segment files that nothing kept lies in, and rows whose day is over."""

import asyncio

from tocsin.encounters import queries
from tocsin.encounters.room import Room


async def reclaim(room: Room, today: int) -> int:
    """Drop segment files in which no kept recording has a frame, and tombstones of earlier days; how many files."""
    await room.flush_index()
    kept = await room.database.read(queries.segments_in_use)
    mark = await room.database.read(queries.mark)
    newest = min(room.segments.end_position().segment, mark.segment)
    over = [number for number in room.segments.numbers() if number < newest and number not in kept]
    for number in over:
        await asyncio.to_thread(room.segments.drop, number)
    forgotten = await room.database.write(lambda c: queries.forget_tombstones(c, today))
    for recording_id in forgotten:
        room.lives.pop(recording_id, None)
    return len(over)
