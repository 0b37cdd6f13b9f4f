"""Rings of an outline in whole units of the map at one zoom, without corners that a screen cannot show, and ready to be written.

`Shared` are those that ship: lines between corners that neighbours share, drawn the same from both sides. `Corners` are an operator's
own. Pure: nothing is read here.
"""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, pairwise
from math import asinh, pi, radians, tan
from typing import NamedTuple, Protocol

WORLD = 1000
"""Units from the west end of the world to its east end at zoom 0. Each zoom has twice as many."""
DEEP = 12
"""The zoom in whose units what ships is kept: half a unit of the nearest that is drawn."""
KEPT = 5
"""Up to this zoom rings are kept as they are drawn: from farther away they are few corners, and every first look wants them."""
LIMIT = 82.0
MICRO = 1_000_000

Point = tuple[int, int]


@dataclass(frozen=True)
class Box:
    """Degrees."""

    west: float
    south: float
    east: float
    north: float

    def turned(self, degrees: int) -> "Box":
        """Moved to the east."""
        return Box(self.west + degrees, self.south, self.east + degrees, self.north)

    def meets(self, other: "Box") -> bool:
        return (
            self.west <= other.east
            and self.east >= other.west
            and self.south <= other.north
            and self.north >= other.south
        )


class Bounds(NamedTuple):
    """A part of the map, in its units."""

    left: int
    top: int
    right: int
    bottom: int

    def meets(self, other: "Bounds", east: int = 0) -> bool:
        """Whether it does once this one is moved to the east."""
        return (
            self.left + east <= other.right
            and self.right + east >= other.left
            and self.top <= other.bottom
            and self.bottom >= other.top
        )

    def nearer(self, zooms: int) -> "Bounds":
        """The same so many zooms nearer, and what rounding may have taken from it."""
        left, top, right, bottom = ((side + more) << zooms for side, more in zip(self, (-2, -2, 2, 2), strict=True))
        return Bounds(left, top, right, bottom)


class Ring(NamedTuple):
    """A closed line of at least three corners, the first not said again. `steps`: as a path goes on from its first corner."""

    xs: "array[int]"
    ys: "array[int]"
    bounds: Bounds
    steps: str

    @property
    def corners(self) -> list[Point]:
        return list(zip(self.xs, self.ys, strict=True))


class Rings(Protocol):
    """What an outline consists of."""

    @property
    def main(self) -> Box:
        """The largest part, by its own area: the United States without Guam, France without Réunion."""

    def at(self, zoom: int, seen: Bounds) -> Sequence[Ring]:
        """At least those that can be seen in a part of the map."""


@dataclass(frozen=True)
class Lines:
    """Lines between corners, one behind the other: steps from corner to corner in units of `DEEP`, the first of each line from
    nothing; and of each line's corners from which zoom on they are wanted.
    """

    xs: Sequence[int]
    ys: Sequence[int]
    wanted: Sequence[bytes]

    @cached_property
    def _begins(self) -> Sequence[int]:
        return list(accumulate(map(len, self.wanted), initial=0))

    def at(self, number: int, zoom: int) -> list[Point]:
        """A line's corners; turned where the number is the complement, as in TopoJSON."""
        line, shift = (number if number >= 0 else ~number), DEEP - zoom
        here, half = slice(self._begins[line], self._begins[line + 1]), 1 << shift >> 1
        places = zip(accumulate(self.xs[here]), accumulate(self.ys[here]), self.wanted[line], strict=True)
        found = [((x + half) >> shift, (y + half) >> shift) for x, y, since in places if since <= zoom]
        return found if number >= 0 else found[::-1]


