"""What confirmers and the desk say of a matter. No account: a confirmer is a capability that was handed out against one token.

Whoever was asked speaks once. A voice that makes a decision, or unmakes one that was not published yet, moves the matter in the same
transaction.
"""

from hashlib import sha256

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import ask as asking
from tocsin.alerts import brake, queries
from tocsin.alerts.decide import current, decided
from tocsin.alerts.model import DESK, Answer, Caller, Event, Matter, MatterId, State, Verdict, Voice
from tocsin.alerts.refusals import EventWrong, NotAsked
from tocsin.alerts.report import bytes_of
from tocsin.alerts.room import Alerts, digest_of, need_staff
from tocsin.alerts.tables import voice as voice_table

DUTY = b"tocsin.alerts/v1 duty\n"
NEXT = {
    Answer.ASKED: frozenset({Answer.LOOKING, Answer.BUSY}),
    Answer.LOOKING: frozenset({Answer.SEEN, Answer.NOTHING_SEEN, Answer.BUSY}),
}
"""What may follow an answer. Nothing follows a voice: it is spoken once."""
SPOKEN = {Verdict.SEEN: Answer.SEEN, Verdict.NOTHING_SEEN: Answer.NOTHING_SEEN}
AGREE = {Verdict.SEEN: Event.AGREE_SEEN, Verdict.NOTHING_SEEN: Event.AGREE_NOTHING}


class Begin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /alerts/duty`."""

    token: str
    secret: str


async def begin(alerts: Alerts, capability: bytes, asked: Begin) -> float:
    """Begin a duty; seconds until it ends. One token is one duty, asked for how often ever.

    Raises what the passport raises, also for a token of another role. Who has one is an adult and was trained this week (rule 9).
    """
    who, token = digest_of(capability), bytes_of(asked.token)
    cohort, epoch = await alerts.ports.confirmer(token, bytes_of(asked.secret), DUTY + who, lambda *_: None)
    left = alerts.duty.begin(who, cohort, epoch, sha256(token).digest())
    alerts.changed()
    return left


async def end(alerts: Alerts, capability: bytes) -> None:
    """End a duty: whatever was asked and not answered goes to others."""
    who = digest_of(capability)

    def turn(connection: Connection) -> None:
        for voice in queries.voices_by(connection, who):
            if voice.answer in NEXT:
                queries.change_voices(connection, [voice.id], Answer.SILENT, alerts.minute_s)

    await alerts.database.write(turn)
    alerts.duty.end(who)
    alerts.changed()


async def answer(alerts: Alerts, capability: bytes, voice_id: bytes, said: Answer) -> None:
    """Answer a question, or say what was seen. Raises `NotOnDuty`, `NotAsked`."""
    who = digest_of(capability)
    confirmer = alerts.duty.of(who)
    matter_id = await alerts.database.read(lambda c: _matter_of(c, voice_id, who))
    if said in SPOKEN.values():
        alerts.spoken[who] = confirmer.credential

    def turn(connection: Connection) -> None:
        seen = alerts.take_up(connection, matter_id)
        voice = queries.voice_of(connection, voice_id)
        if voice is None or said not in NEXT.get(voice.answer, ()) or voice.cohort != confirmer.cohort:
            raise NotAsked
        queries.change_voices(connection, [voice_id], said, alerts.minute_s)
        if said is Answer.LOOKING:
            asking.wait_for(alerts, connection, matter_id, [voice_id], asking.LOOK_S + 60)
        settle(alerts, connection, seen, may_ask=said is Answer.BUSY)

    await alerts.database.write(turn)
    alerts.changed()


async def at_desk(alerts: Alerts, caller: Caller, matter_id: MatterId, verdict: Verdict) -> Matter:
    """The voice of one at the desk, who heard or saw what was sent in. It counts only beside one on scene."""
    need_staff(caller)
    who = alerts.mark_of(caller)

    def turn(connection: Connection) -> Matter:
        seen = alerts.take_up(connection, matter_id)
        if seen.state not in {State.TAKEN, State.CONFIRMED, State.NOTHING_SEEN, State.PUBLISHED}:
            raise EventWrong
        version = alerts.held(seen).version + 1
        row = Voice(alerts.clock.random_bytes(16), matter_id, who, DESK, version, SPOKEN[verdict], alerts.minute_s)
        if not queries.put(connection, voice_table, row):
            raise NotAsked
        return settle(alerts, connection, seen)

    moved = await alerts.database.write(turn)
    alerts.changed()
    return moved


def settle(alerts: Alerts, connection: Connection, seen: Matter, *, may_ask: bool = False) -> Matter:
    """Move a locked matter to what its voices now say, where nothing of this version is public yet."""
    held = alerts.held(seen)
    version = held.version + 1
    voices = current(queries.voices(connection, seen.id), version)
    verdict = decided(voices, brake.need(alerts, connection, held, voices))
    agreed = {State.CONFIRMED: Verdict.SEEN, State.NOTHING_SEEN: Verdict.NOTHING_SEEN}.get(seen.state)
    if may_ask and not held.is_enough and seen.state in {State.TAKEN, State.PUBLISHED}:
        asking.wave(alerts, connection, seen.id, version)
    if seen.state is State.PUBLISHED or verdict is agreed:
        return seen
    if agreed is not None:
        undone = msgspec.structs.replace(held, releases=())
        seen = alerts.turn(connection, seen, Event.DISAGREE, undone)
    if verdict is not None and seen.state is State.TAKEN:
        return alerts.turn(connection, seen, AGREE[verdict])
    return seen


def _matter_of(connection: Connection, voice_id: bytes, who: bytes) -> MatterId:
    """Which matter a question is about, if it was put to this confirmer. Raises `NotAsked`."""
    found = queries.voice_of(connection, voice_id)
    if found is None or found.who != who:
        raise NotAsked
    return found.matter_id
