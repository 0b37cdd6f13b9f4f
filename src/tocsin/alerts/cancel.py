"""Take an alert back: at once, by one person, for a fixed reason, to all it went to. It needs no key: it was signed with the alert."""

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import brake, queries
from tocsin.alerts.ask import stand_down
from tocsin.alerts.count import What, count
from tocsin.alerts.model import (
    AlertCancelled,
    AlertId,
    Caller,
    Event,
    MatterId,
    Posted,
    Reason,
    Standing,
    State,
    Status,
)
from tocsin.alerts.publish import Cancels, posted_of, read
from tocsin.alerts.refusals import AlertUnknown
from tocsin.alerts.room import Alerts, need_staff


async def cancel(alerts: Alerts, caller: Caller, alert_id: AlertId, reason: Reason) -> Posted:
    """Raises `CallerWrong`, `AlertUnknown` for what ended or was taken back."""
    need_staff(caller)

    def turn(connection: Connection) -> AlertCancelled:
        found = locked(connection, alert_id)
        if found is None:
            raise AlertUnknown
        return withdraw(alerts, connection, found, reason)

    event = await alerts.database.write(turn)
    alerts.tell(event)
    return event.posted


def locked(connection: Connection, alert_id: bytes) -> Standing | None:
    """What stands and was not taken back, with its matter locked before it: every verb locks in that order."""
    seen = queries.standing_of(connection, alert_id, lock=False)
    if seen is not None and seen.matter_id:
        queries.matter_for(connection, MatterId(seen.matter_id))
    found = queries.standing_of(connection, alert_id)
    return None if found is None or found.is_cancelled else found


def withdraw(alerts: Alerts, connection: Connection, standing: Standing, reason: Reason) -> AlertCancelled:
    """Take back what stands, in the caller's transaction: the Cancel that lies ready goes to the outbox in the alert's place."""
    prepared = msgspec.msgpack.decode(standing.cancels, type=Cancels)
    wire = prepared.wires[str(reason)]
    posted = posted_of(read(alerts, wire), wire, prepared.marks, read(alerts, standing.wire).id)
    changed = msgspec.structs.replace(standing, wire=wire, version=posted.version, is_cancelled=True, cancels=b"")
    queries.put_standing(connection, changed)
    alerts.ports.post(connection, posted)
    after_s = alerts.corrected[standing.id] = stood_s(alerts, standing)
    if posted.status is Status.ACTUAL:
        brake.write(connection, brake.cancelled(brake.locked(connection), alerts.now_s, reason))
        if reason not in brake.HARMLESS:
            count(connection, alerts.now_s, What.TAKEN_BACK)
            count(connection, alerts.now_s, What.CORRECTION_S, after_s)
    _end_matter(alerts, connection, MatterId(standing.matter_id))
    return AlertCancelled(posted, reason, after_s)


def stood_s(alerts: Alerts, standing: Standing) -> int:
    """How many seconds it stood: by the clock of the process that published it, else by the step of five minutes it was sent in."""
    born = alerts.born.get(standing.id)
    return max(0, alerts.now_s - standing.published_s) if born is None else int(alerts.clock.monotonic() - born)


def _end_matter(alerts: Alerts, connection: Connection, matter_id: MatterId) -> None:
    found = queries.matter_for(connection, matter_id)
    if found is not None and found.state in {State.PUBLISHED, State.CHECKED}:
        stand_down(alerts, connection, matter_id)
        alerts.turn(connection, found, Event.CANCEL)
