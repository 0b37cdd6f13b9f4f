"""Recovery words: seven words a person copies by hand, and what they derive (`docs/spec/http.md`).

The identity opens, the locator finds; neither reveals nor tests the other. Whoever seizes a node can test guesses at the price of one
Argon2id (RFC 9106) each: 2**77 of them.
"""

import re
import unicodedata
from hashlib import sha256
from importlib import resources
from typing import NamedTuple

from argon2.low_level import Type, hash_secret_raw

from tocsin.clock import Clock
from tocsin.crypto.envelope import identity_of
from tocsin.crypto.profiles import (
    WORDS_ARGON2_LANES,
    WORDS_ARGON2_MEMORY_KIB,
    WORDS_ARGON2_TIME,
    WORDS_COUNT,
    WORDS_OUTPUT_BYTES,
    WORDS_SALT_LABEL,
)
from tocsin.errors import TocsinError

SALT = sha256(WORDS_SALT_LABEL).digest()[:16]


class WordsWrong(TocsinError):
    code = "words_wrong"
    status = 400
    message = (
        "These are not seven words of the list. Check each word; the first four letters are enough to tell them apart."
    )


class Recovered(NamedTuple):
    """An age identity and a 32-byte locator."""

    identity: str
    locator: bytes


def word_list() -> tuple[str, ...]:
    """The 2,048 words, in order."""
    return tuple(resources.files(__package__).joinpath("words_en.txt").read_text().split())


def draw(clock: Clock) -> str:
    """Seven fresh words joined by spaces: 77 bits."""
    bits = int.from_bytes(clock.random_bytes(10)) >> 3
    words = word_list()
    return " ".join(words[bits >> 11 * place & 2047] for place in range(WORDS_COUNT))


def typed(text: str) -> list[str]:
    """The words of a text as people type it from a numbered sheet: any case, numbers and points between, a keyboard's accents."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", text).lower() if not unicodedata.combining(sign))
    return re.findall(r"[^\W\d_]+", plain)


def derive(words: str) -> Recovered:
    """What seven words derive; 64 MiB and some tenths of a second. Raises `WordsWrong` when they are not of the list."""
    chosen = typed(words)
    known = set(word_list())
    if len(chosen) != WORDS_COUNT or any(word not in known for word in chosen):
        raise WordsWrong
    raw = hash_secret_raw(
        " ".join(chosen).encode(),
        SALT,
        time_cost=WORDS_ARGON2_TIME,
        memory_cost=WORDS_ARGON2_MEMORY_KIB,
        parallelism=WORDS_ARGON2_LANES,
        hash_len=WORDS_OUTPUT_BYTES,
        type=Type.ID,
    )
    return Recovered(identity_of(raw[:32]), raw[32:])
