"""F7: seconds dropped, repeated, out of order, overlapping, empty, far too large, over a thin line: the bytes are the same."""

import asyncio
import os
import random
from collections import Counter
from pathlib import Path

from tests.encounters.phone import Phone
from tests.faults import readback
from tests.faults.crowd import Logged
from tests.faults.outcome import Outcome
from tests.faults.proxy import proxy
from tests.faults.readback import Tally
from tests.faults.served import Served, serving
from tests.faults.wire import LOST, Wire
from tocsin.crypto.profiles import CHUNK_LIMIT, SLICE_LIMIT

THIN = 64_000 / 8
"""Bytes a second of 64 kbit/s."""


class Unruly:
    """One recording whose line does everything wrong that a line can."""

    def __init__(self, node: Served, seconds: int) -> None:
        self.node, self.wire = node, Wire(node.port)
        self.one = Logged(Phone(node.share_recipient), seconds, size=2000)
        self.stranger = Phone(node.share_recipient)
        self.heard: Counter[str] = Counter()

    async def put(self, seq: int, raw: bytes, what: str, wanted: str) -> None:
        """Send what should not be sent; it must be refused as `wanted` and change nothing."""
        answer = await self.wire.ask("PUT", f"{self.one.path}/chunks/{seq}", self.one.phone.upload, raw)
        assert answer.code == wanted, (what, answer.status, answer.body[:200])
        self.heard[what] += 1

    async def dropped(self) -> None:
        """The line breaks in the middle of a second."""
        seq = len(self.one.receipts)
        reader, writer = await asyncio.open_connection("127.0.0.1", self.node.port)
        head = (
            f"PUT {self.one.path}/chunks/{seq} HTTP/1.1\r\nHost: a\r\nContent-Length: {len(self.one.raws[seq])}\r\n\r\n"
        )
        writer.write(head.encode() + self.one.raws[seq][:700])
        await writer.drain()
        writer.transport.abort()
        del reader
        self.heard["dropped"] += 1

    async def misbehave(self) -> None:
        """One wrong thing, chosen by lot."""
        seq, raws = len(self.one.receipts), self.one.raws
        match random.randrange(8):
            case 0 if seq:
                await self.one.send(self.wire, random.randrange(seq))
                self.heard["repeated"] += 1
            case 1 if seq + 2 < len(raws):
                await self.put(seq + 1, raws[random.randrange(seq + 2, len(raws))], "other number", "chunk_malformed")
                await self.put(seq + 1, raws[seq + 1], "out of order", "chunk_out_of_order")
            case 2 if seq:
                forged = bytearray(raws[seq - 1])
                forged[random.randrange(60, len(forged) - 64)] ^= 1
                await self.put(seq - 1, bytes(forged), "overlapping", "chunk_conflict")
            case 3:
                foreign = seq.to_bytes(8) + self.stranger.second()[8:]
                await self.put(seq, foreign, "of another recording", "link_wrong")
            case 4:
                await self.put(seq, b"", "empty", "chunk_malformed")
            case 5:
                await self.put(seq, bytes(CHUNK_LIMIT + 1), "too large", "body_too_large")
            case _:
                await self.dropped()

    async def record(self) -> None:
        """Everything sealed beforehand, so that later seconds can come too early."""
        last = self.one.seconds - 1
        self.one.raws = [self.one.phone.second(os.urandom(2000), final=seq == last) for seq in range(last + 1)]
        await self.one._begin(self.wire)
        while len(self.one.receipts) < self.one.seconds:
            for _ in range(random.randrange(3)):
                try:
                    await self.misbehave()
                except LOST:
                    self.wire.close()  # a refusal before the body was read may close the line
            try:
                await self.one.send(self.wire, len(self.one.receipts))
            except LOST:
                continue


async def large_slice(node: Served, megabytes: int) -> Logged:
    """A slice far too large comes from the recorder at once: the phone re-splits it, the node takes it second by second."""
    slice_of = os.urandom(megabytes << 20)
    parts = [slice_of[at : at + SLICE_LIMIT] for at in range(0, len(slice_of), SLICE_LIMIT)]
    one = Logged(Phone(node.share_recipient), len(parts) + 2)
    one.raws = [one.phone.second(), *(one.phone.second(part) for part in parts), one.phone.second(final=True)]
    wire = Wire(node.port)
    await one._begin(wire)
    for seq in range(len(one.raws)):
        await one.send(wire, seq)
    wire.close()
    return one


async def thin_line(node: Served, seconds: int) -> Logged:
    """A recording over 64 kbit/s, with a stall and a cut on the way."""
    async with proxy(node.port, bytes_per_second=THIN, delay_s=0.01) as line:
        one, wire = Logged(Phone(node.share_recipient), seconds, size=900), Wire(line.port)
        loop = asyncio.get_running_loop()
        loop.call_later(0.5, line.stall)
        loop.call_later(1.0, line.flow)
        loop.call_later(1.2, line.cut)
        while not one.is_over:
            try:
                await one.go_on(wire)
            except LOST:
                wire.close()
        wire.close()
    return one


async def go_through(node: Served, *, is_full: bool) -> tuple[Tally, Counter[str]]:
    unruly = Unruly(node, 1000 if is_full else 60)
    await unruly.record()
    unruly.wire.close()
    made = [unruly.one, await large_slice(node, 50 if is_full else 8), await thin_line(node, 200 if is_full else 12)]
    wire = Wire(node.port)
    tally, _ = await readback.check_all(wire, made, node.receipt_vkey)
    wire.close()
    for one in made:
        assert len(one.receipts) == len(one.raws) == one.seconds
    return tally, unruly.heard


def run(folder: Path, *, is_full: bool) -> tuple[Tally, Counter[str]]:
    with serving(folder, recording={"burst_bytes": 1 << 30}) as node:
        node.start()
        return asyncio.run(go_through(node, is_full=is_full))


def perform(folder: Path, is_full: bool) -> Outcome:
    """1,000 seconds, a slice of 50 MB and 200 seconds over a thin line; or 60, 8 MB and 12."""
    tally, heard = run(folder, is_full=is_full)
    figures = {name.replace(" ", "_"): count for name, count in sorted(heard.items())}
    return Outcome(tally.is_good, {"acknowledged": tally.acknowledged, "lost": tally.lost, **figures})
