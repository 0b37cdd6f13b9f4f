"""Several seconds in one request: each is what it would be alone, is durable as soon as it is here, and has a receipt of its own."""

import asyncio
from collections.abc import AsyncIterator, Iterable

import msgspec
import pytest

from tests.encounters.phone import Phone
from tocsin.crypto.profiles import CHUNK_LIMIT
from tocsin.crypto.stream import ChunkMalformed, SignatureWrong, parse_chunk
from tocsin.encounters import create, receive
from tocsin.encounters.catch_up import LIMIT, MOST, catch_up
from tocsin.encounters.model import CapabilityWrong, ChunkConflict, ChunkOutOfOrder, State, TooFast
from tocsin.evidence.receipt import read
from tocsin.node import Node
from tocsin.web.body import Disconnected, framed
from tocsin.web.refusals import BodyTooLarge, RequestMalformed

pytestmark = pytest.mark.anyio


async def begin(node: Node, phone: Phone) -> None:
    await create.create(node.encounters, msgspec.convert(phone.start(), create.Start))


async def come(raws: Iterable[bytes]) -> AsyncIterator[bytes]:
    """What comes of a request whose seconds are all here."""
    for raw in raws:
        yield raw


async def send(node: Node, phone: Phone, raws: Iterable[bytes]) -> list[bytes]:
    """The receipts, each as the answer to one second would be."""
    answer = await catch_up(node.encounters, phone.id, phone.upload, come(raws))
    return [b"tocsin.receipt/v1" + one for one in answer.split(b"tocsin.receipt/v1")[1:]]


async def test_each_of_several_seconds_gets_the_receipt_that_it_would_get_alone(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second(final=number == 4) for number in range(5)]
    receipts = await send(node, phone, raws)
    for seq, (raw, receipt) in enumerate(zip(raws, receipts, strict=True)):
        told = read(receipt, node.encounters.receipts.vkey)
        assert (told.recording_id, told.seq, told.link) == (phone.id, seq, parse_chunk(raw).link)
        assert await receive.receive(node.encounters, phone.id, phone.upload, seq, raw) == receipt
    assert await send(node, phone, raws) == receipts
    assert node.encounters.lives[phone.id].row.state is State.STOPPED


async def test_what_had_come_before_a_request_broke_off_is_kept(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(4)]

    async def breaks_off() -> AsyncIterator[bytes]:
        for raw in raws[:3]:
            yield raw
        raise Disconnected

    with pytest.raises(Disconnected):
        await catch_up(node.encounters, phone.id, phone.upload, breaks_off())
    assert node.encounters.lives[phone.id].next_seq == 3
    assert len(await send(node, phone, raws)) == 4


async def test_a_second_is_durable_before_the_next_has_come(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(3)]
    live, seen = node.encounters.lives[phone.id], list[int]()

    async def slowly() -> AsyncIterator[bytes]:
        for raw in raws:
            seen.append(live.next_seq)
            yield raw

    await catch_up(node.encounters, phone.id, phone.upload, slowly())
    assert seen == [0, 1, 2]


async def test_a_refusal_further_on_leaves_what_came_before_and_nothing_behind(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(5)]
    forged = raws[2][:60] + bytes([raws[2][60] ^ 1]) + raws[2][61:]
    assert len(await send(node, phone, [*raws[:2], forged, *raws[3:]])) == 2
    assert node.encounters.lives[phone.id].next_seq == 2
    with pytest.raises(SignatureWrong):
        await send(node, phone, [forged, *raws[3:]])
    assert len(await send(node, phone, [raws[2], raws[4]])) == 1
    with pytest.raises(ChunkOutOfOrder) as refusal:
        await send(node, phone, raws[4:])
    assert refusal.value.fields == {"next": 3}
    assert len(await send(node, phone, raws[1:])) == 4
    with pytest.raises(ChunkConflict):
        await send(node, phone, [forged, *raws[3:]])
    with pytest.raises(ChunkMalformed):
        await send(node, phone, [b"", phone.second()])


async def test_each_of_several_counts_for_the_pace(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(4)]
    live = node.encounters.lives[phone.id]
    live.pace.take(0, node.clock.monotonic())
    live.pace.level, live.pace.rate = len(raws[0]) + len(raws[1]) + 1.0, 1e-6
    assert len(await send(node, phone, raws)) == 2
    with pytest.raises(TooFast):
        await send(node, phone, raws[2:])


async def test_nothing_is_read_for_a_wrong_capability(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    asked = list[None]()

    async def never() -> AsyncIterator[bytes]:
        asked.append(None)
        yield phone.second()

    with pytest.raises(CapabilityWrong):
        await catch_up(node.encounters, phone.id, bytes(32), never())
    nobody = Phone(node.share_recipient)
    with pytest.raises(CapabilityWrong):
        await catch_up(node.encounters, nobody.id, nobody.upload, never())
    assert not asked


async def test_one_request_brings_sixteen_at_most(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(MOST + 3)]
    assert len(await send(node, phone, raws)) == MOST
    assert len(await send(node, phone, raws[MOST:])) == 3


async def test_two_requests_with_the_same_seconds_at_once_store_each_once(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(6)]
    one, two = await asyncio.gather(send(node, phone, raws), send(node, phone, raws))
    assert one == two
    assert (node.encounters.lives[phone.id].next_seq, len(one)) == (6, 6)


async def pieces(sent: bytes, length: int, cuts: int, *, breaks: bool = False) -> list[bytes]:
    """What `framed` finds in `sent`, said to be of `length`, that comes in parts of `cuts` bytes."""
    parts = [sent[at : at + cuts] for at in range(0, len(sent), cuts)] or [b""]
    messages = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    if not breaks:
        messages[-1]["more_body"] = False

    async def next_message():  # type: ignore[no-untyped-def]  # as ASGI gives it
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    scope = {"headers": [(b"content-length", str(length).encode())]}
    return [piece async for piece in framed(scope, next_message, LIMIT)]  # type: ignore[arg-type]  # as much of one as is looked at


def behind_lengths(*wanted: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4) + one for one in wanted)


@pytest.mark.parametrize("cuts", [1, 3, 7, 100_000])
async def test_pieces_come_out_as_they_went_in_however_the_line_cuts_them(cuts: int) -> None:
    wanted = [b"a", b"", b"second" * 50, b"\0\0\0\5"]
    sent = behind_lengths(*wanted)
    assert await pieces(sent, len(sent), cuts) == wanted


@pytest.mark.parametrize("cuts", [1, 100_000])
async def test_a_body_that_is_not_what_it_says_is_none(cuts: int) -> None:
    sent = behind_lengths(b"whole", b"and whole")
    for end in (1, 4, 6, len(sent) - 1):
        with pytest.raises(RequestMalformed):
            await pieces(sent[:end], end, cuts)
    with pytest.raises(RequestMalformed):
        await pieces(sent, len(sent) + 1, cuts)
    with pytest.raises(RequestMalformed):
        await pieces(sent, len(sent) - 1, cuts)
    with pytest.raises(RequestMalformed):
        await pieces(b"\xff\xff\xff\xffx", 5, cuts)
    with pytest.raises(Disconnected):
        await pieces(sent, len(sent), cuts, breaks=True)
    with pytest.raises(BodyTooLarge):
        await pieces(sent, LIMIT + 1, cuts)
    largest = behind_lengths(bytes(CHUNK_LIMIT))
    assert await pieces(largest, len(largest), 65_536) == [bytes(CHUNK_LIMIT)]
