"""Publish: the only code that makes an alert, and it does so only for what it has looked at itself, in the transaction that says so.

Looked at here, whatever the caller thinks: the matter's state, the voices under the rule in force now, two people who released exactly
this, the brake, the area, the node's clock. Then in one transaction: the signed object, its place in the outbox, its commitment in
line for the log, who stood behind it for two stewards, and that the reports are forgotten. A crash leaves all of it or nothing.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from tocsin.alerts import attribute, brake, queries
from tocsin.alerts.attribute import Halves
from tocsin.alerts.coarsen import step
from tocsin.alerts.count import What, count
from tocsin.alerts.decide import AGREED, TWO, current, decided, weigh
from tocsin.alerts.forget import forget_said
from tocsin.alerts.model import (
    AlertId,
    Event,
    Held,
    Kind,
    Matter,
    MsgType,
    Posted,
    Reason,
    Standing,
    Status,
    Verdict,
    Voice,
)
from tocsin.alerts.refusals import AreaUnknown, ClockWrong, ReleasesMissing, VoicesMissing
from tocsin.alerts.room import Alerts, Gone
from tocsin.crypto import alert as objects
from tocsin.crypto.alert import Alert
from tocsin.ids import SlotNumber

STAFF, CONFIRMER = b"s", b"c"
"""The first letter of a release: whose it is."""
REST_S = 1_800
"""For so long after its alert a matter answers who asks with a code."""
CLOCK_S = 180
MARK = b"tocsin.alerts/v1 released\n"


class Cancels(msgspec.Struct, frozen=True):
    """What lies ready to take an alert back: a signed Cancel for each reason, released by the two who released the alert."""

    wires: dict[str, bytes]
    marks: tuple[bytes, bytes]


class Prepared(NamedTuple):
    """What is made before the transaction because it waits for a disk: a slot, and the stewards' halves of a secret."""

    slot: SlotNumber
    halves: Halves


async def prepare(alerts: Alerts) -> Prepared:
    """Raises `ClockWrong` where the node's clock stands before its own log: what it signs would be born in the past."""
    if alerts.now_s + CLOCK_S < alerts.ports.newest_beat():
        raise ClockWrong
    halves = attribute.halves(alerts.clock, await alerts.ports.stewards())
    return Prepared(await alerts.slot(), halves)


def publish(
    alerts: Alerts, connection: Connection, seen: Matter, held: Held, prepared: Prepared
) -> tuple[Posted, Matter, list[Gone]]:
    """Publish what a matter, locked by the caller, was decided to be.

    Raises `VoicesMissing`, `ReleasesMissing`, `PublishingFrozen`, `AreaUnknown`; then nothing is public and nothing was changed.
    """
    status, verdict = held.draft.status, AGREED.get(seen.state)
    now = brake.locked(connection)
    brake.refuse_frozen(now, status)
    voices = current(queries.voices(connection, seen.id), held.version + 1)
    need = brake.need_of(alerts, brake.voices_needed(now, alerts.now_s, alerts.limits.per_hour), held, voices)
    if verdict is None or decided(voices, need) is not verdict:
        raise VoicesMissing
    if not are_two(held.releases, len(weigh(voices, verdict).cohorts)):
        raise ReleasesMissing
    if held.draft.area not in alerts.areas:
        raise AreaUnknown
    alert = compose(alerts, held, verdict, voices)
    posted = put(alerts, connection, seen, alert, held.releases)
    attribute.write(alerts, connection, posted, voices, prepared)
    if status is Status.ACTUAL:
        if verdict is Verdict.SEEN:
            alerts.stood[posted.root] = weigh(voices, verdict).cohorts, alerts.clock.monotonic()
        brake.write(connection, brake.published(now, alert.sent, alerts.now_s))
        count(connection, alerts.now_s, What.CHECKED if verdict is Verdict.NOTHING_SEEN else What.CONFIRMED)
    after = msgspec.structs.replace(
        held, alert_id=posted.root, version=alert.version, releases=(), is_enough=True, note=b""
    )
    moved = alerts.turn(connection, seen, Event.PUBLISH, after, ends_s=alert.expires + REST_S)
    return posted, moved, forget_said(alerts, connection, seen.id)


