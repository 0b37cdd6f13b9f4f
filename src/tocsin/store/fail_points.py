"""Named places at which a trial may kill the process, to prove that no place is the wrong one to die at.

Promise: off, `hit` is one comparison with `None`. On (`TOCSIN_FAIL_POINT=name` or `name:nth` in the environment *and*
`settings.trials`, both, so that neither a stray variable nor a stray setting arms it) the nth `hit` of that name ends the
process with SIGKILL: no clean-up, no flush, as a power supply would. `TOCSIN_SYNC_DELAY_MS` adds a wait to each sync.
"""

import os
import signal
import threading
from collections.abc import Mapping

from tocsin.store import disk

_armed: "_Armed | None" = None


class _Armed:
    """One name, and how many more times it must be passed."""

    def __init__(self, text: str) -> None:
        self.name, _, nth = text.partition(":")
        self.left = int(nth or "1")
        self.lock = threading.Lock()

    def hit(self, name: str) -> None:
        if name != self.name:
            return
        with self.lock:
            self.left -= 1
            if self.left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(environment: Mapping[str, str], trials: bool) -> None:
    """Arm what `environment` names, if this is a trial; otherwise disarm. Called once, by the composition root."""
    global _armed  # noqa: PLW0603  one switch for the whole process, for trials
    point = environment.get("TOCSIN_FAIL_POINT", "") if trials else ""
    _armed = _Armed(point) if point else None
    disk.slow_every_sync(float(environment.get("TOCSIN_SYNC_DELAY_MS", "0")) if trials else 0.0)


def hit(name: str) -> None:
    """Say that the program is at `name`. Returns at once, or never."""
    if _armed is not None:
        _armed.hit(name)
