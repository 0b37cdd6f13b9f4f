"""Where alerts meet the passport, the log, the staff and the outbox: what the room is handed, and what it does by itself."""

import asyncio
from base64 import b64decode
from collections.abc import Coroutine, Sequence
from functools import partial
from hashlib import sha256
from typing import Any

from litestar import Request
from sqlalchemy import Connection

from tocsin import at_passport
from tocsin.alerts import ask, expire, publish, report_danger, truth
from tocsin.alerts.coarsen import table
from tocsin.alerts.model import Caller, Door, MsgType, Post, Posted, Reason, Status
from tocsin.alerts.refusals import KeysLocked, TableAbsent
from tocsin.alerts.room import Alerts, Limits, Ports
from tocsin.alerts.start import start
from tocsin.alerts.tables import timer
from tocsin.at_deliver import Delivery
from tocsin.crypto.alert import AlertRefused
from tocsin.crypto.keys import SigningKey
from tocsin.deliver.model import Kind, Message, Release
from tocsin.encounters.room import ERASE_SLOT
from tocsin.ids import SlotNumber, b64
from tocsin.jurisdictions.model import Permission, RiskRoom
from tocsin.jurisdictions.risk import may_answer, permission
from tocsin.jurisdictions.zones import zone_of
from tocsin.node import Node
from tocsin.own_keys import CITY_KEY, EXERCISE_KEY, TEST_KEY, read_published
from tocsin.passport.model import Role as Proves
from tocsin.passport.room import Passport
from tocsin.passport.slow_lane import SlowLane
from tocsin.people import staff
from tocsin.people.session import Sessions
from tocsin.people.staff import Role, State
from tocsin.store.key_custody import KeyLocked, KeyUnknown
from tocsin.store.work import Verb, Work
from tocsin.tlog import public
from tocsin.tlog.entry import CLASSES, beat_entry
from tocsin.tlog.find import find
from tocsin.tlog.log import Log

BEGIN_S, SWEEP_S = 1.0, 15.0
PURPOSE = "alerts report"
ENTRIES_OF_A_WEEK = 7 * 24 * 60 * CLASSES[0] * 2
"""At a beat a minute, some of them of a larger class."""
KEYS = {Status.ACTUAL: CITY_KEY, Status.EXERCISE: EXERCISE_KEY, Status.TEST: TEST_KEY}


def alerts_of(node: Node, passport: Passport, lane: SlowLane, delivery: Delivery) -> Alerts | None:
    """The room, where the jurisdiction pack turns alerts on and brings a table of areas; None elsewhere: every address answers 404."""
    if not may_answer(node.pack, RiskRoom.ALERTS):
        return None
    try:
        areas = table(node.pack.areas, node.pack.area_floor)
    except TableAbsent:
        node.troubles["alerts"] = TableAbsent.message
        return None
    is_limited = permission(node.pack, RiskRoom.ALERTS) is Permission.LIMITED
    limits = Limits(node.settings.alerts_per_hour, tuple(node.pack.languages), is_limited)
    room, ports = node.encounters, _ports(node, passport, lane, poster(delivery))
    origin = node.settings.log_origin
    timers = Work(node.database, node.clock, timer)
    return Alerts(node.clock, node.database, room.erase_keys, timers, origin, areas, ports, limits)


def work(alerts: Alerts) -> dict[str, Verb]:
    """The verbs of the room's timers, by kind."""
    return {ask.SILENT: partial(ask.silence, alerts), report_danger.FREEZE: partial(report_danger.freeze, alerts)}


def loops(node: Node, alerts: Alerts | None) -> list[Coroutine[Any, Any, None]]:
    """What is over is forgotten, and what waits for a time is done then."""
    if alerts is None:
        return []
    well = partial(node.troubles.pop, "alert timers", None)  # that loop never returns while it is well

    async def swept() -> None:
        await expire.expire(alerts)

    return [
        node.every("alerts", swept, SWEEP_S),
        node.every("alert timers", lambda: alerts.work.run(work(alerts), well=well), BEGIN_S),
    ]


async def refill(node: Node, alerts: Alerts | None, delivery: Delivery) -> None:
    """Show what stands to the stream of a node that was started anew: its memory is empty, the tables are not. Marks of people that
    only the process before could read are dropped first (`alerts.start`).

    What the outbox has still to show comes under the same number, and is shown once. Where the tables hold what no key of the node
    signed, the node starts all the same, and says so.
    """
    if alerts is None:
        return
    await start(alerts)
    try:
        found = await node.database.read(lambda c: truth.carried(alerts, c))
    except AlertRefused:
        node.troubles["alerts"] = "An alert in the tables was not signed by this node."
        return
    for wire, told in sorted(found, key=lambda one: (one[1].sent, one[1].id)):
        kind = kind_of(publish.posted_of(told, wire, (b"", b"")))
        delivery.hub.show(Message(told.id, kind, wire, told.expires * 1000))


