"""A sealed export with its key: seconds and custody notes in clear, one after the other, never all at once.

`Opened.begin` unwraps the key. `seconds()` opens the recording from its start, and again each time it is called; every
chunk is checked (link, signature, decryption, padding) before anybody sees what is in it. `notes` holds the opened custody
notes: some 150 bytes a second of recording, the only thing here that grows with its length.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from tocsin.crypto import canonical, envelope
from tocsin.crypto.custody import NoteReader
from tocsin.crypto.hkdf import ratchet
from tocsin.crypto.profiles import RECORDING_LABEL
from tocsin.crypto.stream import Chunk, Header, Inner, Reader, derive, parse_chunk, parse_header
from tocsin.errors import TocsinError
from tocsin.evidence.custody import EMPTY_HEAD
from tocsin.evidence.sealed import Sealed


class RecordingEmpty(TocsinError):
    code = "recording_empty"
    status = 409
    message = "This recording has no second on the node yet: there is nothing to make a package of."


class CustodyBroken(TocsinError):
    code = "custody_broken"
    status = 422
    message = (
        "The custody notes of this export are not one whole chain. Keep the file as it is and ask the node for another."
    )


class Second(NamedTuple):
    """One chunk, checked and opened."""

    chunk: Chunk
    inner: Inner


class Note(NamedTuple):
    """One custody note: its exact plaintext, what it says, and the head of the chain just before it."""

    line: bytes
    said: dict[str, canonical.Value]
    head_before: bytes

    @property
    def head(self) -> bytes:
        """The head of the chain with this note in it."""
        return sha256(self.head_before + self.line).digest()

    def number(self, field: str) -> int:
        """An integer field. Raises `CustodyBroken`."""
        value = self.said.get(field)
        if type(value) is not int:
            raise CustodyBroken
        return value

    def text(self, field: str) -> str:
        """A text field. Raises `CustodyBroken`."""
        value = self.said.get(field)
        if not isinstance(value, str):
            raise CustodyBroken
        return value


@dataclass(frozen=True, repr=False)
class Opened:
    """A sealed export and its recording key."""

    sealed: Sealed
    header: Header
    recording_key: bytes

    @classmethod
    def begin(cls, sealed: Sealed, identity: str) -> "Opened":
        """Unwrap the key with an age identity. Raises `EnvelopeNotForUs`, `HeaderMalformed` or `CommitmentWrong`."""
        opened = cls(sealed, parse_header(sealed.header), envelope.open_wraps(identity, sealed.wraps))
        opened._reader()
        return opened

    def seconds(self) -> Iterator[Second]:
        """Every second in order. Raises what `Reader.open` raises at the first one that is not what was sealed."""
        reader = self._reader()
        for raw in self.sealed.chunks():
            chunk = parse_chunk(raw)
            yield Second(chunk, reader.open(chunk))

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        """Every custody note in order of its number. Raises `CustodyBroken`, `NoteUnopenable`."""
        reader = NoteReader(self.header.recording_id, self._reader().custody_seed)
        found: list[Note] = []
        head = EMPTY_HEAD
        for raw in self.sealed.notes():
            note = read_note(reader.open(raw), head)
            if note.said.get("i") != len(found):
                raise CustodyBroken
            found.append(note)
            head = note.head
        return tuple(found)

    def notes_of(self, kind: str) -> list[Note]:
        """The notes of one kind: `chunk`, `beat`, `leaf` or `act`."""
        return [note for note in self.notes if note.said["n"] == kind]

    @property
    def opening_key(self) -> bytes:
        """What a package shows: it opens every second, and gives no say over the recording on the node."""
        return self._reader().opening_key

    def chunk_keys(self, count: int) -> tuple[bytes, list[bytes]]:
        """The start of the nonces, and the key of each of the first `count` seconds: each opens its own and no other."""
        header = self.header
        secrets = derive(self.recording_key, header.salt, header.recording_id, header.public_key)
        chain, nonce_start = secrets.chain_key, secrets.base_nonce
        keys = []
        for _ in range(count):
            key, chain = ratchet(chain, RECORDING_LABEL, b" chunk")
            keys.append(key)
        return nonce_start, keys

    def _reader(self) -> Reader:
        return Reader(self.recording_key, self.header)


def read_note(line: bytes, head_before: bytes) -> Note:
    """A note from its plaintext. Raises `CustodyBroken`."""
    try:
        said = canonical.loads(line)
    except canonical.CanonicalError as error:
        raise CustodyBroken from error
    if not isinstance(said, dict) or said.get("n") not in {"chunk", "beat", "leaf", "act"}:
        raise CustodyBroken
    return Note(line, said, head_before)
