"""Who is on duty to confirm: in memory only, without a name, and gone with their shift.

A confirmer spends one token and is known by a capability that their page drew. After a restart of the node the page shows the same
token with the same secret again, which costs nothing, and is on duty as before.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from tocsin.alerts.refusals import NotOnDuty
from tocsin.clock import Clock
from tocsin.ids import b64

LONGEST_S = 12 * 3_600
QUIET_S = 300
"""Whose page has not asked for so long is asked nothing until it does."""


@dataclass
class Confirmer:
    """One on duty. `credential`: SHA-256 of the token they came with, for two stewards within the epoch."""

    cohort: int
    epoch: int
    credential: bytes
    until: float
    seen: float


@dataclass
class Duty:
    """Who is on duty, by SHA-256 of their capability. Times are monotonic seconds."""

    clock: Clock
    on: dict[bytes, Confirmer] = field(default_factory=dict)

    def begin(self, who: bytes, cohort: int, epoch: int, credential: bytes) -> float:
        """Begin a duty, or go on with it; seconds until it ends by itself."""
        now = self.clock.monotonic()
        known = self.on.get(who)
        until = known.until if known else now + LONGEST_S
        self.on[who] = Confirmer(cohort, epoch, credential, until, now)
        return until - now

    def of(self, who: bytes) -> Confirmer:
        """The confirmer. Raises `NotOnDuty`."""
        found, now = self.on.get(who), self.clock.monotonic()
        if found is None or now >= found.until:
            self.on.pop(who, None)
            raise NotOnDuty
        found.seen = now
        return found

    def end(self, who: bytes) -> None:
        self.on.pop(who, None)

    def forget(self, epoch: int) -> None:
        """Drop those whose shift or epoch is over."""
        now = self.clock.monotonic()
        self.on = {who: one for who, one in self.on.items() if now < one.until and one.epoch >= epoch}

    def count(self) -> int:
        """How many could be asked now."""
        return len(self._present())

    def pick(self, asked: Collection[bytes], heard: Collection[int], count: int) -> list[bytes]:
        """At most `count` who were not asked, at random: cohorts that have not spoken first, none twice while another waits."""
        free = [who for who in self._present() if who not in asked]
        drawn = sorted(free, key=lambda _: self.clock.random_bytes(8))
        turns: dict[int, int] = {}
        ranked: list[tuple[int, bool, int, bytes]] = []
        for who in drawn:
            cohort = self.on[who].cohort
            turns[cohort] = turns.get(cohort, -1) + 1
            ranked.append((turns[cohort], cohort in heard, len(ranked), who))
        return [who for *_, who in sorted(ranked)[:count]]

    def _present(self) -> list[bytes]:
        now = self.clock.monotonic()
        return [who for who, one in self.on.items() if now < one.until and now - one.seen < QUIET_S]


def told(seconds: float) -> int:
    """Whole minutes of what is left, in seconds."""
    return int(seconds) // 60 * 60


def name_of(who: bytes) -> str:
    """A few letters by which the desk tells confirmers of one matter apart."""
    return b64(who)[:4]
