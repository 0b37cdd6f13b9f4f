"""Custody notes: what the node writes about a recording and cannot read back (`docs/spec/custody.md`).

`Session` seals; a node keeps one a recording in memory and loses it with the process, which costs one more X25519. `NoteReader`
opens with the seed that only the recording key yields. Neither knows what a note says.
"""

from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.clock import Clock
from tocsin.crypto.hkdf import hkdf, ratchet
from tocsin.crypto.profiles import (
    CUSTODY_LABEL,
    KEY_BYTES,
    NONCE_BYTES,
    NOTE_STEP_BYTES,
    NOTES_PER_SESSION,
    TAG_BYTES,
)
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId

NOTE_HEAD = KEY_BYTES + 4
ZERO_NONCE = bytes(NONCE_BYTES)
"""Safe because each note has a key of its own."""


class CustodyKeyMalformed(TocsinError):
    code = "custody_key_malformed"
    status = 400
    message = "The key for the recording's history is not valid. Reload the page and start again."


class NoteUnopenable(TocsinError):
    code = "note_unopenable"
    status = 400
    message = "A custody note cannot be opened: it was changed, or it belongs to another recording."


class SealedNote(NamedTuple):
    """A note as stored: `raw` is session key 32, number u32, ciphertext."""

    raw: bytes

    @property
    def session(self) -> bytes:
        return self.raw[:KEY_BYTES]

    @property
    def number(self) -> int:
        return int.from_bytes(self.raw[KEY_BYTES:NOTE_HEAD])


class Session:
    """One run of notes for one recording. After `seal` returned, nothing it keeps opens that note."""

    def __init__(self, recording_id: RecordingId, custody_public: bytes, clock: Clock) -> None:
        ephemeral = X25519PrivateKey.from_private_bytes(clock.random_bytes(KEY_BYTES))
        self._public = ephemeral.public_key().public_bytes_raw()
        self._recording_id = recording_id
        try:
            shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(custody_public))
        except ValueError as error:  # RFC 7748 section 6.1: an all-zero output is refused
            raise CustodyKeyMalformed from error
        self._chain_key = _first_key(shared, self._public, custody_public, recording_id)
        self._number = 0

    @property
    def is_spent(self) -> bool:
        """Whether a new session has to begin."""
        return self._number >= NOTES_PER_SESSION

    def seal(self, plaintext: bytes, padded_to: int = 0) -> bytes:
        """The next note, padded with zeros to `padded_to` or the next multiple of 512 bytes."""
        key, self._chain_key = ratchet(self._chain_key, CUSTODY_LABEL, b" note")
        head = self._public + self._number.to_bytes(4)
        width = padded_to or -(-len(plaintext) // NOTE_STEP_BYTES) * NOTE_STEP_BYTES
        if len(plaintext) > width:
            raise ValueError("note longer than its class")
        self._number += 1
        return head + AESGCM(key).encrypt(ZERO_NONCE, plaintext.ljust(width, b"\0"), head + self._recording_id)


class NoteReader:
    """Opens the notes of one recording, in order within each session; sessions may interleave."""

    def __init__(self, recording_id: RecordingId, custody_seed: bytes) -> None:
        self._recording_id = recording_id
        self._private = X25519PrivateKey.from_private_bytes(custody_seed)
        self._public = self._private.public_key().public_bytes_raw()
        self._sessions: dict[bytes, tuple[int, bytes]] = {}

    def open(self, raw: bytes) -> bytes:
        """The plaintext without padding. Raises `NoteUnopenable`; a number that was passed over is opened past, never back."""
        note = SealedNote(raw)
        if len(raw) < NOTE_HEAD + TAG_BYTES or note.number >= NOTES_PER_SESSION:
            raise NoteUnopenable
        number, chain_key = self._sessions.get(note.session) or (0, self._begin(note.session))
        if note.number < number:
            raise NoteUnopenable
        for _ in range(note.number - number):
            _, chain_key = ratchet(chain_key, CUSTODY_LABEL, b" note")
        key, following = ratchet(chain_key, CUSTODY_LABEL, b" note")
        try:
            plaintext = AESGCM(key).decrypt(ZERO_NONCE, raw[NOTE_HEAD:], raw[:NOTE_HEAD] + self._recording_id)
        except InvalidTag as error:
            raise NoteUnopenable from error
        self._sessions[note.session] = (note.number + 1, following)
        return plaintext.rstrip(b"\0")

    def _begin(self, session: bytes) -> bytes:
        try:
            shared = self._private.exchange(X25519PublicKey.from_public_bytes(session))
        except ValueError as error:
            raise NoteUnopenable from error
        return _first_key(shared, session, self._public, self._recording_id)


def _first_key(shared: bytes, ephemeral: bytes, custody_public: bytes, recording_id: RecordingId) -> bytes:
    return hkdf(shared, salt=ephemeral + custody_public, info=CUSTODY_LABEL + b" session" + recording_id, length=32)
