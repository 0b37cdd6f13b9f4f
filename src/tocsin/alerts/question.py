"""Ask who reported for what nobody said, by a ready question; they answer by their return code, and nobody learns who they are.

Question and answer lie in the report's own box and go with it at the decision.
"""

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.model import UNDECIDED, Caller, HowMany, Matter, MatterId, Part, Report, Said, Vehicles, Wearing
from tocsin.alerts.refusals import AskedWrong, CodeUnknown, EventWrong, NotAsked
from tocsin.alerts.report import digest_of_code
from tocsin.alerts.room import Alerts

OPEN = {Part.HOW_MANY: (HowMany.UNKNOWN,), Part.VEHICLES: (Vehicles.UNKNOWN,), Part.WEARING: ((), (Wearing.UNKNOWN,))}
"""Answers that tell nothing."""


class Questioned(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `.../question`."""

    parts: tuple[Part, ...]


class Replied(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/reports/reply`: the code, and an answer to each part that was asked for."""

    code: str
    how_many: HowMany | None = None
    wearing: tuple[Wearing, ...] | None = None
    vehicles: Vehicles | None = None


async def question(alerts: Alerts, caller: Caller, matter_id: MatterId, asked: Questioned) -> Matter:
    """Put it to each who reported and did not say. Raises what `Alerts.own` raises, `EventWrong` where nobody is left to ask."""

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id)
        asked_of = [
            one for one in queries.reports_of(connection, matter_id) if _ask(alerts, connection, one, asked.parts)
        ]
        if not asked_of:
            raise EventWrong
        queries.change_reports(connection, [one.id for one in asked_of], is_acknowledged=True)
        return queries.change_matter(connection, seen)

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved


async def reply(alerts: Alerts, replied: Replied) -> None:
    """Answer it. Raises `CodeUnknown`, `NotAsked` for what was not asked or is decided, `AskedWrong` for no answer."""
    told = {name: value for name in Part if (value := getattr(replied, name)) is not None}
    if not told or (replied.wearing is not None and len(set(replied.wearing)) != len(replied.wearing)):
        raise AskedWrong

    def turn(connection: Connection) -> None:
        found, said = _open(alerts, connection, replied.code)
        if said is None or not {*told} <= {*said.asked}:
            raise NotAsked
        left = tuple(one for one in said.asked if one not in told)
        known = msgspec.structs.replace(said, asked=left, **{str(part): value for part, value in told.items()})
        queries.change_reports(connection, [found.id], box=alerts.seal(found.slot, found.id, known))

    await alerts.database.write(turn)
    alerts.changed()


async def asked_by(alerts: Alerts, code: str) -> tuple[Part, ...]:
    """What the desk asks of who has this code. Raises `CodeUnknown`."""
    _, said = await alerts.database.read(lambda c: _open(alerts, c, code, is_read=True))
    return said.asked if said is not None else ()


def does_tell(said: Said, part: Part) -> bool:
    return getattr(said, part) not in OPEN[part]


def _ask(alerts: Alerts, connection: Connection, report: Report, parts: tuple[Part, ...]) -> bool:
    said = alerts.said(report)
    if said is None:
        return False
    missing = {part for part in parts if not does_tell(said, part)}
    if missing:
        fresh = msgspec.structs.replace(said, asked=tuple(part for part in Part if part in missing | {*said.asked}))
        queries.change_reports(connection, [report.id], box=alerts.seal(report.slot, report.id, fresh))
    return bool(missing)


def _open(alerts: Alerts, connection: Connection, code: str, *, is_read: bool = False) -> tuple[Report, Said | None]:
    """The report of a code, and what it says while nothing is decided. Its matter is locked unless it is only read."""
    digest = digest_of_code(code)
    found = queries.report_by_code(connection, digest)
    if found is not None and not is_read:
        queries.matter_for(connection, found.matter_id)
        found = queries.report_by_code(connection, digest)  # a join or a decision may have come before the lock
    state = queries.state_of(connection, found.matter_id) if found else None
    if found is None or state is None:
        raise CodeUnknown
    return found, alerts.said(found) if state in UNDECIDED else None
