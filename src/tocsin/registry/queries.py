"""What can be asked of the registry, named for its question. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from tocsin.registry.bulk import found_by, pieces
from tocsin.registry.contest import Contest, Key, about, corrected_on, mark_of, open_since
from tocsin.registry.judge import Verdict, heads, standing
from tocsin.registry.model import Confidence, EntityUnknown, Source, Statement, VerbClass
from tocsin.registry.schemata import SINGLE
from tocsin.registry.tables import statement
from tocsin.store.plain import ALL, ask

NEIGHBOURS = 100
"""Shown on one page; how many there are in all is said."""
DATES = ("contractDate", "publicationDate", "startDate", "date", "fileDate")
"""What says when something was."""


@dataclass(frozen=True)
class Kept:
    """A statement and its place in the order in which claims came."""

    number: int
    said: Statement


@dataclass(frozen=True)
class Value:
    """One value of one property, with everybody who says so."""

    value: str
    claims: tuple[Kept, ...]
    contests: tuple[Contest, ...] = ()

    @property
    def contested_since(self) -> int | None:
        """The day since which somebody contests it and has no answer yet."""
        return open_since(self.contests)

    @property
    def corrected_on(self) -> int | None:
        """The day on which it was found wrong."""
        return corrected_on(self.contests)

    @property
    def mark(self) -> str:
        return mark_of(self.contests)

    @property
    def answers(self) -> tuple[Contest, ...]:
        """What was answered to whoever contested it, and replies of the institution that were confirmed to be theirs."""
        return tuple(one for one in self.contests if one.answered is not None and one.answer)

    @property
    def origins(self) -> int:
        """How many independent sources: copies of one story are one."""
        return len({one.said.source.origin for one in self.claims})

    @property
    def is_unconfirmed(self) -> bool:
        """Whether nothing but low confidence or one side's word stands behind it."""
        return all(one.said.confidence is Confidence.LOW or one.said.verb is VerbClass.ALLEGED for one in self.claims)


@dataclass(frozen=True)
class Property:
    """All values of one property. `contested`: it can have one true value and has several."""

    name: str
    values: tuple[Value, ...]

    @property
    def is_contested(self) -> bool:
        return self.is_opposed or any(one.contested_since is not None for one in self.values)

    @property
    def is_opposed(self) -> bool:
        """Whether sources contradict each other."""
        return self.name in SINGLE and len(self.values) > 1 and not self.is_revised

    @property
    def is_revised(self) -> bool:
        """Whether one source said each value of another date: the newest replaces the others, nobody contradicts anybody."""
        origins = {one.said.source.origin for value in self.values for one in value.claims}
        dates = [max(one.said.as_of for one in value.claims) for value in self.values]
        return len(origins) == 1 and all(dates) and len(set(dates)) == len(dates)

    @property
    def newest(self) -> Value:
        """The value that was said of the newest date; of several the first that came."""
        return max(self.values, key=lambda value: max(one.said.as_of for one in value.claims))

    @property
    def opposed_since(self) -> int:
        """The day, since 1970, on which a second value was first seen."""
        return sorted(min(one.said.first_seen for one in value.claims) for value in self.values)[1]


@dataclass(frozen=True)
class Version:
    """What a permanent link names: the newest claim and judgement it knows, and the hash of all claims it shows."""

    statement: int
    judgement: int
    hash: str
    day: int
    """On which the newest claim came in, since 1970."""

    def __str__(self) -> str:
        return f"{self.statement}-{self.judgement}-{self.hash[:16]}"


@dataclass(frozen=True)
class Entity:
    """One entity as the registry knows it: every claim about every id that stands for it."""

    id: str
    members: tuple[str, ...]
    schema: str
    caption: str
    properties: tuple[Property, ...]
    version: Version

    def first(self, name: str) -> str:
        """The first value of a property, or nothing."""
        return next((value.value for one in self.properties if one.name == name for value in one.values), "")

    def values(self, name: str) -> tuple[str, ...]:
        return tuple(value.value for one in self.properties if one.name == name for value in one.values)

    def pages(self, number: int) -> tuple[Value, ...]:
        """The words of a page of a document."""
        values = (value for one in self.properties if one.name == "bodyText" for value in one.values)
        return tuple(one for one in values if any(kept.said.original == f"p. {number}" for kept in one.claims))

    @property
    def is_low(self) -> bool:
        """Whether every claim about it is of low confidence."""
        return all(value.is_unconfirmed for one in self.properties for value in one.values)


