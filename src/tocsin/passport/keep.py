"""Keep the keys: of this epoch and the next, in line for the log; those that are over are overwritten.

The next epoch's keys are made a week ahead, so that they stand in the log under outside cosignatures long before they are used. A key
in the log that the node does not have (it was burnt, or the node was restored: seeds are in no backup) is taken off the log.
"""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import product
from typing import Literal

from sqlalchemy import Connection

from tocsin.crypto.tokens import key_id
from tocsin.ids import SlotNumber
from tocsin.passport import queries
from tocsin.passport.model import Key, Pass, Role
from tocsin.passport.room import Logged, Passport, issuer_of
from tocsin.store.erase_keys import KeyErased
from tocsin.tlog import public
from tocsin.tlog.token_keys import KEYS_MOST, KIND, Entered, entry_of, parse


async def keep(passport: Passport) -> None:
    """Bring keys, log and memory to what the epoch asks for. Done at start and every few seconds; harmless when repeated."""
    epoch = passport.epoch
    await _drop_over(passport, epoch)
    await read_log(passport)
    have = {(one.role, one.cohort, one.epoch) for one in await passport.database.read(queries.keys)}
    for role, cohort, turn in product(Role, range(1, passport.cohorts + 1), (epoch, epoch + 1)):
        if (role, cohort, turn) not in have and made_before(passport, Pass(role, cohort, turn)) < KEYS_MOST:
            await _make(passport, role, cohort, turn)
    await _wake(passport)
    await passport.count()
    lost = [one for one, at in passport.logged.items() if _is_lost(passport, one, at, epoch)]
    if lost:
        entries = [_removal(passport, one) for one in lost]
        await passport.database.write(lambda c: _queue(c, entries))
    await read_log(passport)


async def read_log(passport: Passport) -> None:
    """Know again which keys stand in the log, from when on they may be used."""
    known, standing = await passport.database.read(
        lambda c: (public.of_kind(c, KIND), {one.entry for one in public.standing(c, KIND)})
    )
    found: dict[bytes, Logged] = {}
    removed = set()
    for entry, said in ((one, parse(one)) for one in known):
        if said is None or said.node != passport.node or said.role not in set(Role):
            continue
        public_half = b64decode(said.key)
        if said.act == "remove":
            removed.add(key_id(public_half))
        else:
            says = Pass(Role(said.role), said.cohort, said.epoch)
            found[key_id(public_half)] = Logged(says, public_half, entry in standing)
    passport.logged = {one: replace(at, is_removed=one in removed) for one, at in found.items()}


def made_before(passport: Passport, says: Pass) -> int:
    """How many keys a role, cohort and epoch has had."""
    return sum(at.says == says for at in passport.logged.values())


def entered(passport: Passport, act: Literal["add", "remove"], says: Pass, public_half: bytes) -> bytes:
    """The log's entry of a key."""
    spelled = b64encode(public_half).decode()
    return entry_of(Entered(act, says.cohort, says.epoch, spelled, passport.node, str(says.role)))


async def _make(passport: Passport, role: Role, cohort: int, epoch: int) -> None:
    """A key with a seed of its own. Its row and its place in line are one transaction."""
    slot = await asyncio.to_thread(passport.erase_keys.allocate)
    issuer = issuer_of(passport.erase_keys.key(slot), passport.node, role, cohort, epoch)
    key = Key(issuer.key_id, role, cohort, epoch, issuer.public, slot)
    entry = entered(passport, "add", Pass(role, cohort, epoch), issuer.public)

    def put(connection: Connection) -> bool:
        is_first = queries.put(connection, key)
        if is_first:
            _queue(connection, [entry])
        return is_first

    try:
        is_ours = await passport.database.write(put)
    except BaseException:
        await asyncio.to_thread(passport.erase_keys.erase, slot)
        raise
    if not is_ours:
        await asyncio.to_thread(passport.erase_keys.erase, slot)


async def _drop_over(passport: Passport, epoch: int) -> None:
    """Overwrite the keys that are over, with all that was spent and given under them."""
    keys = await passport.database.read(queries.keys)
    await drop(passport, [one.id for one in keys if last_epoch(one) < epoch])


def last_epoch(key: Key) -> int:
    """The last week in which a key is needed: a renewal token is spent in the week after the one in which it was given."""
    return key.epoch + (key.role.renews is not None)


async def drop(passport: Passport, key_ids: Sequence[bytes], entries: Iterable[bytes] = ()) -> None:
    """Drop keys for good, and put `entries` in line in the same transaction."""

    def turn(connection: Connection) -> list[tuple[SlotNumber, bytes]]:
        _queue(connection, entries)
        slots = [slot for one in key_ids if (slot := queries.drop(connection, one)) is not None]
        return [passport.let_go(connection, slot) for slot in slots]

    gone = await passport.database.write(turn)
    for one in key_ids:
        passport.awake.pop(one, None)
    for slot, waiting in gone:
        await passport.overwrite(slot, waiting)


async def _wake(passport: Passport) -> None:
    """Have in memory the keys that are kept, and no other."""
    keys = await passport.database.read(queries.keys)
    awake = {}
    for one in keys:
        try:
            awake[one.id] = passport.awake.get(one.id) or passport.wake(one)
        except KeyErased:
            await drop(passport, [one.id])
    passport.awake = awake


def _is_lost(passport: Passport, key: bytes, at: Logged, epoch: int) -> bool:
    return at.says.epoch >= epoch and not at.is_removed and key not in passport.awake


def _removal(passport: Passport, lost: bytes) -> bytes:
    at = passport.logged[lost]
    return entered(passport, "remove", at.says, at.public)


def _queue(connection: Connection, entries: Iterable[bytes]) -> None:
    for entry in entries:
        public.queue(connection, sha256(entry).digest(), KIND, entry)
