"""Areas are coarse enough, whole, and the same for the same table."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tocsin.jurisdictions.areas import AreasTooFew, Place, PlacesMalformed, merge, read_places
from tocsin.jurisdictions.load import SHIPPED

FLOOR = 2_000
SAMPLE = SHIPPED / "minneapolis-sample" / "places.csv"


def tables_of(residents: st.SearchStrategy[int | None]) -> st.SearchStrategy[list[Place]]:
    name = st.text(st.characters(codec="utf-8", categories=["L"]), min_size=1, max_size=8)
    place = st.builds(Place, name, st.floats(44.8, 45.1), st.floats(-93.4, -93.1), residents)
    return st.lists(place, min_size=1, max_size=25, unique_by=lambda row: row.name)


tables = tables_of(st.none() | st.integers(0, 9_000))


@given(tables)
def test_every_area_holds_the_floor_and_every_place_is_in_one(places: list[Place]) -> None:
    counted = sum(row.residents or 0 for row in places)
    if counted < FLOOR:
        with pytest.raises(AreasTooFew):
            merge(places)
        return
    areas = merge(places)
    assert all(area.residents >= FLOOR for area in areas)
    assert sorted(name for area in areas for name in area.places) == sorted(row.name for row in places)
    assert sum(area.residents for area in areas) == counted


@given(tables.filter(lambda rows: sum(row.residents or 0 for row in rows) >= FLOOR), st.integers())
def test_order_of_the_table_does_not_matter(places: list[Place], seed: int) -> None:
    shuffled = random.Random(seed).sample(places, len(places))
    assert merge(shuffled) == merge(places)


@given(tables_of(st.integers(FLOOR, 9_000)))
def test_large_places_stay_alone(places: list[Place]) -> None:
    assert [area.places for area in merge(places)] == [(row.name,) for row in sorted(places, key=lambda row: row.name)]


def test_uncounted_place_joins_its_nearest_neighbour() -> None:
    near = Place("Near", 45.0, -93.0, 2_500)
    far = Place("Far", 45.5, -93.0, 9_000)
    nobody_counted = Place("Docks", 45.01, -93.0, None)
    assert [area.places for area in merge([far, near, nobody_counted])] == [("Docks", "Near"), ("Far",)]


def test_two_small_ones_join_before_they_reach_for_a_third() -> None:
    rows = [Place("A", 45.0, -93.0, 1_100), Place("B", 45.001, -93.0, 1_200), Place("C", 45.1, -93.0, 5_000)]
    assert [area.residents for area in merge(rows)] == [2_300, 5_000]


def test_a_name_twice_is_refused() -> None:
    with pytest.raises(PlacesMalformed):
        merge([Place("A", 45.0, -93.0, 3_000), Place("A", 45.1, -93.0, 3_000)])


def test_the_sample_city_merges_to_71_areas() -> None:
    areas = merge(read_places(SAMPLE))
    assert len(areas) == 71
    assert min(area.residents for area in areas) == 2_139
    assert len({area.id for area in areas}) == len(areas)
    [with_near_north] = [area for area in areas if "Near North" in area.places]
    assert with_near_north.places == ("Near North", "North Loop", "Sumner-Glenwood")
