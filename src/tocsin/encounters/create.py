"""Begin a recording: keep its header, seal its envelope under a key of its own slot, promise limits."""

import asyncio
from hashlib import sha256

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tocsin.crypto.envelope import check_shape
from tocsin.crypto.profiles import KEY_BYTES, NONCE_BYTES
from tocsin.crypto.stream import parse_header
from tocsin.encounters import queries
from tocsin.encounters.model import (
    BodyMalformed,
    DiskFull,
    Kind,
    NotReady,
    Recording,
    RecordingExists,
    ShareState,
    State,
    TooFast,
)
from tocsin.encounters.room import Room
from tocsin.evidence.custody import Action
from tocsin.ids import RecordingId, SlotNumber, unb64

START_COST = {Kind.ENCOUNTER: 1, Kind.REHEARSAL: 4, Kind.IMPORT: 4}
"""What a start takes of the common pace. Calm things leave half of it: however many rehearse, an encounter does not wait for them."""


class Start(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /encounters` (`docs/spec/http.md`); binary fields are base64url."""

    header: str
    kind: Kind
    upload: str
    owner: str
    custody_public: str
    wraps: str
    return_share: str


class Envelope(msgspec.Struct, frozen=True):
    """What lies under a slot's key: the age file with the recording key, and the node's half of the return key."""

    wraps: bytes
    return_share: bytes


async def create(room: Room, start: Start) -> tuple[Recording, bool]:
    """The recording's row, and whether it is new. The same body twice is the same recording.

    Raises `BodyMalformed`, `RecordingExists` for another body under a taken number, `TooFast`, `DiskFull`.
    """
    if not room.is_ready:
        raise NotReady(retry_after=1)
    row, envelope = _read(room, start)
    standing = await room.database.read(lambda c: queries.recording_of(c, row.id))
    if standing is not None:
        return _same(standing, row), False
    _pace(room, row.kind)
    is_encounter = row.kind is Kind.ENCOUNTER
    slot = await room.with_reserve(lambda: asyncio.to_thread(room.erase_keys.allocate), may_take=is_encounter)
    box = seal_box(room, room.erase_keys.key(slot), row.id, envelope)
    row = msgspec.structs.replace(row, slot=slot, box=box)
    try:
        standing = await room.with_reserve(
            lambda: room.database.write(lambda c: queries.add(c, row)), may_take=is_encounter
        )
    except DiskFull:
        await asyncio.to_thread(room.erase_keys.erase, slot)
        raise
    if standing.slot != slot:  # somebody was faster with the same number
        await asyncio.to_thread(room.erase_keys.erase, slot)
        return _same(standing, row), False
    live = room.lives.setdefault(row.id, room.hold(row))
    async with live.lock:
        live.is_heard = True
        await room.act(live, "phone", Action.CREATED, row.kind)
    return row, True


def seal_box(room: Room, key: bytes, recording_id: RecordingId, envelope: Envelope) -> bytes:
    """The envelope under a slot's key: nonce 12, then AES-256-GCM with the recording's id as AAD."""
    nonce = room.clock.random_bytes(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(envelope), recording_id)


def open_box(room: Room, row: Recording) -> Envelope:
    """Inverse of `seal_box`, by the slot that the row names."""
    return open_sealed(room, row.slot, row.box, row.id)


def open_sealed(room: Room, slot: SlotNumber, box: bytes, recording_id: RecordingId) -> Envelope:
    """The envelope in `box`, by the key of `slot`. Raises `KeyErased`."""
    packed = AESGCM(room.erase_keys.key(slot)).decrypt(box[:NONCE_BYTES], box[NONCE_BYTES:], recording_id)
    return msgspec.msgpack.decode(packed, type=Envelope)


def _read(room: Room, start: Start) -> tuple[Recording, Envelope]:
    try:
        header = parse_header(unb64(start.header))
        upload, owner, custody = (unb64(text) for text in (start.upload, start.owner, start.custody_public))
        envelope = Envelope(unb64(start.wraps), unb64(start.return_share))
        X25519PublicKey.from_public_bytes(custody)
    except ValueError as error:
        raise BodyMalformed from error
    if len(upload) != KEY_BYTES or len(owner) != KEY_BYTES:
        raise BodyMalformed
    check_shape(envelope.wraps)
    if envelope.return_share:
        check_shape(envelope.return_share)
    row = Recording(
        id=header.recording_id,
        header=header.raw,
        upload_digest=upload,
        owner_digest=owner,
        custody_public=custody,
        kind=start.kind,
        state=State.OPEN,
        share_state=ShareState.SEALED if envelope.return_share else ShareState.NONE,
        slot=SlotNumber(-1),
        box=b"",
        locator_digest=None,
        day=room.today(),
        covered_seq=-1,
    )
    return row, envelope


def _same(standing: Recording, wanted: Recording) -> Recording:
    told = ("header", "upload_digest", "owner_digest", "custody_public", "kind")
    if any(getattr(standing, name) != getattr(wanted, name) for name in told):
        raise RecordingExists
    return standing


def _pace(room: Room, kind: Kind) -> None:
    if kind is not Kind.ENCOUNTER and not room.ballast.is_whole:
        raise DiskFull(retry_after=600)
    cost, burst = START_COST[kind], room.starts.burst
    keep = 0.0 if kind is Kind.ENCOUNTER else min(burst / 2, max(0.0, burst - cost))
    if not room.starts.take(cost, room.clock.monotonic(), keep):
        raise TooFast(retry_after=room.starts.wait(cost, keep))


def digest_of(secret: bytes) -> bytes:
    """What the node keeps of a capability."""
    return sha256(secret).digest()
