"""What the ends of a call and those on duty are told of how things stand: never more than is theirs."""

from typing import Any

from tocsin.calls import resume
from tocsin.calls.match import could, listeners, may_take
from tocsin.calls.model import Call, Duty, Party, Role, State
from tocsin.calls.room import Calls
from tocsin.calls.send import after
from tocsin.ids import b64


def call_told(calls: Calls, call: Call, party: Party, last: int, *, is_kept: bool = False) -> dict[str, Any]:
    """One event of a call's stream (`docs/spec/calls.md`): state, who is on it, what was sent after `last`. With `is_kept` this
    end has the copy of how it stands already.
    """
    told = {
        "state": call.state,
        "you": party.number,
        "parties": [{"number": one.number, "role": one.role} for one in call.parties],
        "messages": [
            {"n": one.number, "from": one.sender, "sealed": b64(one.sealed)} for one in after(call, party, last)
        ],
        "last": call.sent,
        "life": b64(calls.boot),
        "kept": b64(resume.seal_call(calls, call)) if call.state is not State.ENDED and not is_kept else "",
    }
    return told | queue_told(calls, call, party)


def queue_told(calls: Calls, call: Call, party: Party) -> dict[str, Any]:
    """How it stands for the caller: who was rung of how many, how many calls are before theirs. Other calls change it, too."""
    if party.role is not Role.CALLER or call.state in (State.ANSWERED, State.ENDED):
        return {}
    duties, now = calls.queue.duties.values(), calls.now_ms
    waiting = [one for one in calls.queue.in_turn() if one.state is State.WAITING]
    free = [] if call.state is not State.WAITING else [one.recipient for one in listeners(duties, call, now)]
    return {
        "rung": len(call.rung),
        "of": could(duties, call, now),
        "before": waiting.index(call) if call in waiting else 0,
        "listeners": free,
    }


def duty_told(calls: Calls, duty: Duty) -> dict[str, Any]:
    """One event of a shift's stream: until when it lasts, what rings, what one is on."""
    call = calls.queue.calls.get(duty.engaged)
    is_ringing = call is not None and duty.handle in call.ringing
    return {
        "until_s": max(0, duty.until_ms - calls.now_ms) // 1000,
        "from_s": max(0, duty.from_ms - calls.now_ms) // 1000,
        "ring": _ring_told(calls, call, duty) if call is not None and is_ringing else None,
        "on": b64(duty.engaged) if duty.engaged and not is_ringing else "",
        "waiting": sum(
            may_take(duty, one, calls.now_ms) for one in calls.queue.calls.values() if one.state is State.WAITING
        ),
        "kept": b64(resume.seal_duty(calls, duty)),
    }


def _ring_told(calls: Calls, call: Call, duty: Duty) -> dict[str, Any]:
    return {
        "call": b64(call.id),
        "language": call.language,
        "place": call.place,
        "kind": call.kind,
        "card": b64(call.card) if duty.role is Role.LAWYER else "",
        "passes_on_s": max(0, 20 - (calls.now_ms - call.since_ms) // 1000),
    }
