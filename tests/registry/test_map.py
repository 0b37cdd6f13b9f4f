"""The map: what is on the list is on the picture, near points are one, outlines are found by what acts call a place."""

import json
import re
from collections.abc import Callable
from functools import partial
from itertools import accumulate, pairwise, product

import pytest

from tests.web.sample import page_config, small_build
from tocsin.registry import mapping, outline, search
from tocsin.registry.map_page import look, map_page, view_of
from tocsin.registry.mapping import HEIGHT, WIDTH, View, shapes
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.outline import OutlinesNotUnderstood
from tocsin.registry.record import record
from tocsin.registry.rings import WORLD, Bounds
from tocsin.registry.room import Registry
from tocsin.web import i18n

LANGUAGES = i18n.load()
COMMUNES = {
    "type": "FeatureCollection",
    "features": [
        {"type": "Feature", "properties": {"code": "13055", "nom": "Marseille"}, "geometry": {
            "type": "Polygon", "coordinates": [[[5.2, 43.2], [5.5, 43.2], [5.5, 43.4], [5.2, 43.4], [5.2, 43.2]]]}},
        {"type": "Feature", "properties": {"code": "13002", "nom": "Allauch"}, "geometry": {
            "type": "MultiPolygon", "coordinates": [[[[5.5, 43.3], [5.6, 43.3], [5.6, 43.4], [5.5, 43.3]]]]}},
    ],
}  # fmt: skip


