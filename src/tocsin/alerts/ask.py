"""Ask confirmers: "are you in this area and free?", at most four at once, each once. Silence moves on by itself; `enough` ends it.

What they are asked is the area and the kind, nothing finer. Timers are durable work: a node that dies in between asks on.
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import queries
from tocsin.alerts.model import ASKED_AT_ONCE, SILENCE_S, Answer, Caller, Event, Kind, Matter, MatterId, State, Voice
from tocsin.alerts.refusals import EventWrong, KindRefused
from tocsin.alerts.room import Alerts
from tocsin.alerts.tables import voice as voice_table

SILENT = "alerts: silence"
"""Kind of durable work: payload is a matter and the questions of one wave, 16 bytes each."""
LOOK_S = 900
"""Who is on their way and says nothing for so long is silent."""
LIFE_MINUTES = (30, 60, 90, 120)


class Drafted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `.../draft`."""

    turn: int
    kind: Kind
    area: str
    life_minutes: int = 60


async def draft(alerts: Alerts, caller: Caller, matter_id: MatterId, asked: Drafted) -> Matter:
    """Say what it is that is asked about. Voices and releases for anything else are dropped with their questions.

    Raises `AreaUnknown`, `KindRefused`, `EventWrong` once something is public: another area is another alert (rule 4).
    """
    if (
        asked.area not in alerts.areas
        or alerts.areas[asked.area].id != asked.area
        or asked.life_minutes not in LIFE_MINUTES
    ):
        raise EventWrong
    if asked.kind is Kind.NOTHING_SEEN or (alerts.limits.is_limited and asked.kind is Kind.ROAD_CHECK):
        raise KindRefused

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id, asked.turn)
        held = alerts.held(seen)
        drawn = msgspec.structs.replace(held.draft, kind=asked.kind, area=asked.area, life_minutes=asked.life_minutes)
        moved = alerts.turn(connection, seen, Event.DRAFT, msgspec.structs.replace(held, draft=drawn, releases=()))
        queries.drop_voices(connection, matter_id)
        return moved

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved


async def ask(alerts: Alerts, caller: Caller, matter_id: MatterId) -> int:
    """A wave; how many were asked now. Raises what `Alerts.own` raises, `EventWrong`."""

    def turn(connection: Connection) -> int:
        seen = alerts.own(connection, caller, matter_id)
        held = alerts.held(seen)
        alerts.turn(connection, seen, Event.ASK, msgspec.structs.replace(held, is_enough=False))
        return wave(alerts, connection, matter_id, held.version + 1)

    count = await alerts.database.write(turn)
    alerts.changed()
    return count


async def enough(alerts: Alerts, caller: Caller, matter_id: MatterId) -> Matter:
    """Nobody else is asked, and whoever was asked and has not spoken is stood down."""

    def turn(connection: Connection) -> Matter:
        seen = alerts.own(connection, caller, matter_id)
        stand_down(alerts, connection, matter_id)
        held = msgspec.structs.replace(alerts.held(seen), is_enough=True)
        return queries.change_matter(connection, seen, box=alerts.seal(seen.slot, seen.id, held))

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved


async def silence(alerts: Alerts, payload: bytes) -> None:
    """The verb of `SILENT`: who did not answer is silent, and others are asked in their place. Harmless when repeated."""
    parts = [payload[at : at + 16] for at in range(0, len(payload), 16)]
    matter_id, ids = MatterId(parts[0]), parts[1:]

    def turn(connection: Connection) -> None:
        seen = queries.matter_for(connection, matter_id)
        if seen is None:
            return
        mute = [one for one in queries.voices(connection, matter_id) if one.id in ids and _is_over(one, alerts.now_s)]
        queries.change_voices(connection, [one.id for one in mute], Answer.SILENT, alerts.minute_s)
        held = alerts.held(seen)
        if mute and not held.is_enough and seen.state in {State.TAKEN, State.PUBLISHED}:
            wave(alerts, connection, matter_id, held.version + 1)

    await alerts.database.write(turn)
    alerts.changed()


def wave(alerts: Alerts, connection: Connection, matter_id: MatterId, version: int) -> int:
    """Ask as many as there is room for, in the caller's transaction."""
    voices = [one for one in queries.voices(connection, matter_id) if one.version == version]
    busy = sum(one.answer in {Answer.ASKED, Answer.LOOKING} for one in voices)
    heard = {one.cohort for one in voices if one.answer in {Answer.SEEN, Answer.NOTHING_SEEN, Answer.LOOKING}}
    found = alerts.duty.pick({one.who for one in voices}, heard, max(0, ASKED_AT_ONCE - busy))
    rows = [_question(alerts, matter_id, who, version) for who in found]
    for row in rows:
        queries.put(connection, voice_table, row)
    if rows:
        wait_for(alerts, connection, matter_id, [row.id for row in rows], SILENCE_S)
    return len(rows)


def wait_for(alerts: Alerts, connection: Connection, matter_id: MatterId, ids: Sequence[bytes], seconds: int) -> None:
    """Look again after so long whether they answered."""
    due_ms = alerts.clock.now_ms() + seconds * 1000
    alerts.work.enqueue(connection, SILENT, due_ms, b"".join((matter_id, *ids)))


def stand_down(alerts: Alerts, connection: Connection, matter_id: MatterId) -> None:
    """Whoever was asked and has not spoken is told that nobody is needed."""
    waiting = [one.id for one in queries.voices(connection, matter_id) if one.answer in {Answer.ASKED, Answer.LOOKING}]
    queries.change_voices(connection, waiting, Answer.STOOD_DOWN, alerts.minute_s)


def _question(alerts: Alerts, matter_id: MatterId, who: bytes, version: int) -> Voice:
    cohort = alerts.duty.on[who].cohort
    return Voice(alerts.clock.random_bytes(16), matter_id, who, cohort, version, Answer.ASKED, alerts.minute_s)


def _is_over(one: Voice, now_s: int) -> bool:
    """Whether a question waited long enough. One that was answered "on my way" meanwhile has a timer of its own."""
    return one.answer is Answer.ASKED or (one.answer is Answer.LOOKING and now_s - one.at_s >= LOOK_S)
