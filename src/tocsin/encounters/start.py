"""Start the room: index what the segments hold and the index does not, and take up every unfinished recording."""

from tocsin.encounters import queries
from tocsin.encounters.queries import Stored
from tocsin.encounters.room import ERASE, ERASE_SLOT, Room
from tocsin.ids import RecordingId

BATCH = 2000


async def start(room: Room) -> None:
    """Make the room ready. Bounded by what was written since the index was last flushed, a few seconds."""
    mark = await room.database.read(queries.mark)
    for position, stored in room.segments.scan(mark):
        room.pending.append(Stored(RecordingId(stored.key), stored.seq, position, len(stored.body)))
        if len(room.pending) >= BATCH:
            await room.flush_index()
    await room.flush_index()
    for recording_id in await room.database.read(queries.unfinished):
        await room.live(recording_id)
    await room.database.write(lambda c: room.work.hurry(c, ERASE, ERASE_SLOT))
    room.is_ready = True
