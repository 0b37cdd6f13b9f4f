"""A map as a still picture, drawn on the node: outlines, areas with how many acts name them, points that are near each other as one.

No script, no tiles, nothing from anywhere else; moving and coming nearer are links (docs/adr, number 10). Pure:
places and outlines in, paths and circles out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import asinh, atan, degrees, pi, radians, sinh, tan

from tocsin.registry.outline import MICRO, Box, Outline

WIDTH, HEIGHT = 1000, 700
CELL = 58
"""Points less than so many units from a circle, across and down, are drawn in it: two circles do not overlap."""
NEAREST, FARTHEST = 11, 1
LEVELS = {"country": (0, 12), "state": (4, 12), "county": (6, 12), "commune": (7, 12)}
"""From which to which zoom the outlines of a level are drawn."""
ALMOST = 0.8
"""Units within which two points of an outline are one."""
LIMIT = 82.0


@dataclass(frozen=True)
class View:
    """What is looked at: the middle, and how near. At zoom 0 the whole world is `WIDTH` units wide."""

    longitude: float
    latitude: float
    zoom: int

    @property
    def size(self) -> float:
        return float(WIDTH << self.zoom)

    def place(self, longitude: float, latitude: float) -> tuple[float, float]:
        """Units from the upper left corner."""
        x, y = _mercator(longitude, latitude)
        at_x, at_y = _mercator(self.longitude, self.latitude)
        return (x - at_x) * self.size + WIDTH / 2, (y - at_y) * self.size + HEIGHT / 2

    @property
    def box(self) -> Box:
        x, y = _mercator(self.longitude, self.latitude)
        wide, high = WIDTH / 2 / self.size, HEIGHT / 2 / self.size
        west, north = _back(x - wide, y - high)
        east, south = _back(x + wide, y + high)
        return Box(west, south, east, north)

    def moved(self, x: float, y: float, nearer: int = 0) -> "View":
        """Another middle, in parts of the picture from this one, and nearer or farther."""
        at_x, at_y = _mercator(self.longitude, self.latitude)
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
        left, top = _mercator(west, north)
        right, bottom = _mercator(east, south)
        longitude, latitude = _back((left + right) / 2, (top + bottom) / 2)
        zoom = NEAREST
        while zoom > FARTHEST and (
            (right - left) * (WIDTH << zoom) > WIDTH * 0.9 or (bottom - top) * (WIDTH << zoom) > HEIGHT * 0.9
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
    made = []
    for one in outlines:
        count = counts.get(one.code, 0) if counts else 0
        first, last = LEVELS[one.level]
        if not any(one.box.turned(turn).meets(view.box) for turn in (0, -360, 360)) or not (
            count or first <= view.zoom <= last
        ):
            continue
        path = "".join(_path(view, ring, turn) for ring in one.rings for turn in _turns(ring))
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


def _turns(ring: Sequence[int]) -> tuple[int, ...]:
    """A ring beyond the 180th meridian is drawn twice, once at each edge of the world."""
    if max(ring[0::2]) > 180 * MICRO:
        return 0, -360
    return (0, 360) if min(ring[0::2]) < -180 * MICRO else (0,)


def _path(view: View, ring: Sequence[int], turn: int = 0) -> str:
    """A ring as whole units, without points that nobody could tell apart. `turn`: degrees that it is moved to the east."""
    told: list[str] = []
    last = (-1e9, -1e9)
    for at in range(0, len(ring), 2):
        x, y = view.place(ring[at] / MICRO + turn, max(-LIMIT, min(LIMIT, ring[at + 1] / MICRO)))
        x, y = max(-WIDTH, min(2 * WIDTH, x)), max(-HEIGHT, min(2 * HEIGHT, y))
        if abs(x - last[0]) + abs(y - last[1]) >= ALMOST:
            told.append(f"{x:.0f} {y:.0f}")
            last = (x, y)
    points = list(dict.fromkeys(told))
    return f"M{'L'.join(points)}Z" if len(points) > 2 else ""


def _mercator(longitude: float, latitude: float) -> tuple[float, float]:
    return longitude / 360 + 0.5, 0.5 - asinh(tan(radians(latitude))) / (2 * pi)


def _back(x: float, y: float) -> tuple[float, float]:
    return (x - 0.5) * 360, degrees(atan(sinh(pi * (1 - 2 * y))))
