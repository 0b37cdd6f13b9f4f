"""How institutions and acts are tied: the way from one to another, and who stands around one. Every tie has its claims.

A tie is a claim whose value is an entity. What everything shares (a technology) ties nobody here: two firms that both read plates have
nothing to do with each other by that.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tocsin.registry.bulk import found_by, pieces
from tocsin.registry.queries import Kept, statements_of
from tocsin.registry.schemata import REFERENCES
from tocsin.registry.tables import edge, entity, statement

TIES = REFERENCES - {"technology", "contract", "about", "payer", "beneficiary"}
"""Without what everybody shares, and without amounts of money, which are told on the page of what they are for."""
DEEPEST = 6
"""Ties in a way at most: a seller, a contract and its buyer are two."""
LOOKED_AT = 4000
"""Entities that are looked at for one way: then it is given up, and said."""
AROUND = 400
"""Ties of one entity that are followed or drawn; how many there are is said."""
DRAWN = 50


@dataclass(frozen=True)
class Tie:
    """One claim's two ends: the entity that says it, the property, and whose name it gives. Ids are those both go under."""

    begin: str
    property: str
    end: str

    def other(self, name: str) -> str:
        return self.end if name == self.begin else self.begin


@dataclass(frozen=True)
class Node:
    id: str
    schema: str
    caption: str


@dataclass(frozen=True)
class Around:
    """What stands around an entity. `ties` of the whole, `total` of those at the middle; `is_cut`: not everything is drawn."""

    middle: str
    nodes: Mapping[str, Node]
    ties: tuple[Tie, ...]
    total: int
    is_cut: bool


@dataclass(frozen=True)
class Way:
    """The shortest way; without `ties` there is none as far as was looked. `is_whole`: everything within `DEEPEST` was."""

    nodes: Mapping[str, Node]
    ties: tuple[Tie, ...]
    is_whole: bool


def way(connection: Connection, one: str, other: str) -> Way:
    """The shortest way between two entities, looked for from both ends."""
    one, other = heads_of(connection, [one])[one], heads_of(connection, [other])[other]
    if one == other:
        return Way(nodes_of(connection, [one]), (), is_whole=True)
    came: tuple[dict[str, Tie | None], dict[str, Tie | None]] = ({one: None}, {other: None})
    edges: tuple[list[str], list[str]] = ([one], [other])
    is_whole = True
    for _ in range(DEEPEST):
        side = 0 if edges[0] and (len(edges[0]) <= len(edges[1]) or not edges[1]) else 1
        if not edges[side]:
            break
        ties, was_cut = ties_of(connection, edges[side])
        is_whole = is_whole and not was_cut
        met = _step(edges[side], ties, came[side], came[1 - side])
        if met:
            found = _joined(met, came)
            names = {one, *(name for tie in found for name in (tie.begin, tie.end))}
            return Way(nodes_of(connection, names), tuple(found), is_whole)
        if len(came[0]) + len(came[1]) > LOOKED_AT:
            return Way(nodes_of(connection, [one, other]), (), is_whole=False)
    return Way(nodes_of(connection, [one, other]), (), is_whole)


def _step(
    front: list[str], ties: Mapping[str, Sequence[Tie]], mine: dict[str, Tie | None], theirs: Mapping[str, Tie | None]
) -> str:
    """One tie further: fills `mine` and `front`; where both sides meet, or nothing."""
    reached: list[str] = []
    for name in front:
        for tie in ties.get(name, ()):
            there = tie.other(name)
            if there not in mine:
                mine[there] = tie
                reached.append(there)
    front[:] = sorted(reached)
    return min((name for name in reached if name in theirs), default="")


def _joined(met: str, came: tuple[dict[str, Tie | None], dict[str, Tie | None]]) -> list[Tie]:
    def back(side: dict[str, Tie | None]) -> list[Tie]:
        made, name = [], met
        while (tie := side[name]) is not None:
            made.append(tie)
            name = tie.other(name)
        return made

    return [*reversed(back(came[0])), *back(came[1])]


