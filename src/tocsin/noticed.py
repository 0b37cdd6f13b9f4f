"""What a node noticed of its own troubles: coarse, in memory, about nobody.

Refusals and failures are counted by code within the current hour, and told only from five on and only as the step below (5, 10,
20, 50 ...): fewer might be one person's evening. An unexpected error is kept under the random id that its answer carried, as the
place in the program and the hour. Nothing of a request is ever here, and nothing of it outlives the process.
"""

from collections import Counter, OrderedDict
from typing import NamedTuple

from tocsin.clock import Clock

HOUR_MS = 3_600_000
LEAST = 5
STEPS = (1, 2, 5)
MOST_ERRORS = 256
KEPT_HOURS = 24


class Found(NamedTuple):
    """An unexpected error: where in the program, and in which hour (Unix seconds of its beginning)."""

    place: str
    hour: int


class Noticed:
    """Counts and errors of one process."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._hour = 0
        self._counts: Counter[str] = Counter()
        self._errors: OrderedDict[str, Found] = OrderedDict()

    def count(self, code: str) -> None:
        """One more refusal or failure of this code, a word from the program's own list."""
        self._turn()
        self._counts[code] += 1

    def keep(self, error_id: str, place: str) -> None:
        """An unexpected error under the id that was given out."""
        self._turn()
        self._errors[error_id] = Found(place, self._hour * HOUR_MS // 1000)
        while len(self._errors) > MOST_ERRORS:
            self._errors.popitem(last=False)

    def counts(self) -> dict[str, int]:
        """What happened at least so often in this hour, by code."""
        self._turn()
        return {code: step_below(count) for code, count in sorted(self._counts.items()) if count >= LEAST}

    def errors(self) -> dict[str, Found]:
        """Errors of a day by id, the oldest first."""
        self._turn()
        return dict(self._errors)

    def _turn(self) -> None:
        """A new hour has no counts; errors go after a day. A clock that was set back makes a new hour too."""
        hour = self._clock.now_ms() // HOUR_MS
        if hour == self._hour:
            return
        self._hour = hour
        self._counts.clear()
        oldest = (hour - KEPT_HOURS) * HOUR_MS // 1000
        self._errors = OrderedDict((key, found) for key, found in self._errors.items() if found.hour > oldest)


def step_below(count: int) -> int:
    """The largest of 5, 10, 20, 50, 100 ... that is not above `count`, which is at least 5."""
    step, magnitude = LEAST, 1
    while True:
        for digit in STEPS:
            if digit * magnitude > count:
                return step
            step = max(step, digit * magnitude)
        magnitude *= 10
