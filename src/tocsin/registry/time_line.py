"""What is dated of an entity and of who names it, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tocsin.registry.bulk import pieces
from tocsin.registry.queries import Entity, Neighbour
from tocsin.store.plain import ask

DATES = ("contractDate", "publicationDate", "startDate", "date", "fileDate")
_DATED = "SELECT entity, value FROM registry_statement WHERE entity IN ? AND property IN ?"


@dataclass(frozen=True)
class Happening:
    """Something with a date that an entity's time line tells."""

    date: str
    id: str
    schema: str
    caption: str


def time_line(connection: Connection, found: Entity, neighbours: Sequence[Neighbour]) -> list[Happening]:
    """What is dated of an entity and of who names it, oldest first; of each the first date that it says."""
    told: dict[str, str] = {}
    names = list(dict.fromkeys([*found.members, *(one.id for one in neighbours)]))
    for some in pieces(names):
        for name, value in ask(connection, _DATED, list(some), [*DATES]):
            told[name] = min(told.get(name, value), value)
    acts = {one.id: Happening(told[one.id], one.id, one.schema, one.caption) for one in neighbours if one.id in told}
    own = [Happening(told[name], found.id, found.schema, found.caption) for name in found.members if name in told]
    return sorted([*own[:1], *acts.values()], key=lambda one: (one.date, one.caption))
