"""A note with a name, number, address or plate is refused on the way in: measured on 2,000 labelled strings in five languages (B7).

`labelled_notes.csv`: names, numbers, addresses and links from Faker's lists for the US, Mexico and France and from lists of Somali and
Hmong names, set into sentences, a part of them in small letters, with figures for letters, look-alike letters or characters that show
nothing; ordinary notes, and sentences of this program's own pages, beside them. It was drawn after
the word lists were done, which had been tried on another draw; three Hmong words were added to the ordinary ones since.
"""

import csv
from collections import Counter
from pathlib import Path

import pytest

from tests.alerts.world import City
from tocsin.alerts import queries
from tocsin.alerts.screen import is_refused
from tocsin.crypto import envelope

LABELLED = Path(__file__).parent / "labelled_notes.csv"
RECALL, FALSE_REFUSALS = 0.98, 0.05


def rates(language: str = "") -> tuple[float, float]:
    """Share of what is to be refused that is, and share of ordinary notes that are refused too."""
    asked: Counter[str] = Counter()
    refused: Counter[str] = Counter()
    with LABELLED.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if language in {"", row["language"]}:
                asked[row["label"]] += 1
                refused[row["label"]] += is_refused(row["text"])
    return refused["refuse"] / asked["refuse"], refused["take"] / asked["take"]


def test_names_numbers_addresses_and_plates_are_refused_and_ordinary_notes_are_not() -> None:
    recall, false = rates()
    assert recall >= RECALL
    assert false <= FALSE_REFUSALS


@pytest.mark.parametrize("language", ["en", "es", "fr", "so", "hmn"])
def test_no_language_is_far_worse_than_the_others(language: str) -> None:
    recall, false = rates(language)
    assert recall >= RECALL - 0.03
    assert false <= FALSE_REFUSALS + 0.03


@pytest.mark.parametrize(
    "text",
    [
        "J\u200bu\u200ban P\u200berez", "Ju\u0430n P\u0435rez", "J u a n Perez", "Ju4n P3r3z",
        "6 1 2 5 5 5 0 1 9 9", "six one two five five five",
        "abc123", "AB-123-CD", "3012 bloomington ave", "12 bis rue des Lilas", "Calle Hidalgo 45", "apt 4",
        "juan at mail dot com", "@juanp",
    ],
)  # fmt: skip
def test_disguises_are_seen_through(text: str) -> None:
    assert is_refused(text)


@pytest.mark.parametrize(
    "text",
    ["", "Four of them, green vests", "Son cuatro", "14:30, 3 cars", "Ils sont quatre", "Afar nin", "Plaub leeg"],
)
def test_what_is_seen_may_be_said(text: str) -> None:
    assert not is_refused(text)


@pytest.mark.anyio
async def test_a_note_reaches_the_desk_sealed_and_a_refused_one_nothing(town: City) -> None:
    await town.refused("alerts_text_refused", town.file(text="ask for Juan Perez"))
    assert await town.database.read(queries.reports) == []
    matter_id = await town.matter(await town.file(text="Four of them, green vests"))
    [row] = await town.database.read(lambda c: queries.reports_of(c, matter_id))
    said = town.alerts.said(row)
    assert said is not None
    assert envelope.open_with(town.dispatcher, said.text).rstrip(b"\0") == b"Four of them, green vests"
    assert b"green vests" not in row.box + said.text
