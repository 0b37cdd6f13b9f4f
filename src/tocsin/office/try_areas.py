"""Try a table of places: what areas would come of it. Nothing of it is kept; the node goes on with the areas of its pack."""

from collections.abc import Sequence
from typing import NamedTuple

from tocsin.jurisdictions.areas import AreasTooFew, PlacesMalformed, merge, places_in
from tocsin.jurisdictions.model import Area

MOST_PLACES = 300
"""More than a city names; joining them takes longer with the square of it."""


class Tried(NamedTuple):
    """`fault` is a sentence's key, "" where the table does; `line` where it is about one."""

    areas: Sequence[Area] = ()
    places: int = 0
    fault: str = ""
    line: int = 0


def try_areas(table: str, floor: int) -> Tried:
    """What `merge` makes of it, or why nothing. For a thread: it may take a second."""
    try:
        places = places_in(table.strip())
        if len(places) > MOST_PLACES:
            return Tried(fault="areas.no_many")
        areas = merge(places, floor)
        return Tried(areas, len(places), "" if areas else "areas.no_few")
    except PlacesMalformed as error:
        line = int(error.fields.get("line", 0))
        return Tried(fault="areas.no_line" if line else "areas.no_twice", line=line)
    except AreasTooFew:
        return Tried(fault="areas.no_few")
