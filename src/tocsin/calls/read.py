"""Reads what comes from outside: digests, numbers, what is sealed. Anything else is refused in one way."""

import msgspec

from tocsin.calls.model import DIGEST_BYTES, ID_BYTES, AskedWrong, CallId, CallUnknown
from tocsin.ids import unb64

SEALED_BYTES = 64 * 1024


class OfCall(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A body that names its call, base64url. No address does: what stands in one is kept by those who route it."""

    call: str


def digest_of(text: str) -> bytes:
    """A SHA-256 in base64url. Raises `AskedWrong`."""
    raw = bytes_of(text)
    if len(raw) != DIGEST_BYTES:
        raise AskedWrong
    return raw


def bytes_of(text: str, most: int = SEALED_BYTES) -> bytes:
    """Bytes of base64url, not more than `most`. Raises `AskedWrong`."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise AskedWrong from error
    if len(raw) > most:
        raise AskedWrong
    return raw


def call_of(text: str) -> CallId:
    """The call that is meant. Raises `CallUnknown`."""
    try:
        raw = unb64(text)
    except ValueError as error:
        raise CallUnknown from error
    if len(raw) != ID_BYTES:
        raise CallUnknown
    return CallId(raw)
