"""Give back what erased recordings took: their index, whole segment files that nothing kept lies in, and rows whose day is over."""

import asyncio

from tocsin.encounters import queries
from tocsin.encounters.room import Room


async def reclaim(room: Room, today: int) -> int:
    """Drop the index of what is erased and not held, then segment files in which nothing kept lies, and tombstones of earlier days.

    Answers how many files.
    """
    await room.flush_index()
    gone = await room.database.write(queries.forget_frames)
    mark = await room.database.read(queries.mark)
    newest = min(room.segments.end_position().segment, mark.segment)
    if gone or newest != room.reclaimed_below:
        dropped = await _drop_files(room, newest)
        room.reclaimed_below = newest
    else:  # which segments are in use takes a look at every frame that is kept
        dropped = 0
    forgotten = await room.database.write(lambda c: queries.forget_tombstones(c, today))
    for recording_id in forgotten:
        room.lives.pop(recording_id, None)
    return dropped


async def _drop_files(room: Room, newest: int) -> int:
    kept = await room.database.read(queries.segments_in_use)
    over = [number for number in room.segments.numbers() if number < newest and number not in kept]
    for number in over:
        await asyncio.to_thread(room.segments.drop, number)
    return len(over)
