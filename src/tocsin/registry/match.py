"""Which institutions may be one: found in the database by keys of their names, compared one by one, with reasons.

Nothing is joined here: a person says so (`judge`), and what somebody said of a pair stays said.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tocsin.registry import search
from tocsin.registry.bulk import pieces
from tocsin.registry.judge import Verdict
from tocsin.registry.model import EntityUnknown
from tocsin.registry.names import LOOK, Compared, Reason, compared_words, keys_of, words_of
from tocsin.registry.schemata import INSTITUTIONS
from tocsin.registry.tables import entity
from tocsin.store.plain import ask

BLOCK = 40
"""Candidates of one key at most. A key with more says too little to compare them all; who asked is told of the best."""
SHOWN = 20
NUMBERED = ("uniqueEntityId", "registrationNumber", "cageCode")
NAMES = ("name", "alias")
TOLD = (*NUMBERED, *NAMES, "country")
NO: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Candidate:
    """An entity that may be the one asked for. `verdict`: what somebody said of the pair already."""

    id: str
    caption: str
    score: float
    reasons: tuple[Reason, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True)
class _Known:
    id: str
    names: Sequence[str]
    numbers: Mapping[str, AbstractSet[str]]
    countries: AbstractSet[str]


def candidates_of(connection: Connection, name: str) -> list[Candidate]:
    """Institutions that a name may mean, best first."""
    return _ranked(connection, _Known("", [name], {}, NO), {})


def candidates_for(connection: Connection, asked: str) -> list[Candidate]:
    """Entities that may be the same as this one. Raises `EntityUnknown`."""
    known = _known(connection, [asked]).get(asked)
    if known is None:
        raise EntityUnknown
    said = {other: Verdict(verdict) for other, verdict in ask(connection, _SAID_OF, asked, asked, asked)}
    return [one for one in _ranked(connection, known, said) if one.id != asked]


_SAID_OF = (
    'SELECT CASE WHEN "left" = ? THEN "right" ELSE "left" END, verdict FROM registry_judgement '
    'WHERE "left" = ? OR "right" = ? ORDER BY number'
)


def proposals(connection: Connection, after: int = 0, most: int = 1000) -> Iterator[tuple[str, Candidate]]:
    """Pairs among the `most` institutions after this number that nobody has judged, each once."""
    question = select(entity.c.entity).where(entity.c.number > after, entity.c.schema.in_(INSTITUTIONS))
    for row in connection.execute(question.order_by(entity.c.number).limit(most)).all():
        for one in candidates_for(connection, row[0]):
            if one.verdict is None and row[0] < one.id:
                yield row[0], one


def _ranked(connection: Connection, asked: _Known, said: Mapping[str, Verdict]) -> list[Candidate]:
    captions = _blocked(connection, asked.names)
    named = [words_of(name) for name in asked.names]
    found = []
    for one in _known(connection, list(captions)).values():
        result = _score(asked, named, one)
        if result.score >= LOOK or one.id in said:
            found.append(Candidate(one.id, captions[one.id], result.score, result.reasons, said.get(one.id)))
    return sorted(found, key=lambda one: (-one.score, one.id))[:SHOWN]


def _score(asked: _Known, named: Sequence[Sequence[str]], other: _Known) -> Compared:
    """The best of their names, and what numbers and countries say about it. `named`: the words of the names of `asked`."""
    theirs = [words_of(name) for name in other.names]
    pairs = [compared_words(a, b) for a in named for b in theirs]
    best = pairs[0] if len(pairs) == 1 else max(pairs, key=lambda one: one.score)
    score, reasons = best.score, list(best.reasons)
    for prop in NUMBERED if asked.numbers and other.numbers else ():
        mine, others = asked.numbers.get(prop, NO), other.numbers.get(prop, NO)
        if mine & others:
            return Compared(1, (Reason.SAME_NUMBER, *reasons))
        if mine and others:
            score, reasons = min(score, 0.75), [*reasons, Reason.OTHER_NUMBER]
    if asked.countries and other.countries and not asked.countries & other.countries:
        score, reasons = min(score, 0.7), [*reasons, Reason.OTHER_COUNTRY]
    return Compared(round(score, 2), tuple(dict.fromkeys(reasons)))


def _blocked(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """Institutions that share a key with one of these names, `BLOCK` for each key: ids with what they are called."""
    wanted: list[list[str]] = []
    for name in names:
        words = [word for word in words_of(name) if len(word) > 2][: search.MOST_WORDS]
        wanted += [[one] for one in (*keys_of(name), *words)]
        wanted += [words[:2]] if len(words) > 1 else []
    some = pieces([*dict.fromkeys(map(tuple, wanted))], TERMS)
    numbers = sorted({number for terms in some for number in search.institutions_with(connection, terms, BLOCK)})
    return {name: caption for some in pieces(numbers) for name, caption in ask(connection, _CALLED, list(some))}


TERMS = 100
"""Lines of one question: SQLite joins five hundred at most."""
_CALLED = "SELECT entity, caption FROM registry_entity WHERE number IN ?"
_TOLD_OF = "SELECT entity, property, value FROM registry_statement WHERE entity IN ? AND property IN ? ORDER BY number"


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, _Known]:
    """What tells these entities from each other."""
    names: dict[str, dict[str, None]] = {}
    numbers: dict[str, dict[str, set[str]]] = {}
    countries: dict[str, set[str]] = {}
    for some in pieces(ids):
        for name, prop, value in ask(connection, _TOLD_OF, list(some), [*TOLD]):
            if prop in NAMES:
                names.setdefault(name, {})[value] = None
            elif prop == "country":
                countries.setdefault(name, set()).add(value.lower())
            else:
                numbers.setdefault(name, {}).setdefault(prop, set()).add(value)
    return {one: _Known(one, [*said], numbers.get(one, {}), countries.get(one, NO)) for one, said in names.items()}
