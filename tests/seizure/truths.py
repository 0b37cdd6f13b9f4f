"""What was true in the simulated days, and must not be found afterwards."""

import hmac
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b, md5, sha1, sha256
from typing import NamedTuple

from tests.seizure.encodings import forms, moments

GUESSABLE = frozenset({"phone", "name", "e-mail", "address", "plate"})
"""Whoever holds a digest of one of these tries the whole domain: 17.6 million plates take 18 s on one core."""
DIGEST_BYTES = 10
"""A truncated digest is one too."""


class Truth(NamedTuple):
    """One secret. `kind` is its class in the table; `is_moment` has `value` as Unix milliseconds in digits."""

    kind: str
    value: bytes
    is_moment: bool = False

    def forms(self) -> dict[bytes, str]:
        return moments(int(self.value)) if self.is_moment else forms(self.value)


@dataclass
class Truths:
    """All secrets of a run."""

    items: dict[Truth, None] = field(default_factory=dict)

    def add(self, kind: str, value: bytes | str) -> None:
        self.items[Truth(kind, value.encode() if isinstance(value, str) else value)] = None

    def add_moment(self, kind: str, unix_ms: int) -> None:
        self.items[Truth(kind, str(unix_ms).encode(), is_moment=True)] = None

    def of(self, kind: str) -> list[Truth]:
        return [truth for truth in self.items if truth.kind == kind]

    def counts(self) -> dict[str, int]:
        """How many of each kind there are."""
        return {kind: len(self.of(kind)) for kind in sorted({truth.kind for truth in self.items})}


def digests(truths: Iterable[Truth], keys: Sequence[bytes]) -> dict[bytes, Truth]:
    """Every digest of every guessable truth, plain and under every key that was found, in the forms it is stored in."""
    found: dict[bytes, Truth] = {}
    for truth in truths:
        if truth.kind in GUESSABLE:
            for spelling in spellings(truth.value):
                for digest in hashed(spelling, keys):
                    found |= dict.fromkeys((digest[:DIGEST_BYTES], digest.hex()[: 2 * DIGEST_BYTES].encode()), truth)
    return found


def spellings(value: bytes) -> set[bytes]:
    """As a person writes it, and as a program tidies it up."""
    digits = bytes(byte for byte in value if 48 <= byte < 58)
    return {value, value.lower(), value.replace(b" ", b""), *({digits, b"+" + digits} if len(digits) > 6 else ())}


def hashed(value: bytes, keys: Sequence[bytes]) -> Iterable[bytes]:
    for make in (sha256, sha1, md5, blake2b):
        yield make(value).digest()
    yield blake2b(value, digest_size=32).digest()
    for key in keys:
        yield hmac.digest(key, value, "sha256")
        yield sha256(key + value).digest()
