"""Signed notes and verifier keys (C2SP signed-note).

A note is text ending in LF, an empty line, and signature lines `— <name> <base64(key id 4 | signature)>`. Text from a
note means nothing until
a signature by a key the reader already trusts has been verified.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from typing import Protocol

from tocsin.crypto.keys import verify_ed25519
from tocsin.errors import TocsinError

ED25519 = 0x01
ED25519_COSIGNATURE = 0x04
ML_DSA_44_COSIGNATURE = 0x06
PUBLIC_KEY_BYTES = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44_COSIGNATURE: 1312}

KEY_ID_BYTES = 4
MOST_SIGNATURES = 64  # the standard asks for at least 16; bounds what one note makes a reader do
MOST_BYTES = 512 * 1024

NAME = re.compile(r"[^\s+\x00-\x1f]+")
SIGNATURE_LINE = re.compile(r"\u2014 ([^\s+\x00-\x1f]+) ([A-Za-z0-9+/]+={0,2})\n")


class NoteMalformed(TocsinError):
    """The bytes are not a signed note, or the text is not a verifier key."""

    code = "note_malformed"
    status = 400
    message = "This is not a signed note. Fetch it again; if it stays so, tell the one who publishes it."


class NoteUntrusted(TocsinError):
    """No trusted key signed the note, or a trusted key's signature is wrong."""

    code = "note_untrusted"
    status = 403
    message = "No key that is trusted here signed this note. Do not rely on its text."


class Signer(Protocol):
    """A private key as `crypto.keys` makes them."""

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


def standard_base64(text: str) -> bytes:
    """Bytes of canonical standard base64 (RFC 4648 section 4). Raises `NoteMalformed` for any other spelling."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteMalformed from error
    if base64.b64encode(raw).decode() != text:
        raise NoteMalformed
    return raw


@dataclass(frozen=True)
class VerifierKey:
    """A public key with the name it signs under and the kind of signature it makes. `str()` is the standard's vkey."""

    name: str
    kind: int
    public: bytes

    @cached_property
    def key_id(self) -> bytes:
        """4 bytes: SHA-256(name | LF | kind | public)."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{material}"


def parse_vkey(text: str) -> VerifierKey:
    """The key of `<name>+<key id hex>+<base64(kind | public)>`. Raises `NoteMalformed`, also for kinds we do not
    verify.
    """
    name, plus, rest = text.partition("+")
    key_id, second_plus, material = rest.partition("+")
    if not (plus and second_plus and NAME.fullmatch(name)):
        raise NoteMalformed
    raw = standard_base64(material)
    if not raw or PUBLIC_KEY_BYTES.get(raw[0]) != len(raw) - 1:
        raise NoteMalformed
    key = VerifierKey(name, raw[0], raw[1:])
    if key.key_id.hex() != key_id:
        raise NoteMalformed
    return key


@dataclass(frozen=True)
class Signature:
    """One signature line. `raw` is what follows the key id: its meaning depends on the key's kind."""

    name: str
    key_id: bytes
    raw: bytes

    def __str__(self) -> str:
        return f"\u2014 {self.name} {base64.b64encode(self.key_id + self.raw).decode()}\n"

    def is_by(self, key: VerifierKey) -> bool:
        """Whether the line claims to be `key`'s. Not yet whether it verifies."""
        return (self.name, self.key_id) == (key.name, key.key_id)


@dataclass(frozen=True)
class Note:
    """A text and its signatures; `str()` is the note."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return f"{self.text}\n{''.join(map(str, self.signatures))}"

    def by(self, key: VerifierKey) -> tuple[Signature, ...]:
        """The lines that claim to be `key`'s."""
        return tuple(line for line in self.signatures if line.is_by(key))

    def adding(self, lines: Sequence[Signature]) -> "Note":
        """The note with `lines` of keys that have none yet. A line that stands is not replaced: the earliest one proves
        most.
        """
        found = {(line.name, line.key_id): line for line in self.signatures}
        for line in lines:
            found.setdefault((line.name, line.key_id), line)
        return replace(self, signatures=tuple(found.values()))


def parse(raw: bytes | str) -> Note:
    """The note in `raw`. Raises `NoteMalformed`. Nothing is verified."""
    if len(raw) > MOST_BYTES:
        raise NoteMalformed
    try:
        whole = raw if isinstance(raw, str) else raw.decode()
    except UnicodeDecodeError as error:
        raise NoteMalformed from error
    if any(character < " " and character != "\n" for character in whole):
        raise NoteMalformed
    cut = whole.rfind("\n\n")
    if cut < 0:
        raise NoteMalformed
    return Note(whole[: cut + 1], parse_signatures(whole[cut + 2 :]))


def parse_signatures(lines: str) -> tuple[Signature, ...]:
    """One or more signature lines, each ending in LF. Raises `NoteMalformed`."""
    found = lines.splitlines(keepends=True)
    if not 0 < len(found) <= MOST_SIGNATURES:
        raise NoteMalformed
    return tuple(_parse_signature(line) for line in found)


def _parse_signature(line: str) -> Signature:
    match = SIGNATURE_LINE.fullmatch(line)
    if match is None:
        raise NoteMalformed
    raw = standard_base64(match[2])
    if len(raw) <= KEY_ID_BYTES:
        raise NoteMalformed
    return Signature(match[1], raw[:KEY_ID_BYTES], raw[KEY_ID_BYTES:])


def sign(text: str, name: str, signer: Signer) -> Note:
    """`text` signed with Ed25519 (kind 0x01) under `name`. Raises `NoteMalformed` where text or name may not stand in a
    note.
    """
    if not NAME.fullmatch(name) or not text.endswith("\n") or any(c < " " and c != "\n" for c in text):
        raise NoteMalformed
    key = VerifierKey(name, ED25519, signer.public)
    return Note(text, (Signature(name, key.key_id, signer.sign(text.encode())),))


def verify(note: Note, key: VerifierKey) -> None:
    """Raise `NoteUntrusted` unless `key` (kind 0x01) signed the note and every line that claims to be its is right."""
    lines = note.by(key)
    message = note.text.encode()
    if key.kind != ED25519 or not lines or not all(verify_ed25519(key.public, line.raw, message) for line in lines):
        raise NoteUntrusted
