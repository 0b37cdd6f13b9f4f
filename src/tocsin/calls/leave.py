"""Leave a call. The caller and who answered end it for everybody; an interpreter only leaves."""

from tocsin.calls.advance import end, release
from tocsin.calls.model import Call, Handle, Party, Role, State
from tocsin.calls.room import Calls


def leave(calls: Calls, call: Call, party: Party) -> None:
    """Nothing is left of a call that is over."""
    if call.state is State.ENDED:
        return
    others = [one for one in call.parties if one is not party and one.role in (Role.LAWYER, Role.LISTENER)]
    if party.role is Role.CALLER or (party.role is not Role.INTERPRETER and not others):
        end(calls.queue, call)
    else:
        if party is next((one for one in call.parties if one.role in (Role.LAWYER, Role.LISTENER)), None):
            release(
                calls.queue.duties.get(call.answered_by), call.id
            )  # who answered hands it over, and can be rung again
            call.answered_by = Handle(b"")
        call.parties.remove(party)
        call.version += 1
    calls.look()
