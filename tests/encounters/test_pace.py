"""However many want to rehearse, an encounter begins at once."""

import msgspec
import pytest

from tests.encounters.phone import Phone
from tocsin.clock import SystemClock
from tocsin.encounters.create import Start, create
from tocsin.encounters.live import Pace
from tocsin.encounters.model import TooFast
from tocsin.node import Node

pytestmark = pytest.mark.anyio


async def begin(node: Node, kind: str) -> None:
    start = msgspec.convert(Phone(node.share_recipient, kind=kind).start(), Start)
    await create(node.encounters, start)


@pytest.mark.parametrize("database", [""])
async def test_rehearsals_leave_half_of_the_pace_to_encounters(node: Node) -> None:
    node.encounters.starts = Pace(rate=1e-6, burst=20)
    begun = 0
    with pytest.raises(TooFast):
        for _ in range(20):
            await begin(node, "rehearsal")
            begun += 1
    assert begun == 2
    for _ in range(10):
        await begin(node, "encounter")
    with pytest.raises(TooFast):
        for _ in range(10):
            await begin(node, "encounter")


def test_a_pace_that_is_small_lets_a_calm_start_through_when_it_is_full() -> None:
    pace = Pace(rate=1.0, burst=5)
    now = SystemClock().monotonic()
    assert pace.take(4, now, keep=1)
    assert not pace.take(4, now, keep=1)
    assert pace.wait(4, keep=1) >= 4
