"""Where the passport meets the log and the slots of `erase.keys`: what the room is handed, and what it does by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from tocsin.crypto.hkdf import hkdf
from tocsin.encounters.model import NotReady
from tocsin.encounters.room import ERASE_SLOT
from tocsin.ids import SlotNumber
from tocsin.node import Node
from tocsin.own_keys import RECEIPT_KEY
from tocsin.passport import keep, listed, pages, redeem
from tocsin.passport.model import Pass, Role, Slots
from tocsin.passport.room import Passport
from tocsin.passport.slow_lane import SlowLane
from tocsin.tlog import public
from tocsin.tlog.token_keys import KIND
from tocsin.web.render import PageConfig

KEEP_S = 20.0


def passport_of(node: Node) -> Passport:
    """The room of a node. Without cohorts in the settings it makes no keys, and takes no token."""
    room, settings = node.encounters, node.settings

    def erase_later(connection: Connection, slot: SlotNumber) -> bytes:
        return room.work.enqueue(connection, ERASE_SLOT, room.finish_by_ms(), slot.to_bytes(8))

    def done(connection: Connection, waiting: bytes) -> None:
        room.work.cancel(connection, waiting)

    slots = Slots(erase_later, done)
    cohorts, least = settings.passport_cohorts, settings.passport_cohort_least
    return Passport(node.clock, node.database, room.erase_keys, slots, settings.log_origin, cohorts, least)


def with_passport(config: PageConfig, passport: Passport) -> PageConfig:
    """Where a city has a passport: pages say so, and phones keep the one that opens it."""
    if not passport.cohorts:
        return config
    told = replace(config, has_passport=True)
    return replace(told, kept=(*config.kept, pages.kept(told)))


Act = Callable[[Connection, int, int], None]
"""Done in the transaction that spends the token, with the cohort and the epoch of whoever spent it."""
Take = Callable[[bytes, bytes, bytes, Act], Awaitable[tuple[int, int]]]
"""Token, secret, what it is spent on, act; answers cohort and epoch. Raises what `redeem.redeem` raises, with plain words."""


def taker(passport: Passport, role: Role) -> Take:
    """What a room is handed that needs somebody of a role: a confirmer of some cohort, say."""

    async def take(token: bytes, secret: bytes, what: bytes, act: Act) -> tuple[int, int]:
        def done(connection: Connection, says: Pass) -> None:
            act(connection, says.cohort, says.epoch)

        says = await redeem.redeem(passport, token, passport.challenge, secret, what, done, role=role)
        return says.cohort, says.epoch

    return take


def slow_lane_of(node: Node) -> SlowLane:
    """The lane for people without a token. Its key outlives a restart, so that a form that lies open still counts."""
    key = hkdf(node.custody.get(RECEIPT_KEY), salt=b"", info=b"tocsin.passport/v1 slow lane", length=32)
    return SlowLane(node.clock, key)


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
