"""Go on duty, and off it. The row has a random handle and what one may be rung for; it says of nobody who they are."""

import re

import msgspec

from tocsin.calls.advance import end_duty, release
from tocsin.calls.model import (
    MOST_DUTIES,
    SHIFT_MS,
    CallsFull,
    Duty,
    DutyWrong,
    Handle,
    Kind,
    OnDuty,
    Role,
)
from tocsin.calls.read import digest_of
from tocsin.calls.room import Calls

RECIPIENT = re.compile(r"age1[02-9ac-hj-np-z]{58}")


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /calls/duty`. `digest` is SHA-256 of the shift's capability, base64url; times are whole seconds from now.
    `recipient` is a listener's, made for this day in their browser.
    """

    digest: str
    role: Role
    languages: list[str]
    places: list[str]
    kinds: list[Kind]
    from_s: int
    until_s: int
    recipient: str = ""


def begin(calls: Calls, who: OnDuty, asked: Begin) -> Duty:
    """The same digest again changes what one may be rung for, from each of one's devices. Raises `DutyWrong`, `CallsFull`."""
    handle = Handle(digest_of(asked.digest))
    _check(calls, who, asked)
    now, known = calls.now_ms, calls.queue.duties.get(handle)
    if known is None and len(calls.queue.duties) >= MOST_DUTIES:
        raise CallsFull
    made = Duty(
        handle=handle,
        role=asked.role,
        languages=frozenset(asked.languages),
        places=frozenset(asked.places),
        kinds=frozenset(asked.kinds),
        from_ms=now + asked.from_s * 1000,
        until_ms=now + asked.until_s * 1000,
        recipient=asked.recipient if asked.role is Role.LISTENER else "",
    )
    if known is None:
        calls.queue.duties[handle] = made
    else:
        known.role, known.languages, known.places, known.kinds = made.role, made.languages, made.places, made.kinds
        known.from_ms, known.until_ms, known.recipient = made.from_ms, made.until_ms, made.recipient
        known.version += 1
    calls.look()
    return calls.queue.duties[handle]


def end(calls: Calls, duty: Duty) -> None:
    """Off duty at once; what rang there passes on, a call that was answered goes on."""
    end_duty(calls.queue, duty)
    calls.look()


def free(calls: Calls, duty: Duty) -> None:
    """A page that was opened anew says that it holds no call: who answered and lost it can be rung again."""
    call = calls.queue.calls.get(duty.engaged)
    if call is None or call.answered_by == duty.handle:
        release(duty, duty.engaged)
        calls.look()


def _check(calls: Calls, who: OnDuty, asked: Begin) -> None:
    is_said = bool(asked.languages and asked.kinds) and (bool(asked.places) or asked.role is Role.LISTENER)
    is_known = set(asked.languages) <= calls.languages and set(asked.places) <= calls.places
    is_short = 0 <= asked.from_s < asked.until_s <= SHIFT_MS // 1000
    is_heard = asked.role is not Role.LISTENER or RECIPIENT.fullmatch(asked.recipient) is not None
    if asked.role not in who.roles or not (is_said and is_known and is_short and is_heard):
        raise DutyWrong
