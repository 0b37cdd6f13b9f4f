"""What the outbox asks its tables, one function a question. The same SQL on both databases."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TypeVar

import msgspec
from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, insert, select, update

from tocsin.deliver.model import URGENT, Kind, Message
from tocsin.deliver.tables import message, row

T = TypeVar("T")
STEP_MS, LONGEST_STEP_MS = 1_000, 60_000
"""Between tries: 1 s, then twice as long each time, to a minute. What is sent lives for an hour or two."""


@dataclass(frozen=True)
class Leased:
    """One row that is ours until `until_ms`, with what it sends."""

    message: Message
    channel: str
    tries: int
    until_ms: int
    came_to: bytes


def put(connection: Connection, new: Message, channels: Iterable[str]) -> None:
    """A message and a row for each channel."""
    values = {**msgspec.structs.asdict(new), "kind": str(new.kind), "zones": msgspec.msgpack.encode(new.zones)}
    connection.execute(insert(message).values(**values))
    fresh = {"message_id": new.id, "rank": 0 if new.kind in URGENT else 1, "due_ms": 0, "leased_until_ms": 0}
    rows = [{**fresh, "channel": name, "tries": 0, "came_to": b""} for name in channels]
    if rows:
        connection.execute(insert(row), rows)


def drop(connection: Connection, message_id: bytes) -> None:
    """A message with everything that waits of it."""
    connection.execute(delete(row).where(row.c.message_id == message_id))
    connection.execute(delete(message).where(message.c.id == message_id))


def expire(connection: Connection, now_ms: int) -> None:
    """Drop what has ended, sent or not, and rows whose message is gone."""
    connection.execute(delete(message).where(message.c.ends_ms <= now_ms))
    connection.execute(delete(row).where(~exists().where(message.c.id == row.c.message_id)))


def first_due(connection: Connection, channel: str) -> int | None:
    """When something of a channel is due or its lease is over; None when nothing waits."""
    later_of = func.greatest if connection.dialect.name == "postgresql" else func.max
    due = func.min(later_of(row.c.due_ms, row.c.leased_until_ms))
    found: int | None = connection.scalar(select(due).where(row.c.channel == channel))
    return found


def first_end(connection: Connection) -> int | None:
    """When the first message ends."""
    found: int | None = connection.scalar(select(func.min(message.c.ends_ms)))
    return found


def lease(connection: Connection, channel: str, now_ms: int, lease_ms: int, room: int) -> list[Leased]:
    """Due rows of a channel, the urgent first: all of those, and `room` of the others."""
    is_free = and_(row.c.channel == channel, row.c.due_ms <= now_ms, row.c.leased_until_ms <= now_ms)
    found: list[Leased] = []
    for rank, limit in ((0, None), (1, room)):
        asked = select(row.c.message_id).where(is_free, row.c.rank == rank).order_by(row.c.due_ms, row.c.message_id)
        numbers = connection.scalars(asked.limit(limit).with_for_update(skip_locked=True)).all()
        found += [one for number in numbers if (one := _taken(connection, number, channel, now_ms + lease_ms))]
    return found


def is_ours(one: Leased) -> ColumnElement[bool]:
    return and_(row.c.message_id == one.message.id, row.c.channel == one.channel, row.c.leased_until_ms == one.until_ms)


def reach(connection: Connection, one: Leased, came_to: bytes, until_ms: int) -> Leased | None:
    """The row with its new place and lease; None when it is not ours any more."""
    change = update(row).where(is_ours(one)).values(came_to=came_to, leased_until_ms=until_ms)
    kept = connection.execute(change).rowcount == 1
    return replace(one, came_to=came_to, until_ms=until_ms) if kept else None


def done(connection: Connection, one: Leased) -> bool:
    """Drop a sent row, and its message with the last of them. False when it was not ours any more."""
    if connection.execute(delete(row).where(is_ours(one))).rowcount != 1:
        return False
    waits = exists().where(row.c.message_id == one.message.id)
    connection.execute(delete(message).where(message.c.id == one.message.id, ~waits))
    return True


def later(connection: Connection, one: Leased, now_ms: int, after_s: float) -> None:
    """Give a row back, not to be tried before its step, or `after_s` where that is longer."""
    step = max(min(STEP_MS * 2 ** min(one.tries - 1, 16), LONGEST_STEP_MS), int(after_s * 1000))
    connection.execute(update(row).where(is_ours(one)).values(due_ms=now_ms + step, leased_until_ms=0))


def hurry(connection: Connection) -> None:
    """Take every row from whoever had it: for a process that starts and is the only one."""
    connection.execute(update(row).values(due_ms=0, leased_until_ms=0))


def waiting(connection: Connection) -> dict[str, tuple[int, int]]:
    """For each channel with something to send: how many rows, and the most tries of one."""
    asked = select(row.c.channel, func.count(), func.max(row.c.tries)).group_by(row.c.channel)
    return {name: (count, tries) for name, count, tries in connection.execute(asked)}


def _taken(connection: Connection, number: bytes, channel: str, until_ms: int) -> Leased | None:
    mine = and_(row.c.message_id == number, row.c.channel == channel)
    connection.execute(update(row).where(mine).values(leased_until_ms=until_ms, tries=row.c.tries + 1))
    asked = select(message, row.c.tries, row.c.came_to).join(row, message.c.id == row.c.message_id).where(mine)
    found = connection.execute(asked).one_or_none()
    if found is None:
        return None
    zones = msgspec.msgpack.decode(found.zones, type=tuple[str, ...])
    sent = Message(bytes(found.id), Kind(found.kind), bytes(found.body), found.ends_ms, zones)
    return Leased(sent, channel, found.tries, until_ms, bytes(found.came_to))
