"""Two names of institutions, compared: how likely they are of one, and every reason. Pure: names in, a score and reasons out.

Precision first. Two names that each have a word of their own are two firms until somebody looks: PARAGON SOLUTIONS is not PARAGON
MICRO. Nothing is joined by a score.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tocsin.registry.model import folded
from tocsin.registry.person import known

LIKELY, LOOK = 0.9, 0.6
"""From where a pair is proposed as the same, and from where it is worth a look."""
GENERIC = frozenset({
    "technologies", "technology", "technologie", "solutions", "systems", "system", "systemes", "group", "groupe", "international",
    "services", "service", "holding", "holdings", "industries", "the", "of", "de", "la", "le", "and", "et", "y", "usa", "us",
    "france", "global",
})  # fmt: skip
"""Words that say nothing about which firm it is, alone."""
TYPO_LETTERS = 6
"""Letters a word needs before one of them may be wrong."""
MOST_WORDS, LONGEST_KEY = 12, 60


class Reason(StrEnum):
    """Why two may be, or may not be, one. The reader sees the sentence of `registry.match_<reason>`."""

    SAME_LETTERS = "same_letters"
    SAME_NUMBER = "same_number"
    OTHER_NUMBER = "other_number"
    SPELLING = "spelling"
    GENERIC_WORD = "generic_word"
    SHORT_NAME = "short_name"
    INITIALS = "initials"
    OWN_WORDS = "own_words"
    OTHER_COUNTRY = "other_country"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Compared:
    """`score`: 0 to 1, no probability."""

    score: float
    reasons: tuple[Reason, ...]


def words_of(name: str) -> list[str]:
    """The words that tell a firm: folded, without the legal form at the end, joined initials together."""
    forms = known("legal_forms")
    words = folded(name.replace("'", "").replace("’", "").replace(".", "")).split()
    while len(words) > 1 and words[-1] in forms:
        words.pop()
    return words


def compared(one: str, other: str) -> Compared:
    """How alike two names are."""
    return compared_words(words_of(one), words_of(other))


def compared_words(left: Sequence[str], right: Sequence[str]) -> Compared:
    """How alike two names of these words are."""
    if not left or not right:
        return Compared(0, (Reason.NOTHING,))
    if "".join(left) == "".join(right):
        return Compared(1, (Reason.SAME_LETTERS,))
    if _initials(left, right) or _initials(right, left):
        return Compared(0.65, (Reason.INITIALS,))
    return _by_words(left, right)


def _by_words(left: Sequence[str], right: Sequence[str]) -> Compared:
    shared, only_left, only_right, is_typo = _paired(left, right)
    if not any(word not in GENERIC for word in shared):
        return Compared(0, (Reason.NOTHING,))
    reasons = [Reason.SPELLING] if is_typo else []
    own_left, own_right = ([word for word in words if word not in GENERIC] for words in (only_left, only_right))
    if only_left and only_right:
        return Compared(0.4, (*reasons, Reason.OWN_WORDS))
    if not only_left and not only_right:
        return Compared(0.92, tuple(reasons or [Reason.SAME_LETTERS]))
    if own_left or own_right:
        return Compared(0.7 - 0.1 * is_typo, (*reasons, Reason.SHORT_NAME))
    return Compared(0.85 - 0.1 * is_typo, (*reasons, Reason.GENERIC_WORD))


def _paired(left: Sequence[str], right: Sequence[str]) -> tuple[list[str], list[str], list[str], bool]:
    """Words that both have, words of one alone, and whether a spelling had to be forgiven."""
    rest, shared, alone, is_typo = list(right), [], [], False
    for word in left:
        match = word if word in rest else _misspelt_in(rest, word)
        if match is None:
            alone.append(word)
            continue
        is_typo = is_typo or match != word
        rest.remove(match)
        shared.append(word)
    return shared, alone, rest, is_typo


def _misspelt_in(words: Sequence[str], word: str) -> str | None:
    if len(word) < TYPO_LETTERS or word.isdigit():
        return None
    return next((one for one in words if is_misspelt(word, one)), None)


def is_misspelt(one: str, other: str) -> bool:
    """Whether a single letter was changed, added, left out or swapped with its neighbour, in a word long enough to be sure."""
    if min(len(one), len(other)) < TYPO_LETTERS or abs(len(one) - len(other)) > 1 or one.isdigit() or other.isdigit():
        return False
    at = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest_one, rest_other = one[at:], other[at:]
    if len(rest_one) == len(rest_other):
        return rest_one[1:] == rest_other[1:] or (rest_one[1::-1] == rest_other[:2] and rest_one[2:] == rest_other[2:])
    return rest_one[1:] == rest_other or rest_one == rest_other[1:]


def _initials(short: Sequence[str], long: Sequence[str]) -> bool:
    """ICE and Immigration and Customs Enforcement."""
    if len(short) != 1 or len(short[0]) < 3 or len(long) < 3:
        return False
    return short[0] == "".join(word[0] for word in long if word not in GENERIC)


def keys_of(name: str) -> list[str]:
    """By what a name is found before it is compared: its letters run together, their beginning, and its initials."""
    words = words_of(name)[:MOST_WORDS]
    joined = "".join(words)[:LONGEST_KEY]
    letters = "".join(word[0] for word in words if word not in GENERIC)
    if not words:
        return []
    keys = [f"_j{joined}", f"_p{joined[:5]}"]
    if len(letters) >= 3:
        keys.append(f"_i{letters}")
    if len(words) == 1 and 3 <= len(joined) <= 6:
        keys.append(f"_i{joined}")
    return keys
