"""Keep a paper: a note, an intake sheet or a link that was sealed in a lawyer's browser. The node reads none and times none."""

import asyncio

import msgspec
from sqlalchemy import Connection

from tocsin.crypto.envelope import check_shape
from tocsin.desk import queries
from tocsin.desk.model import AskedWrong, Caller, ItemFrozen, Paper, PaperChanged, PapersMany, State
from tocsin.desk.room import Desk
from tocsin.desk.take import bytes_of
from tocsin.ids import RecordingId, SlotNumber

MOST = 200
"""Papers of one recording."""


class Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /desk/items/{recording}/papers/{paper}`: an age file, base64url, and the turn it follows, 0 for a new paper."""

    sealed: str
    turn: int


async def keep(
    desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes, paper_id: bytes, asked: Sealed
) -> int:
    """Put the next version under a slot of its own; the one before is overwritten. Answers the new turn.

    Raises what `Desk.taken` raises, `PaperChanged` where another window was faster, `PapersMany`, `EnvelopeMalformed`.
    """
    await _taken(desk, caller, recording_id, capability)
    sealed = bytes_of(asked.sealed)
    check_shape(sealed)
    if len(paper_id) != 16 or asked.turn < 0:
        raise AskedWrong
    slot = await asyncio.to_thread(desk.erase_keys.allocate)
    new = Paper(paper_id, recording_id, asked.turn + 1, slot, desk.seal(slot, recording_id, sealed))

    def put(connection: Connection) -> bytes:
        if new.turn == 1 and queries.count_papers(connection, recording_id) >= MOST:
            raise PapersMany
        before = queries.paper_of(connection, paper_id)
        if not queries.put_paper(connection, new):
            raise PaperChanged
        return b"" if before is None else before.slot.to_bytes(8) + desk.recordings.erase_later(connection, before.slot)

    try:
        old = await desk.database.write(put)
    except BaseException:
        await desk.let_go(slot)
        raise
    if old:
        await desk.overwrite(SlotNumber(int.from_bytes(old[:8])), old[8:])
    return new.turn


async def drop(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes, paper_id: bytes) -> None:
    """Delete a paper: its key is overwritten. Deleting what is not there does nothing. Raises what `Desk.taken` raises."""
    await _taken(desk, caller, recording_id, capability)

    def take_out(connection: Connection) -> tuple[int, bytes]:
        slot = queries.drop_paper(connection, paper_id, recording_id)
        return (-1, b"") if slot is None else (slot, desk.recordings.erase_later(connection, slot))

    slot, waiting = await desk.database.write(take_out)
    if waiting:
        await desk.overwrite(SlotNumber(slot), waiting)


async def papers(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> list[tuple[Paper, bytes]]:
    """Every paper of the recording with its age file. Raises what `Desk.taken` raises."""
    await _taken(desk, caller, recording_id, capability)
    found = await desk.database.read(lambda c: queries.papers(c, recording_id))
    return [(one, desk.open(one.slot, recording_id, one.box)) for one in found]


async def _taken(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes) -> None:
    item = await desk.taken(caller, recording_id, capability)
    if item.state is State.FROZEN:
        raise ItemFrozen
