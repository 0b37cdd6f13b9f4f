"""Everything the verbs of this room stand on, and what it knows of keys while it runs."""

import asyncio
import hmac
from collections import deque
from dataclasses import dataclass, field
from hashlib import sha256

from sqlalchemy import Connection

from tocsin.clock import Clock
from tocsin.crypto import canonical
from tocsin.crypto.tokens import Issuer, challenge
from tocsin.ids import SlotNumber
from tocsin.passport import queries
from tocsin.passport.model import COHORT_LEAST, Key, KeysAbsent, Pass, Role, Slots
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys
from tocsin.tlog.token_keys import EPOCH_S, epoch_of

MARKS = b"tocsin.passport/v1 marks\n"


@dataclass(frozen=True)
class Awake:
    """A key in memory: it issues, knows its own tokens again, and marks them."""

    key: Key
    issuer: Issuer
    marks: bytes

    @property
    def says(self) -> Pass:
        return Pass(self.key.role, self.key.cohort, self.key.epoch)

    def mark(self, *parts: bytes) -> bytes:
        """32 bytes that stand for `parts`, and for nothing to who lacks the seed."""
        told = b"".join(len(part).to_bytes(4) + part for part in parts)
        return hmac.digest(self.marks, told, "sha256")


@dataclass(frozen=True)
class Logged:
    """A key as the log has it. `stands`: a beat took it."""

    says: Pass
    public: bytes
    stands: bool
    is_removed: bool = False


@dataclass
class Passport:
    """The room's dependencies. Made once, by the composition root."""

    clock: Clock
    database: Database
    erase_keys: EraseKeys
    slots: Slots
    node: str
    """The log's origin."""
    cohorts: int
    least: int = COHORT_LEAST
    """People of a role in a cohort from which on its tokens are taken."""
    counted: dict[bytes, int] = field(default_factory=dict)
    """By key id of a renewal: how many phones were given one."""
    awake: dict[bytes, Awake] = field(default_factory=dict)
    """By key id: keys that are kept, each usable from when it stands in the log until its epoch is over."""
    logged: dict[bytes, Logged] = field(default_factory=dict)
    """By key id: every key that was ever put in line for the log."""
    finds: deque[float] = field(default_factory=deque)
    """When somebody last asked which renewal token was theirs, by the monotonic clock."""

    @property
    def challenge(self) -> bytes:
        """The `TokenChallenge` of every token: fetched ahead, for no act in particular."""
        return challenge(self.node, self.node)

    @property
    def epoch(self) -> int:
        return epoch_of(self.clock.now_ms() // 1000)

    @property
    def all_cohorts(self) -> range:
        return range(1, self.cohorts + 1)

    def key(self, role: Role, cohort: int, epoch: int) -> Awake:
        """A key that is awake. Raises `KeysAbsent`."""
        for one in self.awake.values():
            if one.says == Pass(role, cohort, epoch):
                return one
        raise KeysAbsent

    def people(self, role: Role, cohort: int) -> int:
        """How many hold a role in a cohort. In a week's first half those of the week before count too: they renew one by one."""
        wanted = [Pass(role.renewal, cohort, self.epoch)]
        if self.clock.now_ms() // 1000 % EPOCH_S < EPOCH_S // 2:
            wanted.append(Pass(role.renewal, cohort, self.epoch - 1))
        return max(
            sum(self.counted.get(one.key.id, 0) for one in self.awake.values() if one.says == says) for says in wanted
        )

    async def count(self) -> None:
        """Count again how many phones have renewal tokens."""
        self.counted = await self.database.read(queries.count_issued)

    def wake(self, key: Key) -> Awake:
        """The key with its seed. Raises `KeyErased`."""
        seed = self.erase_keys.key(key.slot)
        return Awake(key, issuer_of(seed, self.node, key.role, key.cohort, key.epoch), marks_of(seed))

    async def overwrite(self, slot: SlotNumber, waiting: bytes) -> None:
        """Overwrite a slot that nothing names any more, and forget that it was to be."""
        await asyncio.to_thread(self.erase_keys.erase, slot)
        await self.database.write(lambda c: self.slots.done(c, waiting))

    def let_go(self, connection: Connection, slot: SlotNumber) -> tuple[SlotNumber, bytes]:
        """Write down that a slot is to be overwritten; what `overwrite` takes."""
        return slot, self.slots.erase_later(connection, slot)


def issuer_of(seed: bytes, node: str, role: Role, cohort: int, epoch: int) -> Issuer:
    """The key that a seed makes. Its public circumstances go in, so that no seed makes one key for two roles."""
    told = {"cohort": cohort, "epoch": epoch, "node": node, "role": str(role)}
    return Issuer(seed, sha256(canonical.dumps(told)).digest())


def marks_of(seed: bytes) -> bytes:
    """The key of marks, gone with the seed."""
    return hmac.digest(seed, MARKS, "sha256")


ADMISSION_BYTES = 16


def admission_of(at: Awake, drawn: bytes) -> bytes:
    """An admission under a renewal key; `drawn` tells it from others."""
    number = drawn[:ADMISSION_BYTES]
    return number + at.mark(b"admission", number)


def is_admission(at: Awake, proof: bytes) -> bool:
    """Whether this key's holder admitted somebody with it."""
    number, mark = proof[:ADMISSION_BYTES], proof[ADMISSION_BYTES:]
    return len(number) == ADMISSION_BYTES and hmac.compare_digest(mark, at.mark(b"admission", number))
