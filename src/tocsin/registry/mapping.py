"""A map as a still picture, drawn on the node: outlines, areas with how many acts name them, points that are near each other as one.

No script, no tiles, nothing from anywhere else; moving and coming nearer are links (docs/adr, number 10). Pure:
places and outlines in, paths and circles out.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import atan, degrees, pi, sinh

from tocsin.registry.outline import Outline
from tocsin.registry.rings import LIMIT, WORLD, Bounds, Box, Point, Ring, mercator, ring_of

WIDTH, HEIGHT = 1000, 700
CELL = 58
"""Points less than so many units from a circle, across and down, are drawn in it: two circles do not overlap."""
NEAREST, FARTHEST = 11, 1
LEVELS = {"country": (0, 12), "state": (4, 12), "county": (6, 12), "commune": (7, 12)}
"""From which to which zoom the outlines of a level are drawn."""
EDGE = 20
"""Units around the picture in which what is not seen is still drawn: no cut line comes into sight."""


@dataclass(frozen=True)
class View:
    """What is looked at: the middle, and how near. At zoom 0 the whole world is `WORLD` units wide."""

    longitude: float
    latitude: float
    zoom: int

    @property
    def size(self) -> float:
        return float(WORLD << self.zoom)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Units from the upper left corner."""
        x, y = mercator(longitude, latitude)
        at_x, at_y = mercator(self.longitude, self.latitude)
        return (x - at_x) * self.size + WIDTH / 2, (y - at_y) * self.size + HEIGHT / 2

    @property
    def box(self) -> Box:
        x, y = mercator(self.longitude, self.latitude)
        wide, high = WIDTH / 2 / self.size, HEIGHT / 2 / self.size
        west, north = _back(x - wide, y - high)
        east, south = _back(x + wide, y + high)
        return Box(west, south, east, north)

    @property
    def bounds(self) -> Bounds:
        """The picture and what is drawn around it, in whole units of the map."""
        x, y = mercator(self.longitude, self.latitude)
        left, top = round(x * self.size - WIDTH / 2) - EDGE, round(y * self.size - HEIGHT / 2) - EDGE
        return Bounds(left, top, left + WIDTH + 2 * EDGE, top + HEIGHT + 2 * EDGE)

    def moved(self, x: float, y: float, nearer: int = 0) -> "View":
        """Another middle, in parts of the picture from this one, and nearer or farther."""
        at_x, at_y = mercator(self.longitude, self.latitude)
        longitude, latitude = _back(at_x + x * WIDTH / self.size, at_y + y * HEIGHT / self.size)
        return View.bounded(longitude, latitude, self.zoom + nearer)

    @classmethod
    def bounded(cls, longitude: float, latitude: float, zoom: int) -> "View":
        return cls(
            max(-180.0, min(180.0, longitude)), max(-LIMIT, min(LIMIT, latitude)), max(FARTHEST, min(NEAREST, zoom))
        )

    @classmethod
    def around(cls, boxes: Sequence[Box]) -> "View":
        """From where all of these are seen; the whole world where there are none."""
        if not boxes:
            return cls(0, 30, FARTHEST)
        west, east = min(one.west for one in boxes), max(one.east for one in boxes)
        south, north = min(one.south for one in boxes), max(one.north for one in boxes)
        left, top = mercator(west, north)
        right, bottom = mercator(east, south)
        longitude, latitude = _back((left + right) / 2, (top + bottom) / 2)
        zoom = NEAREST
        while zoom > FARTHEST and (
            (right - left) * (WORLD << zoom) > WIDTH * 0.9 or (bottom - top) * (WORLD << zoom) > HEIGHT * 0.9
        ):
            zoom -= 1
        return cls.bounded(longitude, latitude, min(zoom, 9))


@dataclass(frozen=True)
class Shape:
    """An outline as a path. `x`, `y`: where its number stands; `count`: how many acts name it."""

    outline: Outline
    path: str
    x: int
    y: int
    count: int = 0


@dataclass(frozen=True)
class Spot:
    """One point, or several that are near each other: `ids` in order."""

    ids: tuple[str, ...]
    x: int
    y: int
    longitude: float
    latitude: float


