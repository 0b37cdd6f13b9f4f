"""What a circle is made of, and what may go wrong with one. Sizes are those of `docs/spec/circle.md`."""

from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

from tocsin.errors import TocsinError

DOORS, PLACES = 2, 15
"""In every circle, taken or not: nothing tells how many people somebody chose."""
SECRET_BYTES = 32
NONCE_BYTES, TAG_BYTES = 12, 16
SEAL_BYTES = NONCE_BYTES + TAG_BYTES
TAIL_BYTES = 128
DOOR_BYTES = 1 + PLACES * SECRET_BYTES + TAIL_BYTES
DOOR_BOX_BYTES = DOOR_BYTES + SEAL_BYTES
ENDPOINT_BYTES = 720
ENDPOINT_BOX_BYTES = ENDPOINT_BYTES + SEAL_BYTES
LETTER_BOX_BYTES = 1_280
USES, USE_BYTES = 12, 8
NOTE_BYTES = USES * USE_BYTES
CERTIFICATE_BYTES = 96
WEEKS = 26
"""A circle that is kept ends so long after its phone last looked at it."""
SHORT_DAYS = 1
"""Every other ends with the day after: one in which nobody was written for, and one begun while a flood has the room."""
SAID_BYTES = 256


class Kind(IntEnum):
    """Which door it is."""

    PHONE = 1
    """The phone that made the circle: tells, looks, changes, ends."""
    WORDS = 2
    """Whoever knows the code words: tells, and takes back what was told."""


class Word(StrEnum):
    """What can be said. A closed list: none of it asks a phone to do anything."""

    TELL = "tell"
    FALSE_ALARM = "false_alarm"
    TRIAL = "trial"


class Reached(StrEnum):
    """What became of a telling. No number: it would say that somebody left."""

    EVERYBODY = "everybody"
    SOME = "some"
    NOBODY = "nobody"


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the phone signed, as canonical JSON. `number` names it: a false alarm has that of what it takes back."""

    at: int
    kind: Word
    number: str
    v: int


class Door(NamedTuple):
    """An opened door. `name` is known to who made it; `tail` is read by its kind."""

    id: bytes
    kind: Kind
    places: tuple[bytes, ...]
    """Of each place what the node needs: its capability and the key of its box are derived from it."""
    tail: bytes

    @property
    def words_name(self) -> bytes:
        """Of a phone's door: the name of the door that opens with words."""
        return self.tail[:SECRET_BYTES]

    @property
    def note_key(self) -> bytes:
        """Of a phone's door: what opens the note of when words were used."""
        return self.tail[SECRET_BYTES : 2 * SECRET_BYTES]

    @property
    def certificate(self) -> bytes:
        """Of a door that opens with words: their public key, and the phone's signature of it."""
        return self.tail[:CERTIFICATE_BYTES] if self.kind is Kind.WORDS else b""

    def __repr__(self) -> str:
        return "Door(...)"


class Place(NamedTuple):
    """One place as it is kept."""

    id: bytes
    box: bytes
    letter: bytes


class CircleUnknown(TocsinError):
    code = "circle_unknown"
    status = 404
    message = "There is no such circle here. It was ended, or nobody looked at it in time."


class WordsUnknown(TocsinError):
    code = "circle_words_unknown"
    status = 404
    message = "These words open nothing here. Look at each word, and try again."


class NotYourPhone(TocsinError):
    code = "circle_not_your_phone"
    status = 403
    message = "Code words can tell a circle and take that back. Everything else is done on the phone that made it."


class AskedWrong(TocsinError):
    code = "circle_asked_wrong"
    status = 400
    message = "The node could not read this. Reload the page; nothing was changed."


class CirclesFull(TocsinError):
    code = "circles_full"
    status = 503
    message = "Many circles are being begun on this node. Ask again in some seconds, and go on asking: some are let in."


class ToldOften(TocsinError):
    code = "circle_told_often"
    status = 429
    message = "This circle was told several times in this hour. A false alarm can still be taken back."


class TrialRefused(TocsinError):
    code = "circle_trial_refused"
    status = 409
    message = "The push service of this browser did not take the message. Allow messages again on this page."
