"""Words that promise too much, call people somewhere, or judge: one list a surface and language (rules of safety, Words).

Held over everything a person near the act reads: locales, templates, the packs' recording pages, and the README.
"""

import re
from collections.abc import Iterator

import pytest
from babel.messages.pofile import read_po

from tests.rules.tree import ROOT, ending, short
from tocsin.jurisdictions.load import load, shipped

EVERYWHERE = {
    "en": (
        "this is ice|all clear|no danger|target|hunt|spotted|tail|surround|intercept|come now|show up|mobilise|responders? wanted|"
        "kidnappers?|gestapo|enem(?:y|ies)|illegals|suspects?|criminals?|fake cop|impostor|guaranteed?|anonymous(?:ly)?|untraceable|"
        "cannot be subpoenaed|proves what happened|admissible|legal to record|minutes away|hotspot|heat ?map|corrupt|guilty|spy firm|"
        "wipe before|military[- ]grade|unbreakable"
    ),
    "es": (
        "todo despejado|sin peligro|objetivo|secuestradores|enemigos?|ilegales|sospechosos?|criminal(?:es)?|impostor|garantizad[oa]s?|"
        "garantía|anónim[oa]s?|imposible de rastrear|admisible|es legal grabar|culpables?|vengan|acudan"
    ),
    "fr": (
        "rien à signaler|sans danger|cible|ravisseurs|ennemis?|clandestins|suspects?|criminels?|imposteur|garanti[es]?|anonymes?|"
        "intraçable|recevable|il est légal d’enregistrer|coupables?|venez|rassemblez"
    ),
}

NEAR_THE_ACT = {
    "en": "follow|track|block|rush|gather|legal advice|your lawyer|clear|safe|kilomet(?:er|re)s|top",
    "es": "siga|persiga|rodee|consejo legal|su abogad[oa]|a salvo|segur[oa]s?",
    "fr": "suivez|poursuivez|encerclez|conseil juridique|votre avocate?|à l’abri|sûre?s?|en sécurité",
}

SAYING_NO = {
    "en": r"not legal advice|do not (?:touch, )?(?:follow|approach|block|gather)|safe on the node|not an official warning",
    "es": r"no es (?:un )?consejo legal|no siga|a salvo en el nodo|segur[oa] en el nodo",
    "fr": r"pas un conseil juridique|ne suivez|à l’abri sur le nœud|en sécurité sur le nœud|sûre? sur le nœud|bien sûr",
}
"""What a banned word may stand in, because there it says no, or names the one thing that is true."""


def surfaces() -> Iterator[tuple[str, str, str]]:
    """Name, language and text of everything read near the act."""
    for path in ending(".po", under="locales"):
        with path.open("rb") as file:
            for message in read_po(file):
                text = message.string if isinstance(message.string, str) else " ".join(message.string or ())
                yield f"{short(path)} {message.id}", path.parents[1].name, text
    for path in ending(".html", under="src"):
        yield short(path), "en", re.sub(r"\{\{.*?\}\}|\{%.*?%\}|<[^>]*>", " ", path.read_text(), flags=re.DOTALL)
    for name in shipped():
        for language, page in load(name).recording_page.items():
            yield f"pack {name}", language, " ".join((page.title, *page.paragraphs))


def wrong(text: str, banned: str, saying_no: str = "") -> list[str]:
    """Banned words that stand in a text outside what says no."""
    rest = re.sub(saying_no, " ", text, flags=re.IGNORECASE) if saying_no else text
    return re.findall(rf"\b(?:{banned})\b", rest, flags=re.IGNORECASE)  # apostrophes are those of `test_french`


def test_nothing_near_the_act_promises_calls_or_judges() -> None:
    found = []
    for name, language, text in surfaces():
        banned = f"{EVERYWHERE[language]}|{NEAR_THE_ACT[language]}"
        found += [f"{name}: {word}" for word in wrong(text, banned, SAYING_NO[language])]
    assert not found


def test_every_language_has_a_list() -> None:
    assert {language for _, language, _ in surfaces()} <= set(EVERYWHERE)
    assert set(EVERYWHERE) == set(NEAR_THE_ACT) == set(SAYING_NO)


def test_the_readme_does_not_promise_either() -> None:
    assert not wrong((ROOT / "README.md").read_text(), EVERYWHERE["en"])


@pytest.mark.parametrize(
    "text", ["All clear!", "Come now", "Guaranteed", "you are safe", "Follow them", "ask your lawyer"]
)
def test_the_rule_finds_what_it_looks_for(text: str) -> None:
    assert wrong(text, f"{EVERYWHERE['en']}|{NEAR_THE_ACT['en']}", SAYING_NO["en"])


@pytest.mark.parametrize(
    "text", ["Safe on the node up to 00:42", "It is not legal advice.", "Do not follow or get near."]
)
def test_the_rule_leaves_what_says_no(text: str) -> None:
    assert not wrong(text, f"{EVERYWHERE['en']}|{NEAR_THE_ACT['en']}", SAYING_NO["en"])
