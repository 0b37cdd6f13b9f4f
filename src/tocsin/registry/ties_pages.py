"""The pages of ties: how one is tied to another, who stands around one. Lists with every source first, a still picture beside."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from tocsin.registry import drawing, gexf_out, graph, queries
from tocsin.registry.days import iso
from tocsin.registry.graph import Node, Tie
from tocsin.registry.match import candidates_of
from tocsin.registry.model import EntityUnknown
from tocsin.registry.pages import EPOCH, Draw, draw
from tocsin.registry.queries import Kept
from tocsin.registry.search import asked_of, first
from tocsin.registry.tables import entity
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

CHOICES = 10
SOURCES = 3
"""Sources of a tie that are told on the page; the act's own page has all."""


def way_page(config: PageConfig, language: Language, one: str, other: str) -> Draw:
    """How is this one tied to that one? Each may be an id, or a name, of which the likeliest is taken and the others are offered."""

    def page(connection: Connection) -> bytes:
        ends = [_meant(connection, said) for said in (one, other)]
        way = graph.way(connection, ends[0][0].id, ends[1][0].id) if ends[0] and ends[1] else None
        ties = way.ties if way else ()
        return draw(
            config,
            language,
            Page("registry", "registry/way", "way.html", "registry.title"),
            said=(one, other),
            ends=ends,
            way=way,
            steps=_steps(
                ends[0][0].id if way and ends[0] else "",
                ties,
                way.nodes if way else {},
                graph.evidence_of(connection, ties),
            ),
            day=lambda at: language.date(EPOCH + timedelta(days=at)),
            looked=graph.DEEPEST,
        )

    return page


def around_page(config: PageConfig, language: Language, name: str, begin: int) -> Draw:
    """Who stands around an entity. Raises `EntityUnknown`."""

    def page(connection: Connection) -> bytes:
        middle = queries.entity_of(connection, name)
        found = graph.around(connection, middle.id, begin)
        spots, lines = drawing.drawn(found)
        evidence = graph.evidence_of(connection, found.ties)
        own = [tie for tie in found.ties if found.middle in (tie.begin, tie.end)]
        return draw(
            config,
            language,
            Page("registry", f"registry/entity/{middle.id}/ties", "around.html", "registry.title"),
            found=found,
            middle=found.nodes[found.middle],
            spots=spots,
            lines=lines,
            frame=drawing.frame(spots),
            is_few=len(spots) <= drawing.FEW,
            own=[(tie, found.nodes[tie.other(found.middle)], evidence.get(tie, [])[:SOURCES]) for tie in own],
            further=[
                (tie, found.nodes[tie.begin], found.nodes[tie.end], evidence.get(tie, [])[:SOURCES])
                for tie in found.ties
                if tie not in own
            ],
            begin=begin,
            following=begin + graph.DRAWN // 2 if found.total > begin + graph.DRAWN // 2 else 0,
        )

    return page


def gexf_of(connection: Connection, name: str) -> bytes:
    """What `around_page` draws, as GEXF. Raises `EntityUnknown`."""
    found = graph.around(connection, queries.entity_of(connection, name).id)
    evidence = graph.evidence_of(connection, found.ties)
    sources = {tie: sorted({kept.said.source.url for kept in evidence.get(tie, ())}) for tie in found.ties}
    return gexf_out.small(found.nodes, sources, iso(queries.newest_day(connection)))


def _meant(connection: Connection, said: str) -> list[Node]:
    """What a name may mean, likeliest first: an id, institutions of that name, then whatever a search finds."""
    if not said:
        return []
    try:
        known = queries.entity_of(connection, said)
    except EntityUnknown:
        named = [one.id for one in candidates_of(connection, said)]
        numbers = first(connection, asked_of(said, {}), 0, CHOICES)
        rows = connection.execute(entity.select().where(entity.c.number.in_(numbers))).all()
        ids = list(
            dict.fromkeys([*named, *(row.entity for row in sorted(rows, key=lambda row: numbers.index(row.number)))])
        )
        heads = graph.heads_of(connection, ids)
        nodes = graph.nodes_of(connection, heads.values())
        return [nodes[name] for name in dict.fromkeys(heads[one] for one in ids)][:CHOICES]
    return [Node(known.id, known.schema, known.caption)]


def _steps(
    at: str, ties: Sequence[Tie], nodes: Mapping[str, Node], evidence: Mapping[Tie, list[Kept]]
) -> list[dict[str, Any]]:
    """The way as it is read: from one to the next, by what, and who says so."""
    made = []
    for tie in ties:
        there = tie.other(at)
        told = {"begin": nodes[at], "end": nodes[there], "property": tie.property, "says": nodes[tie.begin]}
        made.append(told | {"claims": evidence.get(tie, [])[:SOURCES]})
        at = there
    return made
