"""`danger`: somebody may be hurt. One verb takes the alert back with a fixed text, stands all down and ends the matter (rule 8)."""

from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.ask import stand_down
from tocsin.alerts.cancel import withdraw
from tocsin.alerts.forget import forget_said
from tocsin.alerts.model import UNDECIDED, AlertId, Caller, DangerDeclared, Event, MatterId, Reason, State
from tocsin.alerts.room import Alerts, Gone, need_staff


async def danger(alerts: Alerts, caller: Caller, matter_id: MatterId) -> DangerDeclared:
    """By any dispatcher or steward, whoever has it. Asked again it changes nothing. Raises `CallerWrong`, `MatterUnknown`."""
    need_staff(caller)

    def turn(connection: Connection) -> tuple[DangerDeclared, list[Gone]]:
        seen = alerts.take_up(connection, matter_id)
        held = alerts.held(seen)
        stand_down(alerts, connection, matter_id)
        standing = queries.standing_of(connection, AlertId(held.alert_id)) if held.alert_id else None
        if standing is not None and not standing.is_cancelled:
            return DangerDeclared(matter_id, withdraw(alerts, connection, standing, Reason.DANGER).posted), []
        gone: list[Gone] = []
        if seen.state in UNDECIDED:
            waiting = seen if seen.state is not State.WAITING else alerts.turn(connection, seen, Event.TAKE)
            alerts.turn(connection, waiting, Event.CLOSE)
            gone = forget_said(alerts, connection, matter_id, keep_voices=True)
        return DangerDeclared(matter_id, None), gone

    event, gone = await alerts.database.write(turn)
    alerts.tell(event)
    await alerts.overwrite(gone)
    return event
