"""Who rings for a call: the right ones, one wave after the other, and what the caller is told meanwhile."""

import random
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.calls.evening import Evening
from tests.calls.world import EARS, LISTENER, capability, on_duty, rings, room, wait, whom
from tocsin.calls import answer, begin, decline, duty, invite, leave, told
from tocsin.calls.answer import Answer
from tocsin.calls.invite import Invite
from tocsin.calls.model import (
    TRANSITIONS,
    Call,
    CallEventWrong,
    CallNotYours,
    DutyWrong,
    Event,
    Kind,
    Role,
    State,
    following,
)
from tocsin.calls.room import Calls
from tocsin.ids import b64


def take(calls: Calls, call: Call, number: int) -> None:
    answer.answer(
        calls,
        call,
        calls.duty(capability(number)),
        Answer(call=b64(call.id), digest=b64(sha256(b"end %d" % number).digest())),
    )


def pass_on(calls: Calls, call: Call, number: int) -> None:
    decline.decline(calls, call, calls.duty(capability(number)))


def ways(calls: Calls, call: Call) -> dict[str, object]:
    return told.call_told(calls, call, call.parties[0], 0)


def test_five_hundred_calls_ring_only_lawyers_who_speak_the_language_and_are_admitted() -> None:
    """Twenty lawyers with hours of their own, an evening of calls, every one looked at each second: who rings is right, nobody who is
    right is left out while a call waits, and each is answered by somebody right in the end.
    """
    evening = Evening(random.Random(11))
    evening.lives(calls=500)
    assert len(evening.answered) == 500
    assert evening.declined > 20
    assert evening.left > 5


def test_the_best_rings_first_then_two_then_four() -> None:
    calls = room()
    for number in range(8):
        on_duty(calls, capability(number), kinds=(Kind.HELD,) if number else (Kind.STOPPED,))
    call, _ = rings(calls, kind=Kind.STOPPED)
    assert whom(calls, call) == {calls.duty(capability(0)).handle}
    assert (ways(calls, call)["rung"], ways(calls, call)["of"]) == (1, 8)
    wait(calls, 19.5)
    assert len(call.rung) == 1
    wait(calls, 0.75)
    assert (len(whom(calls, call)), len(call.rung)) == (2, 3)
    wait(calls, 20)
    assert (len(whom(calls, call)), len(call.rung)) == (4, 7)
    wait(calls, 20)
    assert len(call.rung) == 8
    assert calls.duty(capability(0)).handle in whom(calls, call), "who rang a minute ago may ring again"


def test_nobody_off_duty_elsewhere_or_on_a_call_rings() -> None:
    calls = room()
    on_duty(calls, capability(1), from_s=600)
    on_duty(calls, capability(2), places=("us-wi",))
    on_duty(calls, capability(3), languages=("fr",))
    on_duty(calls, capability(4)).devices = 0
    on_duty(calls, capability(5))
    other, _ = rings(calls, 1)
    take(calls, other, 5)
    wait(calls, 10)
    call, _ = rings(calls, 2)
    wait(calls, 30)
    assert call.state is State.WAITING
    assert not call.rung
    duty.end(calls, calls.duty(capability(5)))
    wait(calls, 600)
    assert set(call.rung) == {calls.duty(capability(1)).handle}, "whose hours began meanwhile"


def test_who_waits_longest_is_rung_back_first() -> None:
    calls = room()
    on_duty(calls, capability(1))
    busy, _ = rings(calls, 1)
    take(calls, busy, 1)
    first, _ = rings(calls, 2)
    wait(calls, 1)
    second, _ = rings(calls, 3)
    wait(calls, 1)
    assert (ways(calls, first)["before"], ways(calls, second)["before"]) == (0, 1)
    leave.leave(calls, busy, busy.parties[1])
    wait(calls, 0.25)
    assert (first.state, second.state) == (State.RINGING, State.WAITING)


def test_who_passes_it_on_is_not_rung_again_and_cannot_answer() -> None:
    calls = room()
    for number in (1, 2):
        on_duty(calls, capability(number))
    call, _ = rings(calls)
    [first] = whom(calls, call)
    by = 1 if calls.duty(capability(1)).handle == first else 2
    decline.decline(calls, call, calls.duty(capability(by)))
    assert whom(calls, call) == {calls.duty(capability(3 - by)).handle}, "the next rings at once"
    wait(calls, 200)
    assert first not in whom(calls, call)
    with pytest.raises(CallNotYours):
        take(calls, call, by)
    leave.leave(calls, call, call.parties[0])
    left = (call.declined, call.rung, call.card, call.offer)
    assert not any(left), "nothing is left of who passed on what"


def test_who_was_rung_before_may_still_answer_and_only_one_does() -> None:
    calls = room()
    for number in (1, 2, 3):
        on_duty(calls, capability(number))
    call, _ = rings(calls)
    [first] = whom(calls, call)
    wait(calls, 21)
    late = next(number for number in (1, 2, 3) if calls.duty(capability(number)).handle == first)
    take(calls, call, late)
    assert not whom(calls, call)
    with pytest.raises(CallEventWrong):
        take(calls, call, late % 3 + 1)
    take(calls, call, late)  # its first answer was lost on the way
    assert len(call.parties) == 2