@dataclass(frozen=True)
class Neighbour:
    """Another entity that says it has to do with this one, and how."""

    id: str
    schema: str
    caption: str
    property: str
    date: str = ""
    """The first of `DATES` that it says; nothing where it says none."""


class Judged(NamedTuple):
    """What somebody said of two ids. `day`: since 1970."""

    left: str
    right: str
    verdict: str
    reason: str
    day: int


def entity_of(connection: Connection, name: str, until: tuple[int, int] | None = None) -> Entity:
    """The entity that the id `name` goes under. `until`: as it was after that statement and that judgement. Raises `EntityUnknown`."""
    judged = None if until is None else until[1]
    head, members = _cluster(connection, name, judged)
    kept = statements_of(connection, members, None if until is None else until[0])
    if not kept:
        raise EntityUnknown
    [(last,)] = ask(connection, "SELECT COALESCE(max(number), 0) FROM registry_judgement")
    schema = next((one.said.schema for one in kept if one.said.entity == head), kept[0].said.schema)
    named = [one for one in kept if one.said.property in ("name", "title")]
    caption = next((one.said.value for one in named if one.said.entity == head), named[0].said.value if named else head)
    newest = max(kept, key=lambda one: one.number)
    version = Version(newest.number, last if judged is None else judged, _hash(kept), newest.said.first_seen)
    return Entity(head, members, schema, caption, _properties(kept, about(connection, members)), version)


def neighbours_of(connection: Connection, found: Entity) -> tuple[list[Neighbour], int]:
    """Who names this entity, at most `NEIGHBOURS`, the newest first, and how many. Value events are told apart (`amounts`)."""
    rows = ask(connection, _NEIGHBOURS, [*DATES], list(found.members), NEIGHBOURS)
    return [Neighbour(*row[:5]) for row in rows], int(rows[0][5]) if rows else 0


_NEIGHBOURS = (
    "SELECT e.canonical, e.schema, e.caption, g.property, COALESCE((SELECT min(s.value) FROM registry_statement s "
    "WHERE s.entity = g.entity AND s.property IN ?), '') AS day, count(*) OVER () FROM registry_edge g "
    "JOIN registry_entity e ON e.entity = g.entity WHERE g.target IN ? AND e.schema <> 'ValueEvent' "
    "ORDER BY day DESC, e.caption, e.entity, g.property LIMIT ?"
)


