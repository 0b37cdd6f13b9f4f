"""VOPRF(ristretto255, SHA-512), RFC 9497: a secret function of an input that its holder does not see, with a proof of the key.

Our second implementation, over libsodium's group (`rbcl`). The node evaluates with `voprf`; this one is held to the same vectors and
to the same answers, so that a fault in either shows. It is not constant in time: the node's own keys never come here.

Elements and scalars are 32 bytes, outputs 64, a proof is two scalars. Inputs are at most 65,535 bytes, a batch at most 65,535
elements. What is malformed raises `ElementMalformed`, a proof that does not hold `ProofWrong`.
"""

from collections.abc import Sequence
from hashlib import sha512
from typing import NamedTuple

import rbcl  # type: ignore[import-untyped]  # it brings no types

ELEMENT_BYTES = SCALAR_BYTES = SEED_BYTES = 32
OUTPUT_BYTES = PROOF_BYTES = 64
IDENTITY = bytes(ELEMENT_BYTES)
ORDER = 2**252 + 27742317777372353535851937790883648493
"""Of the group (RFC 9496 section 4)."""

SUITE = b"OPRFV1-\x01-ristretto255-SHA512"
"""Mode 1: verifiable. Section 3.1, `CreateContextString`."""


class ElementMalformed(ValueError):
    """Not an element of the group, or the identity, or a scalar that is none."""


class ProofWrong(ValueError):
    """The evaluation was not made with the key it was said to be made with."""


class KeyPair(NamedTuple):
    """A scalar and the element that it makes of the generator."""

    secret: bytes
    public: bytes


class Evaluated(NamedTuple):
    """What a batch of blinded elements became, and one proof for all of it."""

    elements: tuple[bytes, ...]
    dleq: bytes
    """A proof that the logarithms are equal (section 2.2): challenge and response."""


def derive_key_pair(seed: bytes, info: bytes) -> KeyPair:
    """Section 3.2.1, `DeriveKeyPair`: `seed` is 32 random bytes, `info` public."""
    given = seed + _sized(info)
    secrets = (_hash_to_scalar(given + bytes([counter]), b"DeriveKeyPair" + SUITE) for counter in range(256))
    secret = next(one for one in secrets if any(one))
    return KeyPair(secret, public_of(secret))


def public_of(secret: bytes) -> bytes:
    """The public half of a secret scalar."""
    return _multiplied_generator(secret)


def blind(given: bytes, scalar: bytes) -> bytes:
    """Section 3.3.2, `Blind`: the element that hides `given` under a random `scalar`, which must never be used again."""
    return _multiplied(scalar, hash_to_group(given))


def evaluate(key: KeyPair, blinded: Sequence[bytes], random: bytes) -> Evaluated:
    """Section 3.3.2, `BlindEvaluate`. `random` is a fresh scalar for the proof: used twice, it gives the key away."""
    elements = tuple(_multiplied(key.secret, element) for element in blinded)
    return Evaluated(elements, _prove(key, blinded, elements, random))


def finalize(
    given: Sequence[bytes], scalars: Sequence[bytes], blinded: Sequence[bytes], evaluated: Evaluated, public: bytes
) -> list[bytes]:
    """Section 3.3.2, `Finalize`, for a batch: 64 bytes for each input. Raises `ProofWrong`, `ElementMalformed`."""
    _verify(public, blinded, evaluated)
    unblinded = (
        _multiplied(_inverted(scalar), element) for scalar, element in zip(scalars, evaluated.elements, strict=True)
    )
    return [_output(one, element) for one, element in zip(given, unblinded, strict=True)]


def evaluate_known(secret: bytes, given: bytes) -> bytes:
    """Section 3.3.2, `Evaluate`: the output for an input in clear."""
    return _output(given, _multiplied(secret, hash_to_group(given)))


def hash_to_group(given: bytes) -> bytes:
    """An element nobody knows the logarithm of. Raises `ElementMalformed` for the input in 2^252 that gives the identity."""
    element: bytes = rbcl.crypto_core_ristretto255_from_hash(_expanded(given, b"HashToGroup-" + SUITE))
    if element == IDENTITY:
        raise ElementMalformed
    return element


def random_scalar(wide: bytes) -> bytes:
    """A scalar from 64 random bytes, without a bias that matters."""
    return int.to_bytes(int.from_bytes(wide, "little") % ORDER, SCALAR_BYTES, "little")


