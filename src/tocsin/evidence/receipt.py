"""Receipts: the node's signed word that a second is durable and will be in the next beat (`docs/spec/log.md`).

A receipt is a C2SP signed note by the receipt key. That key is low-value on purpose: it works right after a reboot, before anybody
unlocked anything, and a stolen one can promise what the log then fails to show, and sign custody notes that no witness has seen yet.
"""

import base64
from hashlib import sha256
from typing import NamedTuple

from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId, b64, unb64

FIRST_LINE = "tocsin.receipt/v1"
ED25519_NOTE = b"\x01"
"""Signature type of an Ed25519 note key, C2SP signed-note."""


class ReceiptMalformed(TocsinError):
    code = "receipt_malformed"
    status = 400
    message = "This is not a receipt. Use the text exactly as it was saved."


class Receipt(NamedTuple):
    """What a receipt says. Times are Unix: milliseconds received, seconds of the beat promised."""

    recording_id: RecordingId
    seq: int
    link: bytes
    received_ms: int
    beat: int

    def text(self) -> str:
        """The signed lines, with their final line feed."""
        link = base64.b64encode(self.link).decode()
        return f"{FIRST_LINE}\n{b64(self.recording_id)}\n{self.seq}\n{link}\n{self.received_ms}\n{self.beat}\n"


class Signed(NamedTuple):
    """A receipt as it is given out, and its Ed25519 signature by itself."""

    raw: bytes
    signature: bytes


class ReceiptSigner:
    """The receipt key under its name. `sign` is on the hot path: 60 µs."""

    def __init__(self, log_origin: str, key: SigningKey) -> None:
        self.name = f"{log_origin}/receipts"
        self._key = key
        self.key_id = sha256(self.name.encode() + b"\n" + ED25519_NOTE + key.public).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key line, C2SP signed-note."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(ED25519_NOTE + self._key.public).decode()}"

    def sign(self, receipt: Receipt) -> Signed:
        text = receipt.text()
        signature = self._key.sign(text.encode())
        return Signed(written(text, self.name, self.key_id, signature), signature)

    def sign_bytes(self, message: bytes) -> bytes:
        """A signature over a custody note (`docs/spec/custody.md`), whose label no receipt begins with."""
        return self._key.sign(message)


def written(text: str, name: str, key_id: bytes, signature: bytes) -> bytes:
    """The whole receipt: eight lines."""
    return f"{text}\n\u2014 {name} {base64.b64encode(key_id + signature).decode()}\n".encode()


def read(raw: bytes, vkey: str) -> Receipt:
    """The receipt in `raw`, if `vkey` signed it. Raises `ReceiptMalformed` for every other text."""
    try:
        name, key_id, key = vkey.split("+", 2)
        public = base64.b64decode(key, validate=True)[1:]
        text, _, line = raw.decode().partition("\n\n")
        signed_by, signature = line.removesuffix("\n").removeprefix("\u2014 ").split(" ")
        signed = base64.b64decode(signature, validate=True)
        first, recording, seq, link, received, beat = text.split("\n")
        receipt = Receipt(RecordingId(unb64(recording)), int(seq), base64.b64decode(link), int(received), int(beat))
    except ValueError as error:
        raise ReceiptMalformed from error
    is_ours = first == FIRST_LINE and signed_by == name and signed[:4].hex() == key_id
    if not is_ours or receipt.text() != text + "\n" or not verify_ed25519(public, signed[4:], receipt.text().encode()):
        raise ReceiptMalformed
    return receipt
