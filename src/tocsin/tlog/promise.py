"""Whether the promise of a receipt was kept: by the promised beat the log holds this second, or a later one of the same
recording.

The log shows only salted commitments, so the one who checks needs the opening too: the recording's `beat` note
(`docs/spec/custody.md`), which
only its readers have. With the receipt alone one can check who signed it and that the log reached the promised beat.
"""

import base64
from dataclasses import dataclass
from hashlib import sha256

from tocsin.errors import TocsinError
from tocsin.ids import unb64
from tocsin.tlog import entry as entries
from tocsin.tlog import note as notes
from tocsin.tlog.audit import Report, SeenBeat
from tocsin.tlog.note import NoteMalformed, VerifierKey
from tocsin.tlog.source import ReadLog

FIRST_LINE = "tocsin.receipt/v1"
RECEIPTS = "/receipts"
BEAT_LABEL = b"tocsin.beat/v1\n"


class PromiseBroken(TocsinError):
    """The log does not hold by the promised beat what the receipt promised."""

    code = "promise_broken"
    status = 422

    def __init__(self, why: str) -> None:
        super().__init__()
        self.message = f"The promise of this receipt was not kept: {why}."


@dataclass(frozen=True)
class Promise:
    """What a receipt says (`docs/spec/log.md`). `beat` in Unix seconds."""

    recording_id: bytes
    seq: int
    link: bytes
    beat: int


@dataclass(frozen=True)
class Opening:
    """What a recording's reader knows of one of its leaves."""

    salt: bytes
    seq: int
    link: bytes
    custody_head: bytes
    leaf: int

    def commitment(self, recording_id: bytes) -> bytes:
        """The 32 bytes in the log."""
        seq = self.seq.to_bytes(8, "big")
        return sha256(BEAT_LABEL + self.salt + recording_id + seq + self.link + self.custody_head).digest()


def read_receipt(raw: bytes, key: VerifierKey, origin: str) -> Promise:
    """The promise that `key` signed for the log `origin`. Raises `NoteMalformed` or `NoteUntrusted`."""
    note = notes.parse(raw)
    notes.verify(note, key)
    lines = note.text.split("\n")
    if key.name != origin + RECEIPTS or len(lines) != 7 or lines[0] != FIRST_LINE:
        raise NoteMalformed
    try:
        link = base64.b64decode(lines[3], validate=True)
        return Promise(unb64(lines[1]), int(lines[2]), link, int(lines[5]))
    except ValueError as error:
        raise NoteMalformed from error


def check_reached(promise: Promise, report: Report) -> None:
    """Raise `PromiseBroken` unless the audited log has the promised beat or a later one."""
    if not report.beats or report.beats[-1].beat < promise.beat:
        raise PromiseBroken("the log has not reached the promised beat")


def check_kept(promise: Promise, opening: Opening, reader: ReadLog, report: Report) -> SeenBeat:
    """The beat that kept the promise. `report`: an audit of the whole log. Raises `PromiseBroken`."""
    if opening.seq < promise.seq or (opening.seq == promise.seq and opening.link != promise.link):
        raise PromiseBroken("the leaf covers another second of the recording")
    beat = next((beat for beat in report.beats if beat.first <= opening.leaf < beat.end), None)
    if beat is None:
        raise PromiseBroken("the log has no such leaf yet")
    if beat.beat > promise.beat:
        raise PromiseBroken("the leaf stands in a later beat than promised")
    entry, _ = reader.prove(opening.leaf)
    if entry != entries.beat_entry(opening.commitment(promise.recording_id)):
        raise PromiseBroken("the leaf is not of this recording")
    return beat
