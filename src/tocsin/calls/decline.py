"""Pass a call on: it never rings here again. Nothing of it was handed out; that it was passed on is known until the call is over."""

from tocsin.calls.advance import release
from tocsin.calls.model import Call, CallNotYours, Duty
from tocsin.calls.room import Calls


def decline(calls: Calls, call: Call, duty: Duty) -> None:
    """For a conflict of interest or because one cannot now: the same either way. Raises `CallNotYours`."""
    if duty.handle not in call.rung or call.answered_by == duty.handle:
        raise CallNotYours
    call.declined.add(duty.handle)
    call.ringing.discard(duty.handle)
    call.version += 1
    release(duty, call.id)
    calls.look()
