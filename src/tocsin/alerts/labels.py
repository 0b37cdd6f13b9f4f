"""Names on the map: inside the picture, and none over another. Pure."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tocsin.jurisdictions.shapes import WIDTH, Point

LETTER, LINE = 13.5, 25.0
"""Of a bold letter and a line of 22 px (`.areas text`), on the map's own scale."""
TRIES = 12


class Label(NamedTuple):
    """Where a name stands: its middle, its base line."""

    text: str
    x: float
    y: float


def placed(names: Mapping[str, Point]) -> list[Label]:
    """Each name as near to its point as there is room: moved in from the edge, then down or up by whole lines."""
    found: list[Label] = []
    for text, (x, y) in sorted(names.items(), key=lambda one: (one[1][1], one[0])):
        half = _half(text)
        inside = min(max(x, half), WIDTH - half) if 2 * half < WIDTH else WIDTH / 2
        free = (one for one in _lines(y) if not any(_meets(Label(text, inside, one), other) for other in found))
        found.append(Label(text, round(inside, 1), round(next(free, y), 1)))
    return found


def _lines(y: float) -> Iterator[float]:
    """Lines around a height, nearest first, none above the picture."""
    steps = [sign * step * LINE for step in range(TRIES) for sign in (1, -1)]
    return (y + step for step in steps if y + step >= LINE)


def _meets(one: Label, other: Label) -> bool:
    return abs(one.y - other.y) < LINE and abs(one.x - other.x) < _half(one.text) + _half(other.text)


def _half(text: str) -> float:
    return len(text) * LETTER / 2
