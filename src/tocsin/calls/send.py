"""Pass on what one end has sealed for the others. The node sees how long it is and from which end it comes, and nothing else."""

from tocsin.calls.model import AskedWrong, Call, CallsFull, Message, Party
from tocsin.calls.read import OfCall, bytes_of
from tocsin.calls.room import Calls

MOST_KEPT = 400
MOST_BYTES = 2 * 1024 * 1024


class Send(OfCall, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /calls/messages`, base64url."""

    sealed: str


def send(calls: Calls, call: Call, party: Party, asked: Send) -> int:
    """The message's number. The oldest give way: an end that was away for so long begins anew. Raises `AskedWrong`, `CallsFull`."""
    sealed = bytes_of(asked.sealed)
    if not sealed:
        raise AskedWrong
    if len(sealed) > MOST_BYTES:
        raise CallsFull
    call.sent += 1
    call.messages.append(Message(call.sent, party.number, sealed))
    while len(call.messages) > MOST_KEPT or sum(len(one.sealed) for one in call.messages) > MOST_BYTES:
        call.messages.pop(0)
    calls.tell()
    return call.sent


def after(call: Call, party: Party, number: int) -> list[Message]:
    """What was sent after a number, and after this end came."""
    return [one for one in call.messages if one.number > max(number, party.since)]
