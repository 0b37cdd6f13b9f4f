"""Who stood behind a decision: a commitment in the log, and what opens it in two stewards' halves until the epoch ends (rule 7).

The log gets 32 bytes that nobody can tell from filler. What was committed to, one-use credentials and a salt, is sealed under a secret
of which each steward has a part sealed to them; any two give it back, one says nothing, and with the epoch its slot is overwritten.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, delete, select

from tocsin.alerts.model import DESK, AlertId, Caller, Posted, Voice
from tocsin.alerts.queries import put, rows_of
from tocsin.alerts.refusals import AlertUnknown, CallerWrong, DecisionUnlogged
from tocsin.alerts.room import Alerts, Gone
from tocsin.alerts.tables import attribution as table
from tocsin.clock import Clock
from tocsin.crypto import canonical, envelope
from tocsin.crypto import halves as parts_
from tocsin.crypto.profiles import KEY_BYTES, NONCE_BYTES
from tocsin.ids import SlotNumber

if TYPE_CHECKING:
    from tocsin.alerts.publish import Prepared

LABEL = b"tocsin.alerts/v1 decision\n"
STEWARDS_LEAST = 2
COMMITMENT_BYTES = 32


class Halves(NamedTuple):
    """A fresh secret and each steward's part of it, sealed to them."""

    secret: bytes
    sealed: dict[bytes, bytes]


class Attribution(msgspec.Struct, frozen=True):
    """The row."""

    id: AlertId
    epoch: int
    slot: SlotNumber
    box: bytes


class Opens(msgspec.Struct, frozen=True):
    """What lies in the box: the sealed decision, and the parts by steward."""

    sealed: bytes
    parts: dict[bytes, bytes]


def halves(clock: Clock, stewards: Sequence[tuple[bytes, str]]) -> Halves:
    """Parts for all stewards there are. With fewer than two nobody can ever open it, and nobody alone."""
    secret = clock.random_bytes(KEY_BYTES)
    if len(stewards) < STEWARDS_LEAST:
        return Halves(secret, {})
    parts = parts_.split(secret, len(stewards), clock.random_bytes(KEY_BYTES))
    return Halves(secret, {who: envelope.seal_to([to], part) for (who, to), part in zip(stewards, parts, strict=True)})


def write(
    alerts: Alerts, connection: Connection, posted: Posted, voices: Sequence[Voice], prepared: "Prepared"
) -> None:
    """Commit to a decision, in the transaction that publishes it."""
    told = canonical.dumps(
        {"alert": posted.id.hex(), "salt": alerts.clock.random_bytes(32).hex(), "voices": _told(alerts, voices)}
    )
    alerts.ports.commit(connection, sha256(LABEL + told).digest())
    nonce = alerts.clock.random_bytes(NONCE_BYTES)
    sealed = nonce + AESGCM(prepared.halves.secret).encrypt(nonce, told, posted.id)
    box = alerts.seal(prepared.slot, posted.id, Opens(sealed, prepared.halves.sealed))
    put(connection, table, Attribution(posted.id, alerts.ports.epoch(), prepared.slot, box))


def _told(alerts: Alerts, voices: Sequence[Voice]) -> list[str]:
    """Credentials, each with its answer: SHA-256 of a confirmer's token, a mark of one at the desk. Sorted: no order of speaking."""
    found = []
    for one in voices:
        credential = one.who if one.cohort == DESK else alerts.spoken.get(one.who) or _on_duty(alerts, one.who)
        found.append(f"{credential.hex()} {one.cohort} {one.answer}")
    return sorted(found)


def _on_duty(alerts: Alerts, who: bytes) -> bytes:
    """Of a voice that the process before this one heard: what its confirmer came back with, or the capability's digest."""
    known = alerts.duty.on.get(who)
    return known.credential if known else who


async def listed(alerts: Alerts, caller: Caller) -> list[AlertId]:
    """Decisions of this epoch that two stewards could open, by their random numbers. Raises `CallerWrong`."""
    if not caller.is_steward:
        raise CallerWrong
    return await alerts.database.read(
        lambda c: [AlertId(one) for one in c.scalars(select(table.c.id).order_by(table.c.id))]
    )


async def part_of(alerts: Alerts, caller: Caller, alert_id: AlertId) -> tuple[bytes, bytes]:
    """The sealed decision and this steward's own part. Raises `CallerWrong`, `AlertUnknown` also after the epoch."""
    if not caller.is_steward:
        raise CallerWrong
    wanted = select(table).where(table.c.id == alert_id)
    found = await alerts.database.read(lambda c: rows_of(Attribution, c, wanted))
    if not found:
        raise AlertUnknown
    opens = msgspec.msgpack.decode(alerts.open(found[0].slot, alert_id, found[0].box), type=Opens)
    return opens.sealed, opens.parts.get(caller.id, b"")


async def logged(alerts: Alerts, caller: Caller, commitment_: bytes) -> Mapping[str, object]:
    """What proves to a steward that a commitment stands in the log: the node says where, their browser checks it.

    Whoever asks has opened the decision. The node made this commitment itself and learns nothing by being shown it again.
    Raises `CallerWrong`, `DecisionUnlogged`.
    """
    if not caller.is_steward:
        raise CallerWrong
    found = await alerts.ports.logged(commitment_) if len(commitment_) == COMMITMENT_BYTES else None
    if found is None:
        raise DecisionUnlogged
    return found


def open_decision(sealed: bytes, parts: Sequence[bytes], alert_id: AlertId) -> bytes:
    """What two stewards read: the canonical bytes that the log's commitment is of."""
    return AESGCM(parts_.join(parts)).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], alert_id)


def commitment(told: bytes) -> bytes:
    """The 32 bytes in the log."""
    return sha256(LABEL + told).digest()


def forget(alerts: Alerts, connection: Connection) -> list[Gone]:
    """Drop what is of an epoch that is over."""
    over = table.c.epoch < alerts.ports.epoch()
    slots = [SlotNumber(slot) for slot in connection.execute(select(table.c.slot).where(over)).scalars()]
    connection.execute(delete(table).where(over))
    return alerts.forget_later(connection, slots)
