"""Merges small and uncounted places into their neighbours until every area holds enough residents.

The method, so that an operator can do it by hand (docs/areas.md): each place is a group; while a group has fewer residents than
the floor, the group with the fewest (of equals, the one first by name) joins the group it is nearest to. Two groups are as near as
their two nearest places. A place nobody has counted counts as empty: a guess would thin a published area. A group of which more than
half live in one counted site (a shelter, a campus, a clinic) is as if it were too small: its name would be the site's. The same places
give the same areas in whatever order they come.
"""

import csv
import io
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from tocsin.errors import TocsinError
from tocsin.jurisdictions.model import AREA_FLOOR, Area, Site

EARTH_KM = 6371.0088


class Place(msgspec.Struct, frozen=True):
    """A row of the operator's table. `residents` is None where nobody has counted."""

    name: str
    lat: float
    lon: float
    residents: int | None


class AreasTooFew(TocsinError):
    code = "areas_too_few"
    status = 500
    message = "The table of places counts fewer residents than one area needs. Bring a fuller table; nothing is published without."


class PlacesMalformed(TocsinError):
    code = "places_malformed"
    status = 500
    message = "The table of places is not name, lat, lon, residents with each name once. Mend the table; nothing is published without."


Group = tuple[Place, ...]


def merge(places: Iterable[Place], floor: int = AREA_FLOOR, sites: Sequence[Site] = ()) -> tuple[Area, ...]:
    """Areas of at least `floor` residents that together hold each place once, sorted by name; in none is one site the most.

    Raises `AreasTooFew` when all places together do not reach that, `PlacesMalformed` when a name comes twice or a site lies nowhere.
    """
    groups: list[Group] = [(place,) for place in sorted(places, key=lambda place: place.name)]
    names = {group[0].name for group in groups}
    if len(names) != len(groups) or any(site.place not in names for site in sites):
        raise PlacesMalformed
    while small := min((one for one in groups if _is_small(one, floor, sites)), key=_fewest_first, default=None):
        groups.remove(small)
        if not groups:
            raise AreasTooFew
        nearest = min(groups, key=lambda group: (distance(small, group), group[0].name))
        groups.remove(nearest)
        groups.append(tuple(sorted(small + nearest, key=lambda place: place.name)))
    return tuple(sorted((_area(group) for group in groups), key=lambda area: area.name))


def read_places(path: Path) -> list[Place]:
    """Rows of a CSV whose columns are name, lat, lon and a last one with residents, empty where unknown."""
    return places_in(path.read_text(encoding="utf-8"))


def places_in(table: str) -> list[Place]:
    """The same of a text. Raises `PlacesMalformed`, `line` of the first that is not understood, from 1."""
    rows = csv.reader(io.StringIO(table, newline=""))
    try:
        next(rows, None)
        return [_place(row) for row in rows]
    except (ValueError, csv.Error) as error:
        raise PlacesMalformed(line=max(1, rows.line_num)) from error


def _place(row: Sequence[str]) -> Place:
    """Raises `ValueError`."""
    name, lat, lon, count = row
    place = Place(name, float(lat), float(lon), int(count) if count else None)
    if not name.strip() or not (abs(place.lat) <= 90 and abs(place.lon) <= 180) or (place.residents or 0) < 0:
        raise ValueError
    return place


def read_sites(path: Path) -> tuple[Site, ...]:
    """Rows of a CSV whose columns are a place and how many live or stay in one site there: never what the site is or where."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))[1:]
    try:
        return tuple(Site(place, int(count)) for place, count in rows)
    except ValueError as error:
        raise PlacesMalformed from error


def _is_small(group: Group, floor: int, sites: Sequence[Site]) -> bool:
    """Whether it may not stand alone: too few residents, or most of them in one site."""
    here, count = {place.name for place in group}, residents(group)
    return count < floor or any(2 * site.residents > count for site in sites if site.place in here)


def residents(group: Group) -> int:
    """Counted residents; a place nobody counted adds none."""
    return sum(place.residents or 0 for place in group)


def distance(one: Group, other: Group) -> float:
    """Kilometres between the two nearest places of two groups."""
    return min(_kilometres(a, b) for a in one for b in other)


def _kilometres(a: Place, b: Place) -> float:
    """Distance over the plane that touches the earth between two places of one city (error below 0.1 % at 50 km)."""
    middle = math.radians((a.lat + b.lat) / 2)
    east = math.radians(abs(a.lon - b.lon)) * math.cos(middle)
    north = math.radians(abs(a.lat - b.lat))
    return EARTH_KM * math.hypot(east, north)


def _fewest_first(group: Group) -> tuple[int, str]:
    return residents(group), group[0].name


def _area(group: Group) -> Area:
    name = ", ".join(place.name for place in group)
    return Area(
        id=_slug(name),
        name=name,
        residents=residents(group),
        places=tuple(place.name for place in group),
        lat=round(sum(place.lat for place in group) / len(group), 4),
        lon=round(sum(place.lon for place in group) / len(group), 4),
        points=tuple((round(place.lat, 4), round(place.lon, 4)) for place in group),
    )


def _slug(name: str) -> str:
    """An address made of the name: small letters, figures and hyphens."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-")
