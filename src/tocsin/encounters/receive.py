"""Receive one second: check what can be checked without a key, make it durable, then and only then answer with a receipt."""

from contextlib import suppress
from hmac import compare_digest

from tocsin.crypto.stream import Chunk, ChunkMalformed, LinkWrong, SignatureWrong, check_chunk, parse_chunk
from tocsin.encounters import queries
from tocsin.encounters.live import Live, frame_meta
from tocsin.encounters.model import (
    TRANSITIONS,
    ChunkConflict,
    ChunkOutOfOrder,
    DiskFull,
    Event,
    Kind,
    RecordingClosed,
    RecordingErased,
    RecordingFull,
    State,
    TooFast,
)
from tocsin.encounters.room import Room
from tocsin.errors import TocsinError
from tocsin.evidence.custody import Action
from tocsin.evidence.receipt import Receipt
from tocsin.ids import RecordingId
from tocsin.store import fail_points


async def receive(room: Room, recording_id: RecordingId, capability: bytes, seq: int, raw: bytes) -> bytes:
    """Commit a chunk and return its receipt (`docs/spec/log.md`), once the bytes and the note with its signature are durable.

    A repeated chunk gets its receipt again; other bytes at the same index raise `ChunkConflict`. Nothing that is refused changes the
    recording. Raises what `docs/spec/http.md` lists for this call.
    """
    live = await room.find(recording_id, capability, "upload")
    chunk = parse_chunk(raw)
    if chunk.seq != seq:
        raise ChunkMalformed
    async with live.lock:
        if live.row.state is State.ERASED:
            raise RecordingErased
        if chunk.seq < live.next_seq:
            return await _again(room, live, chunk)
        return await _commit(room, live, chunk)


async def _commit(room: Room, live: Live, chunk: Chunk) -> bytes:
    if live.is_closed:
        raise RecordingClosed
    if chunk.seq > live.next_seq:
        raise ChunkOutOfOrder(next=live.next_seq)
    _allow(room, live, len(chunk.raw))
    await _check(room, live, chunk)
    received_ms = room.received_ms(live)
    beat = room.promised_beat(received_ms)
    chain = live.chain.after()
    # Signed before the second is durable, so that the note beside it holds the signature; given out only after.
    receipt = Receipt(live.row.id, chunk.seq, chunk.link, received_ms, beat)
    signed = room.receipts.sign(receipt)
    note = room.seal_chunk_note(live, chain.chunk(receipt, signed.signature))
    fail_points.hit("receive.before_append")
    await room.append(live, chunk.seq, frame_meta(chain, note), chunk.raw)
    fail_points.hit("receive.after_append")
    live.chain, live.next_seq, live.newest_link = chain, chunk.seq + 1, chunk.link
    live.size, live.has_final = live.size + len(chunk.raw), chunk.is_final
    live.heard, live.is_heard, live.is_dirty = room.clock.monotonic(), True, True
    live.oldest_promise = live.oldest_promise or beat
    live.remember(chunk.seq, chunk.link, signed.raw)
    await _move(room, live, Event.FINAL_SECOND if chunk.is_final else Event.SECOND)
    fail_points.hit("receive.before_answer")
    return signed.raw


async def _check(room: Room, live: Live, chunk: Chunk) -> None:
    try:
        check_chunk(live.header, chunk, live.newest_link)
    except (LinkWrong, SignatureWrong) as error:
        await _note_refusal(room, live, error)
        raise


async def _again(room: Room, live: Live, chunk: Chunk) -> bytes:
    """The receipt of a second that is already durable. Raises `ChunkConflict` when the bytes differ."""
    remembered = live.receipts.get(chunk.seq)
    link = remembered[0] if remembered else await _stored_link(room, live, chunk.seq)
    if not compare_digest(link, chunk.link):
        conflict = ChunkConflict()
        await _note_refusal(room, live, conflict)
        raise conflict
    if chunk.is_final and live.row.state is not State.STOPPED:  # durable, but the disk was full when it was to be noted
        await _move(room, live, Event.FINAL_SECOND)
    if remembered:
        return remembered[1]
    received_ms = room.received_ms(live)
    signed = room.receipts.sign(Receipt(live.row.id, chunk.seq, link, received_ms, room.promised_beat(received_ms)))
    live.remember(chunk.seq, link, signed.raw)
    live.is_dirty = True  # the new receipt promises a beat of its own
    return signed.raw


async def _stored_link(room: Room, live: Live, seq: int) -> bytes:
    position = live.positions.get(seq) or await room.database.read(lambda c: queries.position(c, live.row.id, seq))
    assert position is not None, "every second below next_seq has a frame"
    return parse_chunk(room.segments.read(position).body).link


async def _note_refusal(room: Room, live: Live, error: TocsinError) -> None:
    """One custody note a kind of refusal and beat: an attacker must not be able to fill the history."""
    beat = room.promised_beat(room.received_ms(live))
    if live.refusals.get(error.code) != beat:
        live.refusals[error.code] = beat
        with suppress(DiskFull):  # then the refusal itself has to do
            await room.act(live, "phone", Action.REFUSED, error.code)


async def _move(room: Room, live: Live, event: Event) -> None:
    state = TRANSITIONS[live.row.state, event]
    if state is State.STOPPED:
        await room.act(live, "phone", Action.STOPPED)
    if state is not live.row.state:
        await room.replace(live, state=state)


def _allow(room: Room, live: Live, amount: int) -> None:
    limits = room.limits[live.row.kind]
    if live.row.kind is not Kind.ENCOUNTER and not room.ballast.is_whole:
        raise DiskFull(retry_after=600)
    if live.size + amount > limits.max_bytes or live.next_seq >= limits.max_chunks:
        raise RecordingFull
    if not live.pace.take(amount, room.clock.monotonic()):
        raise TooFast(retry_after=live.pace.wait(amount))
