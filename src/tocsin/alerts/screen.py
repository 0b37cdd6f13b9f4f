"""What a note may not say: names, numbers, addresses, plates, links. Refused on the way in, while it is in clear in memory only.

It prefers to refuse: whoever wrote it takes the word out in a few seconds and all answers stand, while a name at the desk is a name at
the desk. It reads English, French, Spanish, Somali and Hmong (RPA), undoes look-alike letters, figures for letters and characters that
show nothing, and does not understand what it reads. How often it errs is measured on a labelled set (`tests/alerts/test_screen.py`,
`docs/attacks.md`); nobody but the desk ever sees a note that passed.
"""

import re
import unicodedata
from functools import cache
from itertools import pairwise
from pathlib import Path

WORDS = Path(__file__).parent / "screen_words"
LOOKS_LIKE = str.maketrans(
    "–—‐−‒аеорсухіјѕԁһкмнтвзгАВЕКМНОРСТУХІЈЅαβεικνορτυχϲΑΒΕΖΗΙΚΜΝΟΡΤΥΧıℓ’ʼ‘`´",
    "-----aeopcyxijsdhkmhtb3rABEKMHOPCTYXIJSabeikvoptuxcABEZHIKMNOPTYXil'''''",
)
"""Letters of other alphabets, and signs, that look like ours."""
LEET = str.maketrans("013457@$!|", "oieastasil")
FIGURE_WORDS = (
    "zero|oh|one|two|three|four|five|six|seven|eight|nine|cero|uno|dos|tres|cuatro|cinco|seis|siete|ocho|nueve|"
    "zéro|un|deux|trois|quatre|cinq|sept|huit|neuf|eber|kow|hal|laba|saddex|afar|shan|lix|toddoba|siddeed|sagaal|"
    "xoom|ib|ob|peb|plaub|tsib|rau|xya|yim|cuaj"
)
STREETS = (
    "street|st|avenue|ave|road|rd|boulevard|blvd|lane|ln|drive|dr|court|ct|place|pl|way|terrace|parkway|pkwy|circle|highway|hwy|square|"
    "rue|allée|allee|impasse|chemin|quai|cours|passage|bd|ruelle|montée|"
    "calle|avenida|av|avda|calz|calzada|carretera|paseo|plaza|camino|privada|callejón|andador|cerrada|prolongación|circuito|"
    "waddada|jidka|kev|txoj kev"
)
CALLED = (
    r"my name|name(?:'s| is|s are)?|named|called|goes by|nickname|neighbou?r|landlord|sergeant|sgt|officer|agent|deputy|detective|"
    r"captain|capt|lieutenant|lt|mr|mrs|ms|miss|dr|coach|pastor|"
    r"s'appellent?|appelée?|nommée?|surnommée?|prénom|nom|monsieur|madame|mlle|mme|agente?|lieutenant|capitaine|brigadier|maître|voisine?|"
    r"se llaman?|llamad[oa]s?|nombre|apellido|apodo|apodad[oa]|señora?|sra?|don|doña|oficial|sargento|capitán|vecin[oa]|licenciad[oa]|"
    r"magaciis[au]|magaceedu|la yiraahdo|sarkaal|mudane|marwo|deriskay[ga]a?|"
    r"hu ua|lub npe|npe|nais|poj niam|txiv"
)
APART = re.compile(r"[^\W_]+(?:['-][^\W_]+)*")
_MANY_FIGURES = re.compile(r"(?:\d[\s().\-/]{0,3}){6,}")
_SPOKEN = re.compile(rf"\b(?:(?:{FIGURE_WORDS})\b[\s,.-]*){{5,}}", re.IGNORECASE)
_LINK = re.compile(
    r"[\w.+-]+\s*(?:@|\(at\)|\[at\]|\bat\b|\barroba\b|\barobase\b)\s*[\w-]+\s*(?:\.|\bdot\b|\bpunto\b|\bpoint\b)\s*[a-z]{2,}"
    r"|https?:|www\.|\b[\w-]{2,}\.(?:com|net|org|fr|mx|info|io|me|gov)\b|(?:^|\s)@[\w.]{3,}",
    re.IGNORECASE,
)
_STREET = re.compile(
    rf"\b\d{{1,5}}\s*(?:bis|ter|[a-z])?[\s,]+(?:[^\W\d]+[\s.,]+){{0,4}}?(?:{STREETS})\b"
    rf"|\b(?:{STREETS})\.?\s+(?:[^\W\d]+[\s.,]+){{0,5}}?(?:n[°ºo]\.?\s*|#\s*|num(?:ero|éro)?\s*)?\d{{1,5}}\b"
    rf"|\b\d{{1,3}}(?:st|nd|rd|th|er|e|ème|a|ª)\s+(?:{STREETS})\b"
    r"|\b(?:apt|apartment|unit|suite|ste|apto|depto|departamento|bâtiment|bât|appartement|appt|esc|aqalka|guriga|tsev)\.?\s*#?\s*\d+\w?\b"
    r"|\b(?:corner of|esquina de|à l'angle d[eu]|angle)\s+\w+",
    re.IGNORECASE,
)
_STREET_NAMED = re.compile(
    r"\b(?:rue|avenue|boulevard|calle|avenida|paseo|impasse|chemin|allée|plaza|place)\s+(?:d[eu]s?\s+|de la\s+|del\s+|l')?[A-ZÀ-Ý]\w+"
    r"|\b[A-Z][a-z]+\s+(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Parkway|Terrace)\b"
)
_PLATE = re.compile(
    r"\b(?=[A-Z0-9 .-]{5,10}\b)(?:[A-Z]{1,3}[ .-]?\d{3,4}(?:[ .-]?[A-Z]{1,3})?|\d{1,4}[ .-]?[A-Z]{2,3}(?:[ .-]?\d{1,4})?|"
    r"[A-Z]{2}[ .-]?\d{3}[ .-]?[A-Z]{2}|\d[A-Z]{3}\d{3}|[A-Z]{2,3}[ .-]?\d{2}[ .-]?\d{2}|[A-Z]\d{2}[ .-]?[A-Z]{3})\b"
)
_PLATE_SAID = re.compile(
    r"\b(?:plates?|placas?|plaques?|immatriculation|matr[ií]culas?|immatriculée?|taargada|lub phaj|licen[sc]e)\b[^.]{0,25}?"
    r"\b(?=[\w .-]*\d)[\w]{2,}",
    re.IGNORECASE,
)
_CALLED = re.compile(
    rf"\b(?:{CALLED})\b[\s.:,]*(?:(?:is|was|es|est|era|waa|de|la|el|a|the|yog|lub|tus)\s+)*([^\W\d_]+)", re.IGNORECASE
)
_SPACED = re.compile(r"\b(?:[^\W_][\s.\-*]){3,}[^\W_]\b")
CAPITAL_PAIR = re.compile(
    r"\b([A-ZÀ-Ý][a-zà-ÿ'-]+)\s+((?:(?:de|la|del|van|von|al|le|du|ben|da|dos)\s+)*[A-ZÀ-Ý][a-zà-ÿA-Z'-]+)"
)
SENTENCE = re.compile(r"(?:^|[.!?:;\n]\s*)$")


