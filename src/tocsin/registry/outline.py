"""Outlines of countries, states and counties that ship, and of communes or whatever an operator brought: rings of places.

`shipped()` reads TopoJSON once; `stored` asks the database for what an operator took in from GeoJSON. Nothing is fetched.
"""

import gzip
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from tocsin.errors import TocsinError
from tocsin.registry.bulk import put
from tocsin.registry.model import folded
from tocsin.registry.tables import outline

FILES = Path(__file__).parent / "outlines"
MOST = 4000
LARGEST = 200 << 20
MICRO = 1_000_000


class OutlinesNotUnderstood(TocsinError):
    code = "outlines_not_understood"
    status = 422
    message = "This is no GeoJSON of areas with a code and a name under the names given. Nothing was taken in."


class OutlinesUnnamed(OutlinesNotUnderstood):
    code = "outlines_unnamed"
    message = (
        "An area of this file has no property of the name given for its code or its name. See in the file what they are called, "
        "and say so with --code and --name. Nothing was taken in."
    )


class OutlinesNotDegrees(OutlinesNotUnderstood):
    code = "outlines_not_degrees"
    message = (
        "Coordinates of this file are no longitudes and latitudes in degrees, in that order. Take the file in WGS 84 (EPSG:4326), "
        "not in Lambert 93. Nothing was taken in."
    )


@dataclass(frozen=True)
class Box:
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


@dataclass(frozen=True)
class Outline:
    """One area. `level`: country, state, county, or commune for what an operator brought."""

    level: str
    code: str
    name: str
    box: Box
    rings: Sequence["array[int]"]
    """Longitude and latitude by turns, in millionths of a degree. A ring that crosses the 180th meridian goes on beyond it."""

    @cached_property
    def main(self) -> Box:
        """The largest part, by its own area: the United States without Guam, France without Réunion."""
        return _box([max(self.rings, key=_extent)])


@cache
def shipped() -> Mapping[str, Sequence[Outline]]:
    """By level."""
    world, usa = _file("countries.json.gz"), _file("us-counties.json.gz")
    return {
        "country": list(_topology(world, "countries", "country")),
        "state": list(_topology(usa, "states", "state")),
        "county": list(_topology(usa, "counties", "county")),
    }


def _file(name: str) -> Any:
    content = (FILES / name).read_bytes()
    return msgspec.json.decode(gzip.decompress(content) if name.endswith(".gz") else content)


@cache
def named() -> Mapping[str, Outline]:
    """By what a place is called: «FR», «US-MN», «Hennepin County, MN», a country's English name; folded."""
    made: dict[str, Outline] = {}
    levels, codes = shipped(), _file("codes.json")
    states = {one.code: one for one in levels["state"]}
    letters = {number: code for code, number in codes["states"].items()}
    for one in levels["county"]:
        state = letters.get(one.code[:2], "")
        made |= {folded(f"{one.name} County {state}"): one, folded(f"{one.name} {state}"): one}
    made |= {folded(f"US-{code}"): states[number] for code, number in codes["states"].items() if number in states}
    made |= {folded(one.name): one for one in [*levels["state"], *levels["country"]]}
    countries = {one.code: one for one in levels["country"]}
    return made | {
        folded(code): countries[number] for code, number in codes["countries"].items() if number in countries
    }


def _topology(told: Any, name: str, level: str) -> Iterator[Outline]:
    """Areas of one object of a TopoJSON file."""
    scale, move = told["transform"]["scale"], told["transform"]["translate"]
    arcs = [_arc(one, scale, move) for one in told["arcs"]]
    for one in told["objects"][name]["geometries"]:
        parts = {"Polygon": [one.get("arcs")], "MultiPolygon": one.get("arcs")}.get(one["type"] or "", [])
        rings = [_unbroken(_joined(ring, arcs)) for part in parts for ring in part]
        if rings:
            yield _of(level, str(one.get("id", "")), one["properties"]["name"], rings)


def _arc(steps: Sequence[Sequence[int]], scale: Sequence[float], move: Sequence[float]) -> "array[int]":
    x = y = 0
    made = array("i")
    for dx, dy in steps:
        x, y = x + dx, y + dy
        made.extend((round((x * scale[0] + move[0]) * MICRO), round((y * scale[1] + move[1]) * MICRO)))
    return made


def _joined(ring: Sequence[int], arcs: Sequence["array[int]"]) -> "array[int]":
    made = array("i")
    for at in ring:
        arc = arcs[at] if at >= 0 else _turned(arcs[~at])
        made.extend(arc[2:] if made else arc)
    return made


def _unbroken(ring: "array[int]") -> "array[int]":
    """A ring whose longitudes never jump: where it steps over the 180th meridian it goes on as 181, not as -179."""
    made, turns = array("i"), 0
    for at in range(0, len(ring), 2):
        step = ring[at] - ring[at - 2] if at else 0
        turns -= (step > 180 * MICRO) - (step < -180 * MICRO)
        made.extend((ring[at] + turns * 360 * MICRO, ring[at + 1]))
    return made


