"""Recovery words derive one identity and one locator, the same on every side."""

import json
from pathlib import Path

import pytest

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import envelope, words

VECTOR = Path(__file__).parents[2] / "vectors/words/derived.json"


def test_recovery_words_derive_what_the_vector_says() -> None:
    vector = json.loads(VECTOR.read_text())
    recovered = words.derive("  " + vector["words"].upper())
    assert recovered.identity == vector["identity"]
    assert recovered.locator.hex() == vector["locator"]
    assert envelope.recipient_of(recovered.identity) == vector["recipient"]


def test_words_are_read_off_a_numbered_sheet() -> None:
    """A list has numbers, a hand writes commas, a keyboard puts an accent or a hyphen."""
    first, *others = ["abandon", "orbit", "velvet", "ranch", "dilemma", "copper", "zebra"]
    for text in (
        "1. Ábandon, 2. " + " 3) ".join(others) + ".",
        "-".join([first, *others]),
        "\n".join([first, *others]),
    ):
        assert words.typed(text) == [first, *others]
    with pytest.raises(words.WordsWrong):
        words.derive("one-two-three")


def test_words_that_are_not_of_the_list_are_refused_in_words() -> None:
    with pytest.raises(words.WordsWrong):
        words.derive("one two three four five six notaword")


def test_drawn_words_are_of_the_list() -> None:
    drawn = words.draw(CountedClock(b"draw")).split()
    assert len(drawn) == 7
    assert set(drawn) <= set(words.word_list())
    assert len(set(words.word_list())) == 2048