def is_refused(text: str) -> bool:
    """Whether a note holds what nobody is to write down, as far as a list of patterns can tell."""
    plain, hides = opened(text)
    return bool(plain) and (hides or has_number(plain) or has_place(plain) or has_name(plain))


def opened(text: str) -> tuple[str, bool]:
    """The text as a reader sees it, and whether it hid something: letters of two alphabets in one word, or figures within letters."""
    seen = unicodedata.normalize("NFKC", text)
    shown = "".join(one for one in seen if unicodedata.category(one) not in {"Cf", "Mn", "Cc", "Co"} or one in "\n\t")
    plain = unicodedata.normalize("NFC", shown.translate(LOOKS_LIKE))
    mixed = any(_is_mixed(word) for word in APART.findall(shown))
    return plain.strip(), mixed or (
        shown != unicodedata.normalize("NFC", seen).replace("\u00ad", "") and _lost_inside(seen)
    )


def has_number(plain: str) -> bool:
    """A number that could be called, an address of a page or mailbox, a plate."""
    joined = re.sub(r"(?<=\d)[oO](?=\d|\b)|(?<=\b)[oO](?=\d)", "0", plain)
    joined = re.sub(r"(?<=\d)[lI](?=\d)", "1", joined)
    if _MANY_FIGURES.search(joined) or _SPOKEN.search(plain) or _LINK.search(plain) or _PLATE_SAID.search(plain):
        return True
    return any(_looks_like_plate(found.group()) for found in _PLATE.finditer(plain.upper()))


