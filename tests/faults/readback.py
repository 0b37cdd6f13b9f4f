"""What a node gives back, held to what phones know: bytes, keys, custody chain, the log, and every receipt's promise."""

import base64
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx

from tests.faults.crowd import Logged
from tests.faults.served import health
from tests.faults.wire import Wire
from tests.waiting import wait_until
from tocsin.crypto import envelope
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.stream import Reader, parse_chunk, parse_header
from tocsin.evidence.receipt import Receipt, read
from tocsin.evidence.sealed import Sealed
from tocsin.tlog import entry as entries
from tocsin.tlog import note as notes
from tocsin.tlog import promise
from tocsin.tlog.audit import Auditor, Report
from tocsin.tlog.promise import Opening, Promise, PromiseBroken
from tocsin.tlog.source import HttpSource, ReadLog


@dataclass
class Tally:
    """What was counted. `lost`, `duplicated` and `uncovered` must stay zero."""

    kills: int = 0
    recordings: int = 0
    acknowledged: int = 0
    lost: int = 0
    duplicated: int = 0
    receipts_kept: int = 0
    receipts_late: int = 0
    uncovered: int = 0
    erased: int = 0
    notes: int = 0
    ready_s: list[float] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)

    @property
    def is_good(self) -> bool:
        return not (self.lost or self.duplicated or self.uncovered)

    def as_dict(self) -> dict[str, Any]:
        found = {name: value for name, value in vars(self).items() if name != "ready_s"}
        if self.ready_s:
            found |= {"ready_s_median": round(sorted(self.ready_s)[len(self.ready_s) // 2], 2)}
            found |= {"ready_s_most": round(max(self.ready_s), 2)}
        return found


async def fetch(wire: Wire, one: Logged) -> Sealed:
    """The sealed export, as its owner gets it."""
    answer = await wire.ask("GET", f"{one.path}/sealed", one.owner)
    assert answer.status == 200, (answer.status, answer.body)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.tocsin"
        path.write_bytes(answer.body)
        return Sealed(path)  # the open file outlives its name


async def check_all(wire: Wire, everybody: list[Logged], receipt_vkey: str) -> tuple[Tally, dict[bytes, list[Opening]]]:
    """Every recording as its owner and its reader find it; the openings of its leaves by recording id."""
    tally, openings = Tally(), dict[bytes, list[Opening]]()
    for one in everybody:
        if one.step == "begin":
            continue
        tally.recordings += 1
        tally.acknowledged += len(one.receipts)
        if one.step == "erased" or (one.step == "ending" and one.will_erase and one.is_in_flight):
            tally.erased += await check_erased(wire, one)
            continue
        with await fetch(wire, one) as sealed:
            openings[one.phone.id] = check_sealed(one, sealed, receipt_vkey, tally)
        await check_words(wire, one)
    return tally, openings


async def check_erased(wire: Wire, one: Logged) -> bool:
    """An erasure that was acknowledged stays; one whose answer was lost either happened whole or not at all."""
    answer = await wire.ask("GET", f"{one.path}/sealed", one.owner)
    is_gone = answer.code in {
        "recording_erased",
        "capability_wrong",
    }  # the second from the next day on: its row is gone too
    assert is_gone or one.step != "erased", "an erased recording came back"
    return is_gone


async def check_words(wire: Wire, one: Logged) -> None:
    """What was promised about words and share still holds."""
    if one.step in ("done", "ending") and not one.is_in_flight:
        found = await wire.ask("POST", "/recover", one.locator)
        assert found.status == 200 or found.code == "capability_wrong", found.body
        again = await wire.ask("POST", f"{one.path}/return-share", one.phone.upload)
        assert again.code == "share_gone", "a share was handed out twice"


def check_sealed(one: Logged, sealed: Sealed, receipt_vkey: str, tally: Tally) -> list[Opening]:
    """Bytes identical, all of it opens, notes in one whole chain, receipts as the notes have them; its leaves' openings."""
    chunks = list(sealed.chunks())
    tally.lost += sum(raw != chunk for raw, chunk in zip(one.raws, chunks, strict=False))
    tally.lost += max(0, len(one.receipts) - len(chunks))
    tally.duplicated += max(0, len(chunks) - len(one.raws))
    assert envelope.open_with(one.phone.identity, sealed.wraps) == one.phone.rk
    reader = Reader(one.phone.rk, parse_header(sealed.header))
    for chunk in chunks:
        reader.open(parse_chunk(chunk))
    told = list(opened_notes(one, sealed, reader.custody_seed))
    tally.notes += len(told)
    seconds = [note for _, note in told if note["n"] == "chunk"]
    assert [note["i"] for _, note in told] == list(range(len(told))), "the custody chain has a hole"
    assert [note["q"] for note in seconds] == list(range(len(chunks))), "a second has no note, or two"
    times = [note["t" if note["n"] == "chunk" else "at"] for _, note in told if note["n"] in ("chunk", "act")]
    assert times == sorted(times), "time went backwards within a recording"
    for seq, raw in one.receipts.items():
        receipt = read(raw, receipt_vkey)
        assert (receipt.recording_id, receipt.seq) == (one.phone.id, seq)
        assert receipt.link == parse_chunk(one.raws[seq]).link
        assert receipt.received_ms >= seconds[seq]["t"], "a receipt is older than its second"
    return list(openings_of(one, told))


def opened_notes(one: Logged, sealed: Sealed, custody_seed: bytes) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """Each note's plaintext and what it says."""
    reader = NoteReader(one.phone.id, custody_seed)
    for raw in sealed.notes():
        text = reader.open(raw)
        yield text, json.loads(text)


def openings_of(one: Logged, told: list[tuple[bytes, dict[str, Any]]]) -> Iterator[Opening]:
    """What the reader knows of each leaf: salt, second, link, custody head before it; leaf -1 where the node died before noting it."""
    head, leaves = bytes(32), {}
    for text, note in told:
        if note["n"] == "beat":
            salt, link = base64.b64decode(note["salt"]), base64.b64decode(note["link"])
            leaves[note["i"]] = Opening(salt, note["seq"], link, head, -1)
        elif note["n"] == "leaf":
            newest = max(leaves)
            known = leaves[newest]
            leaves[newest] = Opening(known.salt, known.seq, known.link, known.custody_head, note["leaf"])
        head = sha256(head + text).digest()
    yield from leaves.values()


class Ledger:
    """The whole log as an auditor reads it over HTTP, and where each entry stands."""

    def __init__(self, port: int, log_vkey: str) -> None:
        self.client = httpx.Client(trust_env=False)
        source = HttpSource(f"http://127.0.0.1:{port}/log", self.client)
        key = notes.parse_vkey(log_vkey)
        self.report: Report = Auditor(key).audit(source)
        assert self.report.is_clean, self.report.troubles
        self.reader = ReadLog(source, key)
        bundles = [self.reader.bundle(at) for at in range(-(-self.reader.head.size // 256))]
        self.places = {entry: at for at, entry in enumerate(entry for bundle in bundles for entry in bundle)}

    def placed(self, recording_id: bytes, opening: Opening) -> Opening | None:
        """The opening with its leaf, found by its commitment where the note of it is missing; None when it stands nowhere."""
        at = self.places.get(entries.beat_entry(opening.commitment(recording_id)))
        assert opening.leaf in (-1, at), "a custody note names a leaf that is not this recording's"
        if at is None:
            return None
        return Opening(opening.salt, opening.seq, opening.link, opening.custody_head, at)


def check_promises(ledger: Ledger, one: Logged, openings: list[Opening], receipt_vkey: str, tally: Tally) -> None:
    """Each receipt: covered by its promised beat, or covered later and provably late, or (never) not at all."""
    placed = [found for opening in openings if (found := ledger.placed(one.phone.id, opening))]
    for raw in [*one.receipts.values(), *one.more_receipts]:
        receipt = read(raw, receipt_vkey)
        covering = [opening for opening in placed if opening.seq >= receipt.seq]
        if not covering:
            tally.uncovered += 1
        elif any(is_kept(ledger, receipt, opening) for opening in covering):
            tally.receipts_kept += 1
        else:
            promise.check_reached(promised(receipt), ledger.report)
            tally.receipts_late += 1


def is_kept(ledger: Ledger, receipt: Receipt, opening: Opening) -> bool:
    """Whether this leaf keeps the receipt's promise, by the auditor's own check."""
    try:
        promise.check_kept(promised(receipt), opening, ledger.reader, ledger.report)
    except PromiseBroken:
        return False
    return True


def promised(receipt: Receipt) -> Promise:
    return Promise(receipt.recording_id, receipt.seq, receipt.link, receipt.beat)


def wait_for_beats(port: int, count: int = 2, seconds: float = 30) -> None:
    """Until the node has struck `count` more beats: everything acknowledged before is in the log then."""
    seen = {health(port)["beat"]}

    def enough() -> bool:
        seen.add(health(port)["beat"])
        return len(seen) > count

    wait_until(enough, seconds, step=0.05)
