"""Recordings sealed beforehand, and the requests that carry them.

Every chunk has the same random ciphertext, which a node cannot tell from any other: it has no key. Links and signatures are real,
so it has to hash and check each chunk in full.
"""

import json
from collections.abc import Iterator
from hashlib import sha256

from bench._load import Parts, ask
from tocsin.clock import SystemClock
from tocsin.crypto import envelope
from tocsin.crypto.keys import SigningKey
from tocsin.crypto.profiles import KEY_BYTES, RECORDING_ID_BYTES, RECORDING_LINE, SALT_BYTES, TAG_BYTES
from tocsin.crypto.stream import LINK_LABEL
from tocsin.ids import b64

CLOCK = SystemClock()
CHUNK_BYTES = 65_536
"""Of the padded second inside a chunk; the chunk is 121 bytes longer."""
CIPHERTEXT = CLOCK.random_bytes(CHUNK_BYTES + TAG_BYTES)


class Phone:
    """One recording: `begin` makes it known to the node, `requests` are its seconds."""

    def __init__(self, count: int, wraps: bytes, share: bytes) -> None:
        """Seals `count` seconds: about 0.1 ms each."""
        signer = SigningKey.generate(CLOCK)
        self.id = CLOCK.random_bytes(RECORDING_ID_BYTES)
        self._upload = CLOCK.random_bytes(KEY_BYTES)
        salted = CLOCK.random_bytes(SALT_BYTES + KEY_BYTES)
        self._header = RECORDING_LINE + self.id + signer.public + salted
        self._wraps, self._share = wraps, share
        self._sealed = list(_sealed(signer, sha256(self._header).digest(), count))

    def begin(self, address: tuple[str, int]) -> None:
        """Raises `Refused` when the node does not take it."""
        body = {
            "header": b64(self._header),
            "kind": "encounter",
            "upload": b64(sha256(self._upload).digest()),
            "owner": b64(CLOCK.random_bytes(KEY_BYTES)),
            "custody_public": b64(b"\x09" + bytes(31)),
            "wraps": b64(self._wraps),
            "return_share": b64(self._share),
        }
        raw = json.dumps(body).encode()
        head = f"POST /encounters HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(raw)}\r\n\r\n"
        ask(address, head.encode() + raw, 201)

    def requests(self) -> Iterator[Parts]:
        for seq, (before, after) in enumerate(self._sealed):
            yield [self._head(seq), before, CIPHERTEXT, after]

    def _head(self, seq: int) -> bytes:
        return (
            f"PUT /encounters/{b64(self.id)}/chunks/{seq} HTTP/1.1\r\nHost: localhost\r\n"
            f"Authorization: Tocsin {b64(self._upload)}\r\nContent-Type: application/octet-stream\r\n"
            f"Content-Length: {CHUNK_BYTES + TAG_BYTES + 105}\r\n\r\n"
        ).encode()


def phones(address: tuple[str, int], count: int, seconds: int, share_recipient: str) -> list[Phone]:
    """`count` recordings known to the node, each with `seconds` sealed seconds. One envelope serves them all."""
    _, recipient = envelope.new_identity(CLOCK)
    wraps = envelope.seal_to([recipient], CLOCK.random_bytes(KEY_BYTES))
    share = envelope.seal_to([share_recipient], CLOCK.random_bytes(KEY_BYTES))
    made = [Phone(seconds, wraps, share) for _ in range(count)]
    for phone in made:
        phone.begin(address)
    return made


def _sealed(signer: SigningKey, link: bytes, count: int) -> Iterator[tuple[bytes, bytes]]:
    """What stands before and after the ciphertext of each chunk (`docs/spec/recording.md`, Chunk)."""
    for seq in range(count):
        position = seq.to_bytes(8) + b"\0"
        following = sha256(link + position)
        following.update(CIPHERTEXT)
        before, link = position + link, following.digest()
        yield before, signer.sign(LINK_LABEL + link)
