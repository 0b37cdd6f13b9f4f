"""What of a document's words is covered before anything of it is kept: names of persons, how to reach them, where they live. Pure.

It prefers to cover. What the rule is sure of (`Why.is_firm`) no editor uncovers: a given name beside another name, a title,
somebody told of, mail, telephone, a street with a number. Two words in capitals that are nobody's known words are covered too, and an
editor may say that they are an institution's. A name that was covered once is covered wherever it stands in the document, alone too.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from tocsin.registry.model import folded
from tocsin.registry.person import known

COVER = "█████"
"""Stands in the text where something was covered. Its length says nothing."""
NEAR = 3
"""Words of a name after a title or after somebody is told of."""
_MAIL = re.compile(r"\S+@\S+|\S+\(at\)\S+|@\w{3,}")
_NUMBER = re.compile(r"(?:\+|00)?\(?\d[\d().-]*")
_CAPITAL = re.compile(r"[^\W\d_][\w'’.-]*$")
_INITIAL = re.compile(r"[^\W\d_]\.?$")
_EDGE = " \t,.;:()[]{}<>«»\"“”'’!?*•|_-–—/"
_PHONE_LENGTHS = range(9, 16)


class Why(StrEnum):
    """Why a word is covered."""

    NAME = "name"
    TITLE = "title"
    TOLD = "told"
    MAIL = "mail"
    PHONE = "phone"
    STREET = "street"
    AGAIN = "again"
    SHAPE = "shape"
    ASKED = "asked"

    @property
    def is_firm(self) -> bool:
        """Whether an editor's word does not uncover it."""
        return self is not Why.SHAPE


@dataclass(frozen=True)
class Rules:
    """What an editor and the registry say of one document. `is_known`: whether a folded phrase is said of an institution."""

    is_known: Callable[[str], bool] = lambda _: False
    kept: frozenset[str] = frozenset()
    """Folded words that an editor wants to see."""
    asked: frozenset[str] = frozenset()
    """Folded words that an editor wants covered."""


def covers(words: Sequence[str], rules: Rules = Rules()) -> dict[int, Why]:
    """Which of these words, in the order in which they are read, are covered, and why."""
    plain = [folded(one) for one in words]
    found: dict[int, Why] = {}
    for at, why in _all(words, plain, rules):
        if at not in found or (why.is_firm and not found[at].is_firm):
            found[at] = why
    names = {
        part for at, why in found.items() if why in (Why.NAME, Why.TITLE, Why.TOLD) for part in plain[at].split()
        if len(part) > 2 and part not in _everyday()
    }  # fmt: skip
    for at, one in enumerate(plain):
        if at not in found and names & set(one.split()):
            found[at] = Why.AGAIN
    return found


def text_of(words: Sequence[str], covered: Iterable[int], lines: Sequence[int] = ()) -> str:
    """The words without what is covered: each run of it is one mark, whatever its length. `lines`: where each stands."""
    hidden, told, before = set(covered), [], -1
    for at, word in enumerate(words):
        if lines and at and lines[at] != lines[at - 1]:
            told.append("\n")
        if at not in hidden:
            told.append(word)
        elif before != at - 1 or not told or told[-1] == "\n":
            told.append(COVER)
        before = at if at in hidden else before
    return re.sub(r" ?\n ?", "\n", " ".join(told))


def tells_person(text: str, is_known: Callable[[str], bool] = lambda _: False) -> bool:
    """Whether anything firm would be covered in a text: the last look before it is kept."""
    return any(why.is_firm for why in covers(text.split(), Rules(is_known)).values())


def _all(words: Sequence[str], plain: Sequence[str], rules: Rules) -> Iterator[tuple[int, Why]]:
    """Every reason there is, word by word."""
    yield from _numbers(words)
    yield from _streets(words, plain)
    for at, word in enumerate(words):
        if _MAIL.search(word):
            yield at, Why.MAIL
        if plain[at] and plain[at] in rules.asked:
            yield at, Why.ASKED
    for begin, end in _phrases(words):
        yield from _phrase(range(begin, end), words, plain, rules)
    for at, one in enumerate(plain):
        if _is_told(words, plain, at):
            why = Why.TITLE if one in known("titles") else Why.TOLD
            yield from (
                (there, why) for there in _after(words, plain, at) if plain[there] not in rules.kept or why is Why.TITLE
            )


