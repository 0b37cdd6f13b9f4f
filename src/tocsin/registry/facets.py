"""What an entity can be filtered by, packed: a search counts ten thousand of them in the time it takes to read them.

A choice is one value of one facet («vendor: Palantir»), with a number. An entity has its choices in one cell, four bytes each,
little-endian: the facet's place in `FACETS` in the upper four bits, the choice's number in the rest.
"""

import sys
from array import array
from collections.abc import Iterable, Mapping
from heapq import nlargest
from typing import cast

from PIL import Image
from sqlalchemy import Connection

from tocsin.registry.bulk import found_by, pieces, put
from tocsin.registry.tables import choice, chosen
from tocsin.store.plain import ask

FACETS = ("technology", "buyer", "vendor", "place", "year", "kind")
TOLD = ("buyer", "vendor", "year")
"""What one line about an entity says of it."""
SHOWN = 40
"""Values of one facet that are told, those with the most results; of years all."""
_BITS = 28
_MOST = (1 << _BITS) - 1

Choice = tuple[str, str]
"""A facet and its value."""


def packed(codes: Iterable[int]) -> bytes:
    cells = array("I", sorted(codes))
    if sys.byteorder == "big":
        cells.byteswap()
    return cells.tobytes()


def unpacked(cells: bytes) -> "array[int]":
    codes = array("I")
    codes.frombytes(cells)
    if sys.byteorder == "big":
        codes.byteswap()
    return codes


def code_of(name: str, number: int) -> int:
    return FACETS.index(name) << _BITS | number


def codes_of(connection: Connection, choices: Iterable[Choice], *, is_new: bool = False) -> dict[Choice, int]:
    """The code of each choice; with `is_new` those that are not known yet are made."""
    wanted = set(choices)
    known: dict[Choice, int] = {}
    for name in {one[0] for one in wanted}:
        values = [value for facet_name, value in wanted if facet_name == name]
        for some in pieces(values):
            rows = ask(connection, _CODES, name, list(some))
            known |= {(name, value): code_of(name, number) for value, number in rows}
    missing = sorted(wanted - known.keys())
    if missing and is_new:
        put(connection, choice, ("facet", "value"), missing, "ON CONFLICT DO NOTHING")
        known |= codes_of(connection, missing)
    return known


_CODES = "SELECT value, number FROM registry_choice WHERE facet = ? AND value IN ?"


def add(connection: Connection, wanted: Mapping[int, Iterable[int]]) -> None:
    """Give entities, by number, these codes beside those that they have."""
    if not wanted:
        return
    before = dict(found_by(connection, chosen.c.number, wanted, chosen.c.choices))
    rows = []
    for number, codes in wanted.items():
        have = before.get(number, b"")
        cells = packed({*unpacked(have), *codes})
        if cells != have:
            rows.append((number, cells))
    put(
        connection, chosen, ("number", "choices"), rows, "ON CONFLICT (number) DO UPDATE SET choices = excluded.choices"
    )


def cells_of(connection: Connection, numbers: Iterable[int]) -> dict[int, "array[int]"]:
    """The codes of entities."""
    return {
        number: unpacked(cells) for number, cells in found_by(connection, chosen.c.number, numbers, chosen.c.choices)
    }


def choices_of(connection: Connection, numbers: Iterable[int]) -> dict[int, list[Choice]]:
    """The choices of entities, in the order of `FACETS` and then of the alphabet."""
    cells = cells_of(connection, numbers)
    told = values_of(connection, {code for codes in cells.values() for code in codes})
    return {
        number: sorted((told[code] for code in codes if code in told), key=lambda one: (FACETS.index(one[0]), one[1]))
        for number, codes in cells.items()
    }


def values_of(connection: Connection, codes: Iterable[int]) -> dict[int, Choice]:
    by_number = {code & _MOST: code for code in codes}
    rows = found_by(connection, choice.c.number, by_number, choice.c.value)
    return {by_number[number]: (FACETS[by_number[number] >> _BITS], value) for number, value in rows}


def counted(connection: Connection, cells: bytes) -> dict[str, list[tuple[str, int]]]:
    """How many have which value of which facet, of all their cells one after the other.

    The `SHOWN` most frequent, most first; years newest first.
    """
    by_facet: dict[int, list[tuple[int, int]]] = {at: [] for at in range(len(FACETS))}
    for count, code in counts_of(cells):
        by_facet[code >> _BITS].append((count, code))
    shown = {at: found if FACETS[at] == "year" else nlargest(SHOWN, found) for at, found in by_facet.items()}
    told = values_of(connection, [code for found in shown.values() for _, code in found])
    made = {
        FACETS[at]: sorted(((told[code][1], count) for count, code in found), key=lambda one: (-one[1], one[0]))
        for at, found in shown.items()
    }
    return made | {"year": sorted(made["year"], reverse=True)}


def counts_of(cells: bytes) -> list[tuple[int, int]]:
    """How often each code occurs among these, with the code; in no order.

    A picture whose pixels are the codes, and how many it has of each colour: Pillow counts those without making a number of each,
    which takes ten times as long for the twenty-five thousand of a search.
    """
    if not cells:
        return []
    codes = unpacked(cells)
    found = Image.frombytes("I", (len(codes), 1), codes.tobytes()).getcolors(len(codes))
    return cast("list[tuple[int, int]]", found)
