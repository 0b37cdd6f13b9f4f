"""Back-off for what can be guessed: the more often it was tried in vain, the longer the next try is asked to wait, never for long.

In memory, by a digest under a key of this process. It locks nobody out: once a flood of a stranger's tries is over, `LONGEST_S` is
the most that it still costs, and while it goes on it keeps only a passphrase waiting. Passkeys and sheets cannot be guessed
and never wait.
"""

from hashlib import blake2b

from tocsin.clock import Clock
from tocsin.errors import TocsinError

FREE = 4
"""Slips of the hand that cost nothing."""
LONGEST_S = 30.0
FORGET_S = 3_600.0
MOST = 4_096


class TooManyTries(TocsinError):
    code = "too_many_tries"
    status = 429
    message = "That was tried often in a short time. Wait as long as the page says, or take another way in."


class Backoff:
    """Tries by what was tried. Times are the clock's monotonic seconds."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._key = clock.random_bytes(32)
        self._tries: dict[bytes, tuple[int, float]] = {}

    def take(self, what: str) -> None:
        """Count a try, before it is looked at. Raises `TooManyTries` with the seconds to wait; then it is not looked at or counted."""
        now, key = self._clock.monotonic(), self._digest(what)
        count, last = self._tries.get(key, (0, now))
        wait = last + waiting_s(count) - now
        if wait > 0:
            raise TooManyTries(retry_after=int(wait) + 1)
        self._make_room(now)
        self._tries[key] = count + 1, now

    def forgive(self, what: str) -> None:
        """It was right."""
        self._tries.pop(self._digest(what), None)

    def _digest(self, what: str) -> bytes:
        return blake2b(what.encode(), key=self._key, digest_size=16).digest()

    def _make_room(self, now: float) -> None:
        if len(self._tries) >= MOST:
            self._tries = {key: one for key, one in self._tries.items() if now - one[1] < FORGET_S}
        while len(self._tries) >= MOST:
            del self._tries[next(iter(self._tries))]


def waiting_s(tries: int) -> float:
    """Seconds between the last of so many tries in vain and the next."""
    return 0.0 if tries < FREE else min(LONGEST_S, float(2 ** (tries - FREE)))
