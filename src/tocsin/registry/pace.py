"""How fast strangers may send: of all together, because nothing is known of any."""

from dataclasses import dataclass


@dataclass
class Pace:
    """A token bucket: one each `seconds` on average, `burst` at once."""

    seconds: float
    burst: float
    level: float = -1.0
    seen: float = 0.0

    def take(self, now: float) -> bool:
        """Whether one may pass at `now` (monotonic seconds)."""
        if self.level < 0:
            self.level, self.seen = self.burst, now
        self.level = min(self.burst, self.level + (now - self.seen) / self.seconds)
        self.seen = now
        if self.level < 1:
            return False
        self.level -= 1
        return True
