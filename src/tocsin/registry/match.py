"""Which institutions may be one: found in the database by keys of their names, compared one by one, with reasons.

Nothing is joined here: a person says so (`judge`), and what somebody said of a pair stays said.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tocsin.registry import search
from tocsin.registry.bulk import found_by
from tocsin.registry.judge import Verdict, standing
from tocsin.registry.model import EntityUnknown
from tocsin.registry.names import LOOK, Compared, Reason, compared, keys_of, words_of
from tocsin.registry.schemata import INSTITUTIONS
from tocsin.registry.tables import entity, statement

BLOCK = 40
"""Candidates of one key at most. A key with more says too little to compare them all; who asked is told of the best."""
SHOWN = 20
NUMBERED = ("uniqueEntityId", "registrationNumber", "cageCode")
NAMES = ("name", "alias")
TOLD = (*NUMBERED, *NAMES, "country")


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
    numbers: Mapping[str, frozenset[str]]
    countries: frozenset[str]


def candidates_of(connection: Connection, name: str) -> list[Candidate]:
    """Institutions that a name may mean, best first."""
    return _ranked(connection, _Known("", [name], {}, frozenset()), {})


def candidates_for(connection: Connection, asked: str) -> list[Candidate]:
    """Entities that may be the same as this one. Raises `EntityUnknown`."""
    known = _known(connection, [asked]).get(asked)
    if known is None:
        raise EntityUnknown
    verdicts = {pair: said for pair, said in standing(connection).items() if asked in pair}
    said = {left if right == asked else right: verdict for (left, right), verdict in verdicts.items()}
    return [one for one in _ranked(connection, known, said) if one.id != asked]


def proposals(connection: Connection, after: int = 0, most: int = 1000) -> Iterator[tuple[str, Candidate]]:
    """Pairs among the `most` institutions after this number that nobody has judged, each once."""
    question = select(entity.c.entity).where(entity.c.number > after, entity.c.schema.in_(INSTITUTIONS))
    for row in connection.execute(question.order_by(entity.c.number).limit(most)).all():
        for one in candidates_for(connection, row[0]):
            if one.verdict is None and row[0] < one.id:
                yield row[0], one


def _ranked(connection: Connection, asked: _Known, said: Mapping[str, Verdict]) -> list[Candidate]:
    ids = _blocked(connection, asked.names)
    told = _known(connection, ids)
    captions = dict(found_by(connection, entity.c.entity, ids, entity.c.caption))
    found = []
    for one in told.values():
        result = _score(asked, one)
        if result.score >= LOOK or one.id in said:
            found.append(Candidate(one.id, captions[one.id], result.score, result.reasons, said.get(one.id)))
    return sorted(found, key=lambda one: (-one.score, one.id))[:SHOWN]


def _score(asked: _Known, other: _Known) -> Compared:
    """The best of their names, and what numbers and countries say about it."""
    best = max((compared(a, b) for a in asked.names for b in other.names), key=lambda one: one.score)
    score, reasons = best.score, list(best.reasons)
    for prop in NUMBERED:
        mine, theirs = asked.numbers.get(prop, frozenset()), other.numbers.get(prop, frozenset())
        if mine & theirs:
            return Compared(1, (Reason.SAME_NUMBER, *reasons))
        if mine and theirs:
            score, reasons = min(score, 0.75), [*reasons, Reason.OTHER_NUMBER]
    if asked.countries and other.countries and not asked.countries & other.countries:
        score, reasons = min(score, 0.7), [*reasons, Reason.OTHER_COUNTRY]
    return Compared(round(score, 2), tuple(dict.fromkeys(reasons)))


def _blocked(connection: Connection, names: Iterable[str]) -> list[str]:
    """Ids of institutions that share a key with one of these names, `BLOCK` for each key."""
    numbers: set[int] = set()
    for name in names:
        words = [word for word in words_of(name) if len(word) > 2][: search.MOST_WORDS]
        wanted = [[one] for one in (*keys_of(name), *words)]
        wanted += [words[:2]] if len(words) > 1 else []
        for terms in wanted:
            numbers.update(search.institutions_with(connection, terms, BLOCK))
    return [name for _, name in found_by(connection, entity.c.number, sorted(numbers), entity.c.entity)]


def _known(connection: Connection, ids: Sequence[str]) -> dict[str, _Known]:
    """What tells these entities from each other."""
    names: dict[str, list[str]] = defaultdict(list)
    numbers: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    countries: dict[str, set[str]] = defaultdict(set)
    question = select(statement.c.entity, statement.c.property, statement.c.value)
    for begin in range(0, len(ids), 500):
        here = statement.c.entity.in_(ids[begin : begin + 500])
        for name, prop, value in connection.execute(question.where(here, statement.c.property.in_(TOLD))).all():
            if prop in NAMES:
                names[name].append(value)
            elif prop == "country":
                countries[name].add(value.lower())
            else:
                numbers[name][prop].add(value)
    return {
        one: _Known(one, list(dict.fromkeys(names[one])), _frozen(numbers[one]), frozenset(countries[one]))
        for one in names
    }


def _frozen(told: Mapping[str, set[str]]) -> dict[str, frozenset[str]]:
    return {name: frozenset(values) for name, values in told.items()}
