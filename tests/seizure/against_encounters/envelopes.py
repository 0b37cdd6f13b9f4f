"""L3: every key that was seized, against every ciphertext that was seized or copied earlier."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.seizure.acquire import Seized
from tests.seizure.against_encounters.boxes import Boxes, all_slots, rows
from tests.seizure.against_encounters.visits import Visit
from tests.seizure.backups import identities
from tests.seizure.findings import Finding
from tocsin.crypto import envelope
from tocsin.crypto.stream import CommitmentWrong, Reader, parse_header
from tocsin.encounters.create import Envelope


class Opened(NamedTuple):
    """An envelope that a seized key opened."""

    recording_id: bytes
    envelope: Envelope


def attack(seized: Seized, earlier: Boxes, visits: Sequence[Visit]) -> Iterator[Finding]:
    """Envelopes of what was erased, shares of what is finished, and recordings themselves."""
    if not (seized.files / "node" / "erase.keys").exists():
        return
    known = {visit.id: visit for visit in visits}
    earlier.look(seized.files / "node")
    slots = [key for _, key in all_slots(seized.files / "node" / "erase.keys") if any(key)]
    for opened in open_boxes(earlier, slots):
        visit = known.get(opened.recording_id)
        if visit is None:
            continue  # another room's, which asks about it itself
        if visit.is_gone:
            yield Finding(
                "L3", "erased", "erase.keys", visit.id.hex(), "a seized slot opens the envelope of an erased recording"
            )
        if opened.envelope.return_share and not visit.is_open and visit.ending != "kept":
            yield Finding("L3", "share", "erase.keys", visit.id.hex(), "the node's half of a finished recording's key")
        for identity in identities(seized):
            if opens(identity, opened.envelope.wraps):
                yield Finding("L3", "recording key", "keys", visit.id.hex(), "a key of the node opens a recording")
    yield from guessed(seized, slots)


def erased_keys(earlier: Boxes, visits: Sequence[Visit]) -> list[bytes]:
    """Keys that lay in slots and must be nowhere now."""
    erased = {visit.id for visit in visits if visit.is_gone}
    return [key for key, recording_id in earlier.slots.items() if recording_id in erased]


def open_boxes(earlier: Boxes, slots: Sequence[bytes]) -> Iterator[Opened]:
    """Every envelope that any key opens."""
    ciphers = [AESGCM(key) for key in slots]
    for recording_id, boxes in earlier.boxes.items():
        for box in boxes:
            for cipher in ciphers:
                try:
                    plain = cipher.decrypt(box[:12], box[12:], recording_id)
                except InvalidTag:
                    continue
                yield Opened(recording_id, msgspec.msgpack.decode(plain, type=Envelope))


def opens(identity: str, wraps: bytes) -> bool:
    try:
        envelope.open_with(identity, wraps)
    except envelope.EnvelopeNotForUs:
        return False
    return True


def guessed(seized: Seized, slots: Sequence[bytes]) -> Iterator[Finding]:
    """Is any seized key a recording key? The header's commitment tells."""
    for (raw,) in rows(seized.files / "node", "SELECT header FROM recording"):
        header = parse_header(raw)
        for key in {*slots, *(key for key in seized.node_keys() if len(key) == 32)}:
            try:
                Reader(key, header)
            except CommitmentWrong:
                continue
            yield Finding("L3", "recording key", "keys", header.recording_id.hex(), "a seized key is a recording key")
