"""Who at the desk looks after a matter: one at a time. Take it, answer who reported, give it back, hand it over, close it."""

from collections.abc import Callable

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import count, queries
from tocsin.alerts.count import What
from tocsin.alerts.forget import forget_said
from tocsin.alerts.model import NOBODY, Caller, Event, Matter, MatterId, State
from tocsin.alerts.refusals import CallerWrong, MatterTaken, NotYours
from tocsin.alerts.report import sealed
from tocsin.alerts.room import Alerts, Gone

NOTE_MOST = 8 * 1024
"""Of a sealed note: the page pads what is written to one size."""


async def take(alerts: Alerts, caller: Caller, matter_id: MatterId) -> Matter:
    """From here on it is this dispatcher's; asked again it is answered again.

    What somebody took whom this process does not know (it was restarted) may be taken by anybody. Raises `CallerWrong`, `MatterTaken`.
    """
    if not caller.is_dispatcher:
        raise CallerWrong

    def turn(connection: Connection) -> Matter:
        seen = alerts.take_up(connection, matter_id)
        mine = alerts.mark_of(caller)
        if seen.owner == mine:
            return seen
        if seen.state is State.WAITING:
            return alerts.turn(connection, seen, Event.TAKE, owner=mine)
        if seen.owner in alerts.names:
            raise MatterTaken
        return alerts.turn(connection, seen, Event.HAND_OVER, owner=mine)

    return await _done(alerts, turn)


async def acknowledge(alerts: Alerts, caller: Caller, matter_id: MatterId) -> Matter:
    """Say to all who reported it that a person is reading."""

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id)
        queries.change_reports(
            connection, [one.id for one in queries.reports_of(connection, matter_id)], is_acknowledged=True
        )
        return seen

    return await _done(alerts, turn)


async def give_back(alerts: Alerts, caller: Caller, matter_id: MatterId) -> Matter:
    """It waits again for anybody."""
    return await _done(
        alerts, lambda c: alerts.turn(c, alerts.own(c, caller, matter_id), Event.GIVE_BACK, owner=NOBODY)
    )


async def hand_over(alerts: Alerts, caller: Caller, matter_id: MatterId, to: str, note: str = "") -> Matter:
    """To a colleague who was here since the node began, by pseudonym, with a note that was sealed to the desk.

    Raises `NotYours` where there is no such colleague, `AskedWrong` for a note that is no age file.
    """
    marks = [mark for mark, name in alerts.names.items() if name == to]
    if not marks:
        raise NotYours
    file = sealed(note, NOTE_MOST)

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id)
        held = msgspec.structs.replace(alerts.held(seen), note=file)
        return alerts.turn(connection, seen, Event.HAND_OVER, held, owner=marks[0])

    return await _done(alerts, turn)


async def close(alerts: Alerts, caller: Caller, matter_id: MatterId) -> Matter:
    """No decision: what was said is destroyed, nothing was public."""

    def turn(connection: Connection) -> tuple[Matter, list[Gone]]:
        seen = alerts.own(connection, caller, matter_id)
        held = msgspec.structs.replace(alerts.held(seen), note=b"")
        moved = alerts.turn(connection, seen, Event.CLOSE, held)
        count.count(connection, alerts.now_s, What.NO_DECISION)
        return moved, forget_said(alerts, connection, matter_id)

    moved, gone = await alerts.database.write(turn)
    await alerts.overwrite(gone)
    alerts.changed()
    return moved


async def _done(alerts: Alerts, turn: Callable[[Connection], Matter]) -> Matter:
    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved
