"""The person rule: what looks like a natural person is held back at the store's door (rule 22).

`doubt(name)` says why, or `None` for an institution. It prefers to hold: a firm that is held is released by a person in a minute, a
neighbour who stood in a registry stands in it everywhere. How often it errs either way is measured on a labelled set
(`tests/registry/test_person.py`), and written in `docs/run/registry.md`.
"""

import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path

from tocsin.registry.model import Draft, folded
from tocsin.registry.schemata import CONTACTS, INSTITUTIONS, LONG, PERSONS, REFERENCES

WORDS = Path(__file__).parent / "person_words"
NAMED = frozenset({"name", "alias", "title", "previousName"})
_TITLED = re.compile(
    r"\b(?:mr|mrs|ms|miss|dr|mme|mlle|monsieur|madame|sra?|don|doña|me|maître|hon|esq)\.?\s+\w", re.IGNORECASE
)
_SUFFIX = re.compile(r",?\s+(?:jr|sr|iii|esq|m\.?d|ph\.?d|d\.?d\.?s|cpa)\.?$", re.IGNORECASE)
_COMMA = re.compile(r"^[^\W\d]+(?:[ '-][^\W\d]+){0,2},\s*[^\W\d]+(?:\s+[^\W\d]+\.?){0,2}$")
_TRADING = re.compile(r"\b(?:d\s*/?\s*b\s*/?\s*a|doing business as|t/a|trading as|exerçant sous)\b", re.IGNORECASE)
_SOLE = re.compile(
    r"\b(?:estate of|sole prop\w*|entreprise individuelle|entrepreneur individuel|auto-?entrepreneur|EIRL|E\.I\.|succession de)\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w+")
_TOLD = re.compile(
    r"\b(?:POC|point of contact|contracting officer|signed by|signataire|contact)\s*[:\-]\s*(?:\w+\.?\s+)?[A-Z]\w+\s+[A-Z]",
    re.IGNORECASE,
)


class Doubt(StrEnum):
    """Why a row is held back. Never the name."""

    SCHEMA = "schema"
    SOLE_TRADER = "sole_trader"
    NAME = "name"
    SHAPE = "shape"
    CONTACT = "contact"


Found = dict[str, "Doubt | None"]
"""What the rule said of a name. Kept for some rows only: a file says one name a thousand times, and nothing keeps a list of names."""


def doubt_of(
    draft: Draft, released: frozenset[str] = frozenset(), known_names: Found | None = None, *, is_foreign: bool = False
) -> Doubt | None:
    """Why an entity may be a person or tells of one. `released`: folded names of institutions that somebody looked at.

    `is_foreign`: its ids, and those it names, are somebody else's, and may be made of a name.
    """
    names = {} if known_names is None else known_names
    if draft.schema in PERSONS:
        return Doubt.SCHEMA
    if draft.is_sole_trader:
        return Doubt.SOLE_TRADER
    if is_foreign and _names_in_ids(draft):
        return Doubt.NAME
    is_institution = draft.schema in INSTITUTIONS
    for prop, value, original, _, _ in draft.claims:
        if prop in LONG:
            continue  # looked at word by word, at the same door (`record`)
        if prop in CONTACTS or _tells(value) or (original and _tells(original)):
            return Doubt.CONTACT
        if is_institution and prop in NAMED:
            found = _doubt_of_name(value, released, names)
            if found is Doubt.SHAPE and draft.schema == "PublicBody":
                continue  # a source's own list of public bodies; a given name in it still holds the row
            if found is not None:
                return found
    return None


def _names_in_ids(draft: Draft) -> bool:
    """Whether the id of the entity, or one that it names, holds a given name and no word of an institution."""
    ids = {draft.id, *(claim.value for claim in draft.claims if claim.property in REFERENCES)}
    return any(_by_words(one, [word for word in folded(one).split() if word.isalpha()]) is Doubt.NAME for one in ids)


def _doubt_of_name(name: str, released: frozenset[str], names: Found) -> Doubt | None:
    if name not in names:
        found = doubt(name)
        names[name] = None if found is not None and folded(name) in released else found
    return names[name]


def doubt(name: str) -> Doubt | None:
    """Why `name` may be a natural person's, or `None`."""
    trading = _TRADING.split(name, maxsplit=1)
    if len(trading) > 1:
        return doubt(trading[0].strip(" ,"))
    if _SOLE.search(name):
        return Doubt.SOLE_TRADER
    words = folded(name.replace("'", "").replace("’", "")).split()
    forms = known("legal_forms") & {*words, "".join(words[-2:]), "".join(words[-3:])}
    if forms:
        return None
    if _TITLED.match(name) or _SUFFIX.search(name):
        return Doubt.NAME
    return _by_words(name, words)


def _by_words(name: str, words: list[str]) -> Doubt | None:
    """A name without a legal form: given names, words of institutions, and what is left."""
    given, trade = known("given_names"), known("institution_words")
    is_lettered = all(word.isalpha() for word in words)
    if not words or not is_lettered:
        return None
    if trade & set(words):
        return Doubt.SOLE_TRADER if _begins_with_person(words, given, trade) else None
    if given & set(words) or _COMMA.match(name):
        return Doubt.NAME if len(words) <= 6 else None
    return Doubt.SHAPE if 2 <= len(words) <= 4 else None


def _begins_with_person(words: list[str], given: frozenset[str], trade: frozenset[str]) -> bool:
    """JANE DOE CONSULTING: a given name, then another name, before the first word of an institution."""
    before = [word for word in words[: next(at for at, word in enumerate(words) if word in trade)] if len(word) > 1]
    return len(before) >= 2 and (before[0] in given or before[-1] in given)


def _tells(text: str) -> bool:
    """Mail needs its sign; a person who is told of needs a colon or a dash, and a space in the name."""
    if "@" in text and _MAIL.search(text):
        return True
    has_room = (":" in text or "-" in text) and len(text.split(None, 1)) > 1
    return has_room and bool(_TOLD.search(text))


@cache
def known(listed: str) -> frozenset[str]:
    """The words of one list, folded."""
    return frozenset(_folded((WORDS / f"{listed}.txt").read_text().split()))


def _folded(words: Iterable[str]) -> Iterable[str]:
    return (folded(word) for word in words if not word.startswith("#"))
