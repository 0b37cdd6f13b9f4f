"""Anybody contests a claim: it says so at once and everywhere, and gets a dated answer. No account, nothing about who sent it.

Promise: from the commit on, every page, twin and export shows «contested since»; the words that were sent are seen by editors alone
and are gone with the answer; the claim itself is never changed. An institution's reply stands beside the claim once an editor has
made sure that it is theirs.
"""

import re
from base64 import b32encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from sqlalchemy import Connection, func, select, update

from tocsin.clock import Clock
from tocsin.errors import TocsinError
from tocsin.registry import due, search
from tocsin.registry.bulk import pieces
from tocsin.registry.days import iso
from tocsin.registry.model import folded
from tocsin.registry.person import known
from tocsin.registry.tables import contest, statement
from tocsin.store.plain import ask

LONGEST, LONGEST_LINK, LONGEST_ANSWER = 1000, 300, 4000
PROMISED_DAYS = 14
OPEN_OF_ONE, OPEN_IN_ALL = 5, 500
"""Open contests of one value, and of the node: more say nothing new, and somebody has to answer each."""
REFERENCE_BYTES = 5
REFERENCE = re.compile(r"[A-Z2-7]{8}")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.\w")
_DIGITS = re.compile(r"(?:\+?\d[\s().-]?){7,}")
_PAIRS = re.compile(r"\b([^\W\d_]+)(?=[ -]+([^\W\d_]+))")
_TITLED = re.compile(
    r"\b(?:mr|mrs|ms|dr|mme|mlle|monsieur|madame|sr|sra|don|doña|officer|agent)\.?\s+[^\W\d_]{2,}", re.IGNORECASE
)


class Kind(StrEnum):
    """What somebody says of a claim."""

    WRONG = "wrong"
    OUTDATED = "outdated"
    OTHER = "other"
    """It is about another institution."""
    REPLY = "reply"
    """They are the institution, and answer."""


class Outcome(StrEnum):
    OPEN = "open"
    KEPT = "kept"
    CORRECTED = "corrected"
    """The claim was wrong: it stays, marked, beside what is right."""
    SHOWN = "shown"
    """The institution's reply, confirmed to be theirs, stands beside the claim."""


class ContestMalformed(TocsinError):
    code = "contest_malformed"
    status = 422
    message = (
        "Choose what is wrong and say why in at most 1,000 characters. A link begins with https://. Nothing was sent."
    )


class ContestNamesPerson(TocsinError):
    code = "contest_names_person"
    status = 422
    message = "This seems to name or reach a person. Say it without names of people, telephone numbers and e-mail. Nothing was sent."


class ContestsTooMany(TocsinError):
    code = "contest_too_many"
    status = 429
    message = (
        "There are many open contests. The claim may be marked already. Please come back tomorrow; nothing was sent."
    )


class ContestUnknown(TocsinError):
    code = "contest_unknown"
    status = 404
    message = "Nothing has this reference. It is eight letters and digits."


@dataclass(frozen=True)
class Contest:
    """One contest as it is kept."""

    reference: str
    entity: str
    property: str
    value: str
    kind: Kind
    said: str
    link: str
    day: int
    due: int
    outcome: Outcome
    answer: str
    answered: int | None


Key = tuple[str, str, str]
"""Entity, property, value."""


def file(connection: Connection, number: int, sent: tuple[str, str, str], day: int, clock: Clock) -> str:
    """Contest the claim of this number; the reference. `sent`: kind, words, link.

    Raises `ContestMalformed`, `ContestNamesPerson`, `ContestsTooMany`, `ContestUnknown` for a claim there is not.
    """
    kind, said, link = (one.strip() for one in sent)
    if kind not in set(Kind) or not said or len(said) > LONGEST or len(link) > LONGEST_LINK:
        raise ContestMalformed
    if link and not re.fullmatch(r"https://[^\s<>\"]+", link):
        raise ContestMalformed
    if names_person(f"{said} {link}", partial(_is_said, connection)):
        raise ContestNamesPerson
    columns = select(statement.c.entity, statement.c.property, statement.c.value)
    claim = connection.execute(columns.where(statement.c.number == number)).first()
    if claim is None:
        raise ContestUnknown
    _refuse_many(connection, (claim.entity, claim.property, claim.value))
    reference = b32encode(clock.random_bytes(REFERENCE_BYTES)).decode()
    row = {"reference": reference, "entity": claim.entity, "property": claim.property, "value": claim.value}
    row |= {"kind": kind, "said": said, "link": link, "outcome": str(Outcome.OPEN), "answer": ""}
    connection.execute(contest.insert().values(row | {"day": day, "due": day + PROMISED_DAYS, "answered": None}))
    return reference


