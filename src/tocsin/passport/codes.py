"""Codes that people hand each other face to face: a vouch, and what a trainer gives at the end of a training.

A code is ten letters that can be read aloud. The node keeps a mark of it, made with the seed of a key of this week, and what it is
good for: never who made it for whom. A used code keeps a mark of the request that used it, so that asking again is answered again;
two codes that were used together have nothing in common. All of it goes when the key goes.
"""

import hmac
from functools import partial

from sqlalchemy import Connection

from tocsin.passport import queries
from tocsin.passport.model import ACTING, Code, CodeSpent, CodeWrong, Kind, Role
from tocsin.passport.room import Awake, Passport

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""31, without those that are taken for another: i, l, o, 0, 1. A code has 49.5 bits."""
LENGTH = 10
RANDOM_BYTES = 2 * LENGTH
MEMBER_SIDE, STEWARD_SIDE = "c", "s"
"""How a vouch's side begins: a cohort, or a steward while a city is founded."""


def spelled(raw: bytes) -> str:
    """A code from `RANDOM_BYTES` random bytes, as it is shown."""
    text = "".join(LETTERS[int.from_bytes(raw[2 * at : 2 * at + 2]) % len(LETTERS)] for at in range(LENGTH))
    return f"{text[:5]}-{text[5:]}"


def read(text: str) -> bytes:
    """A code as people type it. Raises `CodeWrong`."""
    letters = "".join(one for one in text.lower() if one.isalnum())
    if len(letters) != LENGTH or not set(letters) <= set(LETTERS):
        raise CodeWrong
    return letters.encode()


def home(passport: Passport, kind: Kind, role: Role = Role.VOUCHER) -> Awake:
    """The key with which codes of a kind live and die. Raises `KeysAbsent`."""
    return passport.key(role if kind is Kind.TRAINING else Role.VOUCHER, 1, passport.epoch)


def put(connection: Connection, at: Awake, kind: Kind, side: str, code: str) -> None:
    """Keep a code. One that is there already stays as it is."""
    queries.put_code(connection, Code(at.mark(b"code", read(code)), kind, side, b"", at.key.id))


async def find(passport: Passport, kind: Kind, text: str) -> tuple[Code, Awake]:
    """The code and its key. Raises `CodeWrong` for what is none of this week."""
    letters = read(text)
    for role in (Role.VOUCHER,) if kind is Kind.VOUCH else ACTING:
        at = home(passport, kind, role)
        found = await passport.database.read(partial(queries.code, mark=at.mark(b"code", letters)))
        if found is not None:
            return found, at
    raise CodeWrong


def use(connection: Connection, code: Code, at: Awake, secret: bytes) -> None:
    """Use it up in the caller's transaction; harmless where the same secret did so before. Raises `CodeWrong`, `CodeSpent`."""
    again = at.mark(b"used", secret, code.mark)
    before = queries.use_code(connection, code.mark, again)
    if before is None:
        raise CodeWrong
    if not hmac.compare_digest(before, again):
        raise CodeSpent
