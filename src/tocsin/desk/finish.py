"""Put a recording away when the desk is done with it, and take it out again. Nothing is erased by it; the list gets shorter."""

from tocsin.desk.model import Caller, Event, Item
from tocsin.desk.room import Desk
from tocsin.ids import RecordingId


async def finish(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> Item:
    """Raises what `Desk.taken` raises, `EventWrong`, `ItemFrozen`."""
    return await desk.move(await desk.taken(caller, recording_id, capability), Event.FINISH)


async def reopen(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> Item:
    """Raises what `Desk.taken` raises, `EventWrong`."""
    return await desk.move(await desk.taken(caller, recording_id, capability), Event.REOPEN)
