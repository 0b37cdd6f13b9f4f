"""The shapes of areas for the map: around each place the part of the plane that is nearer to it than to any other, as far as a city's
block of houses reaches. Made of the operator's table alone; no street, no tile, nothing from elsewhere. Pure.

A shape is drawn from the middle of places, like the areas themselves (`docs/areas.md`): it shows no border that anybody decided.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from tocsin.jurisdictions.model import Area

CORNERS = 16
"""Of the circle that ends a shape where no neighbour does."""
REACH = 1.1
"""Radius of that circle, in typical distances from a place to its nearest neighbour."""
WIDTH = 600.0

Point = tuple[float, float]


class Shapes(NamedTuple):
    """`paths`: SVG path data by area id, in a box of `WIDTH` by `height`, north up."""

    paths: dict[str, str]
    middles: dict[str, Point]
    height: float


def shapes(areas: Sequence[Area]) -> Shapes:
    """The shapes of all areas. Empty where there are none."""
    placed = [(area.id, point) for area in areas for point in area.points]
    if not placed:
        return Shapes({}, {}, WIDTH)
    points = _plane([point for _, point in placed])
    reach = REACH * _typical(points)
    cells = [_cell(point, points, reach) for point in points]
    corners = [corner for cell in cells for corner in cell]
    left, top = min(x for x, _ in corners), min(y for _, y in corners)
    right, bottom = max(x for x, _ in corners), max(y for _, y in corners)
    scale = WIDTH / (right - left)

    def at(point: Point) -> Point:
        return round((point[0] - left) * scale, 1), round((point[1] - top) * scale, 1)

    paths: dict[str, str] = {}
    middles: dict[str, Point] = {}
    for (area, _), cell, point in zip(placed, cells, points, strict=True):
        paths[area] = paths.get(area, "") + _path(map(at, cell))
        middles.setdefault(area, at(point))
    return Shapes(paths, middles, round((bottom - top) * scale, 1))


def _plane(points: Sequence[Point]) -> list[Point]:
    """Latitude and longitude over the plane that touches the earth in the middle; south is down."""
    narrow = math.cos(math.radians(sum(lat for lat, _ in points) / len(points)))
    return [(lon * narrow, -lat) for lat, lon in points]


def _typical(points: Sequence[Point]) -> float:
    """The median distance from a point to its nearest other."""
    nearest = sorted(min((math.dist(one, other) for other in points if other != one), default=0.01) for one in points)
    return nearest[len(nearest) // 2]


def _cell(point: Point, points: Iterable[Point], reach: float) -> list[Point]:
    """The circle around a point, cut by the middle line to each neighbour (Voronoi by half planes)."""
    turns = [2 * math.pi * step / CORNERS for step in range(CORNERS)]
    cell = [(point[0] + reach * math.cos(turn), point[1] + reach * math.sin(turn)) for turn in turns]
    for other in points:
        if other != point and math.dist(point, other) < 2 * reach:
            cell = _cut(cell, point, other)
    return cell


def _cut(cell: Sequence[Point], own: Point, other: Point) -> list[Point]:
    """What of a convex cell is nearer to `own` (Sutherland and Hodgman 1974)."""

    def side(corner: Point) -> float:
        return math.dist(corner, other) ** 2 - math.dist(corner, own) ** 2

    kept: list[Point] = []
    for before, after in zip((cell[-1], *cell[:-1]), cell, strict=True):
        here, there = side(before), side(after)
        if (here < 0) != (there < 0):
            part = here / (here - there)
            kept.append((before[0] + part * (after[0] - before[0]), before[1] + part * (after[1] - before[1])))
        if there >= 0:
            kept.append(after)
    return kept


def _path(corners: Iterable[Point]) -> str:
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in corners) + "z"
