"""Each beat commits to every recording with something new, and only its reader can tell which leaf is its own."""

import base64
import json
from hashlib import sha256
from typing import Any

import pytest

from tests.encounters.phone import Phone
from tests.encounters.test_receive import begin, send
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import Reader, parse_chunk
from tocsin.encounters import cover, export
from tocsin.encounters.model import DiskFull
from tocsin.evidence.custody import beat_commitment
from tocsin.evidence.receipt import read
from tocsin.evidence.sealed import Sealed
from tocsin.node import Node
from tocsin.tlog.entry import BEAT

pytestmark = pytest.mark.anyio


async def exported(node: Node, phone: Phone, folder: Any) -> Sealed:
    live = node.encounters.lives[phone.id]
    parts = await export.export(node.encounters, live, "owner", {"node.json": b"{}"})
    path = folder / "recording.tocsin"
    path.write_bytes(b"".join(parts))
    return Sealed(path)


def notes_of(sealed: Sealed, phone: Phone) -> list[tuple[bytes, dict[str, Any]]]:
    reader = NoteReader(phone.id, Reader(phone.rk, phone.writer.header).custody_seed)
    plain = [reader.open(raw) for raw in sealed.notes()]
    return [(text, json.loads(text)) for text in plain]


async def test_a_reader_finds_its_leaf_and_the_chain_of_notes_is_whole(node: Node, phone: Phone, folder: Any) -> None:
    await begin(node, phone)
    raws = [phone.second() for _ in range(3)]
    for raw in raws:
        await send(node, phone, raw)
    await node.beat(1_900_000_020)
    with await exported(node, phone, folder) as sealed:
        assert list(sealed.chunks()) == raws
        notes = notes_of(sealed, phone)
    assert [note["i"] for _, note in notes] == list(range(len(notes)))
    assert [note["n"] for _, note in notes] == ["act", "chunk", "chunk", "chunk", "beat", "leaf", "act"]
    head, commitment, link = bytes(32), b"", b""
    for text, note in notes:
        if note["n"] == "beat":
            salt, link = base64.b64decode(note["salt"]), base64.b64decode(note["link"])
            commitment = beat_commitment(salt, phone.id, note["seq"], link, head)
        head = sha256(head + text).digest()
    leaf = next(note for _, note in notes if note["n"] == "leaf")
    assert node.log is not None
    assert node.log.entry(leaf["leaf"]) == BEAT + commitment
    assert link == parse_chunk(raws[-1]).link
    assert leaf["late"] is False or leaf["beat"] == 1_900_000_020


async def test_a_quiet_beat_looks_like_a_busy_one(node: Node, phone: Phone) -> None:
    assert node.log is not None
    await node.beat(1_900_000_020)
    quiet = node.log.size
    await begin(node, phone)
    await send(node, phone, phone.second())
    await node.beat(1_900_000_080)
    assert node.log.size == 2 * quiet


async def test_a_covered_recording_is_not_covered_again_until_something_is_new(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    await node.beat(1_900_000_020)
    live = node.encounters.lives[phone.id]
    count = live.chain.count
    await node.beat(1_900_000_080)
    assert (live.chain.count, live.row.covered_seq) == (count, 0)
    await send(node, phone, phone.second())
    await node.beat(1_900_000_140)
    assert live.row.covered_seq == 1


async def test_a_clock_set_back_promises_no_beat_that_is_over(node: Node, phone: Phone) -> None:
    await begin(node, phone)
    await node.beat(2_900_000_020)
    receipt = read(await send(node, phone, phone.second()), node.encounters.receipts.vkey)
    assert receipt.beat == 2_900_000_080


async def test_each_of_many_recordings_finds_its_own_leaf(node: Node, folder: Any) -> None:
    phones = [Phone(node.share_recipient) for _ in range(2 * cover.AT_ONCE + 1)]
    for phone in phones:
        await begin(node, phone)
        await send(node, phone, phone.second())
    await node.beat(1_900_000_020)
    assert node.log is not None
    for phone in phones:
        with await exported(node, phone, folder) as sealed:
            notes = [note for _, note in notes_of(sealed, phone)]
            texts = [text for text, _ in notes_of(sealed, phone)]
        at = next(place for place, note in enumerate(notes) if note["n"] == "beat")
        beat, head = notes[at], bytes(32)
        for text in texts[:at]:
            head = sha256(head + text).digest()
        commitment = beat_commitment(
            base64.b64decode(beat["salt"]), phone.id, beat["seq"], base64.b64decode(beat["link"]), head
        )
        assert node.log.entry(notes[at + 1]["leaf"]) == BEAT + commitment
        assert node.encounters.lives[phone.id].row.covered_seq == 0


async def test_a_full_disk_in_the_middle_of_a_beat_leaves_every_recording_for_the_next(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    phones = [Phone(node.share_recipient) for _ in range(cover.AT_ONCE + 3)]
    for phone in phones:
        await begin(node, phone)
        await send(node, phone, phone.second())
    append, left = node.encounters.append, [cover.AT_ONCE + 1]

    async def appended(*frame: Any) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise DiskFull
        await append(*frame)

    with monkeypatch.context() as full:
        full.setattr(node.encounters, "append", appended)
        with pytest.raises(DiskFull):
            await node.beat(1_900_000_020)
    assert all(node.encounters.lives[phone.id].is_dirty for phone in phones)
    await node.beat(1_900_000_080)
    assert all(node.encounters.lives[phone.id].row.covered_seq == 0 for phone in phones)


async def test_after_a_beat_a_second_promises_a_later_one_even_when_the_clock_stands_behind(
    node: Node, phone: Phone
) -> None:
    await begin(node, phone)
    await send(node, phone, phone.second())
    ahead = 1_900_000_020
    await node.beat(ahead)
    receipt = read(await send(node, phone, phone.second()), node.encounters.receipts.vkey)
    assert receipt.received_ms < ahead * 1000
    assert receipt.beat > ahead, "a beat that is made already covers nothing more"


async def test_a_receipt_that_had_to_be_made_again_keeps_its_own_promise(node: Node, phone: Phone, folder: Any) -> None:
    await begin(node, phone)
    raw = phone.second()
    await send(node, phone, raw)
    await node.beat(1_900_000_020)
    node.encounters.lives[phone.id].receipts.clear()
    again = read(await send(node, phone, raw), node.encounters.receipts.vkey)
    await node.beat(again.beat)
    with await exported(node, phone, folder) as sealed:
        leaves = [note["beat"] for _, note in notes_of(sealed, phone) if note["n"] == "leaf"]
    assert leaves == [1_900_000_020, again.beat]
