"""HKDF-SHA256 (RFC 5869)."""

import hmac
from hashlib import sha256


def hkdf(ikm: bytes, *, salt: bytes, info: bytes, length: int) -> bytes:
    """`length` bytes (at most 255 * 32) derived from `ikm`. An empty salt is 32 zero bytes, as the RFC says."""
    key = _extract(salt, ikm)
    out = block = b""
    for counter in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([counter]), sha256)
        out += block
    return out[:length]


def _extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), ikm, sha256)


def ratchet(chain_key: bytes, label: bytes, use: bytes) -> tuple[bytes, bytes]:
    """One step: the key to use now (`label | use`) and the next chain key (`label | " next"`), 32 bytes each.

    Two HKDF of one block each over the same input, so that the first half is done once.
    """
    key = _extract(b"", chain_key)
    return hmac.digest(key, label + use + b"\x01", sha256), hmac.digest(key, label + b" next\x01", sha256)
