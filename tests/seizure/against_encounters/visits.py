"""Recordings as they truly were, to hold against what a thief reads."""

from dataclasses import dataclass, field
from typing import NamedTuple

from tests.encounters.phone import Phone
from tests.seizure.people import Person
from tocsin.clock import SystemClock
from tocsin.crypto.stream import Reader
from tocsin.ids import b64

CLOCK = SystemClock()


class Leaf(NamedTuple):
    """A leaf of the log that is a recording's, as only its readers know: the number of its note, and where it stands."""

    recording_id: bytes
    beat: int
    note: int
    place: int


@dataclass
class Visit:
    """One recording from the tap to its end, and what is known about it outside the node."""

    person: Person
    kind: str
    phone: Phone
    seconds: int
    ending: str
    """What is done after the stop: "words", "erase", "rewrap", "open" (never stopped), "kept" (no words)."""
    began: int = 0
    day: int = 0
    size: int = 0
    last_ms: int = 0
    is_gone: bool = False
    """Erased by its owner or by its day."""
    raws: list[bytes] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    locator: bytes = field(default_factory=lambda: CLOCK.random_bytes(32))

    @property
    def id(self) -> bytes:
        return self.phone.id

    @property
    def path(self) -> str:
        return f"/encounters/{b64(self.phone.id)}"

    @property
    def owner(self) -> bytes:
        return Reader(self.phone.rk, self.phone.writer.header).owner_secret

    @property
    def is_open(self) -> bool:
        return self.ending == "open"
