"""A city's evening without a network: a clock that is moved by hand, lawyers with declared duty, phones that call."""

import random
from dataclasses import dataclass, field
from hashlib import sha256

from tocsin.calls import begin, duty
from tocsin.calls.begin import Brake
from tocsin.calls.model import Call, Duty, Handle, Kind, OnDuty, Role
from tocsin.calls.room import Calls, Relay
from tocsin.clock import SystemClock
from tocsin.ids import b64

LANGUAGES, PLACES = ("en", "es", "fr"), ("us-mn", "us-wi")
LAWYER = OnDuty(frozenset({Role.LAWYER}))
LISTENER = OnDuty(frozenset({Role.LISTENER}))
EARS = "age1" + "q" * 58


@dataclass
class HandClock:
    """The hour stands still until it is moved, while streams end by the machine's own; what is drawn is the same each time."""

    at_ms: int = 1_800_000_000_000
    source: random.Random = field(default_factory=lambda: random.Random(7))

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    def random_bytes(self, count: int) -> bytes:
        return self.source.randbytes(count)


def room(clock: HandClock | None = None, key: bytes = bytes(32)) -> Calls:
    relay = Relay(("turn:relay.example:3478",), "a secret of the relay")
    return Calls(clock or HandClock(), key, frozenset(LANGUAGES), frozenset(PLACES), relay)


def on_duty(
    calls: Calls,
    capability: bytes,
    *,
    languages: tuple[str, ...] = ("en",),
    places: tuple[str, ...] = ("us-mn",),
    kinds: tuple[Kind, ...] = tuple(Kind),
    who: OnDuty = LAWYER,
    from_s: int = 0,
    until_s: int = 3600,
) -> Duty:
    """Somebody on duty with one device that listens."""
    [role] = who.roles
    asked = duty.Begin(
        digest=b64(sha256(capability).digest()),
        role=role,
        languages=[*languages],
        places=[*places],
        kinds=[*kinds],
        from_s=from_s,
        until_s=until_s,
        recipient=EARS if role is Role.LISTENER else "",
    )
    made = duty.begin(calls, who, asked)
    made.devices = 1
    calls.look()
    return made


def rings(
    calls: Calls, number: int = 1, language: str = "en", place: str = "us-mn", kind: Kind = Kind.STOPPED
) -> tuple[Call, bytes]:
    """A phone calls; the call and the phone's capability."""
    capability = sha256(b"phone %d" % number).digest()
    asked = begin.Begin(
        call=b64(sha256(b"call %d" % number).digest()[:16]),
        digest=b64(sha256(capability).digest()),
        language=language,
        place=place,
        kind=kind,
        card=b64(b"card %d" % number),
        offer=b64(b"offer %d" % number),
    )
    call = begin.begin(calls, Brake(), asked)
    call.parties[0].listening = 1
    return call, capability


def capability(number: int) -> bytes:
    return sha256(b"shift %d" % number).digest()


def whom(calls: Calls, call: Call) -> set[Handle]:
    """Who rings for it now."""
    return {one.handle for one in calls.queue.duties.values() if one.engaged == call.id and one.handle in call.ringing}


def wait(calls: Calls, seconds: float, step: float = 0.25) -> None:
    """Time passes, looked at each quarter of a second."""
    clock = calls.clock
    assert isinstance(clock, HandClock)
    for _ in range(round(seconds / step)):
        clock.at_ms += round(step * 1000)
        calls.look()