def test_a_lawyer_who_is_gone_without_a_word_is_followed_by_the_next() -> None:
    calls = room()
    for number in (1, 2):
        on_duty(calls, capability(number))
    call, _ = rings(calls)
    by = 1 if calls.duty(capability(1)).handle in call.ringing else 2
    take(calls, call, by)
    calls.duty(capability(by)).devices = 0
    wait(calls, 46)
    assert call.state is State.RINGING
    assert whom(calls, call) == {calls.duty(capability(3 - by)).handle}
    assert not call.answered_by, "who comes back is one of those who were rung, and may pass it on"
    pass_on(calls, call, by)


def test_who_hands_a_call_over_to_a_second_lawyer_can_be_rung_again() -> None:
    calls = room()
    on_duty(calls, capability(1))
    call, _ = rings(calls)
    take(calls, call, 1)
    invite.invite(calls, call, call.parties[1], Invite(call=b64(call.id), role=Role.LAWYER, digest=b64(bytes(32))))
    call.parties[2].listening = 1
    leave.leave(calls, call, call.parties[1])
    assert (call.state, calls.duty(capability(1)).engaged) == (State.ANSWERED, b"")
    other, _ = rings(calls, 2)
    assert whom(calls, other) == {calls.duty(capability(1)).handle}
    leave.leave(calls, call, call.parties[1])
    assert call.state is State.ENDED
    assert calls.duty(capability(1)).engaged == other.id


def test_a_caller_who_is_gone_ends_it() -> None:
    calls = room()
    on_duty(calls, capability(1))
    call, _ = rings(calls)
    call.parties[0].listening = 0
    wait(calls, 50)
    assert call.state is State.ENDED
    assert not calls.duty(capability(1)).engaged
    wait(calls, 31)
    assert not calls.queue.calls


def test_a_volunteer_rings_only_when_no_lawyer_is_left_and_the_phone_has_sealed_for_them() -> None:
    calls = room()
    on_duty(calls, capability(1), who=LISTENER)
    call, _ = rings(calls)
    wait(calls, 5)
    assert (call.state, ways(calls, call)["listeners"], ways(calls, call)["of"]) == (State.WAITING, [EARS], 0)
    begin.offer_to_listener(calls, call, call.parties[0], b64(b"for them"))
    assert whom(calls, call) == {calls.duty(capability(1)).handle}
    told_them = told.duty_told(calls, calls.duty(capability(1)))["ring"]
    assert told_them["card"] == "", "what was sealed to lawyers is not theirs"


@pytest.mark.parametrize("recipient", ["", "age1listener", EARS + "q", EARS.upper()])
def test_a_volunteer_is_sealed_to_by_a_key_of_that_day_and_of_no_table(recipient: str) -> None:
    calls = room()
    asked = duty.Begin(b64(bytes(32)), Role.LISTENER, ["en"], [], [Kind.HELD], 0, 60, recipient)
    with pytest.raises(DutyWrong):
        duty.begin(calls, LISTENER, asked)
    assert not hasattr(LISTENER, "recipient"), "the door does not say whose key in the table is theirs"


def test_duty_ends_after_its_hours_and_is_gone() -> None:
    calls = room()
    on_duty(calls, capability(1), until_s=60)
    wait(calls, 61)
    assert not calls.queue.duties


@given(st.lists(st.sampled_from(list(Event)), max_size=30))
@settings(max_examples=200, deadline=None)
def test_no_way_leads_out_of_a_call_that_is_over(events: list[Event]) -> None:
    state = State.WAITING
    for event in events:
        before = state
        if (state, event) in TRANSITIONS:
            state = following(state, event)
        else:
            with pytest.raises(CallEventWrong):
                following(state, event)
        assert not (before is State.ENDED and state is not State.ENDED)


@given(
    st.lists(
        st.tuples(st.sampled_from(["ring", "wait", "answer", "decline", "hang up", "off", "on"]), st.integers(0, 5)),
        max_size=40,
    )
)
@settings(max_examples=60, deadline=None)
def test_whatever_happens_nobody_is_held_by_a_call_that_does_not_hold_them(acts: list[tuple[str, int]]) -> None:
    calls = room()
    for act, number in acts:
        mine = calls.queue.duties.get(sha256(capability(number)).digest())  # type: ignore[call-overload]
        known = [one for one in calls.queue.calls.values() if one.state is not State.ENDED]
        call = known[number % len(known)] if known else None
        if act == "ring":
            rings(calls, number)
        elif act == "on":
            on_duty(calls, capability(number))
        elif act == "off" and mine:
            duty.end(calls, mine)
        elif act == "hang up" and call:
            leave.leave(calls, call, call.parties[-1])
        elif act in ("answer", "decline") and mine and call and mine.handle in call.ringing:
            (take if act == "answer" else pass_on)(calls, call, number)
        wait(calls, 7 if act == "wait" else 0.25)
        for one in calls.queue.duties.values():
            holder = calls.queue.calls.get(one.engaged)
            assert not one.engaged or holder is not None
            assert holder is None or one.handle in holder.ringing or one.handle == holder.answered_by
        for one_call in calls.queue.calls.values():
            for handle in one_call.ringing:
                assert calls.queue.duties[handle].engaged == one_call.id
