"""Move every call on to what the moment asks: pass on, ring the next wave, give who is free to who waits longest."""

from tocsin.calls.match import may_take, ranked
from tocsin.calls.model import (
    GONE_S,
    RING_MS,
    WAVES,
    Call,
    CallId,
    Duty,
    Event,
    Handle,
    Queue,
    Role,
    State,
    following,
)


def advance(queue: Queue, now_ms: int) -> None:
    """One look at everything. Says what changed by `version` alone."""
    _end_duties(queue, now_ms)
    for call in queue.in_turn():
        _look_at_ends(queue, call, now_ms)
        if call.state is State.RINGING:
            _pass_on(queue, call, now_ms)
        if call.state is State.WAITING:
            ring(queue, call, now_ms)


def ring(queue: Queue, call: Call, now_ms: int) -> None:
    """Ring the next wave, where there is anybody."""
    size = WAVES[min(call.wave, len(WAVES) - 1)]
    wave = ranked(queue.duties.values(), call, now_ms)[:size]
    if not wave:
        return
    turn(call, Event.RING)
    call.wave += 1
    call.since_ms = now_ms
    for duty in wave:
        call.ringing.add(duty.handle)
        call.rung[duty.handle] = duty.rang_ms = now_ms
        engage(duty, call.id)


def stop_ringing(queue: Queue, call: Call) -> None:
    """Nobody rings for it any more; they are free again."""
    for handle in call.ringing:
        release(queue.duties.get(handle), call.id)
    call.ringing.clear()
    call.version += 1


def turn(call: Call, event: Event) -> None:
    """Move a call. Raises `CallEventWrong`."""
    call.state = following(call.state, event)
    call.version += 1


def engage(duty: Duty, call_id: CallId) -> None:
    duty.engaged = call_id
    duty.version += 1


def release(duty: Duty | None, call_id: CallId) -> None:
    """They are free again, where it was this call that held them."""
    if duty is not None and duty.engaged == call_id:
        engage(duty, CallId(b""))


def end_duty(queue: Queue, duty: Duty) -> None:
    """They are off duty: what rang there rings no more, a call they answered goes on."""
    queue.duties.pop(duty.handle, None)
    duty.version += 1
    call = queue.calls.get(duty.engaged)
    if call is not None and duty.handle in call.ringing:
        call.ringing.discard(duty.handle)
        call.version += 1


def end(queue: Queue, call: Call) -> None:
    """The call is over for everybody; who rang or answered is free, and nothing of what was sealed is kept."""
    turn(call, Event.END)
    stop_ringing(queue, call)
    release(queue.duties.get(call.answered_by), call.id)
    call.messages.clear()
    call.rung.clear()
    call.declined.clear()
    call.answered_by = Handle(b"")
    call.card = call.offer = call.offer_for_listener = b""


def _end_duties(queue: Queue, now_ms: int) -> None:
    for duty in [one for one in queue.duties.values() if one.until_ms <= now_ms]:
        end_duty(queue, duty)


def _pass_on(queue: Queue, call: Call, now_ms: int) -> None:
    """Who cannot take it any more stops ringing; after twenty seconds, or when nobody is left, the next wave is looked for.

    Of whom there is no row the node was started again, and their page is on its way back: they keep the rest of their time.
    """
    for handle in [*call.ringing]:
        duty = queue.duties.get(handle)
        if duty is not None and (duty.engaged != call.id or not may_take(duty, call, now_ms)):
            call.ringing.discard(handle)
            release(duty, call.id)
            call.version += 1
    if call.ringing and now_ms - call.since_ms < RING_MS:
        return
    stop_ringing(queue, call)
    turn(call, Event.NOBODY)


def _look_at_ends(queue: Queue, call: Call, now_ms: int) -> None:
    """A caller who is gone ends it; a lawyer who is gone without a word does not: the next is rung."""
    gone = [one for one in call.parties if not one.listening and now_ms - one.heard_ms > GONE_S * 1000]
    if call.state is State.ENDED or not gone:
        return
    if any(one.role is Role.CALLER for one in gone):
        end(queue, call)
        return
    call.parties = [one for one in call.parties if one not in gone]
    call.version += 1
    if call.state is State.ANSWERED and not any(one.role in (Role.LAWYER, Role.LISTENER) for one in call.parties):
        release(queue.duties.get(call.answered_by), call.id)
        call.answered_by = Handle(b"")  # who comes back may be rung again, and may pass it on
        turn(call, Event.LEFT)
