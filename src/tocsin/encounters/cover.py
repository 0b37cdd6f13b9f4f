"""Cover recordings by a beat of the log: one commitment each, whose salt only their readers learn.

`prepare` notes the salt before anything stands in the log, `settle` notes the leaf afterwards. A node that dies between the two loses
nothing: the reader finds the leaf by its commitment, and the recording is covered again by the next beat.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec

from tocsin.encounters import queries
from tocsin.encounters.live import Live
from tocsin.encounters.room import Room
from tocsin.evidence.custody import beat_commitment
from tocsin.store import fail_points

SALT_BYTES = 32

AT_ONCE = 8
"""Recordings noted at the same time: they share a sync. All at once, a thousand would hold up the seconds that come meanwhile; one by
one they took half a minute."""

Asked = TypeVar("Asked")
Told = TypeVar("Told")


class Covered(NamedTuple):
    """One recording's place in a beat that is being made: what will be committed to, and up to which second."""

    live: Live
    seq: int
    promised: int
    commitment: bytes


async def prepare(room: Room, beat: int) -> list[Covered]:
    """The commitments of this beat, one for each recording with something new. Their salts are durable when this returns."""
    await room.flush_index()
    dirty = [live for live in list(room.lives.values()) if live.is_dirty and live.is_kept]
    covered, failed = await _a_few_at_once(dirty, lambda live: _prepare_one(room, live, beat))
    if failed:
        give_back(covered)
        raise failed[0]
    return covered


async def _prepare_one(room: Room, live: Live, beat: int) -> Covered:
    async with live.lock:
        salt = room.clock.random_bytes(SALT_BYTES)
        seq, link, head = max(live.next_seq - 1, 0), live.newest_link, live.chain.head
        await room.note(live, lambda chain: chain.beat(beat, seq, link, salt))
        live.is_dirty = False
        promised = live.oldest_promise or beat
        live.oldest_promise = 0
        return Covered(live, live.next_seq - 1, promised, beat_commitment(salt, live.row.id, seq, link, head))


async def settle(room: Room, beat: int, covered: Sequence[Covered], indices: Sequence[int], size: int) -> None:
    """Note each recording's leaf index, and remember up to where it is covered."""
    fail_points.hit("cover.before_settle")

    async def note_leaf(place: tuple[Covered, int]) -> None:
        (live, seq, promised, _), index = place
        async with live.lock:
            await room.note(live, lambda chain: chain.leaf(beat, index, size, late=beat > promised))
            live.row = msgspec.structs.replace(live.row, covered_seq=seq)

    _, failed = await _a_few_at_once(list(zip(covered, indices, strict=True)), note_leaf)
    if failed:
        raise failed[0]
    await room.database.write(lambda c: queries.cover(c, [(item.live.row.id, item.seq) for item in covered]))


async def _a_few_at_once(
    asked: Sequence[Asked], verb: Callable[[Asked], Coroutine[Any, Any, Told]]
) -> tuple[list[Told], list[BaseException]]:
    """What `verb` said of each, in order, and what it raised. After a failure no more are begun."""
    told: list[Told] = []
    failed: list[BaseException] = []
    for first in range(0, len(asked), AT_ONCE):
        few = [verb(one) for one in asked[first : first + AT_ONCE]]
        for answer in await asyncio.gather(*few, return_exceptions=True):
            if isinstance(answer, BaseException):
                failed.append(answer)
            else:
                told.append(answer)
        if failed:
            break
    return told, failed


def give_back(covered: Sequence[Covered]) -> None:
    """The beat was not published: what it should have covered waits for the next one."""
    for item in covered:
        item.live.is_dirty = True
        item.live.oldest_promise = item.promised
