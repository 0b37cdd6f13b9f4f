"""Names and keys derived from what a phone hands over, and the boxes that they open. Pure but for the random numbers it is given."""

from hashlib import sha256

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.circle.model import (
    DOOR_BYTES,
    ENDPOINT_BYTES,
    NONCE_BYTES,
    NOTE_BYTES,
    PLACES,
    SECRET_BYTES,
    TAIL_BYTES,
    USE_BYTES,
    USES,
    CircleUnknown,
    Door,
    Kind,
)
from tocsin.crypto.hkdf import hkdf
from tocsin.deliver.endpoint import Told

LABEL = b"tocsin.circle/v1 "


def derived(secret: bytes, use: bytes) -> bytes:
    """32 bytes of a secret for one use: `name`, `box` and `note` of a door; `place` and `endpoint` of a place."""
    return hkdf(secret, salt=b"", info=LABEL + use, length=SECRET_BYTES)


def number_of(name: bytes) -> bytes:
    """Under which number lies what has this name."""
    return sha256(name).digest()


def door_id(secret: bytes) -> bytes:
    """Under which number a door lies."""
    return number_of(derived(secret, b"name"))


def place_id(share: bytes) -> bytes:
    """Under which number a place lies."""
    return number_of(derived(share, b"place"))


def open_door(secret: bytes, box: bytes) -> Door:
    """Raises `CircleUnknown` for what the secret does not open."""
    number = door_id(secret)
    plain = opened(derived(secret, b"box"), box, number)
    if plain is None or len(plain) != DOOR_BYTES or plain[0] not in {*Kind}:
        raise CircleUnknown
    shares = tuple(plain[1 + at * SECRET_BYTES : 1 + (at + 1) * SECRET_BYTES] for at in range(PLACES))
    return Door(number, Kind(plain[0]), shares, plain[-TAIL_BYTES:])


def endpoint_in(share: bytes, number: bytes, box: bytes) -> Told | None | bool:
    """What lies in a place: a browser's subscription; True where somebody was and left; None where nobody ever was."""
    plain = opened(derived(share, b"endpoint"), box, number)
    if plain is None or len(plain) != ENDPOINT_BYTES:
        return None
    told = plain[2 : 2 + int.from_bytes(plain[:2])]
    try:
        return msgspec.json.decode(told, type=Told) if told else True
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True


def uses_in(key: bytes, number: bytes, note: bytes) -> list[int]:
    """When words were used, Unix seconds, newest last; nothing where none ever were."""
    plain = opened(key, note, number) or b""
    times = [int.from_bytes(plain[at : at + USE_BYTES]) for at in range(0, len(plain), USE_BYTES)]
    return [time for time in times if time]


def note_of(key: bytes, number: bytes, uses: list[int], nonce: bytes) -> bytes:
    """The newest of these uses, sealed in one size."""
    plain = b"".join(time.to_bytes(USE_BYTES) for time in uses[-USES:])
    return nonce + AESGCM(key).encrypt(nonce, plain.rjust(NOTE_BYTES, b"\0"), number)


def opened(key: bytes, box: bytes, about: bytes) -> bytes | None:
    """The plain bytes, or None."""
    try:
        return AESGCM(key).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], about)
    except InvalidTag:
        return None
