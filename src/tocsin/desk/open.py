"""Open a recording that was taken: its envelope, its seconds as they come, its notes, its sealed export. Each opening is noted where
the owner sees it (rule 20), before anything is released.
"""

from collections.abc import Iterator
from hashlib import sha256

from tocsin.desk.model import Caller, CallerWrong, Envelope, Event, Held, Item, ItemFrozen, NotYours, State
from tocsin.desk.room import Desk, following
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId

AT_ONCE = 4 * 1024 * 1024
"""Bytes of seconds in one answer."""


async def opening(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> tuple[Item, Envelope]:
    """The header and the envelope for who has it. Raises what `Desk.taken` raises, `ItemFrozen`, and what noting raises: then nothing
    was released. Who of the staff asks and may not stands in the recording's history, too.
    """
    try:
        item = await desk.taken(caller, recording_id, capability)
    except (CallerWrong, NotYours) as refusal:
        await note_refused(desk, caller, recording_id, refusal.code)
        raise
    following(item.state, Event.OPEN)
    await desk.recordings.note(recording_id, f"lawyer:{caller.key}", Action.OPENED, "")
    envelope = await desk.recordings.envelope(recording_id)
    wraps = handed_over(desk.held(item), envelope)
    if item.state is State.TAKEN:
        item = await desk.move(item, Event.OPEN)
    return item, Envelope(envelope.header, wraps or envelope.wraps)


def handed_over(held: Held | None, envelope: Envelope) -> bytes:
    """The copy that a colleague sealed, as long as the owner's envelope is the one it was made from: what the owner changed counts."""
    return held.wraps if held and held.wraps and held.of == sha256(envelope.wraps).digest() else b""


async def note_refused(desk: Desk, caller: Caller, recording_id: RecordingId, code: str) -> None:
    """Note who asked, for the owner and whoever has it; once for each who asks while the node runs, so that nobody fills a history."""
    if await desk.recordings.standing(recording_id) is None or not desk.is_first_refusal(caller.key, recording_id):
        return
    role = "lawyer" if caller.is_lawyer else "steward" if caller.is_steward else "staff"
    await desk.recordings.note(recording_id, f"{role}:{caller.key}", Action.REFUSED, code)


async def chunks(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes, first: int) -> bytes:
    """Seconds from `first` on, as in `chunks.bin`; empty when there is none yet."""
    await _allowed(desk, caller, recording_id, capability)
    return await desk.recordings.chunks(recording_id, first, AT_ONCE)


async def acts(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> bytes:
    """What happened to it, sealed: custody notes that lie beside no second, as in `notes.bin`."""
    await _allowed(desk, caller, recording_id, capability)
    return await desk.recordings.acts(recording_id)


async def export(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> Iterator[bytes]:
    """The sealed export, noted as fetched by this lawyer."""
    await _allowed(desk, caller, recording_id, capability)
    return await desk.recordings.export(recording_id, f"lawyer:{caller.key}")


async def _allowed(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> None:
    """Raises `ItemFrozen`, and `EventWrong` before it was opened: no second without an opening that the owner can see."""
    item = await desk.taken(caller, recording_id, capability)
    if item.state is State.FROZEN:
        raise ItemFrozen
    if item.state is State.TAKEN:
        following(item.state, Event.FINISH)