def captions_of(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """What each id is called."""
    line = "SELECT entity, caption FROM registry_entity WHERE entity IN ?"
    return {name: said for some in pieces(sorted(set(names))) for name, said in ask(connection, line, list(some))}


def called(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """What each id is called; an amount, which has no name, as what it is of."""
    captions = captions_of(connection, names)
    unnamed = [name for name, said in captions.items() if name == said]
    line = "SELECT entity, value FROM registry_statement WHERE entity IN ? AND property IN ('contract', 'about')"
    acts = {name: act for some in pieces(unnamed) for name, act in ask(connection, line, list(some))}
    told = captions_of(connection, acts.values())
    return captions | {name: told[act] for name, act in acts.items() if act in told}


def how_many(connection: Connection) -> int:
    """How many entities there are. None is ever removed, so SQLite's last number says it without counting a million rows."""
    counting = "max(number)" if connection.dialect.name == "sqlite" else "count(*)"
    return int(ask(connection, f"SELECT {counting} FROM registry_entity")[0][0] or 0)  # noqa: S608  a constant


def changes(connection: Connection, most: int) -> list[Kept]:
    """The newest claims, newest first."""
    return list(_kept(ask(connection, f"{_SAID}ORDER BY s.number DESC LIMIT ?", most)))


def places_of(connection: Connection, names: Sequence[str]) -> dict[str, tuple[float, float]]:
    """Longitude and latitude of those that have them, as coarse as they are kept."""
    told: dict[str, dict[str, float]] = defaultdict(dict)
    for prop in ("longitude", "latitude"):
        for name, value in found_by(
            connection, statement.c.entity, names, statement.c.value, statement.c.property == prop
        ):
            told[name].setdefault(prop, float(value))
    return {name: (at["longitude"], at["latitude"]) for name, at in told.items() if len(at) == 2}


def claim_of(connection: Connection, number: int) -> Statement:
    """The claim of this number. Raises `EntityUnknown`."""
    found = next(iter(_kept(ask(connection, f"{_SAID}WHERE s.number = ?", number))), None)
    if found is None:
        raise EntityUnknown
    return found.said


def judged(connection: Connection, found: Entity) -> list[Judged]:
    """What was ever said of who this is and is not, newest first: nothing of it is taken off the page."""
    return [Judged(*row) for row in ask(connection, _JUDGED, list(found.members), list(found.members))]


_JUDGED = (
    'SELECT "left", "right", verdict, reason, day FROM registry_judgement WHERE "left" IN ? OR "right" IN ? '
    "ORDER BY number DESC"
)


def not_same(found: Entity, said: Iterable[Judged]) -> list[str]:
    """Ids that are recorded as not this entity, by what was said of it, newest first."""
    newest: dict[tuple[str, str], str] = {}
    for one in said:
        newest.setdefault((one.left, one.right), one.verdict)
    pairs = [pair for pair, verdict in newest.items() if verdict == Verdict.NOT_SAME]
    return sorted({name for pair in pairs for name in pair} - set(found.members))


def newest_day(connection: Connection) -> int:
    """The last day on which anything was seen, since 1970."""
    return int(connection.execute(select(func.max(statement.c.last_seen))).scalar() or 0)


_SAID = (
    "SELECT s.number, s.entity, s.schema, s.property, s.value, s.original, s.dataset, o.url, o.kind, o.lineage, s.verb, "
    "s.confidence, s.as_of, s.first_seen, s.last_seen FROM registry_statement s JOIN registry_source o ON o.number = s.source "
)


def _kept(rows: Iterable[Any]) -> Iterable[Kept]:
    for (
        number,
        name,
        schema,
        prop,
        value,
        original,
        dataset,
        url,
        kind,
        lineage,
        verb,
        confidence,
        *rest,
    ) in rows:
        said = Source(url, kind, "" if lineage == url else lineage)
        words = (VerbClass(verb), Confidence(confidence))
        yield Kept(number, Statement(name, schema, prop, value, original, dataset, said, *words, *rest))


def statements_of(connection: Connection, members: Sequence[str], until: int | None = None) -> list[Kept]:
    line = f"{_SAID}WHERE s.entity IN ? AND s.number <= ? ORDER BY s.number"
    kept: list[Kept] = []
    for some in pieces(members):
        kept += _kept(ask(connection, line, list(some), ALL if until is None else until))
    return kept


def _cluster(connection: Connection, name: str, until: int | None) -> tuple[str, tuple[str, ...]]:
    if until is not None:
        above = heads(standing(connection, until))
        head = above.get(name, name)
        return head, tuple(sorted({head, *(one for one, top in above.items() if top == head)}))
    rows = ask(connection, _MEMBERS, name)
    return (rows[0][0], tuple(row[1] for row in rows)) if rows else (name, (name,))


_MEMBERS = (
    "SELECT e.canonical, e.entity FROM registry_entity h JOIN registry_entity e ON e.canonical = h.canonical "
    "WHERE h.entity = ? ORDER BY e.entity"
)


def _properties(kept: Sequence[Kept], contests: Mapping[Key, Sequence[Contest]]) -> tuple[Property, ...]:
    grouped: dict[str, dict[str, list[Kept]]] = defaultdict(lambda: defaultdict(list))
    for one in kept:
        grouped[one.said.property][one.said.value].append(one)
    return tuple(
        Property(name, tuple(Value(value, tuple(by), _contests(by, contests)) for value, by in values.items()))
        for name, values in grouped.items()
    )


def _contests(claims: Sequence[Kept], contests: Mapping[Key, Sequence[Contest]]) -> tuple[Contest, ...]:
    said = dict.fromkeys((one.said.entity, one.said.property, one.said.value) for one in claims)
    return tuple(one for key in said for one in contests.get(key, ()))


def _hash(kept: Sequence[Kept]) -> str:
    """SHA-256 over the digests of all claims, in order of the digests, so that the same claims have the same hash anywhere."""
    return sha256(b"".join(sorted(one.said.digest for one in kept))).hexdigest()