def are_two(releases: Sequence[bytes], cohorts: int) -> bool:
    """Whether two people released it, one of the desk; both, where one cohort alone was on scene."""
    staff = sum(one[:1] == STAFF for one in set(releases))
    return staff >= 1 and (len(set(releases)) >= TWO if cohorts >= TWO else staff >= TWO)


def compose(alerts: Alerts, held: Held, verdict: Verdict, voices: Sequence[Voice]) -> Alert:
    """The object. Its window is that in which the voices were given: what a reporter said of the time is not in it."""
    times = [one.at_s for one in voices]
    sent = step(alerts.now_s, objects.SENT_STEP_S)
    seen_to = step(max(times), objects.SEEN_STEP_S) + objects.SEEN_STEP_S
    seen_from = max(step(min(times), objects.SEEN_STEP_S), seen_to - objects.LONGEST_SEEN_S)
    expires = step(sent + held.draft.life_minutes * 60, objects.EXPIRES_STEP_S)
    version = held.version + 1
    return Alert(
        id=alerts.clock.random_bytes(objects.ID_BYTES),
        kind=Kind.NOTHING_SEEN if verdict is Verdict.NOTHING_SEEN else held.draft.kind,
        area=held.draft.area,
        city=alerts.city,
        seen_from=min(seen_from, step(sent, objects.SEEN_STEP_S)),
        seen_to=seen_to,
        sent=sent,
        expires=max(expires, step(sent, objects.EXPIRES_STEP_S) + objects.EXPIRES_STEP_S),
        msg_type=MsgType.ALERT if version == 1 else MsgType.UPDATE,
        status=held.draft.status,
        version=version,
        references=held.alert_id,
    )


def put(alerts: Alerts, connection: Connection, seen: Matter, alert: Alert, releases: Sequence[bytes]) -> Posted:
    """Sign it, let it stand, and put it in the outbox. Cancels for every reason are signed with it."""
    first, second = sorted(sha256(MARK + alert.id + one).digest() for one in set(releases))[:2]
    key = alerts.ports.key(alert.status)
    root = AlertId(alert.references or alert.id)
    earlier = queries.standing_of(connection, root)
    before = read(alerts, earlier.wire).id if earlier is not None else b""
    cancels = {str(reason): objects.sign(cancel_of(alerts, alert, root, reason), key) for reason in Reason}
    prepared = Cancels(cancels, (first, second))
    wire = objects.sign(alert, key)
    row = Standing(
        id=root,
        matter_id=seen.id,
        version=alert.version,
        wire=wire,
        is_cancelled=False,
        expires_s=alert.expires,
        cancels=msgspec.msgpack.encode(prepared),
        published_s=earlier.published_s if earlier is not None else alert.sent,
    )
    queries.put_standing(connection, row)
    posted = posted_of(alert, wire, (first, second), before)
    alerts.ports.post(connection, posted)
    return posted


def cancel_of(alerts: Alerts, alert: Alert, root: AlertId, reason: Reason) -> Alert:
    """The Cancel of an alert, made before anybody needs it."""
    return msgspec.structs.replace(
        alert,
        id=alerts.clock.random_bytes(objects.ID_BYTES),
        msg_type=MsgType.CANCEL,
        version=objects.CANCEL_VERSION,
        references=root,
        reason=reason,
    )


def posted_of(alert: Alert, wire: bytes, marks: tuple[bytes, bytes], before: bytes = b"") -> Posted:
    """What the outbox is told of an object."""
    return Posted(
        id=AlertId(alert.id),
        root=AlertId(alert.references or alert.id),
        msg_type=alert.msg_type,
        status=alert.status,
        kind=alert.kind,
        area=alert.area,
        version=alert.version,
        expires_s=alert.expires,
        wire=wire,
        reason=alert.reason,
        replaces=before,
        marks=marks,
    )


def read(alerts: Alerts, wire: bytes) -> Alert:
    """An object that this node signed."""
    return objects.verify(wire, alerts.ports.public(), alerts.city)


def watch(alerts: Alerts, posted: Posted) -> None:
    """Remember by the clock that nobody sets since when it stands, and until when it may."""
    alerts.born.setdefault(posted.root, alerts.clock.monotonic())
    alerts.deadlines[posted.root] = alerts.clock.monotonic() + posted.expires_s - alerts.now_s
