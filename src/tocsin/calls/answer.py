"""Answer a call that rings: the first who does has it, and only they are handed what opens it."""

from tocsin.calls.advance import engage, stop_ringing, turn
from tocsin.calls.begin import join
from tocsin.calls.model import Call, CallEventWrong, CallNotYours, Duty, Event, Party, Role, State
from tocsin.calls.read import OfCall, digest_of
from tocsin.calls.room import Calls


class Answer(OfCall, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /calls/answer`: SHA-256 of a capability for this call, drawn in the browser, base64url."""

    digest: str


def answer(calls: Calls, call: Call, duty: Duty, asked: Answer) -> Party:
    """Take it. The same body again answers the same.

    Raises `CallNotYours` for whom it never rang or who passed it on, `CallEventWrong`.
    """
    digest = digest_of(asked.digest)
    if call.state is State.ANSWERED and call.answered_by == duty.handle:
        known = next((one for one in call.parties if one.digest == digest), None)
        if known is not None:
            return known  # its answer was lost on the way
    if duty.handle not in call.rung or duty.handle in call.declined:
        raise CallNotYours
    if duty.engaged not in (call.id, type(call.id)(b"")):
        raise CallEventWrong
    turn(call, Event.ANSWER)
    stop_ringing(calls.queue, call)
    call.answered_by = duty.handle
    engage(duty, call.id)
    party = join(calls, call, Role.LAWYER if duty.role is Role.LAWYER else Role.LISTENER, digest)
    calls.look()
    return party


def offer_for(call: Call, duty: Duty) -> bytes:
    """What opens the call for whoever answered it."""
    return call.offer if duty.role is Role.LAWYER else call.offer_for_listener
