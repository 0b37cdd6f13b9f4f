"""What a report, a matter, a voice and an alert are at the desk: their states, one table of what moves a matter, and what others hear.

A *matter* is what one or more reports are about, and what the desk decides on. A *voice* is what one confirmer, or one at the desk,
says of it: seen, or nothing seen.
"""

from collections.abc import Awaitable, Callable
from enum import StrEnum
from typing import Any, NewType

import msgspec
from litestar import Request
from sqlalchemy import Connection

from tocsin.crypto.alert import Kind, MsgType, Reason, Status
from tocsin.ids import SlotNumber

__all__ = ["Kind", "MsgType", "Reason", "Status"]

MatterId = NewType("MatterId", bytes)
"""16 random bytes."""
ReportId = NewType("ReportId", bytes)
AlertId = NewType("AlertId", bytes)

NO_SLOT = SlotNumber(-1)
NOBODY = b""
DESK = 0
"""In place of a cohort: somebody at the desk."""
TEXT_MOST = 300
PHOTO_MOST, VOICE_MOST = 384 * 1024, 512 * 1024
ASKED_AT_ONCE = 4
"""At most so many are asked or on their way for one matter (rules of safety, 9)."""
SILENCE_S = 60
FREEZE_S = 300
"""From a report of danger to the alert being taken back, where nobody at the desk said otherwise (rule 8)."""
COHORT_LEAST = 20
COUNT_LEAST = 5
"""No smaller count is kept or shown."""


class HowMany(StrEnum):
    FEW = "few"
    SOME = "some"
    MANY = "many"
    UNKNOWN = "unknown"


class Wearing(StrEnum):
    """What the officials wear or carry: never who they are."""

    UNIFORM = "uniform"
    MARKED_VEST = "marked-vest"
    PLAIN = "plain"
    MASKED = "masked"
    HELMET_OR_SHIELD = "helmet-or-shield"
    UNKNOWN = "unknown"


