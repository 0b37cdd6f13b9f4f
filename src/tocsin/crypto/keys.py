"""Signing keys: Ed25519 (RFC 8032) and ML-DSA-44 (FIPS 204), and how to check what they signed.

A key is made from a 32-byte seed and keeps it; callers decide where the seed lives (`store.key_custody`).

Ed25519 is libsodium's: it checks a signature in half of OpenSSL's time, once a chunk, and refuses keys of small order and
unreduced numbers, so it takes nothing that another checker of RFC 8032 refuses (`docs/adr/0003-ed25519-by-libsodium.md`).
"""

from dataclasses import dataclass
from functools import cached_property

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.mldsa import (
    MLDSA44PrivateKey,
    MLDSA44PublicKey,
)
from nacl import bindings as sodium
from nacl.exceptions import BadSignatureError

from tocsin.clock import Clock
from tocsin.crypto.profiles import KEY_BYTES, SIGNATURE_BYTES


@dataclass(frozen=True, repr=False)
class SigningKey:
    """An Ed25519 key. `repr` is the default object's, so that no traceback shows a seed."""

    seed: bytes

    @classmethod
    def generate(cls, clock: Clock) -> "SigningKey":
        return cls(clock.random_bytes(KEY_BYTES))

    @cached_property
    def _pair(self) -> tuple[bytes, bytes]:
        """The public key, and what libsodium signs with: seed and public key."""
        return sodium.crypto_sign_seed_keypair(self.seed)

    @property
    def public(self) -> bytes:
        """32 bytes."""
        return self._pair[0]

    def sign(self, message: bytes) -> bytes:
        """64 bytes; deterministic."""
        return sodium.crypto_sign(message, self._pair[1])[:SIGNATURE_BYTES]


@dataclass(frozen=True, repr=False)
class PostQuantumKey:
    """An ML-DSA-44 key from its 32-byte seed. Signatures are 2,420 bytes and randomised."""

    seed: bytes

    @classmethod
    def generate(cls, clock: Clock) -> "PostQuantumKey":
        return cls(clock.random_bytes(KEY_BYTES))

    @cached_property
    def _private(self) -> MLDSA44PrivateKey:
        return MLDSA44PrivateKey.from_seed_bytes(self.seed)

    @cached_property
    def public(self) -> bytes:
        """1,312 bytes."""
        return self._private.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        return self._private.sign(message)


def verify_ed25519(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is `public`'s over `message`. False, never an exception, for anything malformed."""
    if len(public) != KEY_BYTES or len(signature) != SIGNATURE_BYTES:  # the binding reads that many bytes unasked
        return False
    try:
        sodium.crypto_sign_open(signature + message, public)
    except BadSignatureError:
        return False
    return True


def verify_mldsa44(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether `signature` is `public`'s over `message`, with an empty context."""
    try:
        MLDSA44PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
