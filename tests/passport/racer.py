"""`python -m tests.passport.racer DATABASE KEYS TOKENS`: one of several processes that spend the same tokens at the same time.

DATABASE is a URL; KEYS the file `erase.keys`; TOKENS a file of tokens in hex, one a line. It says `ready`, waits for a line, spends
every token for an act that leaves a row, and then asks the same again; it prints a letter for each token, both times: `w` where it was
taken, `s` where it was spent by somebody else.
A node on SQLite is one process and refuses a second one. Here that lock is left out: what has to hold is the database's own order.
"""

import asyncio
import os
import sys
from pathlib import Path

from sqlalchemy import Connection

from tests.passport.conftest import COHORTS, MovableClock
from tests.passport.linking import NODE
from tests.passport.member import CHALLENGE
from tocsin.passport import keep, queries
from tocsin.passport.model import Code, Kind, Pass, Slots, TokenSpent
from tocsin.passport.redeem import redeem
from tocsin.passport.room import Passport
from tocsin.store import disk
from tocsin.store.db import Database
from tocsin.store.erase_keys import EraseKeys

AT_ONCE = 50
SIDE = "an act"


def main() -> None:
    url, keys, tokens = sys.argv[1:]
    disk.hold = lambda path: os.open(path, os.O_RDWR | os.O_CREAT)
    slots = Slots(erase_later=lambda _, slot: slot.to_bytes(8), done=lambda _, __: None)
    room = Passport(MovableClock(), Database.open(url), EraseKeys.open(Path(keys)), slots, NODE, COHORTS, least=0)
    raws = [bytes.fromhex(line) for line in Path(tokens).read_text().split()]
    asyncio.run(race(room, raws))
    sys.stdout.flush()
    os._exit(0)  # closing would fold a write-ahead file together that the other still writes


async def race(room: Passport, raws: list[bytes]) -> None:
    await keep.keep(room)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    asked = [(raw, room.clock.random_bytes(32)) for raw in raws]
    for _ in range(2):
        print("".join([await some(room, asked[at : at + AT_ONCE]) for at in range(0, len(asked), AT_ONCE)]), flush=True)


async def some(room: Passport, asked: list[tuple[bytes, bytes]]) -> str:
    def act(connection: Connection, says: Pass) -> None:
        key = room.key(says.role, says.cohort, says.epoch).key.id
        queries.put_code(connection, Code(room.clock.random_bytes(32), Kind.TRAINING, SIDE, b"", key))

    tries = [redeem(room, raw, CHALLENGE, secret, b"an act", act) for raw, secret in asked]
    found = await asyncio.gather(*tries, return_exceptions=True)
    return "".join(letter(one) for one in found)


def letter(found: Pass | BaseException) -> str:
    """Raises what is neither a token taken nor one that was spent."""
    if isinstance(found, Pass):
        return "w"
    if isinstance(found, TokenSpent):
        return "s"
    raise found


if __name__ == "__main__":
    main()
