"""A secret in parts of which any two give it back and one says nothing (Shamir's scheme, threshold two, over GF(2^8) of FIPS 197).

Part `n` of byte `s` is `s + n * a` for one random `a` a byte, `n` from 1 to 255.
"""

from collections.abc import Sequence

PARTS_MOST = 255


def split(secret: bytes, count: int, random: bytes) -> list[bytes]:
    """`count` parts, each its number and as many bytes as the secret. `random`: as many bytes, never used for anything else."""
    if not 2 <= count <= PARTS_MOST or len(random) != len(secret):
        raise ValueError("two to 255 parts, and a random byte for each of the secret")
    return [bytes([n, *(s ^ times(n, a) for s, a in zip(secret, random, strict=True))]) for n in range(1, count + 1)]


def join(parts: Sequence[bytes]) -> bytes:
    """The secret of two parts. Raises `ValueError` for two of one number or of unequal length."""
    (first, *one), (second, *other) = parts
    if first == second or not first or not second or len(one) != len(other):
        raise ValueError("two different parts of one secret")
    share = inverse(first ^ second)
    return bytes(x ^ times(first, times(share, x ^ y)) for x, y in zip(one, other, strict=True))


def times(one: int, other: int) -> int:
    """The product in GF(2^8), modulo x^8 + x^4 + x^3 + x + 1. No branch or table depends on a factor."""
    found = 0
    for bit in range(8):
        found ^= -(other >> bit & 1) & one
        one = (one << 1) ^ (-(one >> 7) & 0x11B)
    return found


def inverse(one: int) -> int:
    """The 254th power: what times `one` gives 1."""
    found = 1
    for _ in range(254):
        found = times(found, one)
    return found
