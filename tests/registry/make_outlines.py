"""Makes the file of outlines that ships, from the TopoJSON of `vectors/outlines`: `python -m tests.registry.make_outlines`.

Each line keeps the corners that a screen can show, and of each from which zoom on: without the others no line is off by
more than half a unit of the map (Ramer, Douglas and Peucker). A line that neighbours share is thinned once, so no gap opens between
them.
"""

import gzip
import struct
from array import array
from collections.abc import Iterator, Sequence
from itertools import pairwise
from math import ceil, floor, hypot, inf, log2
from pathlib import Path
from typing import Any

import msgspec

from tocsin.registry.mapping import NEAREST
from tocsin.registry.outline import FILES, SHIPPED
from tocsin.registry.rings import DEEP, MICRO, WORLD, Box, Corners, Point, box_of, mercator

SOURCES = Path(__file__).parents[2] / "vectors" / "outlines"
LEVELS = (
    ("countries.json.gz", (("country", "countries"),)),
    ("us-counties.json.gz", (("state", "states"), ("county", "counties"))),
)
OFF = 0.5
"""Units of the map by which a line may be off."""

Line = Sequence[tuple[float, float]]


def made() -> dict[str, Any]:
    """What the file holds."""
    steps, wanted, areas = list[Point](), list[bytes](), list[list[Any]]()
    for name, levels in LEVELS:
        told, first = msgspec.json.decode(gzip.decompress((SOURCES / name).read_bytes())), len(wanted)
        lines = [unbroken(degrees(one, told["transform"])) for one in told["arcs"]]
        for line in lines:
            corners = [deep(*corner) for corner in line]
            ranks = thinned(corners)
            kept = [at for at, rank in enumerate(ranks) if rank <= NEAREST]
            steps += stepped([corners[at] for at in kept])
            wanted.append(bytes(ranks[at] for at in kept))
        for level, group in levels:
            areas += [
                area for one in told["objects"][group]["geometries"] for area in areas_in(one, level, lines, first)
            ]
    xs, ys = (struct.pack(f"<{len(steps)}i", *axis) for axis in zip(*steps, strict=True))
    return {"areas": areas, "xs": xs, "ys": ys, "wanted": wanted}


def areas_in(told: Any, level: str, lines: Sequence[Line], first: int) -> Iterator[list[Any]]:
    """Level, code, name, box, box of the largest part, and rings as numbers of lines."""
    parts = {"Polygon": [told.get("arcs")], "MultiPolygon": told.get("arcs")}.get(told["type"] or "", [])
    rings = [ring for part in parts for ring in part]
    if rings:
        micro = [array("i", [round(one * MICRO) for corner in joined(ring, lines) for one in corner]) for ring in rings]
        boxes = [outward(one) for one in (box_of(micro), Corners(micro).main)]
        numbers = [[at + first if at >= 0 else ~(~at + first) for at in ring] for ring in rings]
        yield [level, str(told.get("id", "")), told["properties"]["name"], *boxes, numbers]


def degrees(steps: Sequence[Sequence[int]], transform: Any) -> list[tuple[float, float]]:
    """A line of TopoJSON (specification, section 2.1.4)."""
    scale, move = transform["scale"], transform["translate"]
    x = y = 0
    line = []
    for dx, dy in steps:
        x, y = x + dx, y + dy
        line.append((x * scale[0] + move[0], y * scale[1] + move[1]))
    return line


def unbroken(line: Line) -> list[tuple[float, float]]:
    """A line whose longitudes never jump: where it steps over the 180th meridian it goes on as 181, not as -179."""
    whole, turns = [line[0]], 0
    for (before, _), (x, y) in pairwise(line):
        turns -= (x - before > 180) - (x - before < -180)
        whole.append((x + turns * 360, y))
    return whole


def joined(ring: Sequence[int], lines: Sequence[Line]) -> list[tuple[float, float]]:
    corners: list[tuple[float, float]] = []
    for at in ring:
        line = lines[at] if at >= 0 else lines[~at][::-1]
        beyond = round((corners[-1][0] - line[0][0]) / 360) * 360 if corners else 0
        corners += [(x + beyond, y) for x, y in line[1 if corners else 0 :]]
    return corners


def deep(longitude: float, latitude: float) -> Point:
    x, y = mercator(longitude, latitude)
    return round(x * (WORLD << DEEP)), round(y * (WORLD << DEEP))


def outward(box: Box) -> list[int]:
    """Thousandths of a degree, and no corner beyond them."""
    return [
        *(floor(side * 1000) for side in (box.west, box.south)),
        *(ceil(side * 1000) for side in (box.east, box.north)),
    ]


def stepped(corners: Sequence[Point]) -> list[Point]:
    return [(x - from_x, y - from_y) for (from_x, from_y), (x, y) in pairwise([(0, 0), *corners])]


def thinned(line: Sequence[Point]) -> list[int]:
    """From which zoom on each corner is wanted, its ends always: at none is a line without the others off by more than `OFF`."""
    ranks, open_ = [0] * len(line), [(0, len(line) - 1, inf, 0.0)]
    while open_:
        begin, end, most, least = open_.pop()
        if end - begin > 1:
            far, at = max((off(line[at], line[begin], line[end]), at) for at in range(begin + 1, end))
            far = min(max(far, least), most)  # no corner is wanted before those between which it was found
            ranks[at] = rank(far)
            # An island that is a unit long is drawn, however thin: both its sides are wanted as soon as half its length.
            least = far / 2 if line[begin] == line[end] else 0.0
            open_ += [(begin, at, far, least), (at, end, far, least)]
    return ranks


def rank(far: float) -> int:
    """The first zoom at which so many units of `DEEP` are more than `OFF`."""
    if far <= 0:
        return DEEP + 1
    return max(0, DEEP - int(log2(far / OFF)) if far > OFF else DEEP + 1)


def off(corner: Point, begin: Point, end: Point) -> float:
    """How far a corner is from the line between two others."""
    x, y, dx, dy = corner[0] - begin[0], corner[1] - begin[1], end[0] - begin[0], end[1] - begin[1]
    along = max(0.0, min(1.0, (x * dx + y * dy) / (dx * dx + dy * dy))) if dx or dy else 0.0
    return hypot(x - along * dx, y - along * dy)


def main() -> None:
    raw = msgspec.msgpack.encode(made())
    (FILES / SHIPPED).write_bytes(gzip.compress(raw, 9, mtime=0))


if __name__ == "__main__":
    main()
