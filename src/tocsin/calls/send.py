"""Pass on what one end has sealed for the others. The node sees how long it is and from which end it comes, and nothing else."""

import msgspec

from tocsin.calls.model import AskedWrong, Call, CallsFull, Message, Party
from tocsin.calls.read import bytes_of
from tocsin.calls.room import Calls

MOST_KEPT = 400
MOST_BYTES = 2 * 1024 * 1024


class Send(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /calls/{call}/messages`, base64url."""

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
    call.version += 1
    calls.tell()
    return call.sent


def after(call: Call, number: int) -> list[Message]:
    """What was sent after a number."""
    return [one for one in call.messages if one.number > number]
