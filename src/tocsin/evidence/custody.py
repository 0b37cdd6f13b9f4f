"""Custody notes: what happened to a recording, as one hash chain of signed notes (`docs/spec/custody.md`).

This module says what a note holds and how the chain grows; `crypto.custody` seals it. `head` and `count` are all a node has to keep.
Each note is signed by the node: sealing needs only a public key, so whoever may read a recording could add notes to it.
"""

import base64
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.evidence.receipt import Receipt, ReceiptSigner
from tocsin.ids import RecordingId, b64

EMPTY_HEAD = bytes(32)
SALT_BYTES = 16
BEAT_LABEL = b"tocsin.beat/v1\n"
NOTE_LABEL = b"tocsin.custody/v1 note\n"


class Action(StrEnum):
    """Everything that can be done to a recording."""

    CREATED = "created"
    STOPPED = "stopped"
    CUT = "cut"
    SHARE_RETURNED = "share_returned"
    WRAPS_CHANGED = "wraps_changed"
    FETCHED = "fetched"
    ERASE_ASKED = "erase_asked"
    REFUSED = "refused"
    HOLD_PROPOSED = "hold_proposed"
    HELD = "held"
    RELEASE_PROPOSED = "release_proposed"
    RELEASED = "released"
    TAKEN = "taken"
    GIVEN_BACK = "given_back"
    HANDED_OVER = "handed_over"
    OPENED = "opened"
    FROZEN = "frozen"
    THAW_PROPOSED = "thaw_proposed"
    THAWED = "thawed"


@dataclass
class Chain:
    """Where a recording's custody stands. Each method returns the plaintext of the next note and moves the head."""

    clock: Clock
    signer: ReceiptSigner
    recording_id: RecordingId
    head: bytes = EMPTY_HEAD
    count: int = 0

    def chunk(self, receipt: Receipt, signature: bytes) -> bytes:
        """Spelled by hand as `canonical.dumps` would: one is written for each second of each recording. `signature`: the receipt's."""
        salt, key, signed = b64(self.clock.random_bytes(SALT_BYTES)), self.signer.key_id.hex(), b64(signature)
        fields = (
            f'"b":{receipt.beat},"g":"{signed}","i":{self.count},"k":"{key}","n":"chunk",'
            f'"q":{receipt.seq},"s":"{salt}","t":{receipt.received_ms}'
        )
        return self._link(b"{" + fields.encode() + b"}")

    def act(self, at_ms: int, actor: str, action: Action, reason: str = "") -> bytes:
        return self._note({"n": "act", "at": at_ms, "actor": actor, "action": str(action), "reason": reason})

    def beat(self, beat: int, seq: int, link: bytes, salt: bytes) -> bytes:
        return self._note({"n": "beat", "beat": beat, "seq": seq, "link": _std(link), "salt": _std(salt)})

    def leaf(self, beat: int, index: int, size: int, *, late: bool) -> bytes:
        return self._note({"n": "leaf", "beat": beat, "leaf": index, "size": size, "late": late})

    def after(self) -> "Chain":
        """Another one that stands at the same place, to try the next note on."""
        return replace(self)

    def _note(self, fields: dict[str, object]) -> bytes:
        fields |= {"i": self.count, "k": self.signer.key_id.hex(), "s": b64(self.clock.random_bytes(SALT_BYTES))}
        message = NOTE_LABEL + self.recording_id + self.head + canonical.dumps(fields)
        return self._link(canonical.dumps(fields | {"g": b64(self.signer.sign_bytes(message))}))

    def _link(self, plaintext: bytes) -> bytes:
        self.head = sha256(self.head + plaintext).digest()
        self.count += 1
        return plaintext


def beat_commitment(salt: bytes, recording_id: RecordingId, seq: int, link: bytes, custody_head: bytes) -> bytes:
    """The 32 bytes that stand in the log for a recording at one beat (`docs/spec/log.md`)."""
    return sha256(BEAT_LABEL + salt + recording_id + seq.to_bytes(8) + link + custody_head).digest()


def _std(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
