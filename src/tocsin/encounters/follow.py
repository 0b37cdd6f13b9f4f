"""Read a recording while it goes on: its seconds from a number on, and what else was noted of it. Nothing here opens anything."""

import asyncio
from collections.abc import Iterator

from tocsin.encounters import create, export, queries
from tocsin.encounters.live import Live
from tocsin.encounters.model import NOTE_BASE, RecordingErased, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId
from tocsin.store.erase_keys import KeyErased
from tocsin.store.segment_format import Frame, Position

STANZA = b"\n-> X25519 "
"""How a recipient begins in an age file (C2SP age)."""


async def seconds(room: Room, live: Live, first: int, most: int) -> bytes:
    """`length u32 | chunk` for each second from `first` on, at least one where there is one, else about `most` bytes.

    Raises `RecordingErased`.
    """
    _kept(live)
    return await asyncio.to_thread(_framed, _frames(room, live, first, live.next_seq), most)


async def acts(room: Room, live: Live) -> bytes:
    """`length u32 | note` for each custody note that lies beside no second: acts, beats and leaves. Raises `RecordingErased`."""
    _kept(live)
    await room.take_up(live)
    found = _frames(room, live, NOTE_BASE, NOTE_BASE + live.chain.count)
    return await asyncio.to_thread(_framed, found, 1 << 62)


async def note(room: Room, live: Live, actor: str, action: Action, reason: str) -> None:
    """Note an act of somebody at the desk. Raises `RecordingErased`, `DiskFull`: then it is not noted and must not be done."""
    _kept(live)
    async with live.lock:
        await room.take_up(live)
        await room.act(live, actor, action, reason)


def wraps(room: Room, live: Live) -> bytes:
    """The age file with the recording key, as its owner wants it now. Raises `RecordingErased`."""
    _kept(live)
    return create.open_box(room, live.row).wraps


async def is_shared(room: Room, recording_id: RecordingId) -> bool:
    """Whether its envelope is sealed to more than one recipient. The node cannot tell whom."""
    row = await room.database.read(lambda c: queries.recording_of(c, recording_id))
    try:
        return row is not None and create.open_box(room, row).wraps.count(STANZA) > 1
    except KeyErased:
        return False


def _kept(live: Live) -> None:
    if live.row.state is State.ERASED:
        raise RecordingErased


def _frames(room: Room, live: Live, first: int, below: int) -> Iterator[Frame]:
    """Frames in order of their number: those that are indexed, then those of which only memory knows where they lie."""
    fresh = sorted((number, position) for number, position in live.positions.items() if first <= number < below)
    return _read(room, live, first, below, fresh)


def _read(room: Room, live: Live, first: int, below: int, fresh: list[tuple[int, Position]]) -> Iterator[Frame]:
    following = first
    for number, frame in export.frames(room, live, first, below):
        following = number + 1
        yield frame
    yield from (room.segments.read(position) for number, position in fresh if number >= following)


def _framed(found: Iterator[Frame], most: int) -> bytes:
    parts, size = [], 0
    for frame in found:
        if size and size + len(frame.body) > most:
            break
        parts += [len(frame.body).to_bytes(4), frame.body]
        size += 4 + len(frame.body)
    return b"".join(parts)
