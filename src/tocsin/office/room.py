"""The room's things: tables, who is signed in, what waits to be proven."""

from dataclasses import dataclass, field
from typing import Self

from tocsin.clock import Clock
from tocsin.people import invitation, staff
from tocsin.people.backoff import Backoff
from tocsin.people.challenge import Challenges
from tocsin.people.session import Sessions
from tocsin.store.db import Database

DAY_SECONDS = 86_400


@dataclass
class Office:
    """`salts`: 32 bytes that stay the same, for answers about pseudonyms that nobody has."""

    database: Database
    clock: Clock
    sessions: Sessions
    salts: bytes
    challenges: Challenges = field(init=False)
    backoff: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self.challenges = Challenges(self.clock)
        self.backoff = Backoff(self.clock)

    @classmethod
    def open(cls, database: Database, clock: Clock, salts: bytes) -> Self:
        return cls(database, clock, Sessions(clock), salts)

    @property
    def now_s(self) -> int:
        return self.clock.now_ms() // 1000

    @property
    def today(self) -> int:
        return self.now_s // DAY_SECONDS

    async def tend(self) -> None:
        """What has to happen now and then: links that are too old, people who left, sessions that are over."""
        self.sessions.forget()
        today = self.today
        await self.database.write(lambda c: invitation.forget(c, today))
        await self.database.write(lambda c: staff.forget(c, today))
