"""Two people release what two voices decided; the second release publishes it, in one transaction with everything that hangs on it.

Somebody at the desk is always one of the two. Where the decision rests on one cohort and the desk, both are of the desk: whoever has a
dispatcher's session and one confirmer's token is still one person.
"""

from collections.abc import Callable
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import publish, queries
from tocsin.alerts.decide import AGREED, SAYS, current, digest, weigh
from tocsin.alerts.model import AlertPublished, Caller, Event, Matter, MatterId, Posted, Verdict, Voice
from tocsin.alerts.publish import CONFIRMER, STAFF, Prepared, are_two
from tocsin.alerts.refusals import MatterTaken, NotAsked, VoicesMissing
from tocsin.alerts.room import Alerts, Gone, digest_of, need_staff


class Released(NamedTuple):
    """Where it stands after a release: published, or waiting for a second person."""

    matter: Matter
    posted: Posted | None


async def at_desk(alerts: Alerts, caller: Caller, matter_id: MatterId, of: bytes) -> Released:
    """A dispatcher's or steward's release of exactly what they were shown (`of`: `decide.digest`).

    Raises `CallerWrong`, `VoicesMissing`, `MatterTaken` where it is not what would be published, and what `publish` raises.
    """
    need_staff(caller)
    return await _release(alerts, STAFF + alerts.mark_of(caller), of, lambda _: matter_id)


async def by_confirmer(alerts: Alerts, capability: bytes, voice_id: bytes, of: bytes) -> Released:
    """The release of a confirmer who spoke for it. Raises `NotOnDuty`, `NotAsked` too."""
    who = digest_of(capability)
    alerts.duty.of(who)

    def matter_of(connection: Connection) -> MatterId:
        found = queries.voice_of(connection, voice_id)
        if found is None or found.who != who:
            raise NotAsked
        return found.matter_id

    return await _release(alerts, CONFIRMER + who, of, matter_of)


async def _release(alerts: Alerts, mark: bytes, of: bytes, which: Callable[[Connection], MatterId]) -> Released:
    prepared = await publish.prepare(alerts)
    try:
        done, gone = await alerts.database.write(lambda c: _turn(alerts, c, which(c), mark, of, prepared))
    except BaseException:
        await alerts.let_go(prepared.slot)
        raise
    if done.posted is None:
        await alerts.let_go(prepared.slot)
        alerts.changed()
    else:
        await alerts.overwrite(gone)
        publish.watch(alerts, done.posted)
        alerts.tell(AlertPublished(done.posted))
    return done


def _turn(
    alerts: Alerts, connection: Connection, matter_id: MatterId, mark: bytes, of: bytes, prepared: Prepared
) -> tuple[Released, list[Gone]]:
    seen = alerts.take_up(connection, matter_id)
    held, verdict = alerts.held(seen), AGREED.get(seen.state)
    if verdict is None:
        raise VoicesMissing
    if of != digest(seen, held.draft, verdict, held.version + 1):
        raise MatterTaken
    version = held.version + 1
    voices = current(queries.voices(connection, matter_id), version)
    if mark[:1] == CONFIRMER and not any(one.who == mark[1:] and _spoke_for(one, verdict, version) for one in voices):
        raise NotAsked
    held = msgspec.structs.replace(held, releases=tuple(sorted({*held.releases, mark})))
    if not are_two(held.releases, len(weigh(voices, verdict).cohorts)):
        return Released(alerts.turn(connection, seen, Event.RELEASE, held), None), []
    posted, moved, gone = publish.publish(alerts, connection, seen, held, prepared)
    return Released(moved, posted), gone


def _spoke_for(voice: Voice, verdict: Verdict, version: int) -> bool:
    return voice.version == version and SAYS.get(voice.answer) is verdict