def shapes(view: View, outlines: Iterable[Outline], counts: Mapping[str, int]) -> list[Shape]:
    """Outlines that can be seen from here, those that something names last, so that they are drawn over the others."""
    made, seen = [], view.bounds
    boxes = [view.box.turned(turn) for turn in (0, -360, 360)]
    for one in outlines:
        count = counts.get(one.code, 0) if counts else 0
        first, last = LEVELS[one.level]
        if not any(one.box.meets(box) for box in boxes) or not (count or first <= view.zoom <= last):
            continue
        path = "".join(_path(ring, part) for ring in one.rings.at(view.zoom, seen) for part in _parts(seen, ring, view))
        if path:
            main = one.main if count else one.box
            x, y = view.place((main.west + main.east) / 2, (main.south + main.north) / 2)
            made.append(Shape(one, path, round(x), round(y), count))
    return sorted(made, key=lambda shape: shape.count > 0)


def spots(view: View, places: Mapping[str, tuple[float, float]]) -> list[Spot]:
    """Points that can be seen from here, near ones together; the same each time."""
    made: list[tuple[float, float, list[str]]] = []
    for name, (longitude, latitude) in sorted(places.items()):
        x, y = view.place(longitude, latitude)
        if not (0 <= x < WIDTH and 0 <= y < HEIGHT):
            continue
        near = next((ids for at_x, at_y, ids in made if abs(x - at_x) < CELL and abs(y - at_y) < CELL), None)
        if near is None:
            made.append((x, y, [name]))
        else:
            near.append(name)
    return [_spot(round(x), round(y), ids, places) for x, y, ids in made]


def _spot(x: int, y: int, ids: Sequence[str], places: Mapping[str, tuple[float, float]]) -> Spot:
    longitude = sum(places[one][0] for one in ids) / len(ids)
    latitude = sum(places[one][1] for one in ids) / len(ids)
    return Spot(tuple(ids), x, y, longitude, latitude)


def _parts(seen: Bounds, ring: Ring, view: View) -> Iterator[Bounds]:
    """Where the picture is in the ring's units; of a ring beyond an end of the world at the other end too."""
    size = round(view.size)
    yield seen
    if ring.bounds.right > size:
        yield seen._replace(left=seen.left + size, right=seen.right + size)
    elif ring.bounds.left < 0:
        yield seen._replace(left=seen.left - size, right=seen.right - size)


def _path(ring: Ring, seen: Bounds) -> str:
    """A ring as far as it can be seen."""
    if not ring.bounds.meets(seen):
        return ""
    left, top, right, bottom = ring.bounds
    is_near = seen.left - WIDTH <= left and right <= seen.right + WIDTH
    if is_near and seen.top - HEIGHT <= top and bottom <= seen.bottom + HEIGHT:
        return _told(ring, seen)
    return "".join(_told(one, seen) for one in ring_of(_cut(ring.corners, seen)))


def _told(ring: Ring, seen: Bounds) -> str:
    return f"M{ring.xs[0] - seen.left - EDGE} {ring.ys[0] - seen.top - EDGE}{ring.steps}z"


def _cut(corners: Sequence[Point], box: Bounds) -> Sequence[Point]:
    """What of a ring is in a box (Sutherland and Hodgman, 1974): side by side of the box, what is beyond it is left out."""
    for axis, side, is_low in ((0, box.left, True), (0, box.right, False), (1, box.top, True), (1, box.bottom, False)):
        kept: list[Point] = []
        before = corners[-1] if corners else (0, 0)
        for corner in corners:
            is_in, was_in = ((at[axis] >= side) if is_low else (at[axis] <= side) for at in (corner, before))
            if is_in != was_in:
                kept.append(_crossing(before, corner, axis, side))
            if is_in:
                kept.append(corner)
            before = corner
        corners = kept
    return corners


def _crossing(begin: Point, end: Point, axis: int, side: int) -> Point:
    """Where the line between two corners meets a side."""
    part = (side - begin[axis]) / (end[axis] - begin[axis])
    other = round(begin[1 - axis] + part * (end[1 - axis] - begin[1 - axis]))
    return (side, other) if axis == 0 else (other, side)


def _back(x: float, y: float) -> tuple[float, float]:
    return (x - 0.5) * 360, degrees(atan(sinh(pi * (1 - 2 * y))))
