"""Anybody may say that an alert hurts, officers included: no account, no script, nothing about who says it (rule 8).

It is at the desk at once. Where nobody there says within five minutes that it may stand, the alert is taken back by itself, pending
review. The answer is the same for every alert, known or not.
"""

from enum import StrEnum

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, func, or_, select, update

from tocsin.alerts.cancel import locked, withdraw
from tocsin.alerts.model import FREEZE_S, AlertCancelled, AlertId, Caller, Reason
from tocsin.alerts.queries import put, rows_of
from tocsin.alerts.refusals import AlertUnknown, AskedWrong
from tocsin.alerts.report import bytes_of
from tocsin.alerts.room import Alerts, need_staff
from tocsin.alerts.tables import standing as standing_table
from tocsin.alerts.tables import warning as table
from tocsin.crypto.alert import ID_BYTES

FREEZE = "alerts: freeze"
"""Kind of durable work: payload is the alert's id."""
NONE_IN_PARTICULAR = AlertId(bytes(ID_BYTES))


class About(StrEnum):
    """What may be wrong with it. Closed: who is hurt is nobody's to write down."""

    SOMEBODY_IN_DANGER = "somebody-in-danger"
    POINTS_AT_A_PERSON = "points-at-a-person"
    POINTS_AT_A_HOME = "points-at-a-home"
    NOT_TRUE = "not-true"
    THREAT = "threat"


class WarningState(StrEnum):
    WAITING = "waiting"
    LEFT = "left"
    TAKEN_BACK = "taken-back"


class Answer(StrEnum):
    LEAVE = "leave"
    TAKE_BACK = "take-back"


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/danger`. `alert`: base64url, or empty for none in particular."""

    about: About
    alert: str = ""


class Warned(msgspec.Struct, frozen=True):
    """The row."""

    id: AlertId
    about: About
    state: WarningState


async def report_danger(alerts: Alerts, asked: Asked) -> None:
    """Put it before the desk and start the five minutes. Raises `AskedWrong` for what is no id at all, and nothing else."""
    alert_id = AlertId(bytes_of(asked.alert) or NONE_IN_PARTICULAR)
    if len(alert_id) != ID_BYTES:
        raise AskedWrong

    def turn(connection: Connection) -> None:
        wanted = select(standing_table.c.id).where(
            standing_table.c.id == alert_id, standing_table.c.is_cancelled.is_(False)
        )
        is_known = connection.execute(wanted).scalar() is not None
        if not is_known and alert_id != NONE_IN_PARTICULAR:
            return
        known = rows_of(Warned, connection, select(table).where(table.c.id == alert_id).with_for_update())
        if known and known[0].state is WarningState.WAITING:
            return
        connection.execute(delete(table).where(table.c.id == alert_id))
        put(connection, table, Warned(alert_id, asked.about, WarningState.WAITING))
        if is_known:
            alerts.work.cancel_all(connection, FREEZE, alert_id)  # the desk has its five minutes for each warning
            alerts.work.enqueue(connection, FREEZE, alerts.clock.now_ms() + FREEZE_S * 1000, alert_id)

    await alerts.database.write(turn)
    alerts.changed()


async def freeze(alerts: Alerts, alert_id: bytes) -> None:
    """The verb of `FREEZE`: five minutes are over and nobody answered. Harmless when repeated."""
    event = await alerts.database.write(lambda c: _take_back(alerts, c, alert_id))
    if event is not None:
        alerts.tell(event)


async def answer(alerts: Alerts, caller: Caller, alert_id: AlertId, said: Answer) -> None:
    """What the desk says of it. Raises `CallerWrong`, `AlertUnknown` where nothing waits."""
    need_staff(caller)

    def turn(connection: Connection) -> AlertCancelled | None:
        wanted = (table.c.id == alert_id) & (table.c.state == str(WarningState.WAITING))
        if connection.execute(select(table.c.id).where(wanted)).scalar() is None:
            raise AlertUnknown
        if said is Answer.TAKE_BACK:
            return _take_back(alerts, connection, alert_id)
        connection.execute(update(table).where(wanted).values(state=str(WarningState.LEFT)))
        return None

    event = await alerts.database.write(turn)
    alerts.tell(event) if event is not None else alerts.changed()


async def waiting(alerts: Alerts, caller: Caller) -> list[Warned]:
    """What waits for an answer. Raises `CallerWrong`."""
    need_staff(caller)
    return await alerts.database.read(lambda c: rows_of(Warned, c, select(table).where(_waits()).order_by(table.c.id)))


def count_waiting(connection: Connection) -> int:
    """How many wait for an answer of the desk."""
    return int(connection.execute(select(func.count()).select_from(table).where(_waits())).scalar_one())


def _waits() -> ColumnElement[bool]:
    """What nobody answered, of what still stands: an alert that was taken back meanwhile is no question any more."""
    stands = select(standing_table.c.id).where(standing_table.c.is_cancelled.is_(False))
    return (table.c.state == str(WarningState.WAITING)) & or_(table.c.id == NONE_IN_PARTICULAR, table.c.id.in_(stands))


def forget(connection: Connection) -> None:
    """Drop what was answered, and what is of an alert that ended."""
    stands = select(standing_table.c.id)
    ended = (table.c.id != NONE_IN_PARTICULAR) & table.c.id.not_in(stands)
    answered = (table.c.id == NONE_IN_PARTICULAR) & (table.c.state != str(WarningState.WAITING))
    connection.execute(delete(table).where(ended | answered))


def _take_back(alerts: Alerts, connection: Connection, alert_id: bytes) -> AlertCancelled | None:
    """Take it back if it still waits for an answer and still stands."""
    found = locked(connection, alert_id)
    wanted = (table.c.id == alert_id) & (table.c.state == str(WarningState.WAITING))
    if connection.execute(update(table).where(wanted).values(state=str(WarningState.TAKEN_BACK))).rowcount == 0:
        return None
    return withdraw(alerts, connection, found, Reason.UNDER_REVIEW) if found is not None else None
