"""Where the passport meets the log and the slots of `erase.keys`: what the room is handed, and what it does by itself."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from sqlalchemy import Connection

from tocsin.encounters.model import NotReady
from tocsin.encounters.room import ERASE_SLOT
from tocsin.ids import SlotNumber
from tocsin.node import Node
from tocsin.passport import keep, listed
from tocsin.passport.model import Slots
from tocsin.passport.room import Passport
from tocsin.tlog import public
from tocsin.tlog.token_keys import KIND

KEEP_S = 20.0


def passport_of(node: Node) -> Passport:
    """The room of a node. Without cohorts in the settings it makes no keys, and takes no token."""
    room, settings = node.encounters, node.settings

    def erase_later(connection: Connection, slot: SlotNumber) -> bytes:
        return room.work.enqueue(connection, ERASE_SLOT, room.finish_by_ms(), slot.to_bytes(8))

    def done(connection: Connection, waiting: bytes) -> None:
        room.work.cancel(connection, waiting)

    slots = Slots(erase_later, done)
    cohorts = settings.passport_cohorts
    return Passport(node.clock, node.database, room.erase_keys, slots, settings.log_origin, cohorts)


def loops(node: Node, passport: Passport) -> list[Coroutine[Any, Any, None]]:
    """Keys are made ahead, woken, and overwritten when they are over."""

    async def kept() -> None:
        await keep.keep(passport)

    return [node.every("passport", kept, KEEP_S)]


async def keys_answer(node: Node, passport: Passport) -> dict[str, Any]:
    """The body of `GET /passport/keys`. Raises `NotReady` while the log's key is locked."""
    if node.log is None:
        raise NotReady(retry_after=60)
    standing = await node.database.read(lambda c: public.standing(c, KIND))
    return await asyncio.to_thread(listed.answer, node.log, standing, node.seen_size, passport.epoch)
