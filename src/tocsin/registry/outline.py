"""Outlines of countries, states and counties that ship, and of communes or whatever an operator brought: rings of places.

`shipped()` reads once a file that `tests/registry/make_outlines.py` made; `stored` asks the database for what an operator took in from
GeoJSON. Nothing is fetched.
"""

import gzip
import sys
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, select

from tocsin.errors import TocsinError
from tocsin.registry.bulk import put
from tocsin.registry.model import folded
from tocsin.registry.rings import MICRO, Box, Corners, Lines, Rings, Shared, box_of
from tocsin.registry.tables import outline

FILES = Path(__file__).parent / "outlines"
MOST = 4000
LARGEST = 200 << 20
SHIPPED = "shipped.msgpack.gz"


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
class Outline:
    """One area. `level`: country, state, county, or commune for what an operator brought."""

    level: str
    code: str
    name: str
    box: Box
    rings: Rings

    @property
    def main(self) -> Box:
        return self.rings.main


class Area(NamedTuple):
    """What an operator brings of one area. `rings`: longitude and latitude by turns, in millionths of a degree."""

    code: str
    name: str
    rings: Sequence["array[int]"]


class _Shipped(msgspec.Struct):
    """The file: areas as level, code, name, box, box of the largest part (thousandths of a degree) and rings as numbers of lines;
    lines as `Lines` has them, steps as little-endian 32 bits.
    """

    areas: list[tuple[str, str, str, tuple[int, ...], tuple[int, ...], list[list[int]]]]
    xs: bytes
    ys: bytes
    wanted: list[bytes]


@cache
def shipped() -> Mapping[str, Sequence[Outline]]:
    """By level."""
    told = msgspec.msgpack.decode(gzip.decompress((FILES / SHIPPED).read_bytes()), type=_Shipped)
    lines, made = Lines(_little(told.xs), _little(told.ys), told.wanted), dict[str, list[Outline]]()
    for level, code, name, *boxes, numbers in told.areas:
        box, main = (Box(*(side / 1000 for side in one)) for one in boxes)
        made.setdefault(level, []).append(Outline(level, code, name, box, Shared(lines, numbers, main)))
    return made


def _little(raw: bytes) -> "array[int]":
    made = array("i", raw)
    if sys.byteorder == "big":
        made.byteswap()
    return made


@cache
def named() -> Mapping[str, Outline]:
    """By what a place is called: «FR», «US-MN», «Hennepin County, MN», a country's English name; folded."""
    made: dict[str, Outline] = {}
    levels, codes = shipped(), msgspec.json.decode((FILES / "codes.json").read_bytes())
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


def take_in(connection: Connection, raw: bytes, code: str, name: str) -> int:
    """Store the areas of a GeoJSON file, by the names of their code and name; how many. Raises `OutlinesNotUnderstood`."""
    made = areas_of(raw, code, name)
    rows = [(one.code, one.name, folded(one.name), *_micro(box_of(one.rings)), packed(one.rings)) for one in made]
    columns = ("code", "area", "folded", "west", "south", "east", "north", "rings")
    fresh = ", ".join(f"{column} = excluded.{column}" for column in columns[1:])
    put(connection, outline, columns, rows, f"ON CONFLICT (code) DO UPDATE SET {fresh}")
    return len(rows)


def areas_of(raw: bytes, code: str, name: str) -> list[Area]:
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


def _feature(told: Any, code: str, name: str) -> Area:
    shape, said = told["geometry"], told["properties"]
    if code not in said or name not in said:
        raise OutlinesUnnamed
    parts = {"Polygon": [shape["coordinates"]], "MultiPolygon": shape["coordinates"]}[shape["type"]]
    rings = [_ring(ring) for part in parts for ring in part]
    if not rings or any(len(ring) < 8 or len(ring) % 2 for ring in rings):
        raise OutlinesNotUnderstood
    return Area(str(said[code])[:60], str(said[name])[:120], rings)


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
    return Outline("commune", row.code, row.area, box, Corners(unpacked(row.rings)))


def unpacked(cells: bytes) -> list["array[int]"]:
    """The rings that `packed` packed."""
    rings = []
    for ring in msgspec.msgpack.decode(cells):
        made = array("i")
        made.frombytes(ring)
        rings.append(made)
    return rings