def door_of(sessions: Sessions) -> Door:
    """Dispatchers and stewards by their sessions. Raises what `Sessions.require` raises."""

    def who(request: Request[Any, Any, Any]) -> Caller:
        found = sessions.require(request, Role.DISPATCHER, Role.STEWARD)
        roles = found.roles
        return Caller(found.id, Role.DISPATCHER in roles, Role.STEWARD in roles, found.pseudonym)

    return who


def poster(delivery: Delivery) -> Post:
    """The outbox in its own words: one message, and that two people let it go. What it takes the place of is not sent any more."""

    def post(connection: Connection, posted: Posted) -> None:
        if posted.replaces:
            delivery.outbox.withdraw(connection, posted.replaces)
        zone = zone_of(delivery.zones, posted.area)
        message = Message(posted.id, kind_of(posted), posted.wire, posted.expires_s * 1000, (zone,))
        delivery.outbox.put(connection, message, Release(*posted.marks))

    return post


def kind_of(posted: Posted) -> Kind:
    """What a channel may know of an object."""
    drills = {Status.EXERCISE: Kind.EXERCISE, Status.TEST: Kind.TEST}
    if posted.msg_type is MsgType.CANCEL:
        return Kind.DANGER if posted.reason is Reason.DANGER else Kind.CANCEL
    return drills.get(posted.status, Kind.UPDATE if posted.msg_type is MsgType.UPDATE else Kind.ALERT)


def public_keys(node: Node) -> dict[Status, bytes]:
    """What phones pin, by status; without those that this node never made."""
    published = read_published(node.settings)
    return {status: b64decode(published[name]) for status, name in KEYS.items() if name in published}


def _ports(node: Node, passport: Passport, lane: SlowLane, post: Post) -> Ports:
    room = node.encounters

    def erase_later(connection: Connection, slot: SlotNumber) -> bytes:
        return room.work.enqueue(connection, ERASE_SLOT, room.finish_by_ms(), slot.to_bytes(8))

    def done(connection: Connection, waiting: bytes) -> None:
        room.work.cancel(connection, waiting)

    async def recipients() -> Sequence[str]:
        return [one.recipient for one in await _active(node, Role.DISPATCHER)]

    async def stewards() -> Sequence[tuple[bytes, str]]:
        return [(one.id, one.recipient) for one in await _active(node, Role.STEWARD)]

    known = public_keys(node)
    return Ports(
        erase_later=erase_later,
        done=done,
        key=partial(_key, node),
        public=lambda: known,
        member=at_passport.taker(passport, Proves.MEMBER),
        confirmer=at_passport.taker(passport, Proves.CONFIRMER),
        ticket=lambda: lane.ticket(PURPOSE),
        enter=partial(lane.enter, PURPOSE),
        post=post,
        commit=_commit,
        desk=recipients,
        stewards=stewards,
        epoch=lambda: passport.epoch,
        logged=partial(_logged, node),
        newest_beat=lambda: room.newest_beat,
    )


def _key(node: Node, status: Status) -> SigningKey:
    """Raises `KeysLocked`, also where the key was never made."""
    try:
        return SigningKey(node.custody.get(KEYS[status]))
    except (KeyLocked, KeyUnknown) as error:
        raise KeysLocked(retry_after=60) from error


def _commit(connection: Connection, commitment: bytes) -> None:
    entry = beat_entry(commitment)
    public.queue(connection, sha256(entry).digest(), public.HIDDEN, entry)


async def _logged(node: Node, commitment: bytes) -> dict[str, Any] | None:
    if node.log is None or node.seen_size is None:
        return None
    return await asyncio.to_thread(proven, node.log, node.seen_size, commitment)


def proven(log: Log, size: int, commitment: bytes) -> dict[str, Any] | None:
    """Where a commitment of the last week stands in the log, and its proof under the checkpoint of `size`."""
    index = find(log, beat_entry(commitment), ENTRIES_OF_A_WEEK)
    if index is None or index >= size:
        return None
    proof = [b64(step) for step in log.inclusion_proof(index, size)]
    return {"checkpoint": log.checkpoint_note(size), "index": index, "proof": proof}


async def _active(node: Node, role: Role) -> list[staff.Staff]:
    found = await node.database.read(staff.everybody)
    return [one for one in found if one.state is State.ACTIVE and role in one.roles]
