"""From what a person picks to the area that may be published: pure, the same for everybody, before anything is sent or kept (rule 3).

An area is one of the operator's table as the jurisdiction pack merged it (`docs/areas.md`): at least 2,000 residents, and in none is
one sensitive site the most. It is snapped to, never blurred: what is drawn anew each time can be averaged away.
"""

from collections.abc import Iterable, Mapping

from tocsin.alerts.refusals import AreaUnknown, TableAbsent
from tocsin.jurisdictions.model import AREA_FLOOR, Area


def table(areas: Iterable[Area], floor: int = AREA_FLOOR) -> Mapping[str, Area]:
    """Areas by id and by the name of each place in them. Raises `TableAbsent` for none, or where one is below the floor."""
    known = tuple(areas)
    if not known or any(area.residents < max(floor, AREA_FLOOR) for area in known):
        raise TableAbsent
    by_place = {place: area for area in known for place in area.places}
    return {**by_place, **{area.id: area for area in known}}


def coarsen(known: Mapping[str, Area], picked: str) -> str:
    """The id of the area that a picked place or area lies in. Raises `AreaUnknown`."""
    found = known.get(picked)
    if found is None:
        raise AreaUnknown
    return found.id


def step(unix_s: int, seconds: int) -> int:
    """A time in whole steps, the earlier one: nothing is kept or published finer."""
    return unix_s // seconds * seconds
