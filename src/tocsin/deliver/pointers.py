"""Outside channels: e-mail, Matrix, and what apprise reaches (Signal, ntfy and the rest). Each says one sentence and nothing else.

Rule 10: no area, no kind, no hour, no number, and no difference between an alert, its update and its cancel: all of them are news. A
trial is told to nobody outside; a drill is, because the way is what it tries.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from tocsin.clock import Clock
from tocsin.deliver.channel import POINTER, ChannelDown
from tocsin.deliver.model import Kind

SILENT = frozenset({Kind.TEST})
A_DAY_S = 86_400.0


def pointer(city: str) -> str:
    """The sentence."""
    return POINTER.format(city=city)


class Budget:
    """A credential's quota: so many sentences a day. What takes back is never held (`model.URGENT`); the rest waits its turn."""

    def __init__(self, clock: Clock, a_day: int) -> None:
        self._clock = clock
        self._a_day = a_day
        self._spent: list[float] = []

    @contextmanager
    def spending(self, *, is_urgent: bool) -> Iterator[None]:
        """Raises `ChannelDown` with when to come again. What fails inside was not said and is given back: a channel that was away for
        an hour has the rest of its day.
        """
        now = self._clock.monotonic()
        self._spent = [at for at in self._spent if at > now - A_DAY_S]
        if not is_urgent and len(self._spent) >= self._a_day:
            raise ChannelDown(self._spent[0] + A_DAY_S - now)
        self._spent.append(now)
        try:
            yield
        except BaseException:
            self._spent.remove(now)
            raise
