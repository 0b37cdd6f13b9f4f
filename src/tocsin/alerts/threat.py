"""A report in which somebody is threatened (rule 24): out of the public path for good, before two stewards, kept only if both hold it.

The text reaches stewards as a dispatcher's browser sealed it to them. Nobody held it within a week: its key is overwritten.
"""

import msgspec
from sqlalchemy import Connection, delete, select, update

from tocsin.alerts.ask import stand_down
from tocsin.alerts.count import DAY_S
from tocsin.alerts.forget import forget_said
from tocsin.alerts.model import PHOTO_MOST, Caller, Event, MatterId
from tocsin.alerts.queries import put, rows_of
from tocsin.alerts.refusals import AlertUnknown, AskedWrong, CallerWrong
from tocsin.alerts.report import sealed as age_file
from tocsin.alerts.room import Alerts, Gone
from tocsin.alerts.tables import threat as table
from tocsin.ids import SlotNumber, b64

KEPT_DAYS = 7
MARK_BYTES = 16


class Threat(msgspec.Struct, frozen=True):
    """The row. `stewards`: marks of those who would hold it, of a held one of those who would let it go, in order, end to end."""

    id: MatterId
    slot: SlotNumber
    box: bytes
    day: int
    stewards: bytes = b""
    is_held: bool = False


class Sealed(msgspec.Struct, frozen=True):
    """What lies in the box: an age file to the stewards."""

    file: bytes


class Threaten(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `.../threat`: the text, sealed to all stewards in a dispatcher's browser, base64url."""

    sealed: str


async def threat(alerts: Alerts, caller: Caller, matter_id: MatterId, asked: Threaten) -> None:
    """From here on it can never be published. Raises what `Alerts.own` raises, `EventWrong`, `AskedWrong`."""
    file = age_file(asked.sealed, PHOTO_MOST)
    if not file:
        raise AskedWrong
    slot = await alerts.slot()

    def turn(connection: Connection) -> list[Gone]:
        alerts.turn(connection, alerts.own(connection, caller, matter_id), Event.THREATEN)
        stand_down(alerts, connection, matter_id)
        box = alerts.seal(slot, matter_id, Sealed(file))
        put(connection, table, Threat(matter_id, slot, box, alerts.now_s // DAY_S))
        return forget_said(alerts, connection, matter_id, keep_voices=True)

    try:
        gone = await alerts.database.write(turn)
    except BaseException:
        await alerts.let_go(slot)
        raise
    alerts.changed()
    await alerts.overwrite(gone)


async def listed(alerts: Alerts, caller: Caller) -> list[dict[str, object]]:
    """Every one there is, sealed. Raises `CallerWrong`."""
    found = await alerts.database.read(lambda c: _all(c, caller))
    return [
        {
            "id": b64(one.id),
            "day": one.day,
            "is_held": one.is_held,
            "would_hold": len(_marks(one)),
            "sealed": b64(msgspec.msgpack.decode(alerts.open(one.slot, one.id, one.box), type=Sealed).file),
        }
        for one in found
    ]


async def hold(alerts: Alerts, caller: Caller, threat_id: MatterId) -> bool:
    """One steward would keep it; with the second it is held. Whether it is. Raises `CallerWrong`, `AlertUnknown`."""

    def turn(connection: Connection) -> bool:
        found = _one(connection, caller, threat_id)
        mine, marks = alerts.mark(b"steward", caller.id), _marks(found)
        if found.is_held:
            _mark(connection, found, marks - {mine})
        elif len(marks | {mine}) > 1:
            _mark(connection, found, set(), is_held=True)
        else:
            _mark(connection, found, {mine})
        return found.is_held or len(marks | {mine}) > 1

    return await alerts.database.write(turn)


async def release(alerts: Alerts, caller: Caller, threat_id: MatterId) -> bool:
    """What two held, two let go: the first says so, the second ends it. What one would hold they end alone. Whether it is gone now."""

    def turn(connection: Connection) -> tuple[bool, list[Gone]]:
        found = _one(connection, caller, threat_id)
        mine, marks = alerts.mark(b"steward", caller.id), _marks(found)
        if found.is_held and marks <= {mine}:
            _mark(connection, found, {mine}, is_held=True)
            return False, []
        if not found.is_held and mine not in marks:
            return False, []
        connection.execute(delete(table).where(table.c.id == threat_id))
        return True, alerts.forget_later(connection, [found.slot])

    is_gone, gone = await alerts.database.write(turn)
    await alerts.overwrite(gone)
    return is_gone


def unmark(connection: Connection) -> None:
    """Forget who would hold or let go: no mark of the process before means anything under this one's key."""
    connection.execute(update(table).where(table.c.stewards != b"").values(stewards=b""))


def forget(alerts: Alerts, connection: Connection) -> list[Gone]:
    """Drop what nobody held within its days."""
    over = (table.c.day < alerts.now_s // DAY_S - KEPT_DAYS) & table.c.is_held.is_(False)
    slots = [SlotNumber(slot) for slot in connection.execute(select(table.c.slot).where(over)).scalars()]
    connection.execute(delete(table).where(over))
    return alerts.forget_later(connection, slots)


def _marks(found: Threat) -> set[bytes]:
    return {found.stewards[at : at + MARK_BYTES] for at in range(0, len(found.stewards), MARK_BYTES)}


def _mark(connection: Connection, found: Threat, marks: set[bytes], *, is_held: bool | None = None) -> None:
    values = {"stewards": b"".join(sorted(marks)), "is_held": found.is_held if is_held is None else is_held}
    connection.execute(update(table).where(table.c.id == found.id).values(**values))


def _all(connection: Connection, caller: Caller) -> list[Threat]:
    if not caller.is_steward:
        raise CallerWrong
    return rows_of(Threat, connection, select(table).order_by(table.c.id))


def _one(connection: Connection, caller: Caller, threat_id: MatterId) -> Threat:
    if not caller.is_steward:
        raise CallerWrong
    found = rows_of(Threat, connection, select(table).where(table.c.id == threat_id).with_for_update())
    if not found:
        raise AlertUnknown
    return found[0]
