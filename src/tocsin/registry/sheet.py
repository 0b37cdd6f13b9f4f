"""What a page tells of an entity that hundreds name, worked out when something changes: an agency has thousands of contracts.

Promise: a sheet says what the questions of `queries` and `amounts` would say at the same moment, or it is not there and they are
asked. A claim, a judgement or an answer that could change it takes it away in its own commit; nobody who reads makes one, so neither
disk nor memory tells what was read. What is contested is no part of it: that is looked up for each page.
"""

from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, update

from tocsin.registry import amounts
from tocsin.registry.amounts import Summed
from tocsin.registry.queries import Entity, Neighbour, entity_of, neighbours_of
from tocsin.registry.tables import sheet
from tocsin.store.db import Database
from tocsin.store.plain import ask


@dataclass(frozen=True)
class Sheet:
    """What was worked out of an entity that these ids go under."""

    members: tuple[str, ...]
    neighbours: list[Neighbour]
    namers: int
    summed: Summed


def of(connection: Connection, found: Entity) -> Sheet | None:
    """The sheet of this entity, where there is one that holds."""
    rows = ask(connection, "SELECT told FROM registry_sheet WHERE entity = ? AND told IS NOT NULL", found.id)
    known = msgspec.msgpack.decode(rows[0][0], type=Sheet) if rows else None
    return known if known and known.members == found.members else None  # a version has the ids of its own time


def made_of(connection: Connection, found: Entity) -> Sheet:
    """The sheet as it would be now."""
    neighbours, namers = neighbours_of(connection, found)
    return Sheet(found.members, neighbours, namers, amounts.summed(connection, found))


def catch_up(database: Database) -> int:
    """Work out every sheet that is due, each in a commit of its own; how many. One that changes meanwhile stays due."""
    waiting: list[Any] = database.read_now(partial(ask, line="SELECT entity FROM registry_sheet WHERE told IS NULL"))
    for (name,) in waiting:
        due, told = database.read_now(partial(made, name=name))
        database.write_now(partial(keep, name=name, due=due, told=told))
    return len(waiting)


def made(connection: Connection, name: str) -> tuple[int, bytes]:
    """How often it became due, and a sheet. The first is read first: who changes it from now on makes it due once more."""
    [(due,)] = ask(connection, "SELECT due FROM registry_sheet WHERE entity = ?", name)
    return int(due), msgspec.msgpack.encode(made_of(connection, entity_of(connection, name)))


def keep(connection: Connection, name: str, due: int, told: bytes) -> None:
    """Keep a sheet, unless it became due again while it was made."""
    connection.execute(update(sheet).where(sheet.c.entity == name, sheet.c.due == due).values(told=told))
