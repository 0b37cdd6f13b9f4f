"""F6: the node's clock jumps, stands still, jumps back. Order is the log's, times within a recording never go back, beats go on."""

import asyncio
import os
from pathlib import Path

from tests.faults import readback
from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_everything
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Served, serving

HOUR_MS = 3_600_000
JUMPS = {
    "two hours back": -2 * HOUR_MS,
    "a day ahead": 24 * HOUR_MS,
    "a day back again": 0,
    "ten years back": -10 * 365 * 24 * HOUR_MS,
    "right again": 0,
}
"""What is added to the clock, one after the other, while everybody records on."""


async def record(node: Served, crowd: Crowd, seconds: float) -> None:
    until = asyncio.Event()
    asyncio.get_running_loop().call_later(seconds, until.set)
    await crowd.press_on(node.port, until)


def as_the_kernel_would(node: Served, offset_ms: int) -> None:
    """Date the newest segment by the clock that was moved: on a machine both are one."""
    newest = max((node.place / "segments").glob("*.segment"))
    moved = newest.stat().st_mtime_ns + offset_ms * 1_000_000
    os.utime(newest, ns=(moved, moved))


def run(folder: Path, seconds: float) -> Tally:
    """Record `seconds` before and after each jump; a kill among them, so that a start is misled too."""
    with serving(folder) as node:
        node.move_clock(0)
        node.start()
        crowd = Crowd(node.share_recipient, width=2, longest=60)
        asyncio.run(record(node, crowd, seconds))
        for number, offset in enumerate(JUMPS.values()):
            node.move_clock(offset)
            asyncio.run(record(node, crowd, seconds))
            readback.wait_for_beats(node.port, 1)
            if number == 1:
                node.kill()
                as_the_kernel_would(node, offset)
                node.move_clock(0)
                node.start()
        asyncio.run(crowd.finish(node.port))
        return check_everything(node, crowd)


def perform(folder: Path, is_full: bool) -> Outcome:
    """Ten seconds after each jump, or half a second."""
    tally = run(folder, 10.0 if is_full else 0.5)
    return Outcome(tally.is_good, {"jumps": len(JUMPS), **tally.as_dict()})