class Vehicles(StrEnum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Part(StrEnum):
    """What of a report somebody at the desk may ask for once more: each has its question and answers ready."""

    HOW_MANY = "how_many"
    WEARING = "wearing"
    VEHICLES = "vehicles"


class When(StrEnum):
    """As the reporter says it: no clock is asked of them."""

    NOW = "now"
    HALF_HOUR = "half-hour"
    BEFORE = "before"


class Lane(StrEnum):
    """How a report came: with a token of this city, or without."""

    TOKEN = "token"  # noqa: S105  a word
    SLOW = "slow"


class Verdict(StrEnum):
    SEEN = "seen"
    NOTHING_SEEN = "nothing-seen"


class Answer(StrEnum):
    """What stands of one who was asked. `LOOKING`: in the area and free, and on their way."""

    ASKED = "asked"
    LOOKING = "looking"
    BUSY = "busy"
    SILENT = "silent"
    STOOD_DOWN = "stood-down"
    SEEN = "seen"
    NOTHING_SEEN = "nothing-seen"


class Told(StrEnum):
    """What a return code shows, and nothing more."""

    RECEIVED = "received"
    BEING_CHECKED = "being-checked"
    CONFIRMED = "confirmed"
    NOTHING_SEEN = "nothing-seen"
    NO_DECISION = "no-decision"


class State(StrEnum):
    """Where a matter stands. `CONFIRMED` and `NOTHING_SEEN` have the voices they need and wait for two people who release."""

    WAITING = "waiting"
    TAKEN = "taken"
    CONFIRMED = "confirmed"
    NOTHING_SEEN = "nothing-seen"
    PUBLISHED = "published"
    CHECKED = "checked"
    TAKEN_BACK = "taken-back"
    JOINED = "joined"
    CLOSED = "closed"
    THREAT = "threat"


class Event(StrEnum):
    """What moves a matter."""

    TAKE = "take"
    GIVE_BACK = "give back"
    HAND_OVER = "hand over"
    DRAFT = "draft"
    ASK = "ask"
    AGREE_SEEN = "agree: seen"
    AGREE_NOTHING = "agree: nothing seen"
    DISAGREE = "disagree"
    RELEASE = "release"
    PUBLISH = "publish"
    CANCEL = "cancel"
    JOIN = "join"
    UNDO_JOIN = "undo join"
    CLOSE = "close"
    THREATEN = "threaten"


TRANSITIONS = {
    (State.WAITING, Event.TAKE): State.TAKEN,
    (State.TAKEN, Event.GIVE_BACK): State.WAITING,
    (State.TAKEN, Event.HAND_OVER): State.TAKEN,
    (State.CONFIRMED, Event.HAND_OVER): State.CONFIRMED,
    (State.NOTHING_SEEN, Event.HAND_OVER): State.NOTHING_SEEN,
    (State.PUBLISHED, Event.HAND_OVER): State.PUBLISHED,
    # Another draft is another question: the voices for the old one are dropped.
    (State.TAKEN, Event.DRAFT): State.TAKEN,
    (State.CONFIRMED, Event.DRAFT): State.TAKEN,
    (State.NOTHING_SEEN, Event.DRAFT): State.TAKEN,
    (State.TAKEN, Event.ASK): State.TAKEN,
    (State.PUBLISHED, Event.ASK): State.PUBLISHED,
    (State.TAKEN, Event.AGREE_SEEN): State.CONFIRMED,
    (State.TAKEN, Event.AGREE_NOTHING): State.NOTHING_SEEN,
    # A later voice can undo an agreement, and never make a published one.
    (State.CONFIRMED, Event.DISAGREE): State.TAKEN,
    (State.NOTHING_SEEN, Event.DISAGREE): State.TAKEN,
    (State.CONFIRMED, Event.RELEASE): State.CONFIRMED,
    (State.NOTHING_SEEN, Event.RELEASE): State.NOTHING_SEEN,
    (State.PUBLISHED, Event.RELEASE): State.PUBLISHED,
    # The only two ways to anything public, and an Update of what is.
    (State.CONFIRMED, Event.PUBLISH): State.PUBLISHED,
    (State.NOTHING_SEEN, Event.PUBLISH): State.CHECKED,
    (State.PUBLISHED, Event.PUBLISH): State.PUBLISHED,
    (State.PUBLISHED, Event.CANCEL): State.TAKEN_BACK,
    (State.CHECKED, Event.CANCEL): State.TAKEN_BACK,
    (State.WAITING, Event.JOIN): State.JOINED,
    (State.TAKEN, Event.JOIN): State.JOINED,
    (State.JOINED, Event.UNDO_JOIN): State.WAITING,
    (State.WAITING, Event.CLOSE): State.CLOSED,
    (State.TAKEN, Event.CLOSE): State.CLOSED,
    (State.CONFIRMED, Event.CLOSE): State.CLOSED,
    (State.NOTHING_SEEN, Event.CLOSE): State.CLOSED,
    (State.WAITING, Event.THREATEN): State.THREAT,
    (State.TAKEN, Event.THREATEN): State.THREAT,
}

TOLD = {
    State.WAITING: Told.RECEIVED,
    State.TAKEN: Told.BEING_CHECKED,
    State.CONFIRMED: Told.BEING_CHECKED,
    State.NOTHING_SEEN: Told.BEING_CHECKED,
    State.PUBLISHED: Told.CONFIRMED,
    State.CHECKED: Told.NOTHING_SEEN,
    State.TAKEN_BACK: Told.NO_DECISION,
    State.JOINED: Told.BEING_CHECKED,
    State.CLOSED: Told.NO_DECISION,
    State.THREAT: Told.BEING_CHECKED,
}
"""What a state is to who reported. The same for closed and unknown (rule 12)."""

UNDECIDED = frozenset({State.WAITING, State.TAKEN, State.CONFIRMED, State.NOTHING_SEEN})


class Report(msgspec.Struct, frozen=True):
    """A report's row. What it says lies in `box`, under its own slot, until it is decided."""

    id: ReportId
    matter_id: MatterId
    origin: MatterId
    """The matter it came as, so that a join can be undone."""
    code: bytes
    """SHA-256 of the return code."""
    is_acknowledged: bool
    slot: SlotNumber = NO_SLOT
    box: bytes = b""


class Said(msgspec.Struct, frozen=True):
    """What a report says: closed lists, and up to three age files that open at the alert desk alone."""

    kind: Kind
    how_many: HowMany
    wearing: tuple[Wearing, ...]
    vehicles: Vehicles
    when: When
    area: str
    seen_from: int
    """Unix seconds, a multiple of ten minutes."""
    language: str
    lane: Lane
    cohort: int = DESK
    """Of the token, where there was one: what many of one cohort say counts for little more than what one says."""
    status: Status = Status.ACTUAL
    photo: bytes = b""
    voice: bytes = b""
    text: bytes = b""
    asked: tuple[Part, ...] = ()
    """What the desk asked for and nobody answered yet."""


class Draft(msgspec.Struct, frozen=True):
    """What would be published, were it confirmed."""

    kind: Kind
    area: str
    status: Status = Status.ACTUAL
    life_minutes: int = 60


class Held(msgspec.Struct, frozen=True):
    """What lies in a matter's box."""

    draft: Draft
    releases: tuple[bytes, ...] = ()
    """Who released it, as marks that mean nothing without this process's key."""
    alert_id: AlertId = AlertId(b"")
    version: int = 0
    """Of the alert that was published of it; 0 for none."""
    is_enough: bool = False
    """Nobody else is to be asked."""
    note: bytes = b""
    """What a colleague who handed it over wrote, sealed to the desk in their browser; gone with the decision."""
    came_s: int = 0
    """When its first report came, in steps of a minute: for the order of the board."""


class Matter(msgspec.Struct, frozen=True):
    """A matter's row. `turn` counts what moved it: whoever acts says which turn they saw."""

    id: MatterId
    state: State
    turn: int
    owner: bytes
    """A mark of who has it that means nothing without this process's key; empty for nobody."""
    slot: SlotNumber
    box: bytes
    ends_s: int
    """When it is forgotten, decided or not."""


class Voice(msgspec.Struct, frozen=True):
    """One who was asked, and what they answered. `who` is SHA-256 of their capability, or a mark of one at the desk."""

    id: bytes
    matter_id: MatterId
    who: bytes
    cohort: int
    version: int
    """Of the alert it is for: 1 before anything was published."""
    answer: Answer
    at_s: int
    """When it last changed, in steps of a minute."""


class Standing(msgspec.Struct, frozen=True):
    """An alert that was published and has not ended: public but for `matter_id` and `cancels`."""

    id: AlertId
    matter_id: MatterId
    version: int
    wire: bytes
    is_cancelled: bool
    expires_s: int
    cancels: bytes
    """A signed Cancel for each reason, made with the alert: taking back waits for no key."""
    published_s: int


class Caller(msgspec.Struct, frozen=True):
    """Who of the staff asks, by their session."""

    id: bytes
    is_dispatcher: bool
    is_steward: bool
    pseudonym: str = ""


class Posted(msgspec.Struct, frozen=True):
    """What the outbox is given, in the transaction that publishes. Public, all of it."""

    id: AlertId
    root: AlertId
    """The Alert that it is or stands for."""
    msg_type: MsgType
    status: Status
    kind: Kind
    area: str
    version: int
    expires_s: int
    wire: bytes
    reason: Reason | None
    replaces: bytes
    """The object that stood before it, and is not to be sent any more; empty for the first."""
    marks: tuple[bytes, bytes]
    """One-use marks of the two people who released it; a Cancel has those of what it takes back, and was released with it."""


class ReportFiled(msgspec.Struct, frozen=True):
    """A report came, or came again under its own key (`is_new` false)."""

    matter_id: MatterId
    is_new: bool


class AlertPublished(msgspec.Struct, frozen=True):
    posted: Posted


class AlertCancelled(msgspec.Struct, frozen=True):
    posted: Posted
    reason: Reason
    after_s: int
    """From publishing to taking back: shown at the desk, and summed over a day."""


class DangerDeclared(msgspec.Struct, frozen=True):
    """Confirmers of a matter were stood down; `posted` where something public was taken back."""

    matter_id: MatterId
    posted: Posted | None


Door = Callable[[Request[Any, Any, Any]], Caller]
"""Who of the staff asks. Raises what the foundation of people raises."""
Post = Callable[[Connection, Posted], None]
"""The outbox: performed in the transaction that publishes."""
Spend = Callable[[bytes, bytes, bytes, Callable[[Connection, int, int], None]], Awaitable[tuple[int, int]]]
"""The passport: token, secret, what it is spent on, and what is done in that transaction with cohort and epoch; answers both."""
