"""The room's things: tables, who is signed in, what waits to be proven."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.people import invitation, staff
from tocsin.people.backoff import Backoff
from tocsin.people.challenge import Challenges
from tocsin.people.session import Sessions
from tocsin.store.db import Database

DAY_SECONDS = 86_400
Ask = Callable[[dict[str, canonical.Value]], Awaitable[bytes]]
HandIn = Callable[[bytes], Awaitable[dict[str, object]]]


@dataclass
class Office:
    """`salts`: 32 bytes that stay the same, for answers about pseudonyms that nobody has. `ask` and `hand_in` are stewardship's: what
    waits for stewards, and a statement that one or two of them signed.
    """

    database: Database
    clock: Clock
    sessions: Sessions
    salts: bytes
    ask: Ask
    hand_in: HandIn
    unread: Callable[[], int] = field(default=lambda: 0)
    """How many recordings nobody has opened for days: told to lawyers and stewards on their first page."""
    challenges: Challenges = field(init=False)
    backoff: Backoff = field(init=False)

    def __post_init__(self) -> None:
        self.challenges = Challenges(self.clock)
        self.backoff = Backoff(self.clock)

    @classmethod
    def open(cls, database: Database, clock: Clock, salts: bytes, ask: Ask, hand_in: HandIn) -> Self:
        return cls(database, clock, Sessions(clock), salts, ask, hand_in)

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