@dataclass(frozen=True)
class Shared:
    """Rings of lines that neighbours share."""

    lines: Lines
    numbers: Sequence[Sequence[int]]
    main: Box
    _kept: dict[int, Sequence[Ring]] = field(default_factory=dict)

    def at(self, zoom: int, seen: Bounds) -> Sequence[Ring]:
        if zoom > KEPT:
            return ring_of_each(self._joined(one, zoom) for one in self._near(zoom, seen))
        if zoom not in self._kept:
            self._kept[zoom] = ring_of_each(self._joined(one, zoom) for one in self.numbers)
        return self._kept[zoom]

    def _near(self, zoom: int, seen: Bounds) -> Iterator[Sequence[int]]:
        size = WORLD << zoom
        for one, known in zip(self.numbers, self._bounds, strict=True):
            bounds = known.nearer(zoom - KEPT)
            if any(bounds.meets(seen, east) for east in (0, -size, size)):
                yield one

    @cached_property
    def _bounds(self) -> Sequence[Bounds]:
        """Of each ring, at `KEPT`."""
        return [bounds_of(self._joined(one, KEPT)) for one in self.numbers]

    def _joined(self, numbers: Sequence[int], zoom: int) -> list[Point]:
        """Lines one behind the other; where one begins at the other end of the world, it is told as going on beyond this end."""
        made: list[Point] = []
        for number in numbers:
            line, beyond = self.lines.at(number, zoom), 0
            if made:
                beyond = round((made[-1][0] - line[0][0]) / (WORLD << zoom)) * (WORLD << zoom)
            made += [(x + beyond, y) for x, y in line] if beyond else line
        return made


@dataclass(frozen=True)
class Corners:
    """Rings as longitude and latitude by turns, in millionths of a degree."""

    micro: Sequence["array[int]"]

    @cached_property
    def main(self) -> Box:
        return box_of([max(self.micro, key=_extent)])

    def at(self, zoom: int, seen: Bounds) -> Sequence[Ring]:  # noqa: ARG002  an area of a town: all of it is near
        size = WORLD << zoom
        return ring_of_each(_placed(ring, size) for ring in self.micro)


def _placed(ring: Sequence[int], size: int) -> list[Point]:
    places = (mercator(x / MICRO, y / MICRO) for x, y in zip(ring[0::2], ring[1::2], strict=True))
    return [(round(x * size), round(y * size)) for x, y in places]


def ring_of_each(lines: Iterable[Sequence[Point]]) -> list[Ring]:
    """Those that enclose anything in whole units."""
    return [ring for line in lines for ring in ring_of(line)]


def ring_of(line: Sequence[Point]) -> Iterator[Ring]:
    """One, or none of what is no more than a point or a stroke."""
    corners = [line[0], *(there for here, there in pairwise(line) if here != there)] if line else []
    if len(corners) > 1 and corners[0] == corners[-1]:
        corners.pop()
    if len(set(corners)) > 2:
        xs, ys = (array("i", axis) for axis in zip(*corners, strict=True))
        yield Ring(xs, ys, bounds_of(corners), _steps(corners))


def bounds_of(corners: Sequence[Point]) -> Bounds:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    return Bounds(min(xs), min(ys), max(xs), max(ys))


def _steps(corners: Sequence[Point]) -> str:
    """Relative line segments of a path (SVG 2, section 9.3.4): a number below zero needs no space before it."""
    steps = [step for (x, y), (to_x, to_y) in pairwise(corners) for step in (to_x - x, to_y - y)]
    return "l" + "".join(f"{step}" if step < 0 else f" {step}" for step in steps).lstrip()


def mercator(longitude: float, latitude: float) -> tuple[float, float]:
    """Parts of the world from its upper left corner; what is nearer to a pole than `LIMIT` lies there."""
    return longitude / 360 + 0.5, 0.5 - asinh(tan(radians(max(-LIMIT, min(LIMIT, latitude))))) / (2 * pi)


def box_of(rings: Sequence[Sequence[int]]) -> Box:
    """Of millionths of a degree by turns."""
    xs, ys = [one for ring in rings for one in ring[0::2]], [one for ring in rings for one in ring[1::2]]
    return Box(min(xs) / MICRO, min(ys) / MICRO, max(xs) / MICRO, max(ys) / MICRO)


def _extent(ring: Sequence[int]) -> float:
    """Twice the area of a ring, in square degrees of no particular place."""
    xs, ys = ring[0::2], ring[1::2]
    turned = zip(xs, ys, [*xs[1:], xs[0]], [*ys[1:], ys[0]], strict=True)
    return abs(sum((x / MICRO) * (to_y / MICRO) - (to_x / MICRO) * (y / MICRO) for x, y, to_x, to_y in turned))