def _prove(key: KeyPair, blinded: Sequence[bytes], elements: Sequence[bytes], random: bytes) -> bytes:
    """Section 2.2.1, `GenerateProof`, over the composite of the batch."""
    weighed = _weighed(key.public, blinded, elements)
    composite = _sum_of(weighed, blinded)
    evaluated = _multiplied(key.secret, composite)
    challenge = _challenge(
        key.public, composite, evaluated, _multiplied_generator(random), _multiplied(random, composite)
    )
    response = (_number(random) - _number(challenge) * _number(key.secret)) % ORDER
    return challenge + response.to_bytes(SCALAR_BYTES, "little")


def _verify(public: bytes, blinded: Sequence[bytes], evaluated: Evaluated) -> None:
    """Section 2.2.2, `VerifyProof`. Raises `ProofWrong`."""
    challenge, response = evaluated.dleq[:SCALAR_BYTES], evaluated.dleq[SCALAR_BYTES:]
    if len(response) != SCALAR_BYTES or max(_number(challenge), _number(response)) >= ORDER or not blinded:
        raise ProofWrong
    weighed = _weighed(public, blinded, evaluated.elements)
    composite, claimed = _sum_of(weighed, blinded), _sum_of(weighed, evaluated.elements)
    by_generator = _added(_multiplied_generator(response), _multiplied(challenge, public))
    by_composite = _added(_multiplied(response, composite), _multiplied(challenge, claimed))
    if _challenge(public, composite, claimed, by_generator, by_composite) != challenge:
        raise ProofWrong


def _weighed(public: bytes, blinded: Sequence[bytes], elements: Sequence[bytes]) -> list[bytes]:
    """Section 2.2.1, `ComputeComposites`: a scalar for each pair, so that no pair can make up for another."""
    if len(blinded) != len(elements):
        raise ProofWrong
    seed = sha512(_sized(public) + _sized(b"Seed-" + SUITE)).digest()
    return [
        _hash_to_scalar(_sized(seed) + number.to_bytes(2) + _sized(before) + _sized(after) + b"Composite")
        for number, (before, after) in enumerate(zip(blinded, elements, strict=True))
    ]


def _challenge(*elements: bytes) -> bytes:
    return _hash_to_scalar(b"".join(map(_sized, elements)) + b"Challenge")


def _output(given: bytes, element: bytes) -> bytes:
    return sha512(_sized(given) + _sized(element) + b"Finalize").digest()


def _hash_to_scalar(given: bytes, label: bytes = b"HashToScalar-" + SUITE) -> bytes:
    return random_scalar(_expanded(given, label))


def _expanded(given: bytes, label: bytes) -> bytes:
    """RFC 9380 section 5.3.1, `expand_message_xmd` with SHA-512, for 64 bytes: one block of output."""
    end = label + bytes([len(label)])
    first = sha512(bytes(128) + given + (64).to_bytes(2) + b"\0" + end).digest()
    return sha512(first + b"\1" + end).digest()


def _sum_of(scalars: Sequence[bytes], elements: Sequence[bytes]) -> bytes:
    total = IDENTITY
    for scalar, element in zip(scalars, elements, strict=True):
        total = _added(total, _multiplied(scalar, element))
    return total


def _added(one: bytes, other: bytes) -> bytes:
    added: bytes = rbcl.crypto_core_ristretto255_add(one, other)
    return added


def _multiplied(scalar: bytes, element: bytes) -> bytes:
    """Raises `ElementMalformed` for what is no element, for the identity, and for a scalar that makes it."""
    if (
        len(element) != ELEMENT_BYTES
        or element == IDENTITY
        or not rbcl.crypto_core_ristretto255_is_valid_point(element)
    ):
        raise ElementMalformed
    try:
        product: bytes = rbcl.crypto_scalarmult_ristretto255(scalar, element)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ElementMalformed from error
    return product


def _multiplied_generator(scalar: bytes) -> bytes:
    try:
        product: bytes = rbcl.crypto_scalarmult_ristretto255_base(scalar)
    except (RuntimeError, ValueError, TypeError) as error:
        raise ElementMalformed from error
    return product


def _inverted(scalar: bytes) -> bytes:
    return pow(_number(scalar), -1, ORDER).to_bytes(SCALAR_BYTES, "little")


def _number(scalar: bytes) -> int:
    return int.from_bytes(scalar, "little")


def _sized(part: bytes) -> bytes:
    return len(part).to_bytes(2) + part
