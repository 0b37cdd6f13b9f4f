"""Give a recording back to the desk: by who has it, or by a steward for a lawyer who is gone. A colleague's copy dies by its slot."""

from tocsin.desk.model import NO_SLOT, Caller, CallerWrong, Event, Item
from tocsin.desk.room import Desk
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId


async def give_back(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> Item:
    """It waits again, for whoever did not decline it. Raises what `Desk.taken` raises, `EventWrong`, `ItemFrozen`."""
    item = await desk.taken(caller, recording_id, capability)
    return await _return(desk, item, f"lawyer:{caller.key}")


async def take_back(desk: Desk, caller: Caller, recording_id: RecordingId) -> Item:
    """A steward puts what an absent lawyer has back into the list. It opens nothing for the steward. Raises `CallerWrong`."""
    if not caller.is_steward:
        raise CallerWrong
    await desk.kept(recording_id)
    return await _return(desk, await desk.item(recording_id), f"steward:{caller.key}")


async def _return(desk: Desk, item: Item, actor: str) -> Item:
    moved = await desk.move(item, Event.GIVE_BACK, digest=b"", slot=NO_SLOT, box=b"")
    await desk.recordings.note(item.recording_id, actor, Action.GIVEN_BACK, "")
    return moved
