"""What duty and a call are: their states, what moves a call, and the refusals that its ends can meet."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NewType

from litestar import Request

from tocsin.errors import TocsinError

CallId = NewType("CallId", bytes)
"""16 random bytes, drawn by the phone."""
Handle = NewType("Handle", bytes)
"""SHA-256 of a shift's capability: all that the node has of who is on duty."""

ID_BYTES, DIGEST_BYTES = 16, 32
RING_MS = 20_000
"""So long a wave rings before the call passes on."""
WAVES = (1, 2, 4)
"""How many are rung at once: the first wave, the second, and every one after."""
REST_MS = 60_000
"""A lawyer who did not answer is left alone by the same call for so long."""
SHIFT_MS = 12 * 3_600_000
BACK_MS = 10_000
"""What rang when the node was killed rings for at least so long after it is back: its pages have to come back too."""
GONE_S = 45.0
"""An end of a call that was not heard for so long has left it."""
MOST_CALLS = 400
MOST_DUTIES = 1_000
MOST_PARTIES = 4


class Role(StrEnum):
    """Who somebody on a call is. A listener is a trained volunteer and no lawyer (rule 21)."""

    CALLER = "caller"
    LAWYER = "lawyer"
    LISTENER = "listener"
    INTERPRETER = "interpreter"


class Kind(StrEnum):
    """What a call is about: a closed list, so that no word of a caller reaches the node."""

    STOPPED = "stopped"
    DOOR = "door"
    HELD = "held"
    WORK = "work"
    OTHER = "other"


class State(StrEnum):
    """Where a call stands. `WAITING`: nobody is free, and it is rung in its turn as soon as somebody is."""

    RINGING = "ringing"
    WAITING = "waiting"
    ANSWERED = "answered"
    ENDED = "ended"


class Event(StrEnum):
    """What moves a call."""

    RING = "ring"
    NOBODY = "nobody"
    ANSWER = "answer"
    LEFT = "left"
    END = "end"


TRANSITIONS = {
    (State.WAITING, Event.RING): State.RINGING,
    (State.RINGING, Event.RING): State.RINGING,
    (State.RINGING, Event.NOBODY): State.WAITING,
    (State.WAITING, Event.NOBODY): State.WAITING,
    # Who was rung in an earlier wave may still answer.
    (State.RINGING, Event.ANSWER): State.ANSWERED,
    (State.WAITING, Event.ANSWER): State.ANSWERED,
    # Who answered is gone without a word: the next is rung.
    (State.ANSWERED, Event.LEFT): State.WAITING,
    (State.RINGING, Event.END): State.ENDED,
    (State.WAITING, Event.END): State.ENDED,
    (State.ANSWERED, Event.END): State.ENDED,
}


@dataclass
class Duty:
    """One shift: what somebody may be rung for. Times are Unix ms; `heard` is when a device of theirs last listened, and `devices`
    how many do now. `engaged` is the call that rings them or that they are on.
    """

    handle: Handle
    role: Role
    languages: frozenset[str]
    places: frozenset[str]
    kinds: frozenset[Kind]
    from_ms: int
    until_ms: int
    recipient: str = ""
    """A listener's age recipient of that day, which no log and no table has; empty for a lawyer, whose key is in the roll."""
    engaged: CallId = CallId(b"")
    heard_ms: int = 0
    devices: int = 0
    rang_ms: int = 0
    version: int = 0


@dataclass
class Party:
    """One end of a call, found by the digest of a capability that was drawn in a browser."""

    number: int
    role: Role
    digest: bytes
    heard_ms: int = 0
    listening: int = 0
    since: int = 0
    """The last message that was sent before they came: they hear what follows it."""


@dataclass(frozen=True)
class Message:
    """Something sealed that one end has for the others."""

    number: int
    sender: int
    sealed: bytes


@dataclass
class Call:
    """One call. `card` and `offer` are age files for the desk: what is told to whoever is rung, and what only who answers gets."""

    id: CallId
    language: str
    place: str
    kind: Kind
    card: bytes
    offer: bytes
    arrived_ms: int
    state: State = State.WAITING
    wave: int = 0
    since_ms: int = 0
    rung: dict[Handle, int] = field(default_factory=dict)
    """Who was rung, and when last."""
    ringing: set[Handle] = field(default_factory=set)
    declined: set[Handle] = field(default_factory=set)
    answered_by: Handle = Handle(b"")
    offer_for_listener: bytes = b""
    parties: list[Party] = field(default_factory=list)
    drawn: int = 0
    """Numbers given to parties so far: none is given twice."""
    messages: list[Message] = field(default_factory=list)
    sent: int = 0
    version: int = 0
    """Grows with every change but a message."""

    def party(self, role: Role) -> Party | None:
        return next((one for one in self.parties if one.role is role), None)


@dataclass
class Queue:
    """Everybody on duty and every call, in memory."""

    duties: dict[Handle, Duty] = field(default_factory=dict)
    calls: dict[CallId, Call] = field(default_factory=dict)

    def in_turn(self) -> Iterable[Call]:
        """Calls in the order in which they came."""
        return sorted(self.calls.values(), key=lambda call: (call.arrived_ms, call.id))


@dataclass(frozen=True)
class OnDuty:
    """Who asks to go on duty, as the door says: which roles they may take."""

    roles: frozenset[Role]
    pseudonym: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)
    """What their page's script knows of them."""


Door = Callable[[Request[Any, Any, Any]], OnDuty]
"""Who asks. Raises what sessions raise."""


class CallUnknown(TocsinError):
    code = "call_unknown"
    status = 404
    message = (
        "There is no such call here. It may be over, or this node may have been started again: the page brings it back."
    )


class CallNotYours(TocsinError):
    code = "call_not_yours"
    status = 403
    message = "This call is not yours, or it was answered by somebody else."


class CallEventWrong(TocsinError):
    code = "call_event_wrong"
    status = 409
    message = "This cannot be done with the call as it stands now. Look again."


class NotOnDuty(TocsinError):
    code = "not_on_duty"
    status = 403
    message = "You are not on duty here: it ended, or this node was started again. Begin it anew."


class DutyWrong(TocsinError):
    code = "duty_wrong"
    status = 400
    message = "Duty needs at least one language, one place and one kind of matter, and lasts twelve hours at most."


class AskedWrong(TocsinError):
    code = "call_asked_wrong"
    status = 400
    message = "The node could not read this. Reload the page; nothing was changed."


class CallsFull(TocsinError):
    code = "calls_full"
    status = 503
    message = "This node has as many calls as it can hold. Your recording goes on. Call the hotline."


class RelayAbsent(TocsinError):
    code = "relay_absent"
    status = 404
    message = "This node has no relay. The call goes directly, where the two networks let it."


def following(state: State, event: Event) -> State:
    """The state after `event`. Raises `CallEventWrong`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError as error:
        raise CallEventWrong from error
