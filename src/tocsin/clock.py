"""The only caller of time and randomness.

Everything that needs either takes a `Clock`, so that trials can move it. `SystemClock` is the real one; nothing else in the
project may call `time`, `datetime.now`, `os.urandom`, `secrets` or `random` (a rule test holds it).
"""

import secrets
import time
from typing import Protocol


class Clock(Protocol):
    """Time and randomness, as the rest of the house sees them."""

    def now_ms(self) -> int:
        """Wall clock, Unix milliseconds. May jump either way."""
        ...

    def monotonic(self) -> float:
        """Seconds that only ever grow, from an arbitrary start."""
        ...

    def random_bytes(self, count: int) -> bytes:
        """`count` bytes fit for keys."""
        ...


class SystemClock:
    """The machine's own clock and the operating system's generator."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        return time.monotonic()

    def random_bytes(self, count: int) -> bytes:
        return secrets.token_bytes(count)
