"""What is over is erased by the table in the log and by no other, under a clock that is moved by hand."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.encounters import stewards
from tests.encounters.conftest import settings_in
from tests.encounters.phone import Phone
from tests.encounters.stewards import Pair
from tests.encounters.test_owner import record
from tocsin import new_keys
from tocsin.app import retention_told, schedule_of
from tocsin.clock import SystemClock
from tocsin.encounters import start
from tocsin.encounters.model import Kind, State
from tocsin.jurisdictions import load
from tocsin.node import Node
from tocsin.people import retention as retentions
from tocsin.people.retention import TableOvertaken, TableWrong
from tocsin.people.statement import Act, Signed

pytestmark = pytest.mark.anyio
DAY_MS = 86_400_000


class MovedClock(SystemClock):
    """The machine's clock, days ahead."""

    ahead_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.ahead_ms

    def pass_days(self, days: float) -> None:
        self.ahead_ms += int(days * DAY_MS)


@pytest.fixture
def moved() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def node(folder: Path, moved: MovedClock) -> AsyncIterator[Node]:
    new_keys.make(settings_in(folder), None, moved)
    node = Node.open(settings_in(folder), load.load("minneapolis-sample"), moved)
    await start.start(node.encounters)
    yield node
    await node.end()


async def tabled(node: Node, pair: Pair, **days: int) -> Signed:
    """A new table, signed by both and taken by the log."""
    await node.stewardship.refresh()
    newest = node.stewardship.tables[-1]
    said = stewards.statement(node, Act.RETENTION, number=newest.number + 1, days={**newest.days, **days})
    both = stewards.signed(pair, said)
    await stewards.hand_in(node, both)
    await stewards.strike(node)
    return both


async def is_kept(node: Node, phone: Phone) -> bool:
    """After a sweep."""
    await node.sweep()
    live = await node.encounters.live(phone.id)
    return live is not None and live.row.state is not State.ERASED


async def test_nothing_is_over_until_a_table_stands_in_the_log(node: Node, phone: Phone, moved: MovedClock) -> None:
    await record(node, phone)
    await node.stewardship.keep()
    moved.pass_days(400)
    assert await is_kept(node, phone)
    assert schedule_of(node).rows == ()
    await stewards.strike(node)
    moved.pass_days(0.01)
    assert not await is_kept(node, phone)
    assert [row.days for row in schedule_of(node).rows] == [30, 1, 30]


async def test_longer_counts_at_once_and_shorter_seven_days_after_the_log_took_it(
    node: Node, moved: MovedClock
) -> None:
    pair = Pair.fresh()
    await node.stewardship.keep()
    await stewards.known(node, pair)
    old = Phone(node.share_recipient)
    await record(node, old)
    moved.pass_days(25)
    await tabled(node, pair, encounter=10)
    moved.pass_days(4)
    assert await is_kept(node, old)
    [row] = [row for row in schedule_of(node).rows if row.name == "encounter"]
    assert (row.days, row.coming_days) == (30, 10)
    moved.pass_days(-1)
    await tabled(node, pair, encounter=60)
    moved.pass_days(20)
    assert await is_kept(node, old)
    assert node.encounters.days[Kind.ENCOUNTER] == 60
    await tabled(node, pair, encounter=20)
    moved.pass_days(6.9)
    assert await is_kept(node, old)
    moved.pass_days(0.2)
    assert not await is_kept(node, old)


async def test_a_shorter_time_takes_nothing_that_is_held(node: Node, phone: Phone, moved: MovedClock) -> None:
    pair = Pair.fresh()
    await node.stewardship.keep()
    await stewards.known(node, pair)
    await record(node, phone)
    await stewards.hold(node, pair, phone.id)
    await tabled(node, pair, encounter=1)
    moved.pass_days(30)
    assert await is_kept(node, phone)
    await stewards.release(node, pair, phone.id)
    assert not await is_kept(node, phone)


async def test_a_table_out_of_turn_or_out_of_bounds_is_refused(node: Node, moved: MovedClock) -> None:
    pair = Pair.fresh()
    await node.stewardship.keep()
    await stewards.known(node, pair)
    days = {"encounter": 10, "rehearsal": 1, "import": 30}
    for number, wanted, refusal in (
        (1, days, TableOvertaken),
        (3, days, TableOvertaken),
        (2, {**days, "encounter": 0}, TableWrong),
        (2, {"encounter": 10}, TableWrong),
        (2, {**days, "persons": 3}, TableWrong),
    ):
        said = stewards.statement(node, Act.RETENTION, number=number, days=wanted)
        with pytest.raises(refusal):
            await stewards.hand_in(node, stewards.signed(pair, said))
    first, other = (stewards.statement(node, Act.RETENTION, number=2, days=days) for _ in range(2))
    await stewards.hand_in(node, stewards.signed(pair, first))
    with pytest.raises(TableOvertaken):  # one waits for the log already
        await stewards.hand_in(node, stewards.signed(pair, other))
    await stewards.strike(node)
    moved.pass_days(0.01)
    await node.stewardship.refresh()
    told = retention_told(node)
    assert (told["table"], len(told["stewards"])) == (2, 2)
    assert node.log is not None
    assert b'"number":2' in node.log.entry(told["leaf"])
    assert len(node.stewardship.tables) == 2
    assert retentions.in_force(node.stewardship.tables, 0, ("encounter",)) is None
