"""A graph as a still picture, worked out on the node: rings around the middle, no script and nothing that moves. And as GEXF."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from textwrap import wrap
from xml.sax.saxutils import escape

from tocsin.registry.cells import xml_cell
from tocsin.registry.graph import Around, Node, Tie
from tocsin.registry.schemata import INSTITUTIONS

WIDTH, HEIGHT = 1000, 1000
RINGS = (0, 250, 430)
LABEL = 16
"""Characters of one of two lines of a name in the picture; the list beside it has it whole."""
FEW = 12
"""So many nodes fit a phone's width with names that can be read; a larger picture is moved under the finger."""
ASIDE, ABOVE = 140, 90
"""What a name takes beside and above its node."""


@dataclass(frozen=True)
class Spot:
    """A node in its place. `is_who`: drawn round, what was done is drawn square, so that colour is not needed."""

    node: Node
    x: int
    y: int
    is_who: bool

    @property
    def lines(self) -> list[str]:
        """The name, or the begin of it, in two lines at most."""
        return wrap(self.node.caption, LABEL, max_lines=2, placeholder="…")


@dataclass(frozen=True)
class Line:
    tie: Tie
    begin: Spot
    end: Spot


def drawn(found: Around) -> tuple[list[Spot], list[Line]]:
    """Places of nodes and ties: the middle, its own ties around it, theirs around those; the same each time."""
    near = dict.fromkeys(tie.other(found.middle) for tie in found.ties if found.middle in (tie.begin, tie.end))
    rings = [[found.middle], [*near], [name for name in found.nodes if name not in near and name != found.middle]]
    spots: dict[str, Spot] = {}
    for ring, names in zip(RINGS, rings, strict=True):
        for at, name in enumerate(names):
            turn = 2 * pi * at / max(1, len(names)) - pi / 2
            place = (round(WIDTH / 2 + ring * cos(turn)), round(HEIGHT / 2 + ring * sin(turn)))
            node = found.nodes[name]
            spots[name] = Spot(node, *place, node.schema in INSTITUTIONS)
    return list(spots.values()), [Line(tie, spots[tie.begin], spots[tie.end]) for tie in found.ties]


def frame(spots: Sequence[Spot]) -> tuple[int, int, int, int]:
    """The part of the picture that has something in it: left, top, width, height."""
    left, top = min(one.x for one in spots) - ASIDE, min(one.y for one in spots) - ABOVE
    right, bottom = max(one.x for one in spots) + ASIDE, max(one.y for one in spots) + ABOVE
    return left, top, right - left, bottom - top


def gexf(nodes: Mapping[str, Node], ties: Mapping[Tie, list[str]], day: str) -> bytes:
    """What a page draws, as GEXF: nodes with their kinds, ties with the addresses of their sources."""
    told = "".join(gexf_node(one) for one in nodes.values())
    lines = "".join(gexf_edge(at, tie, sources) for at, (tie, sources) in enumerate(ties.items()))
    return f"{gexf_begin(day)}{told}{GEXF_BETWEEN}{lines}{GEXF_END}".encode()


def gexf_begin(day: str) -> str:
    """Everything before the first node. GEXF 1.2, which more programs read than 1.3."""
    kinds = '<attributes class="node"><attribute id="schema" title="schema" type="string"/></attributes>'
    kinds += '<attributes class="edge"><attribute id="sources" title="sources" type="string"/>'
    kinds += '<attribute id="contested" title="contested" type="string"/></attributes>'
    head = f'<meta lastmodifieddate="{escape(day)}"><creator>Tocsin</creator></meta>'
    begin = '<?xml version="1.0" encoding="UTF-8"?><gexf xmlns="http://www.gexf.net/1.2draft" version="1.2">'
    return f'{begin}{head}<graph defaultedgetype="directed">{kinds}<nodes>'


GEXF_BETWEEN, GEXF_END = "</nodes><edges>", "</edges></graph></gexf>"


def gexf_node(one: Node) -> str:
    return (
        f"<node id={xml_cell(one.id)} label={xml_cell(one.caption)}><attvalues>"
        f'<attvalue for="schema" value={xml_cell(one.schema)}/></attvalues></node>\n'
    )


def gexf_edge(at: int, tie: Tie, sources: Sequence[str], contested: str = "") -> str:
    mark = f'<attvalue for="contested" value={xml_cell(contested)}/>' if contested else ""
    return (
        f'<edge id="{at}" source={xml_cell(tie.begin)} target={xml_cell(tie.end)} label={xml_cell(tie.property)}><attvalues>'
        f'<attvalue for="sources" value={xml_cell(" ".join(sources))}/>{mark}</attvalues></edge>\n'
    )
