"""French sets a narrow no-break space before : ; ? ! % » and after «, so that no line of a phone begins with a lone sign.

A plain space there is a fault, and so is none at all, but inside of what is no sentence: addresses, hours, formats.
Its apostrophe is the curly one, on screens and on paper: two kinds on one page look like a page put together from others. A message
that a telephone sends has the straight one: its alphabet has no other, and with a sign outside of it a message holds less than half.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from tests.rules.tree import ROOT

NARROW = "\u202f"
WRONG = re.compile(rf"[^\S{NARROW}][:;?!%»]|«[^{NARROW}]|[^\s{NARROW}][;!»]|[^\s{NARROW}][:?](?=\s|$)")
"""A sign behind another space, or behind none where a sentence has it (a colon inside of `10:30` or `https://` is no such place)."""

STRAIGHT = re.compile(r"'")

MESSAGES = ("circle.sms_body", "circle.sms_body_about")
"""What a telephone's own message begins with."""
GSM_7 = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""3GPP TS 23.038, 6.2.1: 160 of these are one message, and 70 where there is another among them."""
ONE_MESSAGE, ONE_OF_ANY = 160, 70

SET_BY_HAND = re.compile(r"(?:}}|%}|>[\w-]+)(?:</\w+>)?\s?[:;!?](?=[\s<])")
"""A sign that a template sets itself, the same for every language, behind what is said: `{{ colon }}` is that of the language."""

JOINED = re.compile(r"}[:;] (?:`|\$\{)")
"""The same in a script, which has `titled`."""

ENGLISH_PAPERS = ("desk/package/", "verify/")
"""Scripts that write what is English everywhere: papers of a package, findings by their codes."""

TEXTS = ("words_of_package/fr.txt", "texts/faits.txt", "texts/fr-cpc-202-attestation.txt", "texts/tete.txt")


def sentences(path: Path, *, but: tuple[str, ...] = ()) -> list[str]:
    with path.open("rb") as file:
        catalog = read_po(file, locale="fr")
    told = [each.string for each in catalog if each.id and each.id not in but]
    return [text for one in told for text in ((one,) if isinstance(one, str) else one or ())]


def test_every_french_sentence_of_a_screen_is_set_as_french_is() -> None:
    paths = sorted((ROOT / "locales" / "fr" / "LC_MESSAGES").glob("*.po"))
    found = [text for path in paths for text in sentences(path) if WRONG.search(text)]
    assert paths
    assert found == []


def test_every_french_apostrophe_of_a_screen_is_curly() -> None:
    paths = sorted((ROOT / "locales" / "fr" / "LC_MESSAGES").glob("*.po"))
    told = [text for path in paths for text in sentences(path, but=MESSAGES)]
    assert sum("’" in text for text in told) > 700
    assert [text for text in told if STRAIGHT.search(text)] == []


@pytest.mark.parametrize("language", ["en", "es", "fr"])
def test_a_message_that_a_telephone_sends_is_one_message(language: str) -> None:
    with (ROOT / "locales" / language / "LC_MESSAGES" / "circle.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    for name in MESSAGES:
        text = str(catalog[name].string)
        assert len(text) <= (ONE_MESSAGE if set(text) <= GSM_7 else ONE_OF_ANY), text


def test_so_are_the_french_words_of_a_package() -> None:
    lines = [line for name in TEXTS for line in (ROOT / "src/tocsin/evidence" / name).read_text().splitlines()]
    told = [re.sub(r"^[a-z_0-9]+: ", "", line) for line in lines]
    assert [line for line in told if WRONG.search(line) or STRAIGHT.search(line)] == []


def test_so_are_the_french_words_of_a_pack() -> None:
    packs = sorted((ROOT / "src/tocsin/jurisdictions/packs").glob("*/pack.toml"))
    told = [text for path in packs for text in french(tomllib.loads(path.read_text()))]
    assert told
    assert [text for text in told if WRONG.search(text) or STRAIGHT.search(text)] == []


def test_no_template_sets_a_sign_for_every_language() -> None:
    templates = sorted((ROOT / "src/tocsin").glob("*/templates/*.html"))
    told = {
        path.name: SET_BY_HAND.findall(re.sub(r"{#.*?#}|style=\"[^\"]*\"", "", path.read_text())) for path in templates
    }
    assert len(told) > 50
    assert {name: found for name, found in told.items() if found} == {}


def test_no_script_does() -> None:
    scripts = sorted((ROOT / "client/src").rglob("*.ts"))
    there = {path.relative_to(ROOT / "client/src").as_posix(): path.read_text() for path in scripts}
    found = {name for name, text in there.items() if JOINED.search(text) and not name.startswith(ENGLISH_PAPERS)}
    assert found == set()


def french(value: object, *, is_french: bool = False) -> Iterator[str]:
    """Every text below a key `fr`."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from french(inner, is_french=is_french or key == "fr")
    elif isinstance(value, list):
        for inner in value:
            yield from french(inner, is_french=is_french)
    elif isinstance(value, str) and is_french:
        yield value


def test_the_rule_sees_what_it_is_for() -> None:
    wrong = ["En danger ?", "Reste : 3", "«mot»", "« mot »", "Attention!", "Reste: 3", "Quoi?", "oui; non"]
    assert all(WRONG.search(text) for text in wrong)
    right = [
        f"En danger{NARROW}?",
        f"À 10:30{NARROW}: voir https://a.example/?b",
        f"«{NARROW}mot{NARROW}»",
        "(minutes:secondes)",
    ]
    assert not any(WRONG.search(text) for text in right)
    by_hand = ['{{ say("a") }}: {{ b }}', "<b>{{ a }}</b>: x", "{% endif %}; {{ b }}", "<p>SHA-256: <span>"]
    assert all(SET_BY_HAND.search(text) for text in by_hand)
    assert not any(SET_BY_HAND.search(text) for text in ("{{ a }}{{ colon }} {{ b }}", "{{ a }}:{{ b }}", "{{ a }}, b"))
    assert JOINED.search("`${a}: ${b}`")
    assert not JOINED.search("{ a: `${b}` }")
