"""The page of the map: the list first, then the same places as a picture. What is on one is on the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from tocsin.registry import mapping, outline, queries, search
from tocsin.registry.bulk import found_by
from tocsin.registry.mapping import Shape, Spot, View
from tocsin.registry.outline import Outline
from tocsin.registry.pages import Draw, address_of, draw, hits_of
from tocsin.registry.rings import Box
from tocsin.registry.search import Asked
from tocsin.registry.tables import entity
from tocsin.web.i18n import Language
from tocsin.web.render import Page, PageConfig

VIEW = ("lon", "lat", "zoom")
MOST = 1000
"""Acts with a place of their own that are looked at; the page says when there are more."""
LISTED = 5
"""Names of one spot that the list tells; coming nearer tells the others."""
WAYS = {
    "nearer": (0, 0, 1),
    "farther": (0, 0, -1),
    "north": (0, -0.5, 0),
    "south": (0, 0.5, 0),
    "west": (-0.5, 0, 0),
    "east": (0.5, 0, 0),
}


@dataclass(frozen=True)
class Seen:
    """What a map shows: areas that acts name, points in sight, and what of it all is out of sight or has no outline."""

    view: View
    shapes: Sequence[Shape]
    spots: Sequence[Spot]
    areas: Mapping[str, int]
    """Places that acts name, with how many acts, whether they have an outline or not."""
    drawn: Mapping[str, Outline]
    away: int
    is_more: bool
    counted: int = 0
    """How many acts were counted where there are more; 0 where all were."""


def view_of(given: Mapping[str, str]) -> View | None:
    """A view from an address; none for anything that is not three numbers."""
    try:
        longitude, latitude = (round(float(given[name]), 4) for name in VIEW[:2])
        return View.bounded(longitude, latitude, int(given["zoom"]))
    except (ValueError, OverflowError):
        return None


def map_page(config: PageConfig, language: Language, said: str, asked: Asked, view: View | None) -> Draw:
    """The page, to be asked of a database. Without a view: from where everything is seen."""

    def page(connection: Connection) -> bytes:
        seen = look(connection, asked, view)
        address = address_of(f"/{language.code}/registry/map", said, asked)
        captions = _captions(connection, [name for spot in seen.spots for name in spot.ids[:LISTED]])
        return draw(
            config,
            language,
            Page("registry", "registry/map", "map.html", "registry.map_title"),
            said=said,
            asked=asked,
            seen=seen,
            captions=captions,
            listed=LISTED,
            size=(mapping.WIDTH, mapping.HEIGHT),
            goes={name: address(**_told(seen.view.moved(*way))) for name, way in WAYS.items()},
            into=lambda spot: address(**_told(View.bounded(spot.longitude, spot.latitude, seen.view.zoom + 2))),
            only=lambda place: address(place=place),
            without={name: address(**{name: ""}) for name in asked.filters},
            everything=address_of(f"/{language.code}/registry", said, asked)(),
            twin=address_of("/registry/search.geojson", said, asked)(),
        )

    return page


def look(connection: Connection, asked: Asked, view: View | None) -> Seen:
    """Everything of a search that has a place."""
    found = search.count(connection, search.matches(connection, asked))
    areas = dict(found.facets.get("place", ()))
    drawn = outline.found(connection, areas)
    counts: dict[str, int] = {}
    for place, one in drawn.items():
        counts[one.code] = counts.get(one.code, 0) + areas[place]
    numbers = search.placed(connection, asked, MOST + 1)
    names = [one.id for one in hits_of(connection, numbers[:MOST])]
    places = queries.places_of(connection, names)
    boxes = [one.main for one in drawn.values()]
    boxes = [Box(x, y, x, y) for x, y in places.values()] or boxes
    here = view or View.around(boxes)
    spots = mapping.spots(here, places)
    return Seen(
        here,
        _shapes(connection, here, drawn, counts),
        spots,
        areas,
        drawn,
        len(places) - sum(len(spot.ids) for spot in spots),
        len(numbers) > MOST,
        found.total if found.is_more else 0,
    )


def _shapes(connection: Connection, view: View, drawn: Mapping[str, Outline], counts: Mapping[str, int]) -> list[Shape]:
    """Outlines of every level that is drawn from here, and of each place that something names."""
    levels = outline.shipped()
    some = [one for level, ones in levels.items() if mapping.LEVELS[level][0] <= view.zoom for one in ones]
    some += outline.stored(connection, view.box) if view.zoom >= mapping.LEVELS["commune"][0] else []
    every = {(one.level, one.code): one for one in [*some, *drawn.values()]}
    named = {(one.level, one.code) for one in drawn.values()}
    plain = mapping.shapes(view, [one for key, one in every.items() if key not in named], {})
    return [*plain, *mapping.shapes(view, [every[key] for key in named], counts)]


def _captions(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    return dict(found_by(connection, entity.c.entity, names, entity.c.caption))


def _told(view: View) -> dict[str, str]:
    told: dict[str, Any] = {"lon": round(view.longitude, 4), "lat": round(view.latitude, 4), "zoom": view.zoom}
    return {name: str(value) for name, value in told.items()}
