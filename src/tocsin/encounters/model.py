"""What a recording is to the node: its states, its limits and the refusals a phone can meet."""

from enum import StrEnum

import msgspec

from tocsin.errors import TocsinError
from tocsin.ids import RecordingId, SlotNumber

DAY_SECONDS = 86_400
NOTE_BASE = 1 << 62
"""Frames of custody notes that are not `chunk` notes are numbered from here, chunks from 0."""


class Kind(StrEnum):
    """Why a recording is made. Only an encounter may use the reserve."""

    ENCOUNTER = "encounter"
    REHEARSAL = "rehearsal"
    IMPORT = "import"


class State(StrEnum):
    """Where a recording stands. `CUT` is a recording that fell silent without goodbye: a state, never an error.

    `LOST`: this node was restored from a backup, which holds no recordings; what is left is the row that says so.
    """

    OPEN = "open"
    STOPPED = "stopped"
    CUT = "cut"
    ERASED = "erased"
    LOST = "lost"


class Event(StrEnum):
    """What moves a recording from one state to another."""

    SECOND = "second"
    FINAL_SECOND = "final second"
    SILENCE = "silence"
    ERASURE = "erasure"


TRANSITIONS = {
    (State.OPEN, Event.SECOND): State.OPEN,
    (State.OPEN, Event.FINAL_SECOND): State.STOPPED,
    (State.OPEN, Event.SILENCE): State.CUT,
    # A phone that found its network again after the silence goes on where it was: nothing it kept is lost.
    (State.CUT, Event.SECOND): State.OPEN,
    (State.CUT, Event.FINAL_SECOND): State.STOPPED,
    (State.OPEN, Event.ERASURE): State.ERASED,
    (State.STOPPED, Event.ERASURE): State.ERASED,
    (State.CUT, Event.ERASURE): State.ERASED,
    (State.LOST, Event.ERASURE): State.ERASED,
}


class ShareState(StrEnum):
    """Where the node's half of the return key is (`docs/spec/http.md`, Return share)."""

    NONE = "none"
    SEALED = "sealed"
    RETURNED = "returned"
    GONE = "gone"


class Limits(msgspec.Struct, frozen=True):
    """How much one recording may hold and how fast it may come."""

    max_bytes: int
    max_seconds: int
    """What the phone is told, and keeps to by its own clock."""
    max_chunks: int
    """What the node counts: it cannot see how long a second was."""
    chunk_bytes: int
    bytes_per_second: int
    burst_bytes: int


class Recording(msgspec.Struct, frozen=True):
    """A recording's row."""

    id: RecordingId
    header: bytes
    upload_digest: bytes
    owner_digest: bytes
    custody_public: bytes
    kind: Kind
    state: State
    share_state: ShareState
    slot: SlotNumber
    box: bytes
    locator_digest: bytes | None
    day: int
    """Whole day since 1970 on which it began; once erased, the day of that."""
    covered_seq: int


class Hold(msgspec.Struct, frozen=True):
    """A legal hold: a row of its own, with its own copy of the envelope, so that the recording's ordinary life goes on beside it."""

    recording_id: RecordingId
    day: int
    reason: str
    slot: SlotNumber
    box: bytes
    signed: bytes


class HoldStands(TocsinError):
    code = "hold_stands"
    status = 409
    message = "This recording is held already. Nothing was changed; `tocsin hold list` tells since when."


class HoldMissing(TocsinError):
    code = "hold_missing"
    status = 404
    message = "No hold stands on this recording. `tocsin hold list` tells which do."


class RecordingUnknown(TocsinError):
    code = "recording_unknown"
    status = 404
    message = "The node keeps no recording of this number. `tocsin sealed list` tells what it keeps."


class CapabilityMissing(TocsinError):
    code = "capability_missing"
    status = 401
    message = "The phone did not say what it may do. Reload the page; what is on the phone stays there."


class CapabilityWrong(TocsinError):
    code = "capability_wrong"
    status = 403
    message = "This is not a recording that this phone or these words may touch. Check the words, or begin anew."


class BodyMalformed(TocsinError):
    code = "body_malformed"
    status = 400
    message = "The node could not read what was sent. Reload the page and try again; nothing was changed."


class RecordingExists(TocsinError):
    code = "recording_exists"
    status = 409
    message = "There is already a recording under this number. Begin a new one."


class ChunkOutOfOrder(TocsinError):
    code = "chunk_out_of_order"
    status = 409
    message = "The node is missing seconds before this one. Send them first, from the number it names."


class ChunkConflict(TocsinError):
    code = "chunk_conflict"
    status = 409
    message = "The node already holds other bytes for this second and keeps them. The attempt was noted."


class RecordingClosed(TocsinError):
    code = "recording_closed"
    status = 409
    message = "This recording was stopped. Begin a new one to go on."


class RecordingOpen(TocsinError):
    code = "recording_open"
    status = 409
    message = "This recording is still going on. Stop it first."


class RecordingErased(TocsinError):
    code = "recording_erased"
    status = 410
    message = "This recording was erased by its owner or because its time was over."


class RecordingLost(TocsinError):
    code = "recording_lost"
    status = 410
    message = (
        "This recording was on the node before it was restored from a backup. Backups hold no recordings: whoever fetched it "
        "has it. Begin a new one to go on."
    )


class ShareGone(TocsinError):
    code = "share_gone"
    status = 410
    message = "Recovery words can no longer be made for this recording. Its other recipients can still open it."


class RecordingFull(TocsinError):
    code = "recording_full"
    status = 413
    message = "This recording has reached the length this node allows. Begin a new one to go on."


class TooFast(TocsinError):
    code = "too_fast"
    status = 429
    message = "More is coming than this node takes at once. The phone waits and sends again by itself."


class DiskFull(TocsinError):
    code = "disk_full"
    status = 507
    message = "The node has no room. Nothing of this second was stored; the phone keeps it and tries again by itself."


class NotReady(TocsinError):
    code = "not_ready"
    status = 503
    message = "The node is starting or waits for a person to unlock it. The phone tries again by itself."