def answer(connection: Connection, reference: str, outcome: Outcome, words: str, day: int) -> None:
    """Answer an open contest, and forget what was sent. Raises `ContestUnknown`, `ContestMalformed`, `ContestNamesPerson`."""
    found = contest_of(connection, reference)
    is_reply = found.kind is Kind.REPLY
    fits = outcome is not Outcome.OPEN and (outcome is Outcome.SHOWN) <= is_reply
    if found.outcome is not Outcome.OPEN or not fits or not words.strip() or len(words) > LONGEST_ANSWER:
        raise ContestMalformed
    if names_person(words, partial(_is_said, connection)):
        raise ContestNamesPerson
    done = {"outcome": str(outcome), "answer": words.strip(), "answered": day, "said": "", "link": ""}
    connection.execute(update(contest).where(contest.c.reference == reference).values(done))
    due.forget(connection, [found.entity])  # what was found wrong is in no sum


def contest_of(connection: Connection, reference: str) -> Contest:
    """Raises `ContestUnknown`."""
    row = connection.execute(_ROWS.where(contest.c.reference == reference)).first()
    if row is None:
        raise ContestUnknown
    return _of(row)


def waiting(connection: Connection) -> list[Contest]:
    """Open ones, those that are due first."""
    rows = connection.execute(
        _ROWS.where(contest.c.outcome == str(Outcome.OPEN)).order_by(contest.c.due, contest.c.number)
    )
    return [_of(row) for row in rows]


def about(connection: Connection, entities: Sequence[str]) -> dict[Key, list[Contest]]:
    """Every contest of claims about these entities, oldest first."""
    found: dict[Key, list[Contest]] = {}
    for some in pieces(entities):
        found |= _by_claim(ask(connection, f"{_ASKED} WHERE c.entity IN ? ORDER BY c.number", list(some)))
    return found


def about_any(connection: Connection, schema: str) -> dict[Key, list[Contest]]:
    """Every contest of claims about what is of one schema: claims are many, contests few."""
    line = f"{_ASKED} JOIN registry_entity e ON e.entity = c.entity WHERE e.schema = ? ORDER BY c.number"
    return _by_claim(ask(connection, line, schema))


def _by_claim(rows: Iterable[Sequence[Any]]) -> dict[Key, list[Contest]]:
    found: dict[Key, list[Contest]] = {}
    for row in rows:
        one = _of(row)
        found.setdefault((one.entity, one.property, one.value), []).append(one)
    return found


def open_since(contests: Iterable[Contest]) -> int | None:
    """The day since which a value is contested by somebody who has no answer yet; a reply contests nothing."""
    days = [one.day for one in contests if one.outcome is Outcome.OPEN and one.kind is not Kind.REPLY]
    return min(days, default=None)


def marks(connection: Connection, entities: Sequence[str]) -> Mapping[Key, str]:
    """For exports: «open» with its day, or «corrected» with its own, for each value that is contested or was found wrong."""
    told = {key: mark_of(contests) for key, contests in about(connection, entities).items()}
    return {key: mark for key, mark in told.items() if mark}


def mark_of(contests: Sequence[Contest]) -> str:
    since, corrected = open_since(contests), corrected_on(contests)
    if since is not None:
        return f"contested since {iso(since)}"
    return f"corrected on {iso(corrected)}" if corrected is not None else ""


def corrected_on(contests: Iterable[Contest]) -> int | None:
    """The day on which a value was found wrong."""
    days = [one.answered for one in contests if one.outcome is Outcome.CORRECTED and one.answered is not None]
    return max(days, default=None)


def names_person(text: str, is_known: Callable[[str], bool] = lambda _: False) -> bool:
    """Whether a text seems to name or reach somebody: mail, a number, a title, two words in capitals that `is_known` does not know."""
    if _MAIL.search(text) or _DIGITS.search(re.sub(r"\b\d{4}-\d{2}-\d{2}\b", "", text)) or _TITLED.search(text):
        return True
    known_words = known("institution_words") | known("legal_forms") | known("no_names")
    for found in _PAIRS.finditer(text):
        first, second = found.groups()
        if not (first[:1].isupper() and second[:1].isupper()) or {folded(first), folded(second)} & known_words:
            continue
        if not is_known(folded(f"{first} {second}")):
            return True
    return False


def _is_said(connection: Connection, phrase: str) -> bool:
    """Whether the registry itself has this phrase, of some institution."""
    return bool(search.first(connection, search.Asked(phrases=(phrase,)), 0, 1))


def _refuse_many(connection: Connection, key: Key) -> None:
    is_open = contest.c.outcome == str(Outcome.OPEN)
    here = [
        column == value
        for column, value in zip((contest.c.entity, contest.c.property, contest.c.value), key, strict=True)
    ]
    counted = select(func.count()).select_from(contest).where(is_open)
    in_all, of_one = (connection.execute(one).scalar() or 0 for one in (counted, counted.where(*here)))
    if in_all >= OPEN_IN_ALL or of_one >= OPEN_OF_ONE:
        raise ContestsTooMany


_COLUMNS = [column for column in contest.columns if column.name != "number"]
_ROWS = select(*_COLUMNS)
_ASKED = f"SELECT {', '.join(f'c.{column.name}' for column in _COLUMNS)} FROM registry_contest c"  # noqa: S608  names of our own


def _of(row: Sequence[Any]) -> Contest:
    reference, name, prop, value, kind, said, link, day, due, outcome, *rest = row
    return Contest(reference, name, prop, value, Kind(kind), said, link, day, due, Outcome(outcome), *rest)
