"""The map is made of the operator's table alone, and shows areas, never a point."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from tocsin.jurisdictions.load import load
from tocsin.jurisdictions.model import Area
from tocsin.jurisdictions.shapes import WIDTH, shapes

PACK = load("minneapolis-sample")


def corners(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+) (-?[\d.]+)", path)]


def inside(point: tuple[float, float], polygon: list[tuple[float, float]]) -> bool:
    """Whether a convex polygon holds a point."""
    signs = set()
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        signs.add((bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax) > 0)
    return len(signs) == 1


def test_every_area_of_the_sample_city_has_a_shape_within_the_picture() -> None:
    drawn = shapes(PACK.areas)
    assert set(drawn.paths) == {area.id for area in PACK.areas}
    for path in drawn.paths.values():
        assert all(-1 <= x <= WIDTH + 1 and -1 <= y <= drawn.height + 1 for x, y in corners(path))


def test_a_shape_holds_its_own_places_and_no_other() -> None:
    drawn = shapes(PACK.areas)
    middles = list(drawn.middles.values())
    for area in PACK.areas:
        cells = [corners(cell + "z") for cell in drawn.paths[area.id].split("z") if cell]
        held = [middle for middle in middles if any(inside(middle, cell) for cell in cells)]
        assert held == [drawn.middles[area.id]]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.integers(-300, 300), st.integers(-300, 300)), min_size=1, max_size=12, unique=True))
def test_any_table_can_be_drawn(points: list[tuple[int, int]]) -> None:
    areas = [
        Area(f"a{n}", f"A{n}", 2000, (f"A{n}",), 0, 0, ((44 + lat / 1000, -93 + lon / 1000),))
        for n, (lat, lon) in enumerate(points)
    ]
    assert len(shapes(areas).paths) == len(points)


def test_without_a_table_there_is_no_map() -> None:
    assert shapes([]).paths == {}
