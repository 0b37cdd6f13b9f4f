"""Everything the verbs of this room stand on. In memory: how often each door told, under a key of this process; when any was begun."""

from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b

from tocsin.circle import queries, sealed
from tocsin.circle.model import WEEKS, CircleUnknown, Door, Kind, NotYourPhone, ToldOften
from tocsin.clock import Clock
from tocsin.deliver.webpush import Quota, Sender
from tocsin.people.backoff import Backoff
from tocsin.store.db import Database

WEEK_DAYS = 7
DAY_S = 24 * 3600
HOUR_S = 3_600.0
BEGUN_AN_HOUR = 300
"""Also lengthened by a day. So at most 14,400 circles at a time end with the day after, however long a flood lasts."""
TOLD_AN_HOUR = 6
"""Of one door. A false alarm is never held."""
FREE_CIRCLES = 10_000
"""So many are kept for half a year as they come; 31 kB each."""
MOST_CIRCLES = 20_000
SLOW_A_DAY = (MOST_CIRCLES - FREE_CIRCLES) // (WEEKS * WEEK_DAYS)
"""The rest of the room, so slowly that the first have ended when the last is given."""


@dataclass
class Circles:
    """`quota` bounds what circles send; `trials` is shared with the other single messages of phones that subscribe."""

    database: Database
    clock: Clock
    sender: Sender
    quota: Quota
    trials: Quota
    tries: Backoff = field(init=False)
    begun: Quota = field(init=False)
    slow: Quota = field(init=False)
    kept: int = 0
    """Circles that are kept for half a year, as last counted and added to."""
    counts_at: float = 0.0
    _key: bytes = field(init=False)
    _told: dict[bytes, deque[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.tries = Backoff(self.clock)
        self.begun = Quota(self.clock, BEGUN_AN_HOUR, HOUR_S)
        self.slow = Quota(self.clock, SLOW_A_DAY, DAY_S)
        self._key = self.clock.random_bytes(32)

    @property
    def today(self) -> int:
        return self.clock.now_ms() // 1000 // DAY_S

    @property
    def half_a_year(self) -> int:
        """The last day of what is kept now: that of a week, so that it does not say on which day a phone looked."""
        return (self.today // WEEK_DAYS + WEEKS + 1) * WEEK_DAYS - 1

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

    def count_told(self, door: Door) -> None:
        """Raises `ToldOften` with when to come again."""
        now, key = self.clock.monotonic(), blake2b(door.id, key=self._key, digest_size=16).digest()
        self._told = {one: times for one, times in self._told.items() if times[-1] > now - HOUR_S}
        times = self._told.setdefault(key, deque(maxlen=TOLD_AN_HOUR))
        if len(times) == TOLD_AN_HOUR and times[0] > now - HOUR_S:
            raise ToldOften(retry_after=int(times[0] + HOUR_S - now) + 1)
        times.append(now)
