"""Add somebody to a call: an interpreter, a second lawyer. Who is on the line lets them in; the node cannot add an end that hears."""

from tocsin.calls.begin import join
from tocsin.calls.model import MOST_PARTIES, Call, CallEventWrong, CallNotYours, CallsFull, Party, Role, State
from tocsin.calls.read import OfCall, digest_of
from tocsin.calls.room import Calls


class Invite(OfCall, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Body of `POST /calls/invite`: who they will be, and SHA-256 of a capability that the link carries, base64url."""

    role: Role
    digest: str


def invite(calls: Calls, call: Call, party: Party, asked: Invite) -> Party:
    """By the lawyer of an answered call. Raises `CallNotYours`, `CallEventWrong`, `CallsFull`."""
    if party.role is not Role.LAWYER:
        raise CallNotYours
    if call.state is not State.ANSWERED or asked.role not in (Role.INTERPRETER, Role.LAWYER):
        raise CallEventWrong
    if len(call.parties) >= MOST_PARTIES:
        raise CallsFull
    joined = join(calls, call, asked.role, digest_of(asked.digest))
    calls.look()
    return joined
