"""RFC 8291: a push message that only its subscriber's browser can open, in one size whatever it says.

Everything but the last step can be done before the message is known: `prepare` draws the ephemeral key, does ECDH and derives key and
nonce; `seal` is one AES-GCM. What was prepared is for one message: used twice, key and nonce would give both away.
"""

import hmac
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

BODY_BYTES = 3_072
"""Of every body (RFC 8291 section 4 allows 4,096)."""
POINT_BYTES, AUTH_BYTES, SALT_BYTES = 65, 16, 16
TAG_BYTES, DELIMITER = 16, b"\x02"
RECORD_SIZE = 4_096
HEAD_BYTES = SALT_BYTES + 4 + 1 + POINT_BYTES
PADDED_BYTES = BODY_BYTES - HEAD_BYTES - TAG_BYTES
CURVE = ec.SECP256R1()


@dataclass(frozen=True, repr=False)
class Prepared:
    """What one message to one subscriber needs besides its text. For one use, in memory alone."""

    head: bytes
    """RFC 8188 header: salt, record size, the ephemeral public key."""
    key: bytes
    nonce: bytes


def prepare(
    subscriber: bytes, auth: bytes, salt: bytes, *, ephemeral: ec.EllipticCurvePrivateKey | None = None
) -> Prepared:
    """RFC 8291 section 3.4 up to the content key. `subscriber`: their uncompressed point; `salt`: 16 fresh random bytes.

    Raises `ValueError` for what is no point of the curve. `ephemeral` is given by known answers alone; else OpenSSL draws it.
    """
    ephemeral = ephemeral or ec.generate_private_key(CURVE)
    public = ephemeral.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, subscriber)
    shared = ephemeral.exchange(ec.ECDH(), theirs)
    combined = _extract(auth, shared)
    material = _expand(combined, b"WebPush: info\0" + subscriber + public)
    content = _extract(salt, material)
    head = salt + RECORD_SIZE.to_bytes(4) + bytes([POINT_BYTES]) + public
    key = _expand(content, b"Content-Encoding: aes128gcm\0")[:16]
    return Prepared(head, key, _expand(content, b"Content-Encoding: nonce\0")[:12])


def padded(payload: bytes) -> bytes:
    """The one record of every message: `payload`, the delimiter of a last record, zeros (RFC 8188 section 2). Raises `ValueError`."""
    if len(payload) >= PADDED_BYTES:
        raise ValueError("longer than what fits the one size")
    return (payload + DELIMITER).ljust(PADDED_BYTES, b"\0")


def seal(prepared: Prepared, record: bytes) -> bytes:
    """The body of the request: `record` is what `padded` gave (or a known answer's)."""
    return prepared.head + AESGCM(prepared.key).encrypt(prepared.nonce, record, None)


def _extract(salt: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt, ikm, "sha256")


def _expand(key: bytes, about: bytes) -> bytes:
    """One block of HKDF: 32 bytes."""
    return hmac.digest(key, about + b"\x01", "sha256")