def cameras(many: int) -> list[Row]:
    """Readers in two knots, and one far away."""
    rows = []
    for at in range(many):
        where = (44.97 + at % 2 / 100, -93.26 + at // 2 % 2) if at else (48.85, 2.35)
        claims = [
            Claim("title", f"Camera {at}"),
            Claim("latitude", f"{where[0]:.2f}"),
            Claim("longitude", f"{where[1]:.2f}"),
        ]
        facets = {"place": ["Hennepin County, MN" if at else "13055"], "technology": ["plate reading"]}
        rows.append(Row(at, [Draft(f"cam-{at}", "Deployment", claims, facets)], Source("https://osm.example", "map")))
    return rows


@pytest.fixture
def registry(copied: Callable[[str], Registry]) -> Registry:
    made = copied("map")
    made.database.write_now(lambda c: record(c, cameras(30), "osm", 1))
    return made


@pytest.mark.parametrize(
    "view", [None, {"lon": "-93", "lat": "45", "zoom": "6"}, {"lon": "2", "lat": "47", "zoom": "4"}]
)
def test_list_and_picture_show_the_same_and_every_point_once(registry: Registry, view: dict[str, str] | None) -> None:
    asked = search.asked_of("camera", {})
    config, here = page_config(small_build()), view_of(view) if view else None
    seen = registry.database.read_now(lambda c: look(c, asked, here))
    page = registry.database.read_now(map_page(config, LANGUAGES["fr"], "camera", asked, here)).decode()
    ids = [one for spot in seen.spots for one in spot.ids]
    assert len(ids) == len(set(ids))
    assert len(ids) + seen.away == 30
    listed, drawn = page.split('<svg class="map"', 1)
    assert drawn.count("<circle") == len(seen.spots) == listed.count('<li><a href="/fr/registry/entity/cam-')
    assert sum(map(int, re.findall(r'class="count"[^>]*>(\d+)<', drawn))) == len(ids)
    assert LANGUAGES["fr"].count("registry.map_points", len(ids)) in listed
    for place, many in seen.areas.items():
        assert f"{place}" in listed
        assert many > 0
    named = [shape for shape in seen.shapes if shape.count]
    assert {shape.outline.name for shape in named} <= {"Hennepin", "Marseille"}
    assert "http" not in re.sub(r'http://www.w3.org/2000/svg|https?://node[^"]*', "", drawn.split("</svg>")[0])
    assert "<script" not in page


@pytest.mark.parametrize(
    ("code", "names"),
    [("en", ("United States", "Germany")), ("fr", ("États-Unis", "Allemagne")), ("es", ("Estados Unidos", "Alemania"))],
)
def test_countries_are_called_in_the_readers_language(registry: Registry, code: str, names: tuple[str, str]) -> None:
    rows = [
        Row(
            at,
            [Draft(f"in-{place}", "Deployment", [Claim("title", "Balloon")], {"place": [place]})],
            Source("https://a.example", "map"),
        )
        for at, place in enumerate(("US-federal", "DE", "US-MN"))
    ]
    registry.database.write_now(lambda c: record(c, rows, "balloons", 1))
    asked = search.asked_of("balloon", {})
    page = registry.database.read_now(
        map_page(page_config(small_build()), LANGUAGES[code], "balloon", asked, None)
    ).decode()
    listed, drawn = page.split('<svg class="map"', 1)
    for place, name in zip(("US-federal", "DE"), names, strict=True):
        assert f"{place} ({name})" in listed
        assert f">{name}{LANGUAGES[code].say('page.colon')} 1</text>" in drawn
    assert ">Minnesota" in drawn


def test_every_country_that_has_a_number_has_a_name_in_every_language() -> None:
    numbered = [one for one in outline.shipped()["country"] if one.code]
    assert len(numbered) > 230
    for language in LANGUAGES.values():
        assert not [one.name for one in numbered if language.country(one.code).isdecimal()]
    assert [LANGUAGES["fr"].country(code) for code in ("840", "us", "Atlantis", "000")] == [
        "États-Unis",
        "États-Unis",
        "Atlantis",
        "000",
    ]


def test_circles_never_overlap_and_stay_on_the_picture(registry: Registry) -> None:
    for zoom in range(1, 12):
        seen = registry.database.read_now(partial(look, asked=search.Asked(), view=View.bounded(-92.8, 45, zoom)))
        spots = seen.spots
        assert all(0 <= one.x <= WIDTH and 0 <= one.y <= HEIGHT for one in spots)
        for at, one in enumerate(spots):
            assert all(max(abs(one.x - other.x), abs(one.y - other.y)) >= 56 for other in spots[at + 1 :])


def test_an_operators_outlines_are_drawn_and_found_by_code_and_name(registry: Registry) -> None:
    raw = json.dumps(COMMUNES).encode()
    for _ in range(2):
        assert registry.database.write_now(lambda c: outline.take_in(c, raw, "code", "nom")) == 2
    found = registry.database.read_now(lambda c: outline.found(c, ["13055", "allauch", "FR", "US-MN", "Atlantis"]))
    assert {place: one.name for place, one in found.items()} == {
        "13055": "Marseille", "allauch": "Allauch", "FR": "France", "US-MN": "Minnesota",
    }  # fmt: skip
    seen = registry.database.read_now(lambda c: look(c, search.asked_of("camera", {}), View.bounded(5.4, 43.3, 8)))
    assert {"Marseille", "Allauch"} <= {shape.outline.name for shape in seen.shapes}
    assert [shape.count for shape in seen.shapes if shape.outline.name == "Marseille"] == [1]


POINT = b'{"features":[{"properties":{"code":1,"nom":"x"},"geometry":{"type":"Point","coordinates":[1,2]}}]}'


@pytest.mark.parametrize(
    "raw",
    [b"", b"[]", b'{"features":[{}]}', POINT,
     b'{"features":[{"properties":{"code":1,"nom":"x"},"geometry":{"type":"Polygon","coordinates":[[[1e300,2],[1,2],[1,2],[1,2]]]}}]}',
     b'{"features":[{"properties":{"code":1,"nom":"x"},"geometry":{"type":"Polygon","coordinates":[]}}]}'],
)  # fmt: skip
def test_what_is_no_file_of_areas_is_refused(registry: Registry, raw: bytes) -> None:
    with pytest.raises(OutlinesNotUnderstood):
        registry.database.write_now(lambda c: outline.take_in(c, raw, "code", "nom"))


def test_a_file_that_is_nearly_right_is_told_what_is_wrong() -> None:
    raw = json.dumps(COMMUNES).encode()
    for code, name in (("insee", "nom"), ("code", "name")):
        with pytest.raises(outline.OutlinesUnnamed):
            outline.areas_of(raw, code, name)
    corners = {
        "lambert 93": [[892000, 6247000], [892900, 6247000], [892900, 6247900]],
        "latitude first": [[43, 95], [44, 95], [44, 96]],
    }
    for called, points in corners.items():
        shape = {"type": "Polygon", "coordinates": [[*points, points[0]]]}
        one = {"type": "Feature", "properties": {"code": "1", "nom": called}, "geometry": shape}
        with pytest.raises(outline.OutlinesNotDegrees):
            outline.areas_of(json.dumps({"type": "FeatureCollection", "features": [one]}).encode(), "code", "nom")
    with pytest.raises(OutlinesNotUnderstood):
        outline.areas_of(b'{"type": "FeatureCollection", "features": []}', "code", "nom")


@pytest.mark.parametrize("bent", [{}, {"lon": "x", "lat": "1", "zoom": "2"}, {"lon": "nan", "lat": "1", "zoom": "2"},
                                  {"lon": "inf", "lat": "-inf", "zoom": "9"}, {"lon": "1", "lat": "90", "zoom": "99"}])  # fmt: skip
def test_a_strange_view_is_answered(registry: Registry, bent: dict[str, str]) -> None:
    given = {"lon": "", "lat": "", "zoom": ""} | bent
    page = map_page(page_config(small_build()), LANGUAGES["en"], "", search.Asked(), view_of(given))
    assert b'<svg class="map"' in registry.database.read_now(page)


def test_a_place_comes_back_from_the_picture() -> None:
    view = View.bounded(-93.2, 45.1, 9)
    x, y = view.place(-93.2, 45.1)
    assert (round(x), round(y)) == (WIDTH // 2, HEIGHT // 2)
    east = view.moved(0.5, 0)
    assert east.longitude > view.longitude
    assert view.moved(0, -0.5).latitude > view.latitude
    assert view.moved(0, 0, 99).zoom == mapping.NEAREST


def test_a_country_that_crosses_the_180th_meridian_has_no_line_across_the_world() -> None:
    russia, america, france = (
        next(one for one in outline.shipped()["country"] if one.name == name)
        for name in ("Russia", "United States of America", "France")
    )
    everything = Bounds(-WORLD << 6, -WORLD << 6, WORLD << 7, WORLD << 7)
    for one, zoom in product((russia, america), (1, 6)):
        drawn = one.rings.at(zoom, everything)
        assert (
            max(abs(x - to_x) for ring in drawn for (x, _), (to_x, _) in pairwise(ring.corners)) < (WORLD << zoom) / 2
        )
    assert -130 < america.main.west < -120 < -70 < america.main.east < -60
    assert -6 < france.main.west < france.main.east < 10
    far_east = View.bounded(-175, 66, 4)
    (shape,) = shapes(far_east, [russia], {})
    assert any(0 <= x <= WIDTH and 0 <= y <= HEIGHT for ring in told(shape.path) for x, y in ring)


def told(path: str) -> list[list[tuple[int, int]]]:
    """The corners of a path, ring by ring, as SVG reads it."""
    rings = []
    for ring in path.split("z")[:-1]:
        numbers = [int(one) for one in re.findall(r"-?\d+", ring)]
        assert re.fullmatch(r"M-?\d+ -?\d+l-?\d+(?:(?: |(?=-))-?\d+)*", ring)
        rings.append(list(zip(accumulate(numbers[0::2]), accumulate(numbers[1::2]), strict=True)))
    return rings


def test_what_is_named_is_in_sight_at_first(registry: Registry) -> None:
    drawn = registry.database.read_now(lambda c: outline.found(c, ["US-federal", "US-MN", "FR"]))
    boxes = [one.main for one in drawn.values()]
    view = View.around(boxes)
    for box in boxes:
        for corner in ((box.west, box.south), (box.east, box.north)):
            x, y = view.place(*corner)
            assert 0 <= x <= WIDTH
            assert 0 <= y <= HEIGHT
