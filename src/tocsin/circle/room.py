"""Everything the verbs of this room stand on. In memory: how often each door told in this hour, under a key of this process."""

from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b

from tocsin.circle import queries, sealed
from tocsin.circle.model import CirclesFull, CircleUnknown, Door, Kind, NotYourPhone, ToldOften
from tocsin.clock import Clock
from tocsin.deliver.webpush import Quota, Sender
from tocsin.people.backoff import Backoff
from tocsin.store.db import Database

WEEK_S = 7 * 24 * 3600
HOUR_S = 3_600.0
BEGUN_AN_HOUR = 300
TOLD_AN_HOUR = 6
"""Of one door. A false alarm is never held."""
MOST_CIRCLES = 10_000
"""31 kB each."""


@dataclass
class Circles:
    """`quota` bounds what circles send; `trials` is shared with the other single messages of phones that subscribe."""

    database: Database
    clock: Clock
    sender: Sender
    quota: Quota
    trials: Quota
    tries: Backoff = field(init=False)
    _key: bytes = field(init=False)
    _told: dict[bytes, deque[float]] = field(default_factory=dict)
    _begun: deque[float] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.tries = Backoff(self.clock)
        self._key = self.clock.random_bytes(32)

    @property
    def week(self) -> int:
        return self.clock.now_ms() // 1000 // WEEK_S

    async def door(self, secret: bytes) -> Door:
        """What the secret opens. Raises `CircleUnknown`."""
        number = sealed.door_id(secret)
        box = await self.database.read(lambda c: queries.box_of(c, number))
        if box is None:
            raise CircleUnknown
        return sealed.open_door(secret, box)

    async def own_door(self, secret: bytes) -> Door:
        """The same, for what only the phone that made the circle may do. Raises `NotYourPhone`, `CircleUnknown`."""
        found = await self.door(secret)
        if found.kind is not Kind.PHONE:
            raise NotYourPhone
        return found

    def count_begun(self) -> None:
        """Raises `CirclesFull`."""
        now = self.clock.monotonic()
        while self._begun and self._begun[0] <= now - HOUR_S:
            self._begun.popleft()
        if len(self._begun) >= BEGUN_AN_HOUR:
            raise CirclesFull
        self._begun.append(now)

    def count_told(self, door: Door) -> None:
        """Raises `ToldOften` with when to come again."""
        now, key = self.clock.monotonic(), blake2b(door.id, key=self._key, digest_size=16).digest()
        self._told = {one: times for one, times in self._told.items() if times[-1] > now - HOUR_S}
        times = self._told.setdefault(key, deque(maxlen=TOLD_AN_HOUR))
        if len(times) == TOLD_AN_HOUR and times[0] > now - HOUR_S:
            raise ToldOften(retry_after=int(times[0] + HOUR_S - now) + 1)
        times.append(now)
