"""Zones of push: neighbouring areas merged until each holds at least 50,000 residents (GLOSSARY.md: area, zone).

A push service sees when a message goes to which of its browsers. Whoever wants one zone hides among that many; nothing finer is ever
asked of a phone, nor known of one. Where the whole city holds fewer, it is one zone. The same areas give the same zones in whatever
order they come.
"""

from collections.abc import Iterable

import msgspec

from tocsin.jurisdictions.areas import AreasTooFew, Place, merge
from tocsin.jurisdictions.model import Area

ZONE_FLOOR = 50_000


class Zone(msgspec.Struct, frozen=True):
    """Areas that one subscription stands for. Its id is that of its first area, by name."""

    id: str
    residents: int
    areas: tuple[Area, ...]

    @property
    def name(self) -> str:
        return ", ".join(area.name for area in self.areas)


def zones_of(areas: Iterable[Area], floor: int = ZONE_FLOOR) -> tuple[Zone, ...]:
    """Zones of at least `floor` residents that together hold each area once; one zone where all areas hold fewer; none of none."""
    by_id = {area.id: area for area in areas}
    if not by_id:
        return ()
    places = [Place(area.id, area.lat, area.lon, area.residents) for area in by_id.values()]
    try:
        merged = [one.places for one in merge(places, floor)]
    except AreasTooFew:
        merged = [tuple(by_id)]
    return tuple(sorted((_zone([by_id[name] for name in names]) for names in merged), key=lambda zone: zone.id))


def zone_of(zones: Iterable[Zone], area: str) -> str:
    """The zone that holds an area. Raises `KeyError`."""
    return {one.id: zone.id for zone in zones for one in zone.areas}[area]


def _zone(areas: list[Area]) -> Zone:
    ordered = sorted(areas, key=lambda area: area.name)
    return Zone(ordered[0].id, sum(area.residents for area in ordered), tuple(ordered))
