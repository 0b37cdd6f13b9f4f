"""A graph as a still picture, worked out on the node: rings around the middle, no script and nothing that moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import cos, pi, sin
from textwrap import wrap

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
