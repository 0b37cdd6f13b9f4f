"""What an item at the desk is: its states, what moves it, and the refusals a lawyer can meet."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgspec
from litestar import Request
from sqlalchemy import Connection

from tocsin.errors import TocsinError
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, SlotNumber

CAPABILITY_BYTES = 32
NO_SLOT = SlotNumber(-1)


class State(StrEnum):
    """Where an item stands. `TAKEN` is not opened yet, `OPENED` was; `DONE` was put away by its lawyer; `FROZEN` nobody fetches."""

    WAITING = "waiting"
    TAKEN = "taken"
    OPENED = "opened"
    DONE = "done"
    FROZEN = "frozen"


class Event(StrEnum):
    """What moves an item from one state to another."""

    TAKE = "take"
    DECLINE = "decline"
    OPEN = "open"
    GIVE_BACK = "give back"
    HAND_OVER = "hand over"
    FINISH = "finish"
    REOPEN = "reopen"
    FREEZE = "freeze"
    THAW = "thaw"


TRANSITIONS = {
    (State.WAITING, Event.TAKE): State.TAKEN,
    (State.WAITING, Event.DECLINE): State.WAITING,
    (State.TAKEN, Event.OPEN): State.OPENED,
    (State.OPENED, Event.OPEN): State.OPENED,
    (State.DONE, Event.OPEN): State.DONE,
    (State.TAKEN, Event.GIVE_BACK): State.WAITING,
    (State.OPENED, Event.GIVE_BACK): State.WAITING,
    # Whoever gets it has not opened it yet.
    (State.TAKEN, Event.HAND_OVER): State.TAKEN,
    (State.OPENED, Event.HAND_OVER): State.TAKEN,
    (State.DONE, Event.HAND_OVER): State.TAKEN,
    (State.OPENED, Event.FINISH): State.DONE,
    (State.DONE, Event.REOPEN): State.OPENED,
    # Only who opened it can have seen what must not be passed on.
    (State.OPENED, Event.FREEZE): State.FROZEN,
    (State.DONE, Event.FREEZE): State.FROZEN,
    (State.FROZEN, Event.THAW): State.OPENED,
}


class Item(msgspec.Struct, frozen=True):
    """An item's row; one that nobody touched has none and is `WAITING` at turn 0."""

    recording_id: RecordingId
    state: State = State.WAITING
    turn: int = 0
    """Counts what moved it: whoever acts says which turn they saw."""
    digest: bytes = b""
    """SHA-256 of the capability of who has it."""
    slot: SlotNumber = NO_SLOT
    box: bytes = b""
    """`Held`, under the slot's key."""
    declined: bytes = b""
    """SHA-256 of a secret of each who declined, 32 bytes each, sorted: nothing tells who came first."""


class Held(msgspec.Struct, frozen=True):
    """What lies in an item's box, all of it sealed by browsers.

    `ticket`: the capability, sealed to who has it. `label`: their pseudonym, sealed to the desk. `wraps`: the recording key, sealed to
    who has it by who handed it over, with `of`, SHA-256 of the owner's envelope it was made from; empty until a hand-over.
    """

    ticket: bytes
    label: bytes
    wraps: bytes = b""
    of: bytes = b""


class Paper(msgspec.Struct, frozen=True):
    """A note, an intake sheet or a link, sealed in a browser. `id`: 16 random bytes drawn there."""

    id: bytes
    recording_id: RecordingId
    turn: int
    slot: SlotNumber
    box: bytes


class Kept(msgspec.Struct, frozen=True):
    """A recording as the desk may know it: never a rehearsal. `stream` is open, stopped or cut; `day` that on which it began."""

    recording_id: RecordingId
    kind: str
    stream: str
    day: int


class Pulse(msgspec.Struct, frozen=True):
    """What the node has in memory of a recording that is open: seconds since its last second came.

    Not `is_exact`: the node was restarted since, and knows only that nothing came for at least so long.
    """

    silent_s: float
    is_exact: bool


