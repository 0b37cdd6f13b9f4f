"""The public page that says whether the node works: four parts, three words each, when it last worked in rough steps. No count, no
hour, no script: it says the same to everybody, and nothing of anybody.
"""

from typing import NamedTuple

WORKS, FAILS, UNTRIED = "works", "fails", "untried"

PARTS = ("recording", "log", "witness", "room")
"""What the page names, in order. Anything else that fails counts for its first line alone."""

STEPS = ((600.0, "minutes"), (3_600.0, "hour"), (6 * 3_600.0, "hours"), (24 * 3_600.0, "day"))
NEVER, LONG = "never", "long"


class Shown(NamedTuple):
    """What the page shows: each part with its state, and how long ago a rehearsal last came through, as a step."""

    parts: tuple[tuple[str, str], ...] = ()
    worked: str = NEVER

    @property
    def state(self) -> str:
        """The worst that is known."""
        states = {state for _, state in self.parts}
        return FAILS if FAILS in states else UNTRIED if UNTRIED in states or not states else WORKS

    @property
    def named(self) -> tuple[tuple[str, str], ...]:
        """The parts that the page has a line for."""
        return tuple((name, state) for name, state in self.parts if name in PARTS)


def nothing_tried() -> Shown:
    return Shown()


def step_of(seconds: float | None) -> str:
    """The name of the step that `seconds` ago lies in; `None` is never."""
    if seconds is None:
        return NEVER
    return next((name for limit, name in STEPS if seconds < limit), LONG)
