"""What is sent, and the proof that two people let it go."""

from enum import StrEnum

import msgspec

from tocsin.errors import TocsinError

ID_BYTES = 16
MARK_BYTES = 32
MOST_BYTES = 2_900
"""Of a body: with web push's own bytes it fits the one size that every push has."""
MOST_ZONES = 64


class Kind(StrEnum):
    """What a message is. All that a channel may know of it."""

    ALERT = "alert"
    UPDATE = "update"
    CANCEL = "cancel"
    TEST = "test"
    EXERCISE = "exercise"
    DANGER = "danger"


URGENT = frozenset({Kind.CANCEL, Kind.DANGER})
"""They go before everything that waits, and no quota holds them: what takes a thing back is as loud as the thing."""


class MessageWrong(TocsinError):
    code = "message_wrong"
    status = 400
    message = "This cannot be sent: its bytes, its number or its end are not in order."


class ReleaseMissing(TocsinError):
    code = "release_missing"
    status = 403
    message = "Two people have to let this go. One of them is missing."


class Message(msgspec.Struct, frozen=True):
    """One signed object on its way. `zones` empty: everybody."""

    id: bytes
    """16 random bytes."""
    kind: Kind
    body: bytes
    """The signed object as one line of UTF-8 text, at most `MOST_BYTES`."""
    ends_ms: int
    """Unix ms; afterwards nobody sends it and the node forgets it."""
    zones: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises `MessageWrong`."""
        is_line = self.body.isascii() or _is_utf8(self.body)
        is_short = 0 < len(self.body) <= MOST_BYTES and len(self.zones) <= MOST_ZONES
        if len(self.id) != ID_BYTES or not is_short or not is_line or b"\n" in self.body or b"\r" in self.body:
            raise MessageWrong


class Release(msgspec.Struct, frozen=True):
    """The marks of the two people who let a message go: 32 bytes each, one-use, of two different credentials.

    Whoever makes one has checked the credentials; here they must only be two.
    """

    first: bytes
    second: bytes

    def check(self) -> None:
        """Raises `ReleaseMissing`."""
        if len(self.first) != MARK_BYTES or len(self.second) != MARK_BYTES or self.first == self.second:
            raise ReleaseMissing


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
