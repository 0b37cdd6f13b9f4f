"""A language is complete or not offered: no missing, fuzzy or foreign sentence, no lost value, no sentence that nobody says."""

import re
import shutil
import string
from datetime import date
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

from tests.rules.tree import ROOT
from tocsin.web import i18n

LANGUAGES = i18n.load()
OTHERS = [code for code in LANGUAGES if code != i18n.REFERENCE]


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_sentence_is_missing_fuzzy_or_obsolete(code: str) -> None:
    assert {path.name for path in i18n.files(code)} == {path.name for path in i18n.files("en")}
    for path in i18n.files(code):
        with path.open("rb") as file:
            catalog = read_po(file, locale=code)
        assert not [each.id for each in catalog if each.id and (each.fuzzy or not all(forms(each.string)))]
        assert not catalog.obsolete
        assert catalog.num_plurals == 2


@pytest.mark.parametrize("code", OTHERS)
def test_every_language_has_exactly_the_english_keys_and_values(code: str) -> None:
    reference, language = LANGUAGES["en"], LANGUAGES[code]
    assert set(language.single) == set(reference.single)
    assert set(language.plural) == set(reference.plural)
    for key, text in language.single.items():
        assert values(text) == values(reference.single[key]), key
    for key, said in language.plural.items():
        assert all(values(text) == values(reference.plural[key]["other"]) for text in said.values()), key


def test_a_fuzzy_or_missing_sentence_stops_the_start(tmp_path: Path) -> None:
    for code in LANGUAGES:
        shutil.copytree(i18n.locales_folder() / code, tmp_path / code)
    path = tmp_path / "es" / "LC_MESSAGES" / "tocsin.po"
    path.write_text(path.read_text().replace('msgid "first.record"', '#, fuzzy\nmsgid "first.record"'))
    with pytest.raises(i18n.LocaleIncomplete):
        i18n.load(tmp_path)
    path.write_text(re.sub(r'#, fuzzy\nmsgid "first\.record"\nmsgstr "[^"]*"\n', "", path.read_text()))
    with pytest.raises(i18n.LocaleIncomplete):
        i18n.load(tmp_path)


def test_a_sentence_that_stands_in_two_files_stops_the_start(tmp_path: Path) -> None:
    for code in LANGUAGES:
        shutil.copytree(i18n.locales_folder() / code, tmp_path / code)
    folder = tmp_path / "fr" / "LC_MESSAGES"
    shutil.copy(folder / "tocsin.po", folder / "zz.po")
    with pytest.raises(i18n.LocaleIncomplete):
        i18n.load(tmp_path)


def test_every_sentence_is_said_somewhere() -> None:
    """A sentence without a screen is a promise without a place. Keys made of parts count by their beginning."""
    written = "".join(
        path.read_text()
        for folder in ("src/tocsin", "client/src")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".html", ".py", ".ts"}
    )
    starts = set(re.findall(r"[`\"]([a-z]+\.[a-z_0-9]*)(?:\$\{|%d|\" ~|_?\" ~)", written))
    keys = [*LANGUAGES["en"].single, *LANGUAGES["en"].plural]
    unsaid = [key for key in keys if f'"{key}"' not in written and not any(key.startswith(start) for start in starts)]
    assert not unsaid


def test_numbers_days_and_counts_are_the_languages_own() -> None:
    day = date(2026, 11, 21)
    assert [LANGUAGES[code].date(day) for code in ("en", "es", "fr")] == [
        "November 21, 2026",
        "21 de noviembre de 2026",
        "21 novembre 2026",
    ]
    french = LANGUAGES["fr"]
    assert french.count("status.only_here", 0) == "0 seconde seulement sur ce téléphone"
    assert french.count("status.only_here", 2) == "2 secondes seulement sur ce téléphone"
    assert LANGUAGES["en"].count("status.only_here", 0) == "0 seconds only on this phone"
    assert LANGUAGES["es"].number(12345) == "12.345"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("es", "es"),
        ("es-419,es;q=0.9", "es"),
        ("so, hmn;q=0.9", "en"),
        ("fr;q=0.3, es;q=0.4", "es"),
        ("es;q=x", "en"),
    ],
)
def test_the_browsers_wish_is_read_and_nothing_is_remembered(header: str, language: str) -> None:
    assert i18n.negotiate(header, LANGUAGES) == language


def forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else list(text)  # type: ignore[call-overload]


def values(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_number_is_written_as_the_language_writes_it(code: str) -> None:
    for number in (0, 7, 999, 1_000, 12_345, 1_234_567, -1, -12_345):
        assert LANGUAGES[code].number(number) == format_decimal(number, locale=code)
