"""Every tie of the registry as one GEXF, for the programs that draw and measure large graphs: the same ties as on the pages.

Amounts and shared technologies tie nobody (`graph.TIES`).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from sqlalchemy import Connection

from tocsin.registry import drawing, queries
from tocsin.registry.days import iso
from tocsin.registry.graph import TIES, Node, Tie, heads_of
from tocsin.registry.schemata import SCHEMATA
from tocsin.registry.wholes import SOME, Whole, wholes
from tocsin.registry.worth import VALUE_EVENT
from tocsin.store.plain import ask

WANTED = SCHEMATA.keys() - {VALUE_EVENT}


def write_gexf(connection: Connection, out: BinaryIO) -> int:
    """Nodes, then ties; how many ties."""
    out.write(drawing.gexf_begin(iso(queries.newest_day(connection))).encode())
    out.writelines(drawing.gexf_node(node).encode() for node in _nodes(connection))
    out.write(drawing.GEXF_BETWEEN.encode())
    count = 0
    for tie, sources, mark in _ties(connection):
        out.write(drawing.gexf_edge(count, tie, sources, mark).encode())
        count += 1
    out.write(drawing.GEXF_END.encode())
    return count


def _nodes(connection: Connection) -> Iterator[Node]:
    """Every entity that may be tied, and at last those that are named and of which nothing else is known."""
    last = 0
    while rows := ask(connection, _HEADS, last, [*WANTED], SOME):
        last = rows[-1][0]
        yield from (Node(*row[1:]) for row in rows)
    yield from (Node(name, "LegalEntity", name) for (name,) in ask(connection, _UNKNOWN, sorted(TIES), VALUE_EVENT))


_HEADS = (
    "SELECT number, entity, schema, caption FROM registry_entity WHERE number > ? AND canonical = entity AND schema IN ? "
    "ORDER BY number LIMIT ?"
)
_UNKNOWN = (
    "SELECT DISTINCT COALESCE(e.canonical, g.target) AS name FROM registry_edge g LEFT JOIN registry_entity e "
    "ON e.entity = g.target WHERE g.property IN ? AND (e.entity IS NULL OR e.schema = ?) ORDER BY name"
)


def _ties(connection: Connection) -> Iterator[tuple[Tie, Sequence[str], str]]:
    """Each tie once, with the addresses of its sources, and whether it is contested or was found wrong."""
    for some in wholes(connection, WANTED):
        named = {kept.said.value for one in some for kept in one.kept if kept.said.property in TIES}
        above = heads_of(connection, named)
        for one in some:
            yield from _ties_of(one, above)


def _ties_of(one: Whole, above: dict[str, str]) -> Iterator[tuple[Tie, Sequence[str], str]]:
    sources: dict[Tie, set[str]] = defaultdict(set)
    marks: dict[Tie, set[str]] = defaultdict(set)
    for said in (kept.said for kept in one.kept if kept.said.property in TIES):
        tie = Tie(one.id, said.property, above[said.value])
        if tie.end != one.id:
            sources[tie].add(said.source.url)
            marks[tie] |= {*filter(None, [one.marks.get((said.entity, said.property, said.value))])}
    return ((tie, sorted(urls), "; ".join(sorted(marks[tie]))) for tie, urls in sources.items())