class Caller(msgspec.Struct, frozen=True):
    """Who asks, by their session. `key` names their public key in a custody note; nothing of it reaches a table of this room."""

    key: str
    is_lawyer: bool
    is_steward: bool
    pseudonym: str = ""
    told: Mapping[str, object] = {}
    """What a page of staff tells its script of who is signed in."""


class Envelope(msgspec.Struct, frozen=True):
    """A recording's header and its age file with the recording key."""

    header: bytes
    wraps: bytes


Door = Callable[[Request[Any, Any, Any]], Caller]
"""Who asks. Raises what the foundation of people raises for nobody (401) and a foreign origin (403)."""


@dataclass(frozen=True)
class Recordings:
    """What another room lets the desk do with recordings: functions, none of its types."""

    kept: Callable[[], Awaitable[Sequence[Kept]]]
    """Every one that may be for the desk, in no order."""
    standing: Callable[[RecordingId], Awaitable[Kept | None]]
    """One of them; None for what is gone or was never for a desk."""
    running: Callable[[], Sequence[RecordingId]]
    """Those that are open now, from memory."""
    pulse: Callable[[RecordingId], Pulse | None]
    """None for one that is not open or of which memory says nothing."""
    envelope: Callable[[RecordingId], Awaitable[Envelope]]
    chunks: Callable[[RecordingId, int, int], Awaitable[bytes]]
    """From a number on, at most so many bytes: `length u32 | chunk` each."""
    acts: Callable[[RecordingId], Awaitable[bytes]]
    """Custody notes that lie beside no second: `length u32 | note` each."""
    export: Callable[[RecordingId, str], Awaitable[Iterator[bytes]]]
    """The sealed export, by an actor; that it was fetched is noted first."""
    note: Callable[[RecordingId, str, Action, str], Awaitable[None]]
    """Note an act of an actor, with a reason."""
    erase_later: Callable[[Connection, SlotNumber], bytes]
    """Write down, in this transaction, that a slot is to be overwritten; answers the number of that work."""
    done: Callable[[Connection, bytes], None]
    """That work was done."""


class CallerWrong(TocsinError):
    code = "desk_role_missing"
    status = 403
    message = "This is for lawyers of the desk. Ask a steward if you should be one."


class ItemUnknown(TocsinError):
    code = "item_unknown"
    status = 404
    message = "The desk has no such recording: it was erased, or it was never for the desk. Reload the list."


class ItemTaken(TocsinError):
    code = "item_taken"
    status = 409
    message = "A colleague was faster, or it changed meanwhile. Nothing of it was handed to you; the list shows how it stands."


class ItemDeclined(TocsinError):
    code = "item_declined"
    status = 409
    message = "You declined this one. It stays with your colleagues."


class ItemFrozen(TocsinError):
    code = "item_frozen"
    status = 423
    message = "This recording is frozen. Nobody fetches it until two stewards have decided."


class EventWrong(TocsinError):
    code = "item_event_wrong"
    status = 409
    message = "That cannot be done with it as it stands now. Reload the list and look again."


class CapabilityAbsent(TocsinError):
    code = "capability_missing"
    status = 401
    message = "The page did not show that you have taken this recording. Reload the desk and unlock your key."


class NotYours(TocsinError):
    code = "capability_wrong"
    status = 403
    message = "You have not taken this recording, or you have handed it over. The list shows who has it."


class AskedWrong(TocsinError):
    code = "body_malformed"
    status = 400
    message = "The node could not read what was sent. Reload the page and try again; nothing was changed."


class PaperChanged(TocsinError):
    code = "paper_changed"
    status = 409
    message = "This was changed in another window. Both versions are kept on this page: look at them and save again."


class PapersMany(TocsinError):
    code = "papers_many"
    status = 413
    message = "There are as many notes as the desk keeps for one recording. Delete one first."
