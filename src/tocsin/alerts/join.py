"""Reports of one thing, joined in one act and parted again in one, as long as nothing was decided."""

from collections.abc import Sequence

from sqlalchemy import Connection, update

from tocsin.alerts import queries
from tocsin.alerts.model import NOBODY, Caller, Event, Matter, MatterId
from tocsin.alerts.refusals import EventWrong, MatterTaken, NotYours
from tocsin.alerts.room import Alerts
from tocsin.alerts.tables import report

MOST = 500


async def join(alerts: Alerts, caller: Caller, matter_id: MatterId, others: Sequence[MatterId]) -> Matter:
    """All reports of `others` are this matter's from here on. None of them, where one cannot be joined.

    Raises what `Alerts.own` raises, `MatterTaken` for one that a colleague has, `EventWrong` for one that is decided.
    """
    if not 0 < len(others) <= MOST or matter_id in others or len(set(others)) != len(others):
        raise EventWrong

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id)
        for other in sorted(others):
            one = alerts.take_up(connection, other)
            if one.owner not in {NOBODY, seen.owner}:
                raise MatterTaken
            alerts.turn(connection, one, Event.JOIN)
            queries.drop_voices(connection, other)
        connection.execute(update(report).where(report.c.matter_id.in_(others)).values(matter_id=matter_id))
        return queries.change_matter(connection, seen)

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved


async def undo_join(alerts: Alerts, caller: Caller, matter_id: MatterId, other: MatterId) -> Matter:
    """What came as `other` is a matter of its own again, and waits. Raises `NotYours`, `EventWrong` once it is decided."""

    def turn(connection: Connection) -> Matter:
        alerts.own(connection, caller, matter_id)
        one = alerts.take_up(connection, other)
        back = [found for found in queries.reports_of(connection, matter_id) if found.origin == other and found.box]
        if not back:
            raise NotYours
        queries.change_reports(connection, [found.id for found in back], matter_id=other)
        return alerts.turn(connection, one, Event.UNDO_JOIN, owner=NOBODY)

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved
