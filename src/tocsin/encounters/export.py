"""Hand out a recording sealed: everything the node has of it, nothing of which opens without the recording key."""

import heapq
from collections.abc import Iterator, Mapping
from functools import partial

from tocsin.encounters import create, hold, queries
from tocsin.encounters.live import Live, read_meta
from tocsin.encounters.model import NOTE_BASE, RecordingErased, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.evidence.sealed import write_sealed
from tocsin.store.segment_format import Frame

OWNER = "owner"
NumberedNote = tuple[int, bytes]


async def export(
    room: Room, live: Live, actor: str, more: Mapping[str, bytes], *, as_held: bool = False
) -> Iterator[bytes]:
    """The sealed export (`docs/spec/package.md`), as a blocking iterator for a thread. That it was fetched is noted first (rule 20).

    It holds what is durable now; a recording that goes on is exported up to here. `as_held`: with the envelope of its hold, whatever
    its owner did since; for staff alone. Raises `RecordingErased`, `TooFast`, or `HoldMissing` where nothing holds it.
    """
    for allow in room.may_fetch:
        await allow(live.row.id)
    async with live.lock:
        if live.row.state is State.ERASED and not as_held:
            raise RecordingErased
        if actor == OWNER:
            room.charge(live)
        await room.take_up(live)
        wraps = await hold.wraps(room, live) if as_held else create.open_box(room, live.row).wraps
        await room.act(live, actor, Action.FETCHED)
    await room.flush_index()
    chunks, notes = live.next_seq, live.chain.count
    return write_sealed(
        live.header.raw,
        wraps,
        (frame.body for _, frame in frames(room, live, 0, chunks)),
        (note for _, note in _notes(room, live, chunks, notes)),
        more,
    )


def _notes(room: Room, live: Live, chunks: int, notes: int) -> Iterator[NumberedNote]:
    """Every custody note in order of its number: those that lie beside a second and those that lie alone."""
    beside = (_note_beside(frame) for _, frame in frames(room, live, 0, chunks))
    alone = ((number - NOTE_BASE, frame.body) for number, frame in frames(room, live, NOTE_BASE, NOTE_BASE + notes))
    return heapq.merge(beside, alone)


def _note_beside(frame: Frame) -> NumberedNote:
    _, count, sealed_note = read_meta(frame.meta)
    return count - 1, sealed_note


def frames(room: Room, live: Live, first: int, below: int) -> Iterator[tuple[int, Frame]]:
    """Indexed frames of a recording in order of their number; for a thread."""
    after = first - 1
    while stored := room.database.read_now(partial(queries.page, recording_id=live.row.id, after=after, below=below)):
        for item in stored:
            yield item.number, room.segments.read(item.position)
        after = stored[-1].number
