"""F15: hours of mixed load. In the first half the node is killed every few minutes; in the second it lives, and must not grow."""

import asyncio
import time
from pathlib import Path
from typing import Any

from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_everything, check_interrupted
from tests.faults.f12_slow import never_reading, silent, trickled_body
from tests.faults.f13_flood import memory_mb
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Served, serving

BURST_S, PAUSE_S = 2.0, 8.0
"""Everybody records for two seconds of ten: a city's evening, and a disk that does not fill."""
MOST_SLOPE_MB = 1.0
"""An hour, after the first quarter."""


async def burst(node: Served, crowd: Crowd) -> None:
    """Recordings of every ending, and beside them a few who trickle, are silent or never read."""
    until = asyncio.Event()
    asyncio.get_running_loop().call_later(BURST_S, until.set)
    rude = [asyncio.create_task(kind(node.port, 0.2)) for kind in (silent, trickled_body, never_reading)]
    await crowd.press_on(node.port, until)
    await asyncio.sleep(PAUSE_S)
    for task in rude:
        task.cancel()
    await asyncio.gather(*rude, return_exceptions=True)


def live(node: Served, tally: Tally, seconds: float, memory: list[tuple[float, float]]) -> None:
    """One stretch of load, read back whole at its end."""
    crowd, until = Crowd(node.share_recipient, width=3), time.monotonic() + seconds
    while time.monotonic() < until:
        asyncio.run(burst(node, crowd))
        memory.append((time.monotonic(), memory_mb(node.pid)))
    asyncio.run(crowd.finish(node.port))
    tally.add(check_everything(node, crowd))


def die(node: Served, tally: Tally) -> None:
    """A kill in the middle of a burst; those who were interrupted go on and are read back."""
    crowd = Crowd(node.share_recipient, width=3)

    async def load_and_die() -> None:
        loading = asyncio.create_task(crowd.press_on(node.port))
        await asyncio.wait([loading], timeout=1.0)
        await asyncio.to_thread(node.kill)
        await loading

    asyncio.run(load_and_die())
    tally.ready_s.append(node.start())
    asyncio.run(check_interrupted(node, crowd))
    asyncio.run(crowd.finish(node.port))
    tally.add(check_everything(node, crowd))
    tally.kills += 1


def slope_an_hour(memory: list[tuple[float, float]]) -> float:
    """MB an hour by least squares, without the first quarter."""
    kept = memory[len(memory) // 4 :]
    middle_t = sum(at for at, _ in kept) / len(kept)
    middle_m = sum(mb for _, mb in kept) / len(kept)
    spread = sum((at - middle_t) ** 2 for at, _ in kept)
    return 3600 * sum((at - middle_t) * (mb - middle_m) for at, mb in kept) / spread if spread else 0.0


def run(folder: Path, seconds: float, kill_every: float) -> tuple[Tally, dict[str, Any]]:
    """Half with kills, half without."""
    tally = Tally()
    with serving(folder, beat_seconds=5) as node:
        node.start()
        began = time.monotonic()
        while time.monotonic() < began + seconds / 2:
            live(node, tally, kill_every, [])
            die(node, tally)
        memory: list[tuple[float, float]] = []
        while time.monotonic() < began + seconds:
            live(node, tally, kill_every, memory)
        figures = {"samples": len(memory), "mb_an_hour": round(slope_an_hour(memory), 2), "mb": round(memory[-1][1])}
        return tally, figures


def perform(folder: Path, is_full: bool) -> Outcome:
    """Two hours, a kill every three minutes of the first; or two minutes, two kills, and memory is told and not judged."""
    tally, figures = run(folder, 7200 if is_full else 120, 180 if is_full else 20)
    is_steady = not is_full or figures["mb_an_hour"] <= MOST_SLOPE_MB
    return Outcome(tally.is_good and is_steady, {**tally.as_dict(), **figures})
