"""F5: few file descriptors, more callers than those. The node neither dies nor loops; recordings go on when the callers are gone."""

import asyncio
import contextlib
import resource
from pathlib import Path

from tests.faults.crowd import Crowd
from tests.faults.f01_kill import check_everything
from tests.faults.f12_slow import upload_rate
from tests.faults.outcome import Outcome
from tests.faults.readback import Tally
from tests.faults.served import health, serving
from tests.waiting import wait_until

DESCRIPTORS = 128
CALLERS = 200


async def crowd_the_door(port: int) -> int:
    """More silent callers than the node has descriptors, all at once, until it lets go of them; how many got in."""
    made = await asyncio.gather(
        *(asyncio.open_connection("127.0.0.1", port) for _ in range(CALLERS)), return_exceptions=True
    )
    inside = [pair for pair in made if not isinstance(pair, BaseException)]
    for reader, _ in inside:
        with contextlib.suppress(OSError, TimeoutError):
            await asyncio.wait_for(reader.read(), 15)
    for _, writer in inside:
        writer.transport.abort()
    return len(inside)


def run(folder: Path, rounds: int) -> tuple[Tally, int]:
    """Crowd the door `rounds` times; one process throughout."""
    with serving(folder) as node:
        node.limits = {resource.RLIMIT_NOFILE: (DESCRIPTORS, DESCRIPTORS), resource.RLIMIT_AS: (2 << 30, 2 << 30)}
        node.deadline_scale = 0.2
        node.start()
        pid, crowd, inside = node.pid, Crowd(node.share_recipient, width=2), 0
        for _ in range(rounds):
            inside += asyncio.run(crowd_the_door(node.port))
            wait_until(lambda: health(node.port)["ready"], 60)
            assert asyncio.run(upload_rate(node, crowd, 0.5)) > 0
        assert (node.pid, node.exit_code) == (pid, None)
        asyncio.run(crowd.finish(node.port))
        return check_everything(node, crowd), inside


def perform(folder: Path, is_full: bool) -> Outcome:
    """Ten rounds, or one."""
    tally, inside = run(folder, 10 if is_full else 1)
    return Outcome(
        tally.is_good,
        {"descriptors": DESCRIPTORS, "callers": inside, "acknowledged": tally.acknowledged, "lost": tally.lost},
    )
