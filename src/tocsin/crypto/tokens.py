"""Privacy Pass tokens of type 0x0005: VOPRF(ristretto255, SHA-512), one at a time (RFC 9578's form) or in batches.

A token says "whoever spends this was given it by the holder of this key" and nothing else: the issuer saw a blinded element and cannot
tell which token came of it. Types and layouts: RFC 9577 section 2.1, draft-ietf-privacypass-batched-tokens.

`Issuer` holds a key and is what a node runs, on `voprf`; `oprf` is the second implementation and the client of the tests. Malformed
bytes raise `TokenMalformed`; a token of another key or challenge is simply not genuine.
"""

from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from typing import NamedTuple

from voprf import ristretto

from tocsin.crypto.oprf import ELEMENT_BYTES, OUTPUT_BYTES, PROOF_BYTES

TOKEN_TYPE = 0x0005
NONCE_BYTES = KEY_ID_BYTES = DIGEST_BYTES = 32
TOKEN_BYTES = 2 + NONCE_BYTES + DIGEST_BYTES + KEY_ID_BYTES + OUTPUT_BYTES
BATCH_MOST = 256
"""Elements in one request."""

_TYPE = TOKEN_TYPE.to_bytes(2)


class TokenMalformed(ValueError):
    """Not a request, an answer or a token of this type."""


class Token(NamedTuple):
    """A token in its parts (RFC 9577 section 2.2)."""

    nonce: bytes
    challenge_digest: bytes
    key_id: bytes
    authenticator: bytes

    @property
    def given(self) -> bytes:
        """What the authenticator is the function's value of."""
        return token_input(self.nonce, self.challenge_digest, self.key_id)

    @property
    def raw(self) -> bytes:
        return self.given + self.authenticator


def challenge(issuer: str, origin: str, context: bytes = b"") -> bytes:
    """`TokenChallenge` (RFC 9577 section 2.1.1). `context` is empty or 32 bytes."""
    if len(context) not in (0, DIGEST_BYTES):
        raise TokenMalformed
    return _TYPE + _sized(issuer.encode()) + bytes([len(context)]) + context + _sized(origin.encode())


def key_id(public: bytes) -> bytes:
    """SHA-256 of the serialized public key."""
    return sha256(public).digest()


def token_input(nonce: bytes, challenge_digest: bytes, key: bytes) -> bytes:
    """The bytes that are blinded."""
    return _TYPE + nonce + challenge_digest + key


def read_token(raw: bytes) -> Token:
    """Raises `TokenMalformed` for another length or type."""
    if len(raw) != TOKEN_BYTES or raw[:2] != _TYPE:
        raise TokenMalformed
    parts = (raw[2:34], raw[34:66], raw[66:98], raw[98:])
    return Token(*parts)


def request(public: bytes, blinded: Sequence[bytes]) -> bytes:
    """A batched request for as many tokens as there are blinded elements."""
    return _TYPE + key_id(public)[-1:] + _vector(b"".join(blinded))


def single_request(public: bytes, blinded: bytes) -> bytes:
    """A request for one token (RFC 9578's form)."""
    return _TYPE + key_id(public)[-1:] + blinded


def read_request(raw: bytes) -> tuple[int, list[bytes]]:
    """The last byte of the key's id, and the blinded elements. Raises `TokenMalformed`."""
    if raw[:2] != _TYPE or len(raw) < 4:
        raise TokenMalformed
    elements = _split(_unvector(raw[3:]))
    if not 1 <= len(elements) <= BATCH_MOST:
        raise TokenMalformed
    return raw[2], elements


def read_answer(raw: bytes) -> tuple[tuple[bytes, ...], bytes]:
    """Evaluated elements and their proof. Raises `TokenMalformed`."""
    return tuple(_split(_unvector(raw[:-PROOF_BYTES]))), raw[-PROOF_BYTES:]


class Issuer:
    """A key that issues tokens and knows its own again. `seed` is 32 random bytes, `info` public (RFC 9497 section 3.2.1)."""

    def __init__(self, seed: bytes, info: bytes) -> None:
        self._evaluator = ristretto.Evaluator.from_seed(seed, info)
        self.public: bytes = self._evaluator.public_key.serialize()
        self.key_id = key_id(self.public)

    def answer(self, raw: bytes) -> bytes:
        """What a batched request is answered. Raises `TokenMalformed`, also for a request to another key."""
        last, elements = read_request(raw)
        if last != self.key_id[-1]:
            raise TokenMalformed
        try:
            blinded = [ristretto.BlindedInput.deserialize(element) for element in elements]
            # The library writes proof, count, elements; the draft has elements first.
            made: bytes = self._evaluator.evaluate_batch(blinded).serialize()
        except ValueError as error:
            raise TokenMalformed from error
        return _vector(made[-ELEMENT_BYTES * len(elements) :]) + made[:PROOF_BYTES]

    def made(self, nonce: bytes, challenge_digest: bytes) -> bytes:
        """The token of a nonce that is known: what it would be if it had been asked for blind."""
        given = token_input(nonce, challenge_digest, self.key_id)
        return given + bytes(self._evaluator.evaluate_known_input(given))

    def is_genuine(self, token: Token) -> bool:
        """Whether this key made it. Says nothing about whether it was spent before."""
        if token.key_id != self.key_id:
            return False
        return compare_digest(self._evaluator.evaluate_known_input(token.given), token.authenticator)


def _split(raw: bytes) -> list[bytes]:
    if len(raw) % ELEMENT_BYTES:
        raise TokenMalformed
    return [raw[at : at + ELEMENT_BYTES] for at in range(0, len(raw), ELEMENT_BYTES)]


def _vector(raw: bytes) -> bytes:
    """With its length before it (RFC 9000 section 16)."""
    if len(raw) < 1 << 6:
        return len(raw).to_bytes(1) + raw
    if len(raw) < 1 << 14:
        return (len(raw) | 1 << 14).to_bytes(2) + raw
    raise TokenMalformed


def _unvector(raw: bytes) -> bytes:
    """Inverse of `_vector`; a length that could be shorter is refused, or one request would have two spellings."""
    if len(raw) < 1 or raw[0] >> 6 > 1:
        raise TokenMalformed
    body = raw[1 << (raw[0] >> 6) :]
    if _vector(body) != raw:
        raise TokenMalformed
    return body


def _sized(raw: bytes) -> bytes:
    return len(raw).to_bytes(2) + raw
