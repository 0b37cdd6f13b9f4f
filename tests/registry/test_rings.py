"""Outlines as they are drawn: nothing that a screen shows is lost, and nothing is worked out again for each page."""

import gzip
import json
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.registry import make_outlines
from tests.registry.make_outlines import OFF, off, thinned
from tests.registry.test_map import COMMUNES, told
from tocsin.registry import mapping, outline
from tocsin.registry.mapping import EDGE, HEIGHT, LEVELS, NEAREST, WIDTH, View, shapes
from tocsin.registry.rings import DEEP, WORLD, Bounds, Box, Corners, Point, ring_of

places = st.tuples(st.integers(-3000, 3000), st.integers(-3000, 3000))
lines = st.lists(places, min_size=2, max_size=60)


@given(lines)
@settings(deadline=None)
def test_a_thinned_line_is_nowhere_off_by_more_than_half_a_unit(line: list[Point]) -> None:
    ranks = thinned(line)
    assert ranks[0] == ranks[-1] == 0
    for zoom in range(1, NEAREST + 1):
        kept = [at for at, since in enumerate(ranks) if since <= zoom]
        for begin, end in pairwise(kept):
            for at in range(begin + 1, end):
                assert off(line[at], line[begin], line[end]) <= OFF * 2 ** (DEEP - zoom)


def test_the_file_is_what_its_sources_make() -> None:
    shipped = msgspec.msgpack.decode(gzip.decompress((outline.FILES / outline.SHIPPED).read_bytes()))
    assert shipped == msgspec.msgpack.decode(msgspec.msgpack.encode(make_outlines.made()))


BORDERS = {("France", "Germany"): (8.0, 48.9), ("Spain", "Portugal"): (-7.0, 39.7), ("Russia", "Finland"): (29.5, 63.0)}


@pytest.mark.parametrize("zoom", [3, 5, 8])
@pytest.mark.parametrize("both", BORDERS)
def test_neighbours_draw_their_border_with_the_same_corners(both: tuple[str, str], zoom: int) -> None:
    """Thinned each for itself, they would leave gaps between them."""
    countries = {one.name: one for one in outline.shipped()["country"]}
    seen = View.bounded(*BORDERS[both], zoom).bounds
    here, there = ({at for ring in countries[name].rings.at(zoom, seen) for at in ring.corners} for name in both)
    assert len(here & there) >= {3: 4, 5: 15, 8: 40}[zoom]


def test_a_map_of_the_world_is_a_sixth_of_what_it_was_and_worked_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """386 kB of paths before corners were left out that no screen shows."""
    view = View.bounded(0, 30, 1)
    seen = outline.shipped()["country"]
    first = shapes(view, seen, {})
    assert sum(len(shape.path) for shape in first) < 70_000
    monkeypatch.setattr(mapping, "ring_of", lambda _: pytest.fail("a ring of the world was cut"))
    monkeypatch.setattr("tocsin.registry.rings.ring_of", lambda _: pytest.fail("a ring was worked out anew"))
    assert [shape.path for shape in shapes(view, seen, {})] == [shape.path for shape in first]
    moved = shapes(View.bounded(2, 31, 1), [shape.outline for shape in first], {})
    assert len(moved) > 150


@pytest.mark.parametrize("zoom", range(1, NEAREST + 1))
@pytest.mark.parametrize("middle", [(-93.3, 45.0), (2.35, 48.85), (178.0, 66.0), (-149.9, 61.2)])
def test_what_is_drawn_lies_in_or_near_the_picture_and_is_no_long_text(middle: tuple[float, float], zoom: int) -> None:
    levels = [one for level, ones in outline.shipped().items() if LEVELS[level][0] <= zoom for one in ones]
    drawn = shapes(View.bounded(*middle, zoom), levels, {})
    assert drawn
    assert sum(len(shape.path) for shape in drawn) < 120_000
    for shape in drawn:
        for ring in told(shape.path):
            assert all(-WIDTH - EDGE <= x <= 2 * WIDTH + EDGE for x, _ in ring)
            assert all(-HEIGHT - EDGE <= y <= 2 * HEIGHT + EDGE for _, y in ring)


def inside(corners: list[Point], x: float, y: float) -> bool:
    """By the even-odd rule."""
    crossed = False
    for (ax, ay), (bx, by) in zip(corners, [*corners[1:], *corners[:1]], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            crossed = not crossed
    return crossed


@given(st.lists(places, min_size=3, max_size=20, unique=True), st.lists(places, min_size=20, max_size=20))
@settings(deadline=None)
def test_a_ring_that_is_cut_covers_in_its_box_what_it_covered(corners: list[Point], looked_at: list[Point]) -> None:
    box = Bounds(-500, -400, 500, 400)
    cut = list(mapping._cut(corners, box))
    for x, y in looked_at:
        at = (x / 6.1 + 0.317, y / 7.7 + 0.213)
        edges = list(zip(corners, [*corners[1:], corners[0]], strict=True))
        if min(off_(at, *edge) for edge in edges) > 2:
            assert inside(cut, *at) == inside(corners, *at)


def off_(at: tuple[float, float], begin: Point, end: Point) -> float:
    scaled = round(at[0] * 1000), round(at[1] * 1000)
    return off(scaled, *((x * 1000, y * 1000) for x, y in (begin, end))) / 1000


def test_an_operators_areas_are_drawn_where_they_are() -> None:
    (area, *_) = outline.areas_of(json.dumps(COMMUNES).encode(), "code", "nom")
    rings = Corners(area.rings)
    assert rings.main == Box(5.2, 43.2, 5.5, 43.4)
    view = View.bounded(5.35, 43.3, 9)
    (ring,) = rings.at(9, view.bounds)
    assert [(x - view.bounds.left - EDGE, y - view.bounds.top - EDGE) for x, y in ring.corners] == [
        pytest.approx(view.place(*place), abs=1) for place in ((5.2, 43.2), (5.5, 43.2), (5.5, 43.4), (5.2, 43.4))
    ]


@pytest.mark.parametrize(
    "line", [[], [(1, 1)], [(1, 1), (1, 1)], [(0, 0), (5, 5), (0, 0)], [(0, 0), (1, 0), (0, 0), (1, 0)]]
)
def test_what_encloses_nothing_is_not_drawn(line: list[Point]) -> None:
    assert not list(ring_of(line))


def test_a_ring_says_its_first_corner_once() -> None:
    (ring,) = ring_of([(WORLD, 5), (WORLD, 5), (WORLD - 3, 9), (WORLD + 2, 9), (WORLD, 5)])
    assert (ring.corners, ring.steps) == ([(WORLD, 5), (WORLD - 3, 9), (WORLD + 2, 9)], "l-3 4 5 0")
    assert ring.bounds == (WORLD - 3, 5, WORLD + 2, 9)


def test_an_island_a_unit_long_is_drawn() -> None:
    """Mayotte and Réunion are France's, and what is French is counted there."""
    france = next(one for one in outline.shipped()["country"] if one.name == "France")
    view = View.bounded(0, 30, 1)
    for longitude, latitude in ((45.15, -12.8), (55.5, -21.1), (-61.5, 16.2), (9.1, 42.1)):
        x, y = view.place(longitude, latitude)
        (shape,) = shapes(view, [france], {})
        assert any(abs(at_x - x) < 3 and abs(at_y - y) < 3 for ring in told(shape.path) for at_x, at_y in ring)
