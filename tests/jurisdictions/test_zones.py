"""Zones: nobody hides among fewer than fifty thousand, every area is in one, and order changes nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.jurisdictions import load
from tocsin.jurisdictions.model import Area
from tocsin.jurisdictions.zones import ZONE_FLOOR, zone_of, zones_of


def area(number: int, residents: int, lat: float, lon: float) -> Area:
    return Area(f"area-{number}", f"Area {number}", residents, (f"place-{number}",), lat, lon)


AREAS = st.lists(
    st.tuples(st.integers(2_000, 120_000), st.floats(44.8, 45.1), st.floats(-93.4, -93.1)), min_size=1, max_size=40
).map(lambda rows: [area(number, *row) for number, row in enumerate(rows)])


@given(AREAS, st.randoms(use_true_random=False))
def test_each_area_is_in_one_zone_of_enough_people_whatever_the_order(areas: list[Area], source: object) -> None:
    zones = zones_of(areas)
    assert sorted(one.id for zone in zones for one in zone.areas) == sorted(one.id for one in areas)
    if sum(one.residents for one in areas) >= ZONE_FLOOR:
        assert all(zone.residents >= ZONE_FLOOR for zone in zones)
    else:
        assert len(zones) == 1
    assert all(zone.residents == sum(one.residents for one in zone.areas) for zone in zones)
    shuffled = list(areas)
    source.shuffle(shuffled)  # type: ignore[attr-defined]
    assert zones_of(shuffled) == zones


@given(AREAS)
def test_an_area_leads_to_its_zone_and_no_other(areas: list[Area]) -> None:
    zones = zones_of(areas)
    for zone in zones:
        assert {zone_of(zones, one.id) for one in zone.areas} == {zone.id}
    with pytest.raises(KeyError):
        zone_of(zones, "elsewhere")


def test_no_areas_give_no_zones() -> None:
    assert zones_of([]) == ()


def test_the_sample_city_has_zones_of_enough_people() -> None:
    zones = zones_of(load.load("minneapolis-sample").areas)
    assert len(zones) > 1
    assert all(zone.residents >= ZONE_FLOOR and zone.name for zone in zones)
