"""A steward tries a table of places: what comes of it is drawn, what is wrong is said, nothing is kept."""

from tocsin.jurisdictions.load import SHIPPED, load
from tocsin.jurisdictions.shapes import shapes
from tocsin.office.try_areas import MOST_PLACES, try_areas

FLOOR = 2_000
HEAD = "name,lat,lon,residents\n"
NORTH, SOUTH, UNCOUNTED = "North,45.02,-93.2,5000\n", "South,45.0,-93.2,1999\n", "Bridge,45.01,-93.2,\n"


def test_the_packs_own_table_gives_the_packs_own_areas() -> None:
    pack = load("minneapolis-sample")
    tried = try_areas((SHIPPED / "minneapolis-sample" / "places.csv").read_text(), pack.area_floor)
    assert list(tried.areas) == list(pack.areas)
    assert (tried.places, tried.fault) == (85, "")
    assert set(shapes(tried.areas).paths) == {area.id for area in tried.areas}


def test_what_is_too_small_or_uncounted_joins_its_neighbour() -> None:
    tried = try_areas(HEAD + NORTH + SOUTH + UNCOUNTED, FLOOR)
    assert [(area.name, area.residents) for area in tried.areas] == [("Bridge, North, South", 6999)]


def test_what_is_wrong_is_said_and_where() -> None:
    for table, fault, line in [
        (HEAD + NORTH + "South,45.0\n", "areas.no_line", 3),
        (HEAD + "South,north,-93.2,5\n", "areas.no_line", 2),
        (HEAD + "South,nan,-93.2,5\n", "areas.no_line", 2),
        (HEAD + "South,45,181,5\n", "areas.no_line", 2),
        (HEAD + "South,45,1,-5\n", "areas.no_line", 2),
        (HEAD + "South,45,1,many\n", "areas.no_line", 2),
        (HEAD + " ,45,1,5\n", "areas.no_line", 2),
        (HEAD + NORTH + NORTH, "areas.no_twice", 0),
        (HEAD + SOUTH + UNCOUNTED, "areas.no_few", 0),
        (HEAD, "areas.no_few", 0),
        ("", "areas.no_few", 0),
        (HEAD + "".join(f"P{n},45,{n / 1000},5000\n" for n in range(MOST_PLACES + 1)), "areas.no_many", 0),
    ]:
        tried = try_areas(table, FLOOR)
        assert (tried.areas, tried.fault, tried.line) == ((), fault, line), table[:60]
