"""Begin a call: from here on somebody is rung. Of who calls, only a language, a place and a kind from closed lists come here."""

from collections import deque
from dataclasses import dataclass, field

import msgspec

from tocsin.calls import resume
from tocsin.calls.model import (
    MOST_CALLS,
    AskedWrong,
    Call,
    CallEventWrong,
    CallsFull,
    Kind,
    Party,
    Role,
    State,
)
from tocsin.calls.read import bytes_of, call_of, digest_of
from tocsin.calls.room import Calls

AGE_BYTES = 32 * 1024
STARTS_A_MINUTE = 120


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /calls`, binary fields base64url. `card` and `offer` are age files for the proven desk (`docs/spec/calls.md`)."""

    call: str
    digest: str
    language: str
    place: str
    kind: Kind
    card: str
    offer: str


@dataclass
class Brake:
    """How many calls began in the last minute."""

    began: deque[int] = field(default_factory=deque)

    def take(self, now_ms: int) -> None:
        """Raises `CallsFull`."""
        while self.began and now_ms - self.began[0] > 60_000:
            self.began.popleft()
        if len(self.began) >= STARTS_A_MINUTE:
            raise CallsFull(retry_after=10)
        self.began.append(now_ms)


def begin(calls: Calls, brake: Brake, asked: Begin) -> Call:
    """The same body again answers the same. Raises `AskedWrong`, `CallsFull`, `CallEventWrong` for a number that is another's."""
    call_id, digest = call_of(asked.call), digest_of(asked.digest)
    if asked.language not in calls.languages or asked.place not in calls.places:
        raise AskedWrong
    known = calls.queue.calls.get(call_id)
    if known is not None:
        if known.parties and known.parties[0].digest == digest:
            return known
        raise CallEventWrong
    if len(calls.queue.calls) >= MOST_CALLS:
        raise CallsFull(retry_after=10)
    brake.take(calls.now_ms)
    call = Call(
        id=call_id,
        language=asked.language,
        place=asked.place,
        kind=asked.kind,
        card=bytes_of(asked.card, AGE_BYTES),
        offer=bytes_of(asked.offer, AGE_BYTES),
        arrived_ms=calls.now_ms,
    )
    join(calls, call, Role.CALLER, digest)
    calls.queue.calls[call_id] = call
    calls.look()
    return call


def join(calls: Calls, call: Call, role: Role, digest: bytes) -> Party:
    """One more end. It hears what is sent from now on."""
    party = Party(call.drawn, role, digest, heard_ms=calls.now_ms, since=call.sent)
    call.drawn += 1
    call.parties.append(party)
    call.version += 1
    return party


def offer_to_listener(calls: Calls, call: Call, party: Party, offer: str) -> None:
    """The caller's phone has sealed the call to volunteers too, because no lawyer was free. Raises `CallEventWrong`."""
    if party.role is not Role.CALLER or call.state not in (State.WAITING, State.RINGING):
        raise CallEventWrong
    call.offer_for_listener = bytes_of(offer, AGE_BYTES)
    calls.look()


def brought_back(calls: Calls, sealed: str) -> Call:
    """A call as one of its ends brings it back to a node that was started again. Raises `AskedWrong`, `CallUnknown`."""
    call = resume.open_call(calls, bytes_of(sealed))
    known = calls.queue.calls.get(call.id)
    if known is not None:
        return known
    calls.queue.calls[call.id] = call
    calls.look()
    return call
