"""Give back what erased recordings took: their index, whole segment files that nothing kept lies in, and rows whose day is over."""

import asyncio

from tocsin.encounters import queries
from tocsin.encounters.room import Room


async def reclaim(room: Room, today: int) -> int:
    """Drop the index of what is erased and not held, then segment files in which nothing kept lies, and tombstones of earlier days.

    Answers how many files.
    """
    await room.flush_index()
    await room.database.write(queries.forget_frames)
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