def _phrases(words: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Runs of words in capitals, with initials and particles between; a comma or a full stop does not end one (DOE, JANE)."""
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and (_is_capital(words[end]) or (end > at and folded(words[end]) in known("particles"))):
            end += 1
        while end > at and not _is_capital(words[end - 1]):
            end -= 1
        if end > at:
            yield at, end
        at = max(end, at + 1)


def _phrase(here: range, words: Sequence[str], plain: Sequence[str], rules: Rules) -> Iterator[tuple[int, Why]]:
    """A run of words in capitals: who in it is somebody."""
    given = known("given_names")
    for at in here:
        parts = set(plain[at].split())
        if not parts & given or parts & known("institution_words"):
            continue
        name = [
            *_walked(range(at - 1, here.start - 1, -1), words, plain),
            *_walked(range(at + 1, here.stop), words, plain),
        ]
        is_firm = rules.is_known(" ".join(plain[there] for there in sorted((at, *name)) if plain[there]))
        if (len(parts) > 1 or name) and not is_firm:
            yield from ((there, Why.NAME) for there in (at, *name))
    strange = [at for at in here if plain[at] and not _is_everyday(plain[at])]
    for left, right in pairwise(strange):
        is_name = len(plain[left]) > 1 or len(plain[right]) > 1
        if is_name and right - left <= 2 and not _is_one(plain, left, right, rules):
            yield from ((at, Why.SHAPE) for at in (left, right))


def _walked(way: range, words: Sequence[str], plain: Sequence[str]) -> list[int]:
    """What belongs to a name from a given name on: words in capitals, with initials and particles between them."""
    found: list[int] = []
    waiting: list[int] = []
    for at in way:
        if plain[at] in known("particles") or _INITIAL.match(words[at].strip(_EDGE)):
            waiting.append(at)
        elif _is_everyday(plain[at]) or len(found) >= NEAR:
            break
        else:
            found += [*waiting, at]
            waiting = []
    return found


def _is_everyday(plain: str) -> bool:
    """Whether every part of a word is one that is no name beside another."""
    return set(plain.split()) <= _everyday()


def _is_one(plain: Sequence[str], left: int, right: int, rules: Rules) -> bool:
    """Whether two words in capitals are an institution's, by the registry or an editor."""
    phrase = " ".join(plain[left : right + 1])
    return {plain[left], plain[right]} <= rules.kept or rules.is_known(phrase)


def _is_told(words: Sequence[str], plain: Sequence[str], at: int) -> bool:
    """Whether somebody is named after this word: a title before a capital, or «signed by:»."""
    if plain[at] in known("titles"):
        return at + 1 < len(words) and _is_capital(words[at + 1])
    return plain[at] in known("told_words") and (
        words[at].endswith((":", "-")) or (at > 0 and plain[at - 1] in known("told_words") | {"approved", "vu"})
    )


def _after(words: Sequence[str], plain: Sequence[str], at: int) -> Iterator[int]:
    """The name after a title or a «signed by»: words in capitals, at most `NEAR` that are no particle."""
    taken = 0
    for there in range(at + 1, min(len(words), at + 2 * NEAR + 1)):
        if plain[there] in known("particles"):
            continue
        if taken == NEAR or not _is_capital(words[there]) or set(plain[there].split()) & known("institution_words"):
            return
        taken += plain[there] not in known("titles")
        yield there


def _numbers(words: Sequence[str]) -> Iterator[tuple[int, Why]]:
    """Telephone numbers: runs of figures in groups, nine to fifteen in all, that begin like one. Amounts and dates do not."""
    at = 0
    while at < len(words):
        end = at
        while end < len(words) and _NUMBER.fullmatch(words[end].strip(",;")):
            end += 1
        some = words[at:end]
        joined = "".join(some)
        digits = re.sub(r"\D", "", joined)
        begins = joined.startswith(("+", "(", "0")) or re.match(r"\d{3}[-.]\d{3}[-.]\d{4}", joined)
        if some and len(digits) in _PHONE_LENGTHS and begins:
            yield from ((there, Why.PHONE) for there in range(at, end))
        at = max(end, at + 1)


def _streets(words: Sequence[str], plain: Sequence[str]) -> Iterator[tuple[int, Why]]:
    """A number and a street: «12 rue des Lilas», «221 Baker Street»."""
    for at, one in enumerate(plain):
        if not re.fullmatch(r"\d{1,5}[a-z]?", one):
            continue
        near = plain[at + 1 : at + 5]
        found = next((step for step, word in enumerate(near) if word in known("street_words")), None)
        if found is None or not _is_address(words, at, found):
            continue
        first = found == 0 or near[0] in ("bis", "ter")
        end = at + found + (4 if first else 2)
        yield from ((there, Why.STREET) for there in range(at, min(end, len(words))))


def _is_address(words: Sequence[str], at: int, found: int) -> bool:
    """Whether what stands between the number and the street's word may belong to them."""
    return all(
        _is_capital(word) or folded(word) in {"bis", "ter", "n", "s", "e", "w"}
        for word in words[at + 1 : at + 1 + found]
    )


def _is_capital(word: str) -> bool:
    bare = word.strip(_EDGE)
    return bool(bare) and bare[0].isupper() and bool(_CAPITAL.match(bare))


def _everyday() -> frozenset[str]:
    """Words that are no name beside another: of institutions, of legal forms, of days and joints."""
    return known("institution_words") | known("legal_forms") | known("no_names") | known("document_words")
