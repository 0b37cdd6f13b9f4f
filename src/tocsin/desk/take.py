"""Take a recording: one lawyer has it from here on, and nobody had its envelope before (rule 19)."""

import hmac
from hashlib import sha256

import msgspec

from tocsin.desk.model import (
    CAPABILITY_BYTES,
    AskedWrong,
    Caller,
    CallerWrong,
    Event,
    Held,
    Item,
    ItemDeclined,
    State,
)
from tocsin.desk.room import Desk, following
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, unb64


class Take(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /desk/items/{recording}/take` (`docs/spec/desk.md`), base64url.

    `digest` is SHA-256 of a capability drawn in the browser, `ticket` that capability sealed to the lawyer, `label` their pseudonym
    sealed to the desk, `mark` the mark they would have left had they declined.
    """

    digest: str
    ticket: str
    label: str
    mark: str


async def take(desk: Desk, caller: Caller, recording_id: RecordingId, asked: Take) -> Item:
    """Take it for whoever holds the capability. The same body again answers the same. What is released is another verb (`open`).

    Raises `CallerWrong`, `ItemUnknown`, `ItemDeclined`, `ItemTaken`, `ItemFrozen`.
    """
    if not caller.is_lawyer:
        raise CallerWrong
    digest, mark = digest_of(asked.digest), digest_of(asked.mark)
    held = Held(bytes_of(asked.ticket), bytes_of(asked.label))
    await desk.kept(recording_id)
    seen = await desk.item(recording_id)
    if seen.state is not State.WAITING and seen.digest and hmac.compare_digest(seen.digest, digest):
        return seen  # its answer was lost on the way
    following(seen.state, Event.TAKE)
    if mark in marks(seen):
        raise ItemDeclined
    slot, box = await desk.store(recording_id, held)
    item = await desk.move(seen, Event.TAKE, digest=digest, slot=slot, box=box)
    await desk.recordings.note(recording_id, f"lawyer:{caller.key}", Action.TAKEN, "")
    return item


def marks(item: Item) -> list[bytes]:
    """Marks of those who declined it."""
    return [item.declined[at : at + 32] for at in range(0, len(item.declined), 32)]


def bytes_of(text: str) -> bytes:
    """Bytes of base64url. Raises `AskedWrong`."""
    try:
        return unb64(text)
    except ValueError as error:
        raise AskedWrong from error


def digest_of(text: str) -> bytes:
    """A SHA-256 in base64url. Raises `AskedWrong`."""
    raw = bytes_of(text)
    if len(raw) != sha256().digest_size or CAPABILITY_BYTES != len(raw):
        raise AskedWrong
    return raw
