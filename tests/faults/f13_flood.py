"""F13: strangers begin rehearsals, send noise and ask for what is not there as fast as they can. Encounters begin all the same."""

import asyncio
import json
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.encounters.phone import Phone
from tests.faults.crowd import Crowd, Logged
from tests.faults.f01_kill import check_everything
from tests.faults.outcome import Outcome
from tests.faults.served import FORKS, Served, serving
from tests.faults.wire import LOST, Wire
from tests.waiting import wait_until

CALLERS = 32
BODIES = 200
MOST_GROWTH_MB = 200
START_S = 1.0
"""What an encounter's start may take at the 99th percentile."""


def flood(port: int, share_recipient: str, seconds: float, told: str) -> None:
    """What the strangers' process does; counts by status go to the file `told`."""
    bodies = [Phone(share_recipient, kind="rehearsal").start_json() for _ in range(BODIES)]
    heard: Counter[str] = Counter()

    async def caller(number: int) -> None:
        wire, until = Wire(port), time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                heard[str((await ask(wire, number)).status)] += 1
            except LOST:
                heard["lost"] += 1
            number += 1
        wire.close()

    async def ask(wire: Wire, number: int) -> Any:
        match number % 4:
            case 0 | 1:
                return await wire.ask("POST", "/encounters", b"", bodies[number % BODIES])
            case 2:
                return await wire.ask("POST", "/encounters", b"", b'{"header": "noise"')
            case _:
                place = f"/encounters/{'A' * 21}{number % 10}/chunks/0"
                return await wire.ask("PUT", place, bytes(32), bytes(3000))

    async def all_callers() -> None:
        await asyncio.gather(*(caller(number * 1001) for number in range(CALLERS)))

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    asyncio.run(all_callers())
    Path(told).write_text(json.dumps(heard))
    sys.exit(0)


async def begin_encounters(node: Served, crowd: Crowd, is_over: Any) -> list[float]:
    """One encounter after the other, three seconds each, while the flood goes on; how long each start took."""
    waits = []
    while not is_over():
        one = Logged(Phone(node.share_recipient), 3)
        wire, began = Wire(node.port), time.monotonic()
        answer = await wire.ask("POST", "/encounters", b"", one.phone.start_json())
        waits.append(time.monotonic() - began)
        assert answer.status == 201, (answer.status, answer.body)
        one.step = "seconds"
        await one.go_on(wire)
        assert one.is_over, "an encounter was told to wait"
        crowd.finished.append(one)
        wire.close()
        await asyncio.sleep(0.3)
    return waits


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise AssertionError("the node is gone")


def run(folder: Path, seconds: float) -> dict[str, Any]:
    """Flood for so long. Raises `AssertionError`."""
    # The pace a city has: under it, calm things wait before an encounter does.
    with serving(folder, recording={"starts_per_minute": 120}) as node:
        node.start()
        crowd = Crowd(node.share_recipient, width=0)
        before, told = memory_mb(node.pid), folder / "heard.json"
        strangers = FORKS.Process(target=flood, args=(node.port, node.share_recipient, seconds, str(told)), daemon=True)
        strangers.start()
        waits = sorted(asyncio.run(begin_encounters(node, crowd, lambda: not strangers.is_alive())))
        wait_until(told.exists, 30)
        heard = json.loads(told.read_text())
        growth = memory_mb(node.pid) - before
        tally = check_everything(node, crowd)
        assert tally.is_good
        assert heard.get("429", 0) > 0, f"nothing was shed: {heard}"
        assert not {"500", "lost"} & set(heard), heard
        assert growth <= MOST_GROWTH_MB, f"{growth:.0f} MB"
        return {
            "offered_a_second": round(sum(heard.values()) / seconds),
            "heard": heard,
            "encounters": len(waits),
            "start_p99_ms": round(1000 * waits[min(len(waits) - 1, int(len(waits) * 0.99))]),
            "growth_mb": round(growth),
        }


def perform(folder: Path, is_full: bool) -> Outcome:
    """A minute, or three seconds; only the minute is held to its time."""
    told = run(folder, 60 if is_full else 3)
    is_quick = not is_full or told["start_p99_ms"] <= 1000 * START_S
    return Outcome(is_quick, told)
