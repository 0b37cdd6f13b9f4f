"""A node that was killed goes on where it was, in each state of a call, from what its ends bring; its disk knows of nothing."""

import pytest

from tests.calls.test_ring import take
from tests.calls.world import HandClock, capability, on_duty, rings, room, wait, whom
from tocsin.calls import begin, duty, leave, resume, told
from tocsin.calls.model import AskedWrong, Call, CallUnknown, NotOnDuty, Role, State
from tocsin.calls.room import Calls, handle_of
from tocsin.calls.routes import brought_back
from tocsin.ids import b64


def told_to(calls: Calls, call: Call, number: int = 0) -> str:
    return str(told.call_told(calls, call, call.parties[number], 0)["kept"])


def shifts(calls: Calls, *numbers: int) -> dict[int, str]:
    """What each page on duty has kept."""
    return {number: str(told.duty_told(calls, calls.duty(capability(number)))["kept"]) for number in numbers}


def killed(calls: Calls) -> Calls:
    """Another life of the same node."""
    clock = calls.clock
    assert isinstance(clock, HandClock)
    return room(clock)


def come_back(calls: Calls, kept: dict[int, str]) -> None:
    for number, copy in kept.items():
        brought_back(calls, handle_of(capability(number)), copy).devices = 1


@pytest.mark.parametrize("phone_first", [True, False])
def test_a_call_that_rings_goes_on_ringing_the_same_lawyer_for_the_rest_of_the_twenty_seconds(
    phone_first: bool,
) -> None:
    calls = room()
    for number in (1, 2):
        on_duty(calls, capability(number))
    call, _ = rings(calls)
    rang, kept, copy = set(call.ringing), shifts(calls, 1, 2), ""
    wait(calls, 6)
    copy, calls = told_to(calls, call), killed(calls)
    for is_phone in (phone_first, not phone_first):
        if is_phone:
            begin.brought_back(calls, copy)
        else:
            come_back(calls, kept)
        wait(calls, 0.5)
    [again] = calls.queue.calls.values()
    again.parties[0].listening = 1
    assert (again.state, whom(calls, again), len(again.rung)) == (State.RINGING, rang, 1)
    wait(calls, 12)
    assert whom(calls, again) == rang
    wait(calls, 1.5)
    assert len(again.rung) == 2, "passed on when the twenty seconds were over"


def test_a_node_that_was_long_in_coming_back_rings_on_for_ten_seconds() -> None:
    """Else whom it rang would have run out of time while nobody could answer, and would be left alone for a minute."""
    calls = room()
    on_duty(calls, capability(1))
    call, _ = rings(calls)
    rang, kept, copy = set(call.ringing), shifts(calls, 1), told_to(calls, call)
    clock = calls.clock
    assert isinstance(clock, HandClock)
    clock.at_ms += 90_000
    calls = killed(calls)
    begin.brought_back(calls, copy)
    wait(calls, 3)
    come_back(calls, kept)
    wait(calls, 6)
    [again] = calls.queue.calls.values()
    assert (again.state, whom(calls, again)) == (State.RINGING, rang)


def test_a_call_that_waits_keeps_its_place() -> None:
    calls = room()
    on_duty(calls, capability(1))
    busy, _ = rings(calls, 1)
    take(calls, busy, 1)
    first, _ = rings(calls, 2)
    wait(calls, 1)
    second, _ = rings(calls, 3)
    copies, kept, calls = [told_to(calls, second), told_to(calls, first)], shifts(calls, 1), killed(calls)
    for copy in copies:
        begin.brought_back(calls, copy).parties[0].listening = 1
    come_back(calls, kept)
    wait(calls, 0.25)
    assert [one.state for one in calls.queue.in_turn()] == [State.RINGING, State.WAITING]
    assert [one.id for one in calls.queue.in_turn()] == [first.id, second.id]


@pytest.mark.parametrize("end", [0, 1])
def test_a_call_that_was_answered_stays_with_who_answered_it(end: int) -> None:
    calls = room()
    for number in (1, 2):
        on_duty(calls, capability(number))
    call, phone = rings(calls)
    by = 1 if calls.duty(capability(1)).handle in call.ringing else 2
    take(calls, call, by)
    copy, kept, calls = told_to(calls, call, end), shifts(calls, 1, 2), killed(calls)
    begin.brought_back(calls, copy)
    come_back(calls, kept)
    wait(calls, 1)
    again, party = calls.end_of(call.id, phone)
    assert (again.state, party.role) == (State.ANSWERED, Role.CALLER)
    assert calls.end_of(call.id, b"end %d" % by)[1].role is Role.LAWYER
    assert calls.duty(capability(by)).engaged == call.id
    other, _ = rings(calls, 2)
    assert whom(calls, other) == {calls.duty(capability(3 - by)).handle}


def test_who_comes_back_is_not_held_by_a_call_that_is_over() -> None:
    calls = room()
    on_duty(calls, capability(1))
    kept = shifts(calls, 1)
    again = killed(calls)
    come_back(again, kept)
    call, _ = rings(again)
    take(again, call, 1)
    leave.leave(again, call, call.parties[0])
    duty.end(again, again.duty(capability(1)))
    come_back(again, kept)
    assert not again.duty(capability(1)).engaged


def test_a_call_that_is_over_does_not_come_back_in_the_same_life() -> None:
    calls = room()
    call, _ = rings(calls)
    copy = told_to(calls, call)
    leave.leave(calls, call, call.parties[0])
    assert told.call_told(calls, call, call.parties[0], 0)["kept"] == ""
    wait(calls, 31)
    with pytest.raises(CallUnknown):
        begin.brought_back(calls, copy)


def test_a_duty_that_was_ended_does_not_come_back_nor_does_another_one() -> None:
    calls = room()
    on_duty(calls, capability(1), until_s=3600)
    kept = shifts(calls, 1)[1]
    duty.end(calls, calls.duty(capability(1)))
    with pytest.raises(NotOnDuty):
        brought_back(calls, handle_of(capability(1)), kept)
    again = killed(calls)
    with pytest.raises(NotOnDuty):
        brought_back(again, handle_of(capability(2)), kept)
    wait(again, 3601)
    with pytest.raises(NotOnDuty):
        brought_back(again, handle_of(capability(1)), kept)


def test_a_copy_says_nothing_to_its_ends_and_cannot_be_changed() -> None:
    calls = room()
    on_duty(calls, capability(1))
    call, _ = rings(calls)
    raw = resume.seal_call(calls, call)
    for secret in (calls.duty(capability(1)).handle, b"us-mn", b"offer 1", call.parties[0].digest):
        assert secret not in raw
    changed = raw[:-1] + bytes([raw[-1] ^ 1])
    with pytest.raises(AskedWrong):
        begin.brought_back(killed(calls), b64(changed))
    with pytest.raises(AskedWrong):
        begin.brought_back(killed(calls), b64(resume.seal_duty(calls, calls.duty(capability(1)))))
