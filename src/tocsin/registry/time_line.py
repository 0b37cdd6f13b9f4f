"""What is dated of an entity and of who names it, in order."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tocsin.registry.bulk import pieces
from tocsin.registry.queries import DATES, Entity, Neighbour
from tocsin.store.plain import ask

_DATED = "SELECT entity, value FROM registry_statement WHERE entity IN ? AND property IN ?"


@dataclass(frozen=True)
class Happening:
    """Something with a date that an entity's time line tells. `names_as`: by which of its properties it names the entity."""

    date: str
    id: str
    schema: str
    caption: str
    names_as: tuple[str, ...] = ()


def time_line(connection: Connection, found: Entity, neighbours: Sequence[Neighbour]) -> list[Happening]:
    """What is dated of an entity and of who names it, oldest first; of each the first date that it says."""
    acts: dict[str, Happening] = {}
    for one in neighbours:
        if one.date:
            before = acts.get(one.id)
            date = min(before.date, one.date) if before else one.date
            roles = (*before.names_as, one.property) if before else (one.property,)
            acts[one.id] = Happening(date, one.id, one.schema, one.caption, tuple(dict.fromkeys(roles)))
    told: dict[str, str] = {}
    for some in pieces(found.members):
        for name, value in ask(connection, _DATED, list(some), [*DATES]):
            told[name] = min(told.get(name, value), value)
    own = [Happening(told[name], found.id, found.schema, found.caption) for name in found.members if name in told]
    return sorted([*own[:1], *acts.values()], key=lambda one: (one.date, one.caption))
