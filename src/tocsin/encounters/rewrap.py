"""Change who can open a recording: new wraps in, the old ones unreadable."""

import msgspec

from tocsin.crypto.envelope import check_shape
from tocsin.crypto.profiles import KEY_BYTES
from tocsin.encounters import create, queries, share
from tocsin.encounters.live import Live
from tocsin.encounters.model import BodyMalformed, CapabilityWrong, RecordingErased, ShareState, State
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, unb64


class Wraps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `PUT /encounters/{recording}/wraps`: the new age file; SHA-256 of the words' locator, or "" to leave it."""

    wraps: str
    locator: str = ""


async def rewrap(room: Room, recording_id: RecordingId, capability: bytes, wraps: Wraps) -> None:
    """Replace the age file. By the owner at any time; by the phone once, after it got its share back.

    The same body again changes nothing: its answer may have been lost on the way.
    Raises `CapabilityWrong` for a phone that may not (again), `BodyMalformed` for bytes that are no age file, `TooFast`.
    """
    live = await room.find(recording_id, capability, "upload", "owner")
    is_owner = create.digest_of(capability) == live.row.owner_digest
    sealed, locator = _read(wraps)
    async with live.lock:
        if live.row.state is State.ERASED:
            raise RecordingErased
        if _stands(room, live, sealed, locator):
            return
        if not is_owner and live.row.share_state is not ShareState.RETURNED:
            raise CapabilityWrong
        room.charge(live)
        changes: dict[str, object] = {"share_state": ShareState.GONE}
        if locator:
            await _refuse_taken(room, live, locator)
            changes["locator_digest"] = locator
        await share.reseal(room, live, create.Envelope(sealed, b""), **changes)
        live.returned = None
        await room.act(live, "owner" if is_owner else "phone", Action.WRAPS_CHANGED)


def _stands(room: Room, live: Live, sealed: bytes, locator: bytes) -> bool:
    """Whether exactly this was put before: its answer was lost on the way."""
    is_put = live.row.share_state is ShareState.GONE and live.row.locator_digest == (locator or None)
    return is_put and create.open_box(room, live.row).wraps == sealed


def _read(wraps: Wraps) -> tuple[bytes, bytes]:
    try:
        sealed, locator = unb64(wraps.wraps), unb64(wraps.locator)
    except ValueError as error:
        raise BodyMalformed from error
    if len(locator) not in (0, KEY_BYTES):
        raise BodyMalformed
    check_shape(sealed)
    return sealed, locator


async def _refuse_taken(room: Room, live: Live, locator_digest: bytes) -> None:
    """Two recordings under one locator would hide one of them from its owner."""
    standing = await room.database.read(lambda c: queries.recording_at(c, locator_digest))
    if standing is not None and standing.id != live.row.id:
        raise BodyMalformed
