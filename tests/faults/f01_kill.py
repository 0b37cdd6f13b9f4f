"""F1: SIGKILL at random instants and at every named fail point, in the middle of uploads."""

import asyncio
import contextlib
import random
import re
import time
from pathlib import Path

from tests.faults import readback
from tests.faults.crowd import Crowd
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import Died, Served, serving
from tests.faults.wire import LOST, Wire
from tocsin.tlog.promise import Opening

SOURCE = Path(__file__).resolve().parents[2] / "src"
FIRST_START = ("migrate.before_commit", "migrate.statement")
"""Points that only a new database passes."""
ELSEWHERE = {"outbox.sent": "tests/deliver/test_outbox.py"}
"""Points that no recording passes, and the test that kills at each of them."""
RARE = re.compile(r"erase_keys|new_file|create|erase\.|share|cut|close|beat|cover")
"""Points passed once in a while: the first pass is taken, not a later one."""
DEADLINE_S = 60.0
"""By when an armed fail point must have been passed."""
READY_S = 3.0
"""From the start of the program until it takes seconds."""


def names() -> list[str]:
    """Every named fail point in the program."""
    found = {
        name for path in SOURCE.rglob("*.py") for name in re.findall(r'fail_points\.hit\("([^"]+)"\)', path.read_text())
    }
    return sorted(found)


def plan(times: int) -> list[str]:
    """What to die of, `times` times: every fail point, and "" for a random instant."""
    points = [name for name in names() if name not in FIRST_START and name not in ELSEWHERE]
    wanted = (points * (times // (2 * len(points)) or 1))[:times]
    return wanted + [""] * (times - len(wanted))


def short() -> int:
    """How often the short form kills: 20 times, or as often as there are fail points, and twice at random."""
    return max(20, len(names()) + 2)


def run(folder: Path, times: int, *, warm: bool = True) -> Tally:
    """Kill a node `times` times under load; those it interrupted check it after each restart, and everybody at the end."""
    tally = Tally()
    for name in FIRST_START:
        die_at_birth(folder / name, name)
    with serving(folder) as node:
        crowd = Crowd(node.share_recipient)
        for fail_point in plan(times):
            armed = fail_point and f"{fail_point}:{1 if RARE.search(fail_point) else random.randint(3, 25)}"
            with contextlib.suppress(Died):  # at a point that a start passes too
                tally.ready_s.append(node.start(armed, warm=warm))
                asyncio.run(live_and_die(node, crowd, armed))
        tally.ready_s.append(node.start(warm=warm))
        asyncio.run(crowd.finish(node.port))
        tally.add(check_everything(node, crowd))
    tally.kills = times + len(FIRST_START)
    return tally


def die_at_birth(folder: Path, fail_point: str) -> None:
    """A node killed while it makes its first tables starts the next time as if nothing had been."""
    with serving(folder) as node:
        try:
            node.start(fail_point)
        except Died:
            pass
        else:
            raise AssertionError(f"{fail_point} was not passed at the first start")
        node.start()


async def live_and_die(node: Served, crowd: Crowd, fail_point: str) -> None:
    """One life: those who were interrupted look, then load, ended at `fail_point` or at a random instant."""
    began = time.monotonic()
    with contextlib.suppress(*LOST):
        await check_interrupted(node, crowd)
    await load_until_dead(node, crowd, DEADLINE_S if fail_point else random.uniform(0.05, 1.2))
    assert not fail_point or time.monotonic() - began < DEADLINE_S, f"{fail_point} was never passed"


async def load_until_dead(node: Served, crowd: Crowd, seconds: float) -> None:
    """Load; SIGKILL after `seconds` when it did not die by itself."""
    load = asyncio.create_task(crowd.press_on(node.port))
    await asyncio.wait([load], timeout=seconds)
    if not load.done():
        await asyncio.to_thread(node.kill)
    await load
    await asyncio.to_thread(node.wait)


async def check_interrupted(node: Served, crowd: Crowd) -> None:
    """Those whom the kill interrupted find everything they were promised."""
    wire = Wire(node.port)
    try:
        tally, _ = await readback.check_all(wire, crowd.going, node.receipt_vkey)
    finally:
        wire.close()
    assert (tally.lost, tally.duplicated) == (0, 0), tally


def check_everything(node: Served, crowd: Crowd) -> Tally:
    """Every recording of the whole run, and every receipt's promise against the audited log."""

    async def read_all() -> tuple[Tally, dict[bytes, list[Opening]]]:
        wire = Wire(node.port)
        try:
            return await readback.check_all(wire, crowd.everybody, node.receipt_vkey)
        finally:
            wire.close()

    readback.wait_for_beats(node.port)
    tally, openings = asyncio.run(read_all())
    ledger = readback.Ledger(node.port, node.log_vkey)
    for one in crowd.everybody:
        if one.phone.id in openings:
            readback.check_promises(ledger, one, openings[one.phone.id], node.receipt_vkey, tally)
    ledger.client.close()
    return tally


def perform(folder: Path, is_full: bool) -> Outcome:
    """200 kills with cold starts, or 20 with warm ones."""
    tally = run(folder, 200 if is_full else short(), warm=not is_full)
    is_quick = not is_full or max(tally.ready_s) <= READY_S
    return Outcome(tally.is_good and is_quick, tally.as_dict())
