"""Hand a recording over to a colleague: a browser sealed its key to them, the node swaps its copy and overwrites the old."""

from hashlib import sha256

import msgspec

from tocsin.desk.model import AskedWrong, Caller, Event, Held, Item
from tocsin.desk.room import Desk
from tocsin.desk.take import bytes_of, digest_of
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId

KEY_LETTERS = 16


class HandOver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /desk/items/{recording}/hand-over`, base64url.

    `digest` and `ticket` are a fresh capability's, sealed to the colleague; `label` their pseudonym, sealed to the desk; `wraps` the
    recording key, sealed to them; `to` names their key for the owner.
    """

    digest: str
    ticket: str
    label: str
    wraps: str
    to: str


async def hand_over(desk: Desk, caller: Caller, recording_id: RecordingId, capability: bytes, asked: HandOver) -> Item:
    """From here on the colleague has it and this lawyer nothing. Noted with both keys: the owner sees who, and to whom.

    Raises what `Desk.taken` raises, `EventWrong`, `ItemFrozen`, `EnvelopeMalformed`.
    """
    if len(asked.to) != KEY_LETTERS or set(asked.to) - set("0123456789abcdef"):
        raise AskedWrong
    item = await desk.taken(caller, recording_id, capability)
    standing = await desk.recordings.envelope(recording_id)
    of = sha256(standing.wraps).digest()
    held = Held(bytes_of(asked.ticket), bytes_of(asked.label), bytes_of(asked.wraps), of)
    digest = digest_of(asked.digest)
    slot, box = await desk.store(recording_id, held)
    moved = await desk.move(item, Event.HAND_OVER, digest=digest, slot=slot, box=box)
    await desk.recordings.note(recording_id, f"lawyer:{caller.key}", Action.HANDED_OVER, f"lawyer:{asked.to}")
    return moved
