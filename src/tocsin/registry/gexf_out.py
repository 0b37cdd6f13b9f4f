"""Ties as GEXF, for the programs that draw and measure graphs: those of one page, or every one of the registry.

Amounts and shared technologies tie nobody (`graph.TIES`).
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import BinaryIO
from xml.sax.saxutils import escape

from sqlalchemy import Connection

from tocsin.registry import queries
from tocsin.registry.cells import xml_cell
from tocsin.registry.days import iso
from tocsin.registry.graph import TIES, Node, Tie, heads_of
from tocsin.registry.schemata import SCHEMATA
from tocsin.registry.wholes import SOME, Whole, wholes
from tocsin.registry.worth import VALUE_EVENT
from tocsin.store.plain import ask

WANTED = SCHEMATA.keys() - {VALUE_EVENT}


def write_gexf(connection: Connection, out: BinaryIO) -> int:
    """Nodes, then ties; how many ties."""
    out.write(_begin(iso(queries.newest_day(connection))).encode())
    out.writelines(_node(node).encode() for node in _nodes(connection))
    out.write(_BETWEEN.encode())
    count = 0
    for tie, sources, mark in _ties(connection):
        out.write(_edge(count, tie, sources, mark).encode())
        count += 1
    out.write(_END.encode())
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


def small(nodes: Mapping[str, Node], ties: Mapping[Tie, list[str]], day: str) -> bytes:
    """What one page draws: nodes with their kinds, ties with the addresses of their sources."""
    told = "".join(_node(one) for one in nodes.values())
    lines = "".join(_edge(at, tie, sources) for at, (tie, sources) in enumerate(ties.items()))
    return f"{_begin(day)}{told}{_BETWEEN}{lines}{_END}".encode()


def _begin(day: str) -> str:
    """Everything before the first node. GEXF 1.2, which more programs read than 1.3."""
    kinds = '<attributes class="node"><attribute id="schema" title="schema" type="string"/></attributes>'
    kinds += '<attributes class="edge"><attribute id="sources" title="sources" type="string"/>'
    kinds += '<attribute id="contested" title="contested" type="string"/></attributes>'
    head = f'<meta lastmodifieddate="{escape(day)}"><creator>Tocsin</creator></meta>'
    begin = '<?xml version="1.0" encoding="UTF-8"?><gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">'
    return f'{begin}{head}<graph defaultedgetype="directed">{kinds}<nodes>'


_BETWEEN, _END = "</nodes><edges>", "</edges></graph></gexf>"


def _node(one: Node) -> str:
    return (
        f"<node id={xml_cell(one.id)} label={xml_cell(one.caption)}><attvalues>"
        f'<attvalue for="schema" value={xml_cell(one.schema)}/></attvalues></node>\n'
    )


def _edge(at: int, tie: Tie, sources: Sequence[str], contested: str = "") -> str:
    mark = f'<attvalue for="contested" value={xml_cell(contested)}/>' if contested else ""
    return (
        f'<edge id="{at}" source={xml_cell(tie.begin)} target={xml_cell(tie.end)} label={xml_cell(tie.property)}><attvalues>'
        f'<attvalue for="sources" value={xml_cell(" ".join(sources))}/>{mark}</attvalues></edge>\n'
    )
