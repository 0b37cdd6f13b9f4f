"""The slow lane: heard without a token, and a flood is bounded at both doors."""

import json
from dataclasses import dataclass, field
from hashlib import sha256

import pytest

from tests.rules.tree import ROOT
from tocsin.clock import SystemClock
from tocsin.errors import TocsinError
from tocsin.passport import slow_lane
from tocsin.passport.slow_lane import LaneFull, SlowLane, Ticket, TicketGone, WorkWrong


@dataclass
class StillClock(SystemClock):
    s: float = field(default=1_000_000.0)

    def now_ms(self) -> int:
        return int(self.s * 1000)

    def monotonic(self) -> float:
        return self.s


@pytest.fixture
def clock() -> StillClock:
    return StillClock()


@pytest.fixture
def lane(clock: StillClock, monkeypatch: pytest.MonkeyPatch) -> SlowLane:
    monkeypatch.setattr(slow_lane, "WORK_BITS", 4)
    monkeypatch.setattr(slow_lane, "WORK_BITS_MOST", 8)
    return SlowLane(clock, b"k" * 32)


def worked(ticket: Ticket) -> str:
    """As a page does it."""
    number = 0
    while int.from_bytes(sha256(b"tocsin.passport/v1 work\n" + f"{ticket.text}:{number}".encode()).digest()) >> (
        256 - ticket.bits
    ):
        number += 1
    return str(number)


def refusal(lane: SlowLane, *given: str) -> type[TocsinError]:
    with pytest.raises(TocsinError) as refused:
        lane.enter(*given)
    return refused.type


def test_a_ticket_lets_in_once_by_work_and_once_by_the_queue(lane: SlowLane) -> None:
    by_work, by_queue = lane.ticket("report"), lane.ticket("report")
    work = worked(by_work)
    assert lane.enter("report", by_work.text, work)
    assert not lane.enter("report", by_queue.text)
    for again in (("report", by_work.text, work), ("report", by_work.text), ("report", by_queue.text)):
        assert refusal(lane, *again) is TicketGone


def test_the_known_answer_of_the_work() -> None:
    known = json.loads((ROOT / "vectors" / "passport" / "work.json").read_text())
    enough = [n for n in range(int(known["work"]) + 1) if slow_lane.is_done(known["ticket"], known["bits"], str(n))]
    assert enough == [int(known["work"])]


def test_what_is_not_a_ticket_for_this_is_refused(lane: SlowLane, clock: StillClock) -> None:
    ticket = lane.ticket("report")
    assert refusal(lane, "danger", ticket.text) is TicketGone
    assert refusal(SlowLane(clock, b"q" * 32), "report", ticket.text) is TicketGone
    assert refusal(lane, "report", "") is TicketGone
    assert refusal(lane, "report", "noise é") is TicketGone
    assert refusal(lane, "report", ticket.text, "x" * 17) is WorkWrong
    not_enough = next(str(n) for n in range(1000) if not slow_lane.is_done(ticket.text, ticket.bits, str(n)))
    assert refusal(lane, "report", ticket.text, not_enough) is WorkWrong
    assert lane.enter("report", ticket.text, worked(ticket)), "what was refused used nothing up"
    late = lane.ticket("report")
    clock.s += slow_lane.LIFE_S
    assert refusal(lane, "report", late.text) is TicketGone


def test_the_queue_is_bounded_and_empties_at_its_pace(lane: SlowLane, clock: StillClock) -> None:
    """A thousand bots without script: thirty wait, the rest is told to come back, and one an interval is let in after that."""
    entered, told = 0, set()
    for _ in range(1000):
        try:
            lane.enter("report", lane.ticket("report").text)
            entered += 1
        except LaneFull as refused:
            told.add(refused.fields["retry_after"])
    assert (entered, told) == (slow_lane.QUEUE_MOST, {20})
    clock.s += slow_lane.QUEUE_PACE_S
    lane.enter("report", lane.ticket("report").text)
    waiting = lane.ticket("report")
    assert refusal(lane, "report", waiting.text) is LaneFull
    clock.s += slow_lane.QUEUE_PACE_S
    assert not lane.enter("report", waiting.text), "the same form, sent again, gets in"


def test_work_grows_with_the_flood_and_even_worked_tickets_are_bounded(lane: SlowLane, clock: StillClock) -> None:
    assert lane.bits == 4
    easy = [lane.ticket("report") for _ in range(slow_lane.WORKED_MOST + 1)]
    for ticket in easy[:16]:
        lane.enter("report", ticket.text, worked(ticket))
    assert lane.bits == 5
    for ticket in easy[16:-1]:
        lane.enter("report", ticket.text, worked(ticket))
    assert lane.bits == 8
    assert refusal(lane, "report", easy[-1].text, worked(easy[-1])) is LaneFull
    assert not lane.enter("report", lane.ticket("report").text), "who has no script is not behind those who have"
    clock.s += 61
    assert lane.bits == 4
    assert lane.enter("report", easy[-1].text, worked(easy[-1]))


def test_a_flood_of_askers_takes_no_memory(lane: SlowLane, clock: StillClock) -> None:
    for _ in range(2000):
        lane.ticket("report")
        with pytest.raises(TicketGone):
            lane.enter("report", "A" * 50)
    assert not lane._used
    lane.enter("report", lane.ticket("report").text)
    clock.s += slow_lane.LIFE_S + 1
    assert lane.bits == 4
    assert not lane._used