def around(connection: Connection, name: str, begin: int = 0) -> Around:
    """An entity, those tied to it from the `begin`-th on, and who is tied to those, `DRAWN` in all."""
    head = heads_of(connection, [name])[name]
    near, was_cut = ties_of(connection, [head], AROUND + begin)
    mine = list(dict.fromkeys(near.get(head, ())))
    first = mine[begin : begin + DRAWN // 2]
    drawn = dict.fromkeys([head, *(tie.other(head) for tie in first)])
    further, more = ties_of(connection, [one for one in drawn if one != head], DRAWN)
    kept = list(first)
    for one in list(drawn):
        for tie in further.get(one, ()):
            there = tie.other(one)
            if there not in drawn and len(drawn) < DRAWN:
                drawn[there] = None
            if there in drawn and head not in (tie.begin, tie.end):
                kept.append(tie)
    is_cut = was_cut or more or len(mine) > len(first) or len(drawn) >= DRAWN
    return Around(head, nodes_of(connection, drawn), tuple(dict.fromkeys(kept)), len(mine), is_cut)


def ties_of(connection: Connection, names: Sequence[str], most: int = AROUND) -> tuple[dict[str, list[Tie]], bool]:
    """The ties of each entity, both ways, `most` each; whether one had more."""
    members = _members(connection, names)
    found: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
    for some in pieces(sorted(members)):
        said = select(statement.c.entity, statement.c.property, statement.c.value).where(
            statement.c.entity.in_(some), statement.c.property.in_(sorted(TIES))
        )
        for name, prop, value in connection.execute(said.distinct()).all():
            found[members[name]].append((name, prop, value))
    for name, head in members.items():
        here = select(edge.c.entity, edge.c.property).where(edge.c.target == name, edge.c.property.in_(sorted(TIES)))
        rows = connection.execute(here.order_by(edge.c.property, edge.c.entity).limit(most + 1)).all()
        found[head] += [(row[0], row[1], name) for row in rows]
    heads = heads_of(connection, {end for ties in found.values() for begin, _, value in ties for end in (begin, value)})
    made = {
        head: [Tie(heads[begin], prop, heads[end]) for begin, prop, end in ties[:most] if heads[begin] != heads[end]]
        for head, ties in found.items()
    }
    return made, any(len(ties) > most for ties in found.values())


def evidence_of(connection: Connection, ties: Iterable[Tie]) -> dict[Tie, list[Kept]]:
    """The claims that make each tie."""
    wanted = list(dict.fromkeys(ties))
    members = _members(connection, sorted({name for tie in wanted for name in (tie.begin, tie.end)}))
    by_pair = {(tie.begin, tie.property, tie.end): tie for tie in wanted}
    begins = [name for name, head in members.items() if any(tie.begin == head for tie in wanted)]
    made: dict[Tie, list[Kept]] = defaultdict(list)
    for one in statements_of(connection, begins):
        tie = by_pair.get((members[one.said.entity], one.said.property, members.get(one.said.value, one.said.value)))
        if tie is not None:
            made[tie].append(one)
    return made


def nodes_of(connection: Connection, names: Iterable[str]) -> dict[str, Node]:
    """What the entities of these ids are; one that nothing is known of stands under its id."""
    wanted = sorted(set(names))
    made = {name: Node(name, "LegalEntity", name) for name in wanted}
    for some in pieces(wanted):
        for row in connection.execute(select(entity).where(entity.c.entity.in_(some))).all():
            made[row.entity] = Node(row.entity, row.schema, row.caption)
    return made


def heads_of(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """The id that each goes under; its own where nothing is known of it."""
    wanted = sorted(set(names))
    return dict(zip(wanted, wanted, strict=True)) | dict(
        found_by(connection, entity.c.entity, wanted, entity.c.canonical)
    )


def _members(connection: Connection, heads: Sequence[str]) -> dict[str, str]:
    """Every id that goes under one of these, with the one it goes under."""
    known = {row: head for head, row in found_by(connection, entity.c.canonical, heads, entity.c.entity)}
    return dict(zip(heads, heads, strict=True)) | known
