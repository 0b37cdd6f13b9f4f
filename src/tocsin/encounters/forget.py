"""Forget in memory what is over: a finished recording's receipts say to the millisecond when it was made.

Everything that is needed again is read back from disk (`Room.revive`), as after a restart.
"""

from tocsin.encounters.live import Live
from tocsin.encounters.model import State
from tocsin.encounters.room import Room
from tocsin.encounters.share import AGAIN_SECONDS


async def forget_quiet(room: Room, after_seconds: float) -> int:
    """Let go of every finished recording that was not heard of for `after_seconds`; how many."""
    now = room.clock.monotonic()
    quiet = [live for live in list(room.lives.values()) if _is_quiet(live, now, after_seconds)]
    for live in quiet:
        async with live.lock:
            if _is_over(live):
                room.lives.pop(live.row.id, None)
    return len(quiet)


def _is_quiet(live: Live, now: float, after_seconds: float) -> bool:
    shared = live.returned[1] + AGAIN_SECONDS if live.returned else 0.0
    return _is_over(live) and not live.lock.locked() and max(live.heard + after_seconds, shared) < now


def _is_over(live: Live) -> bool:
    """Finished, covered by the log, and with nothing that only memory knows."""
    return live.row.state is not State.OPEN and not live.is_dirty and not live.positions
