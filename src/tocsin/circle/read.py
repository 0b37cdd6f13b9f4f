"""Reads what comes from outside. Anything else than it should be is refused in one way."""

import msgspec

from tocsin.circle.model import SAID_BYTES, SECRET_BYTES, AskedWrong, Said
from tocsin.crypto import canonical
from tocsin.ids import unb64

NUMBER_BYTES, SIGNATURE_BYTES = 16, 64


def bytes_of(text: str, length: int) -> bytes:
    """Exactly `length` bytes of base64url. Raises `AskedWrong`."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise AskedWrong from error
    if len(raw) != length:
        raise AskedWrong
    return raw


def secret_of(text: str) -> bytes:
    return bytes_of(text, SECRET_BYTES)


def said_of(text: str) -> Said:
    """What a phone signed. Its signature is the receivers' to verify. Raises `AskedWrong`."""
    try:
        raw = text.encode()
        if len(raw) > SAID_BYTES:
            raise AskedWrong
        canonical.loads(raw)
        said = msgspec.json.decode(raw, type=Said)
    except (ValueError, msgspec.MsgspecError) as error:
        raise AskedWrong from error
    bytes_of(said.number, NUMBER_BYTES)
    if said.v != 1:
        raise AskedWrong
    return said
