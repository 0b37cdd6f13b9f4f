"""What is picked becomes an area before anything is kept; the same for everybody; never a site by another name."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.alerts.coarsen import coarsen, table
from tocsin.alerts.refusals import AreaUnknown, TableAbsent
from tocsin.jurisdictions.areas import Place, PlacesMalformed, merge
from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.model import AREA_FLOOR, Area, Site

AREAS = load("minneapolis-sample").areas


def test_every_place_is_in_one_area_and_an_area_is_itself() -> None:
    known = table(AREAS)
    for area in AREAS:
        assert coarsen(known, area.id) == area.id
        assert {coarsen(known, place) for place in area.places} == {area.id}


def test_without_a_table_and_below_the_floor_there_is_nothing() -> None:
    small = Area("x", "X", AREA_FLOOR - 1, ("X",), 0, 0)
    for areas in ((), (small,), (*AREAS, small)):
        with pytest.raises(TableAbsent):
            table(areas)
        with pytest.raises(TableAbsent):
            table(areas, floor=1)


@given(st.text(max_size=40))
@settings(max_examples=50, deadline=None)
def test_what_is_not_on_the_list_is_no_place(picked: str) -> None:
    known = table(AREAS)
    if picked not in known:
        with pytest.raises(AreaUnknown):
            coarsen(known, picked)


places = st.lists(
    st.builds(
        Place,
        st.text("abcdefgh", min_size=1, max_size=4),
        st.floats(44, 45),
        st.floats(-94, -93),
        st.integers(0, 9_000),
    ),
    min_size=1,
    max_size=12,
    unique_by=lambda row: row.name,
)


@given(places, st.data())
@settings(max_examples=60, deadline=None)
def test_one_sensitive_site_is_never_most_of_an_area(rows: list[Place], drawn: st.DataObject) -> None:
    total = sum(row.residents or 0 for row in rows)
    sites = tuple(
        Site(row.name, drawn.draw(st.integers(0, row.residents or 0))) for row in rows if drawn.draw(st.booleans())
    )
    if total < AREA_FLOOR or any(2 * site.residents > total for site in sites):
        return
    areas = merge(rows, AREA_FLOOR, sites)
    assert areas == merge(list(reversed(rows)), AREA_FLOOR, tuple(reversed(sites)))
    for area in areas:
        assert area.residents >= AREA_FLOOR
        assert all(2 * site.residents <= area.residents for site in sites if site.place in area.places)


def test_a_site_of_a_place_that_is_not_there_is_refused() -> None:
    with pytest.raises(PlacesMalformed):
        merge([Place("A", 0, 0, 5_000)], AREA_FLOOR, (Site("B", 1),))
