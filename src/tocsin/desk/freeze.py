"""Freeze a recording that shows what nobody may pass on: nobody fetches or packages it until two stewards have decided (rule 20)."""

from collections.abc import Callable

from sqlalchemy import Connection

from tocsin.desk import queries
from tocsin.desk.model import Caller, Event, EventWrong, Item, ItemTaken, State
from tocsin.desk.room import Desk, following
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId


async def freeze(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> Item:
    """By who has opened it. The owner sees who did, and may still erase it. Raises what `Desk.taken` raises, `EventWrong`."""
    item = await desk.taken(caller, recording_id, capability)
    moved = await desk.move(item, Event.FREEZE)
    await desk.recordings.note(recording_id, f"lawyer:{caller.key}", Action.FROZEN, "")
    return moved


async def thaw(
    desk: Desk, recording_id: RecordingId, stewards: tuple[str, str], also: Callable[[Connection], None]
) -> None:
    """End it on the word of two stewards, named in its history; `also` is done in the same transaction. Raises `EventWrong`."""
    seen = await _frozen(desk, recording_id)
    for steward in stewards:
        await desk.recordings.note(recording_id, steward, Action.THAWED, "")

    def turn(connection: Connection) -> None:
        if queries.move(connection, seen, state=following(seen.state, Event.THAW)) is None:
            raise ItemTaken
        also(connection)

    await desk.database.write(turn)
    desk.changed()


async def propose_thaw(desk: Desk, recording_id: RecordingId, steward: str) -> None:
    """Note that one steward would end it. Changes nothing else. Raises `EventWrong` where nothing is frozen."""
    await _frozen(desk, recording_id)
    await desk.recordings.note(recording_id, steward, Action.THAW_PROPOSED, "")


async def is_frozen(desk: Desk, recording_id: RecordingId) -> bool:
    """Whether nobody may fetch it now, its owner included."""
    return (await desk.item(recording_id)).state is State.FROZEN


async def _frozen(desk: Desk, recording_id: RecordingId) -> Item:
    await desk.kept(recording_id)
    seen = await desk.item(recording_id)
    if seen.state is not State.FROZEN:
        raise EventWrong
    return seen
