"""Identifiers, typed so that one can never stand for another. All are random; none tells order or time."""

import base64
from typing import NewType

RecordingId = NewType("RecordingId", bytes)
"""16 random bytes, chosen by the phone."""

SlotNumber = NewType("SlotNumber", int)
"""Position of a recording's key in `erase.keys`."""


def b64(raw: bytes) -> str:
    """Base64url without padding (RFC 4648 section 5)."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """Inverse of `b64`. Raises `ValueError` for anything that `b64` would not have written."""
    raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    if b64(raw) != text:
        raise ValueError("not canonical base64url")
    return raw
