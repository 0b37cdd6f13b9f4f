"""What is acknowledged is durable, once, in order, and nothing refused changes a recording."""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.encounters.conftest import open_node
from tests.encounters.phone import Phone
from tocsin.crypto.stream import ChunkMalformed, LinkWrong, SignatureWrong, parse_chunk
from tocsin.encounters import create, receive, start
from tocsin.encounters.model import (
    CapabilityWrong,
    ChunkConflict,
    ChunkOutOfOrder,
    DiskFull,
    RecordingClosed,
    RecordingExists,
    RecordingFull,
    State,
    TooFast,
)
from tocsin.evidence.receipt import read
from tocsin.node import Node
from tocsin.store.disk import DiskFull as StoreFull

pytestmark = pytest.mark.anyio


async def begin(node: Node, phone: Phone) -> None:
    await create.create(node.encounters, msgspec.convert(phone.start(), create.Start))


async def send(node: Node, phone: Phone, raw: bytes, seq: int | None = None) -> bytes:
    seq = int.from_bytes(raw[:8]) if seq is None else seq
    return await receive.receive(node.encounters, phone.id, phone.upload, seq, raw)


async def test_each_second_gets_a_receipt_for_its_own_link(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    for seq in range(3):
        raw = phone.second()
        receipt = read(await send(node, phone, raw), node.encounters.receipts.vkey)
        assert (receipt.recording_id, receipt.seq, receipt.link) == (phone.id, seq, parse_chunk(raw).link)
        assert receipt.received_ms < receipt.beat * 1000 <= receipt.received_ms + 60_000


async def test_a_repeated_second_gets_the_same_receipt_and_is_stored_once(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raw = phone.second()
    first = await send(node, phone, raw)
    end = node.encounters.segments.end_position()
    assert await send(node, phone, raw) == first
    assert node.encounters.segments.end_position() == end


async def test_other_bytes_at_the_same_index_are_refused_and_the_recording_goes_on(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raw = phone.second()
    await send(node, phone, raw)
    forged = raw[:60] + bytes([raw[60] ^ 1]) + raw[61:]
    with pytest.raises(ChunkConflict):
        await send(node, phone, forged)
    await send(node, phone, phone.second())


@pytest.mark.parametrize("place", [45, -1])
async def test_a_changed_second_is_refused_and_the_true_one_still_taken(node: Node, phone: Phone, place: int) -> None:
    await begin(node, phone)
    raw = bytearray(phone.second())
    raw[place] ^= 1
    with pytest.raises(SignatureWrong):
        await send(node, phone, bytes(raw))
    raw[place] ^= 1
    await send(node, phone, bytes(raw))


async def test_order_links_and_numbers_are_held(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    first, second = phone.second(), phone.second()
    with pytest.raises(ChunkOutOfOrder) as refusal:
        await send(node, phone, second)
    assert refusal.value.fields == {"next": 0}
    with pytest.raises(ChunkMalformed):
        await send(node, phone, first, seq=1)
    stranger = Phone(node.share_recipient)
    stranger.second()
    await send(node, phone, first)
    with pytest.raises(LinkWrong):
        await send(node, phone, stranger.second())
    await send(node, phone, second)


async def test_another_capability_is_refused_like_a_recording_that_never_was(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raw = phone.second()
    with pytest.raises(CapabilityWrong):
        await receive.receive(node.encounters, phone.id, bytes(32), 0, raw)
    nobody = Phone(node.share_recipient)
    with pytest.raises(CapabilityWrong):
        await receive.receive(node.encounters, nobody.id, nobody.upload, 0, nobody.second())


async def test_nothing_follows_the_final_second_but_its_repetition(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    last = phone.second(final=True)
    receipt = await send(node, phone, last)
    assert node.encounters.lives[phone.id].row.state is State.STOPPED
    assert await send(node, phone, last) == receipt
    with pytest.raises(RecordingClosed):
        await send(node, phone, (2).to_bytes(8) + last[8:])


async def test_a_recording_may_be_begun_twice_with_the_same_body_and_not_with_another(node: Node, phone: Phone) -> None:
    body = msgspec.convert(phone.start(), create.Start)
    row, is_new = await create.create(node.encounters, body)
    again, is_new_again = await create.create(node.encounters, body)
    assert (is_new, is_new_again, again.id) == (True, False, row.id)
    with pytest.raises(RecordingExists):
        await create.create(node.encounters, msgspec.structs.replace(body, owner=body.upload))


async def test_quotas_are_refused_in_words_and_lose_nothing(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    live = node.encounters.lives[phone.id]
    raw = phone.second()
    live.size = node.encounters.limits[live.row.kind].max_bytes
    with pytest.raises(RecordingFull):
        await send(node, phone, raw)
    live.size, live.next_seq = 0, node.encounters.limits[live.row.kind].max_chunks
    with pytest.raises(RecordingFull):
        await send(node, phone, live.next_seq.to_bytes(8) + raw[8:])
    live.next_seq, live.pace.level, live.pace.rate = 1, 0.0, 1.0
    with pytest.raises(TooFast) as refusal:
        await send(node, phone, raw)
    assert int(refusal.value.fields["retry_after"]) > 1
    live.pace.level = live.pace.burst
    await send(node, phone, raw)


async def test_a_restarted_node_goes_on_where_it_was(folder: Path, database: str, node: Node, phone: Phone) -> None:
    await begin(node, phone)
    for _ in range(3):
        await send(node, phone, phone.second())
    chain = node.encounters.lives[phone.id].chain
    await node.end()
    again = open_node(folder, database)
    await start.start(again.encounters)
    live = again.encounters.lives[phone.id]
    assert (live.next_seq, live.chain.head, live.chain.count) == (3, chain.head, chain.count)
    receipt = read(await send(again, phone, phone.second(final=True)), again.encounters.receipts.vkey)
    assert receipt.seq == 3
    await again.end()


async def test_time_in_a_recording_does_not_go_back_over_a_restart(
    folder: Path, database: str, node: Node, phone: Phone
) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    await node.end()
    newest = max((folder / "node" / "segments").glob("*.segment"))
    ahead_ns = newest.stat().st_mtime_ns + 7_200_000_000_000  # written before the clock was set back by two hours
    os.utime(newest, ns=(ahead_ns, ahead_ns))
    again = open_node(folder, database)
    await start.start(again.encounters)
    receipt = read(await send(again, phone, phone.second()), again.encounters.receipts.vkey)
    assert receipt.received_ms >= ahead_ns // 1_000_000
    await again.end()


async def test_a_full_disk_gives_the_reserve_up_for_what_must_go_on_and_for_nothing_else(node: Node) -> None:
    room = node.encounters
    held: list[int] = []

    async def attempt() -> str:
        held.append(room.ballast.held)
        if held[-1]:
            raise StoreFull
        return "kept"

    with pytest.raises(DiskFull):
        await room.with_reserve(attempt, may_take=False)
    assert room.ballast.is_whole
    assert await room.with_reserve(attempt) == "kept"
    assert held == [held[0], held[0], 0]


async def test_a_disk_that_stays_full_is_said_so_and_not_tried_for_ever(node: Node) -> None:
    tried: list[None] = []

    async def attempt() -> None:
        tried.append(None)
        raise StoreFull

    with pytest.raises(DiskFull):
        await node.encounters.with_reserve(attempt)
    assert len(tried) == 2


async def test_a_rehearsal_is_refused_while_the_reserve_is_not_whole_and_an_encounter_is_not(node: Node) -> None:
    encounter, rehearsal = (Phone(node.share_recipient, kind=kind) for kind in ("encounter", "rehearsal"))
    for each in (encounter, rehearsal):
        await begin(node, each)
        await send(node, each, each.second())
    node.encounters.ballast.release()
    await send(node, encounter, encounter.second())
    with pytest.raises(DiskFull):
        await send(node, rehearsal, rehearsal.second())


async def test_no_receipt_exists_before_the_second_is_durable(
    node: Node, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(node, phone)
    live, append = node.encounters.lives[phone.id], node.encounters.append
    reached, durable = asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> None:
        reached.set()
        await durable.wait()
        await append(*given)

    monkeypatch.setattr(node.encounters, "append", slow)
    sent = asyncio.ensure_future(send(node, phone, phone.second()))
    await reached.wait()
    assert (sent.done(), live.next_seq, len(live.receipts)) == (False, 0, 0)
    durable.set()
    assert read(await sent, node.encounters.receipts.vkey).seq == 0


async def test_a_second_that_the_disk_refused_is_not_there_and_may_come_again(
    node: Node, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    await begin(node, phone)
    raw, live = phone.second(), node.encounters.lives[phone.id]

    async def full(*_: Any) -> None:
        raise DiskFull(retry_after=30)

    with monkeypatch.context() as patched, pytest.raises(DiskFull):
        patched.setattr(node.encounters, "append", full)
        await send(node, phone, raw)
    assert (live.next_seq, live.size) == (0, 0)
    assert read(await send(node, phone, raw), node.encounters.receipts.vkey).seq == 0