def has_place(plain: str) -> bool:
    """A street with a number, a named street, a flat, a corner."""
    return bool(_STREET.search(plain) or _STREET_NAMED.search(plain))


def has_name(plain: str) -> bool:
    """A name: after what names are said with, two capitals beside each other, or a word that is known as one."""
    bare = folded(plain)
    if any(_is_called(found.group(1)) for found in _CALLED.finditer(plain)):
        return True
    if any(not _is_ordinary(one) for found in CAPITAL_PAIR.finditer(plain) for one in [found.group(2).split()[-1]]):
        return True
    spaced = _SPACED.search(plain)
    if spaced and re.sub(r"[\s.\-*]", "", folded(spaced.group())) in names():
        return True
    said = APART.findall(bare)
    return any(_is_name(word) for word in said) or _is_pair(said) or any(map(_is_capital_name, _inside(plain)))


def folded(text: str) -> str:
    """Small letters without accents, figures read as the letters they stand for where they stand among letters."""
    bare = "".join(one for one in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(one) != "Mn")
    return re.sub(
        r"[a-z]*[013457@$!|]+[a-z]+|[a-z]+[013457@$!|]+[a-z]*", lambda found: found.group().translate(LEET), bare
    )


@cache
def names() -> frozenset[str]:
    """Given names and surnames, folded."""
    return frozenset(_words("given_names")) | frozenset(_words("surnames"))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple((WORDS / f"{name}.txt").read_text().split())


@cache
def ordinary() -> frozenset[str]:
    """Words that are names too, and stand for themselves unless they are written as a name."""
    return frozenset(_words("ordinary"))


def _is_name(word: str) -> bool:
    return word in names() and word not in ordinary() and len(word) > 2


def _is_pair(said: list[str]) -> bool:
    """Two words beside each other that are names, both."""
    known = names()
    return any(one in known and two in known and len(one + two) > 6 for one, two in pairwise(said))


def _inside(plain: str) -> list[str]:
    """Words with a capital that do not begin a sentence."""
    return [
        found.group()
        for found in APART.finditer(plain)
        if found.group()[0].isupper() and not SENTENCE.search(plain[: found.start()]) and not found.group().isupper()
    ]


def _is_capital_name(word: str) -> bool:
    return not _is_ordinary(word) and len(word) > 2


def _is_ordinary(word: str) -> bool:
    """A word that is written with a capital and is nobody's name: days, months, peoples, agencies."""
    return folded(word) in _capitals() or word.isupper()


@cache
def _capitals() -> frozenset[str]:
    return frozenset(_words("capitals"))


def _is_called(word: str) -> bool:
    """What follows a word that names are said with: a name, if it has a capital or is known as one."""
    return (word[0].isupper() and not _is_ordinary(word)) or folded(word) in names()


def _looks_like_plate(found: str) -> bool:
    letters, figures = sum(one.isalpha() for one in found), sum(one.isdigit() for one in found)
    return letters >= 1 and figures >= 2 and letters + figures >= 5


def _is_mixed(word: str) -> bool:
    """Whether letters of two alphabets stand in one word."""
    scripts = {unicodedata.name(one, "?").split()[0] for one in word if one.isalpha()}
    return len(scripts & {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE"}) > 1


def _lost_inside(seen: str) -> bool:
    """Whether characters that show nothing stand inside a word."""
    return re.search(r"\w[\u200b-\u200f\u2060-\u2064\ufeff\u202a-\u202e]+\w", seen) is not None