def _turned(arc: "array[int]") -> "array[int]":
    made = array("i")
    for at in range(len(arc) - 2, -1, -2):
        made.extend(arc[at : at + 2])
    return made


def _of(level: str, code: str, name: str, rings: Sequence["array[int]"]) -> Outline:
    return Outline(level, code, name, _box(rings), rings)


def _box(rings: Sequence["array[int]"]) -> Box:
    xs, ys = [one for ring in rings for one in ring[0::2]], [one for ring in rings for one in ring[1::2]]
    return Box(min(xs) / MICRO, min(ys) / MICRO, max(xs) / MICRO, max(ys) / MICRO)


def _extent(ring: "array[int]") -> float:
    """Twice the area of a ring, in square degrees of no particular place."""
    xs, ys = ring[0::2], ring[1::2]
    turned = zip(xs, ys, [*xs[1:], xs[0]], [*ys[1:], ys[0]], strict=True)
    return abs(sum((x / MICRO) * (to_y / MICRO) - (to_x / MICRO) * (y / MICRO) for x, y, to_x, to_y in turned))


def take_in(connection: Connection, raw: bytes, code: str, name: str) -> int:
    """Store the areas of a GeoJSON file, by the names of their code and name; how many. Raises `OutlinesNotUnderstood`."""
    made = areas_of(raw, code, name)
    rows = [(one.code, one.name, folded(one.name), *_micro(one.box), packed(one.rings)) for one in made]
    columns = ("code", "area", "folded", "west", "south", "east", "north", "rings")
    fresh = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    put(connection, outline, columns, rows, f"ON CONFLICT (code) DO UPDATE SET {fresh}")
    return len(rows)


def areas_of(raw: bytes, code: str, name: str) -> list[Outline]:
    """The areas of a GeoJSON file. Raises `OutlinesNotUnderstood`, and as one `OutlinesUnnamed` or `OutlinesNotDegrees`."""
    try:
        made = [_feature(one, code, name) for one in msgspec.json.decode(raw)["features"]]
    except (msgspec.DecodeError, LookupError, TypeError, ValueError, OverflowError) as error:
        raise OutlinesNotUnderstood from error
    if not made:
        raise OutlinesNotUnderstood
    return made


def _micro(box: Box) -> tuple[int, ...]:
    return tuple(round(side * MICRO) for side in (box.west, box.south, box.east, box.north))


def packed(rings: Sequence["array[int]"]) -> bytes:
    return msgspec.msgpack.encode([ring.tobytes() for ring in rings])


def _feature(told: Any, code: str, name: str) -> Outline:
    shape, said = told["geometry"], told["properties"]
    if code not in said or name not in said:
        raise OutlinesUnnamed
    parts = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}[shape["type"]]
    rings = [_ring(ring) for part in parts for ring in part]
    if not rings or any(len(ring) < 8 or len(ring) % 2 for ring in rings):
        raise OutlinesNotUnderstood
    return _of("commune", str(said[code])[:60], str(said[name])[:120], rings)


def _ring(points: Sequence[Sequence[float]]) -> "array[int]":
    """Raises `OutlinesNotDegrees` for what is on no map."""
    flat = [float(one) for point in points for one in point[:2]]
    if any(abs(one) > limit for at, limit in ((0, 180), (1, 90)) for one in flat[at::2]):
        raise OutlinesNotDegrees
    return array("i", [round(one * MICRO) for one in flat])


def stored(connection: Connection, view: Box) -> list[Outline]:
    """What an operator brought, as far as it can be seen."""
    west, south, east, north = _micro(view)
    here = (outline.c.west <= east) & (outline.c.east >= west) & (outline.c.south <= north) & (outline.c.north >= south)
    return [_row(row) for row in connection.execute(select(outline).where(here).limit(MOST))]


def found(connection: Connection, places: Iterable[str]) -> dict[str, Outline]:
    """The outline that each place names, where one does: an operator's own first."""
    wanted = {place: folded(place) for place in places}
    question = select(outline).where(outline.c.folded.in_([*wanted.values()]) | outline.c.code.in_([*wanted]))
    rows = [(row, _row(row)) for row in connection.execute(question)]
    own = {key: one for row, one in rows for key in (row.folded, folded(row.code))}
    return {place: one for place, key in wanted.items() for one in [own.get(key) or named().get(key)] if one}


def _row(row: Any) -> Outline:
    box = Box(*(side / MICRO for side in (row.west, row.south, row.east, row.north)))
    return Outline("commune", row.code, row.area, box, unpacked(row.rings))


def unpacked(cells: bytes) -> list["array[int]"]:
    """The rings that `packed` packed."""
    rings = []
    for ring in msgspec.msgpack.decode(cells):
        made = array("i")
        made.frombytes(ring)
        rings.append(made)
    return rings
