"""`python -m tests.seizure.node_process SETTINGS DAYS LEAKS`: the node as `tocsin serve` runs it, on another day.

DAYS is a file of eight bytes: how many milliseconds the node's clock is ahead. LEAKS are names from `leaks`, planted before the node
starts; none for the node as it is. SEIZURE_SWEEP_S makes its sweep quicker. Nothing of this is reachable from the product.
"""

import ctypes
import mmap
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tocsin import forgetful

PR_SET_PDEATHSIG = 1
"""linux/prctl.h: the signal that the kernel sends when whoever started this process is gone."""

Door = Callable[[Any], Any]


def main() -> None:
    forgetful.begin()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # a trial that was killed leaves no node
    from tests.seizure import leaks
    from tocsin import at_desk, clock, node, serving
    from tocsin.settings import settings_of

    class Shifted(clock.SystemClock):
        """A clock whose days pass when the trial says so."""

        def __init__(self) -> None:
            with Path(sys.argv[2]).open("rb") as file:
                self._ahead = mmap.mmap(file.fileno(), 8, prot=mmap.PROT_READ)

        def now_ms(self) -> int:
            return super().now_ms() + int.from_bytes(self._ahead[:8])

    settings = settings_of(Path(sys.argv[1]))
    if quick := os.environ.get("SEIZURE_SWEEP_S"):
        node.SWEEP_SECONDS = node.QUIET_SECONDS = float(quick)
    serving.SystemClock = Shifted  # type: ignore[attr-defined]
    at_desk.door_of = with_lawyers(at_desk.door_of)
    signal.signal(signal.SIGUSR2, arm)
    leaks.plant([name for name in sys.argv[3].split(",") if name], settings)
    serving.run(settings)


def arm(*_: object) -> None:
    """Die at the place that the file beside the clock names."""
    from tocsin.store import fail_points

    wanted = Path(sys.argv[2]).with_name("fail-point")  # as town.FAIL_POINT
    fail_points.arm({"TOCSIN_FAIL_POINT": wanted.read_text()}, trials=True)
    wanted.unlink()


def with_lawyers(door_of: Callable[..., Door]) -> Callable[..., Door]:
    """The desk's door, which lets in whoever says which lawyer they are: how they got a session is not the desk's to try."""
    from tocsin.desk.model import Caller

    def made(sessions: Any) -> Door:
        real = door_of(sessions)

        def who(request: Any) -> Any:
            key = request.headers.get("x-lawyer")
            return Caller(key, is_lawyer=True, is_steward=False) if key else real(request)

        return who

    return made


if __name__ == "__main__":
    main()
