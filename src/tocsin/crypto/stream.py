"""The recording stream: one second, one chunk, keys only in memory (`docs/spec/recording.md`).

`Writer` seals and forgets: after `seal` returned, nothing it keeps opens that chunk. `Reader` opens with the recording key. The
node has neither; it uses `parse_header`, `parse_chunk` and `check_chunk`, which need no key. Nothing here stores or sends.
"""

import itertools
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.clock import Clock
from tocsin.crypto.hkdf import hkdf, ratchet
from tocsin.crypto.keys import SigningKey, verify_ed25519
from tocsin.crypto.padding import padded
from tocsin.crypto.profiles import (
    CHUNK_LIMIT,
    CHUNK_OVERHEAD,
    INNER_FLOOR,
    INNER_HEAD,
    KEY_BYTES,
    RECORDING_ID_BYTES,
    RECORDING_LABEL,
    RECORDING_LINE,
    SALT_BYTES,
    SIGNATURE_BYTES,
    TAG_BYTES,
)
from tocsin.errors import TocsinError
from tocsin.ids import RecordingId

FINAL = 1
HEADER_BYTES = len(RECORDING_LINE) + RECORDING_ID_BYTES + KEY_BYTES + SALT_BYTES + KEY_BYTES
LINK_LABEL = RECORDING_LABEL + b" link\n"

MEDIA, EVENT, GAP, CALL, SENSOR, IMPORT = 1, 2, 3, 4, 5, 6


class HeaderMalformed(TocsinError):
    code = "header_malformed"
    status = 400
    message = "This is not the header of a recording. Reload the page and start again."


class ChunkMalformed(TocsinError):
    code = "chunk_malformed"
    status = 400
    message = "This second was not sealed in the form the node knows. It stays on the phone; reload the page."


class LinkWrong(TocsinError):
    code = "link_wrong"
    status = 409
    message = (
        "This second does not follow the newest one on the node. Ask the node where it stands and go on from there."
    )


class SignatureWrong(TocsinError):
    code = "signature_wrong"
    status = 400
    message = "This second was not signed by the phone that began the recording. Nothing was changed."


class CommitmentWrong(TocsinError):
    code = "commitment_wrong"
    status = 400
    message = "The key does not belong to this recording. Use the key that its envelope holds."


class ChunkUnopenable(TocsinError):
    code = "chunk_unopenable"
    status = 400
    message = "A second cannot be opened: it was changed after it was sealed, or padding was added. Keep the file; ask for another."


@dataclass(frozen=True)
class Header:
    """What a recording is known by. `raw` is the exact bytes; everything else is read from them."""

    raw: bytes
    recording_id: RecordingId
    public_key: bytes
    salt: bytes
    commitment: bytes

    @cached_property
    def link(self) -> bytes:
        """The link that chunk 0 names as the previous one."""
        return sha256(self.raw).digest()


class Chunk(NamedTuple):
    """One sealed second as it travels. `link` is computed, not carried."""

    raw: bytes
    seq: int
    is_final: bool
    previous_link: bytes
    link: bytes

    @property
    def ciphertext(self) -> bytes:
        return self.raw[9 + KEY_BYTES : -SIGNATURE_BYTES]

    @property
    def signature(self) -> bytes:
        return self.raw[-SIGNATURE_BYTES:]


class Inner(NamedTuple):
    """One opened second: type 1 to 6, milliseconds since the recording began, and the bytes."""

    type: int
    monotonic_ms: int
    body: bytes


def parse_header(raw: bytes) -> Header:
    """Read a header. Raises `HeaderMalformed` for anything but exactly one header of version 1."""
    if len(raw) != HEADER_BYTES or not raw.startswith(RECORDING_LINE):
        raise HeaderMalformed
    rest = memoryview(raw)[len(RECORDING_LINE) :]
    cuts = (0, RECORDING_ID_BYTES, RECORDING_ID_BYTES + KEY_BYTES, len(rest) - KEY_BYTES, len(rest))
    recording_id, public_key, salt, commitment = (bytes(rest[a:b]) for a, b in itertools.pairwise(cuts))
    return Header(raw, RecordingId(recording_id), public_key, salt, commitment)


def parse_chunk(raw: bytes) -> Chunk:
    """Read a chunk and compute its link. Raises `ChunkMalformed` for a length, a padding class or a flag it cannot have."""
    inner_bytes = len(raw) - CHUNK_OVERHEAD - TAG_BYTES
    if not INNER_FLOOR <= inner_bytes or len(raw) > CHUNK_LIMIT or padded(inner_bytes) != inner_bytes or raw[8] > FINAL:
        raise ChunkMalformed
    head = raw[: 9 + KEY_BYTES]
    digest = sha256(head[9:] + head[:9])
    digest.update(memoryview(raw)[9 + KEY_BYTES : -SIGNATURE_BYTES])
    return Chunk(raw, int.from_bytes(head[:8]), raw[8] == FINAL, head[9:], digest.digest())


def check_chunk(header: Header, chunk: Chunk, newest_link: bytes) -> None:
    """All that can be checked without a key. Raises `LinkWrong` or `SignatureWrong`; order and quota are the caller's."""
    if chunk.previous_link != newest_link:
        raise LinkWrong
    if not verify_ed25519(header.public_key, chunk.signature, LINK_LABEL + chunk.link):
        raise SignatureWrong


class Secrets(NamedTuple):
    """What the recording key yields. The first three follow from `opening_key` alone, which a package shows."""

    chain_key: bytes
    base_nonce: bytes
    commitment: bytes
    opening_key: bytes
    custody_seed: bytes
    owner_secret: bytes


