"""The rate brake (rule 6): many alerts an hour, or one that was false, need a third voice; three taken back of the last twenty freeze.

Pure over one row of the room's own; nothing in it names an alert. Drills are neither counted nor braked.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update

from tocsin.alerts.decide import THREE, TWO, weigh
from tocsin.alerts.model import NOBODY, Caller, Held, Reason, Status, Verdict, Voice
from tocsin.alerts.queries import row_of
from tocsin.alerts.refusals import CallerWrong, PublishingFrozen
from tocsin.alerts.room import Alerts
from tocsin.alerts.tables import brake as table
from tocsin.crypto.alert import SENT_STEP_S

LAST = 20
FREEZE_AT = 3
HOUR_S = 3_600
THIRD_S = 24 * 3_600
"""After one alert was taken back as wrong, a third voice is needed for a day, or until two stewards looked."""
KEPT, CANCELLED = "k", "c"
HARMLESS = frozenset({Reason.OVER, Reason.DANGER})
"""Taken back, and not because it was wrong."""


class Brake(msgspec.Struct, frozen=True):
    """The row. `last`: one letter an alert, newest last; `recent_s`: when this hour's were published."""

    last: str = ""
    recent_s: str = ""
    is_frozen: bool = False
    third_until_s: int = 0
    lifting: bytes = NOBODY


def read(connection: Connection) -> Brake:
    """The brake, its row locked where a transaction may write."""
    found = connection.execute(select(table).where(table.c.id == 1)).one_or_none()
    return Brake() if found is None else row_of(Brake, found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def locked(connection: Connection) -> Brake:
    """The brake for a writer: its row is made where there is none, and is nobody else's to change."""
    if connection.execute(select(table.c.id)).scalar() is None:
        connection.execute(insert(table).values(id=1, **msgspec.structs.asdict(Brake())))
    found = connection.execute(select(table).where(table.c.id == 1).with_for_update()).one()
    return row_of(Brake, found._mapping)  # noqa: SLF001  SQLAlchemy's public name for it


def write(connection: Connection, brake: Brake) -> None:
    values: dict[str, Any] = msgspec.structs.asdict(brake)
    connection.execute(update(table).where(table.c.id == 1).values(**values))


def recent(brake: Brake, now_s: int) -> list[int]:
    """Publishings of the last hour. One from a clock that was ahead counts too: it does not loosen the brake."""
    return [int(one) for one in brake.recent_s.split(",") if one and now_s - int(one) < HOUR_S]


def voices_needed(brake: Brake, now_s: int, per_hour: int) -> int:
    """Two, or three while the brake is on."""
    return THREE if now_s < brake.third_until_s or len(recent(brake, now_s)) >= per_hour else TWO


def need(alerts: Alerts, connection: Connection, held: Held, voices: Iterable[Voice]) -> int:
    """How many voices a decision needs now, of those that were given."""
    return need_of(alerts, voices_needed(read(connection), alerts.now_s, alerts.limits.per_hour), held, voices)


def need_of(alerts: Alerts, least: int, held: Held, voices: Iterable[Voice]) -> int:
    """The same, where the brake itself asks for `least`.

    Cohorts that stood behind another alert of the last hour need a third voice beside them: two who lie together lie once, however
    late they are found out. A drill needs two, always.
    """
    if held.draft.status is not Status.ACTUAL:
        return TWO
    cohorts, now = weigh(voices, Verdict.SEEN).cohorts, alerts.clock.monotonic()
    stood = [known for root, (known, at) in alerts.stood.items() if root != held.alert_id and now - at < HOUR_S]
    return THREE if cohorts and any(cohorts <= known for known in stood) else least


def published(brake: Brake, sent_s: int, now_s: int) -> Brake:
    """After one more was published."""
    times = [*recent(brake, now_s), sent_s // SENT_STEP_S * SENT_STEP_S]
    return msgspec.structs.replace(brake, last=(brake.last + KEPT)[-LAST:], recent_s=",".join(map(str, times)))


def cancelled(brake: Brake, now_s: int, reason: Reason) -> Brake:
    """After one was taken back. Which of the twenty it was is nobody's to know: the newest that was kept is marked."""
    if reason in HARMLESS:
        return brake
    place = brake.last.rfind(KEPT)
    last = brake.last[:place] + CANCELLED + brake.last[place + 1 :] if place >= 0 else brake.last
    is_frozen = brake.is_frozen or last.count(CANCELLED) >= FREEZE_AT
    return msgspec.structs.replace(brake, last=last, is_frozen=is_frozen, third_until_s=now_s + THIRD_S)


def refuse_frozen(brake: Brake, status: Status) -> None:
    """Raises `PublishingFrozen`. A drill is never stopped by it."""
    if brake.is_frozen and status is Status.ACTUAL:
        raise PublishingFrozen


async def lift(alerts: Alerts, caller: Caller) -> bool:
    """One steward says that they looked; the second lifts it. Whether it is lifted now. Raises `CallerWrong`."""
    if not caller.is_steward:
        raise CallerWrong
    mine = alerts.mark(b"steward", caller.id)

    def turn(connection: Connection) -> bool:
        found = locked(connection)
        if found.lifting in {NOBODY, mine}:
            write(connection, msgspec.structs.replace(found, lifting=mine))
            return False
        write(connection, Brake(recent_s=found.recent_s))
        return True

    lifted = await alerts.database.write(turn)
    alerts.changed()
    return lifted