def derive(recording_key: bytes, salt: bytes, recording_id: RecordingId, public_key: bytes) -> Secrets:
    """Every secret of a recording from its 32-byte key."""
    bound = recording_id + public_key
    opening_key = hkdf(recording_key, salt=salt, info=RECORDING_LABEL + b" open" + bound, length=KEY_BYTES)
    own = hkdf(recording_key, salt=salt, info=RECORDING_LABEL + b" owner" + bound, length=2 * KEY_BYTES)
    seen = chunk_secrets(opening_key, salt, recording_id, public_key)
    return Secrets(*seen, opening_key, own[:32], own[32:])


def chunk_secrets(
    opening_key: bytes, salt: bytes, recording_id: RecordingId, public_key: bytes
) -> tuple[bytes, bytes, bytes]:
    """First chain key, base nonce and commitment: what opens a recording, and nothing that only its owner may do."""
    okm = hkdf(opening_key, salt=salt, info=RECORDING_LABEL + recording_id + public_key, length=76)
    return okm[:32], okm[32:44], okm[44:]


class Writer:
    """Seals a recording, second by second, and cannot open what it sealed.

    The recording key is handed in once (its sealing to recipients is the caller's act) and not kept.
    """

    def __init__(self, recording_key: bytes, clock: Clock) -> None:
        recording_id = RecordingId(clock.random_bytes(RECORDING_ID_BYTES))
        salt = clock.random_bytes(SALT_BYTES)
        self._signer = SigningKey.generate(clock)
        secrets = derive(recording_key, salt, recording_id, self._signer.public)
        self.header = parse_header(RECORDING_LINE + recording_id + self._signer.public + salt + secrets.commitment)
        self.custody_public = X25519PrivateKey.from_private_bytes(secrets.custody_seed).public_key().public_bytes_raw()
        self.owner_digest = sha256(secrets.owner_secret).digest()
        self._chain_key, self._base_nonce = secrets.chain_key, secrets.base_nonce
        self._link = self.header.link
        self._seq = 0
        self._is_closed = False

    def seal(self, inner_type: int, monotonic_ms: int, body: bytes, *, final: bool = False) -> bytes:
        """The next chunk. Raises `ChunkMalformed` when `body` is too long or the recording is closed."""
        inner = pack_inner(inner_type, monotonic_ms, body)
        if self._is_closed:
            raise ChunkMalformed
        self._is_closed = final
        key, self._chain_key = ratchet(self._chain_key, RECORDING_LABEL, b" chunk")
        position = self._seq.to_bytes(8) + bytes([FINAL if final else 0])
        ciphertext = AESGCM(key).encrypt(nonce_of(self._base_nonce, self._seq), inner, position + self._link)
        link = sha256(self._link + position + ciphertext).digest()
        chunk = position + self._link + ciphertext + self._signer.sign(LINK_LABEL + link)
        self._link, self._seq = link, self._seq + 1
        return chunk


class Reader:
    """Opens a recording from its first chunk on, in order. Raises `CommitmentWrong` for a key of another recording."""

    def __init__(self, recording_key: bytes, header: Header) -> None:
        secrets = derive(recording_key, header.salt, header.recording_id, header.public_key)
        if secrets.commitment != header.commitment:
            raise CommitmentWrong
        self.opening_key = secrets.opening_key
        self.custody_seed, self.owner_secret = secrets.custody_seed, secrets.owner_secret
        self._header = header
        self._chain_key, self._base_nonce = secrets.chain_key, secrets.base_nonce
        self._link, self._seq = header.link, 0

    def open(self, chunk: Chunk) -> Inner:
        """The next second. Raises `LinkWrong`, `SignatureWrong` or `ChunkUnopenable`; after that the reader stays where it was."""
        if chunk.seq != self._seq:
            raise LinkWrong
        check_chunk(self._header, chunk, self._link)
        key, following = ratchet(self._chain_key, RECORDING_LABEL, b" chunk")
        position = chunk.raw[: 9 + KEY_BYTES]
        try:
            inner = AESGCM(key).decrypt(nonce_of(self._base_nonce, chunk.seq), chunk.ciphertext, position)
        except InvalidTag as error:
            raise ChunkUnopenable from error
        opened = unpack_inner(inner)
        self._chain_key, self._link, self._seq = following, chunk.link, self._seq + 1
        return opened


def nonce_of(base_nonce: bytes, seq: int) -> bytes:
    """The nonce of chunk `seq`."""
    return (int.from_bytes(base_nonce) ^ seq).to_bytes(len(base_nonce))


def pack_inner(inner_type: int, monotonic_ms: int, body: bytes) -> bytes:
    """Type, time, length, body and zeros up to the size class."""
    if INNER_HEAD + len(body) > CHUNK_LIMIT - CHUNK_OVERHEAD - TAG_BYTES:
        raise ChunkMalformed
    packed = bytes([inner_type]) + monotonic_ms.to_bytes(8) + len(body).to_bytes(4) + body
    return packed.ljust(padded(len(packed)), b"\0")


def unpack_inner(inner: bytes) -> Inner:
    """Inverse of `pack_inner`. Raises `ChunkUnopenable` for a length or padding that `pack_inner` would not have written."""
    length = int.from_bytes(inner[9:INNER_HEAD])
    end = INNER_HEAD + length
    if len(inner) < INNER_HEAD or end > len(inner) or len(inner) != padded(end) or inner[end:].strip(b"\0"):
        raise ChunkUnopenable
    return Inner(inner[0], int.from_bytes(inner[1:9]), inner[INNER_HEAD:end])
