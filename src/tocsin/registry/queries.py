"""What can be asked of the registry, named for its question. Nothing here writes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, select

from tocsin.registry.bulk import found_by
from tocsin.registry.contest import Contest, Key, about, corrected_on, mark_of, open_since
from tocsin.registry.judge import Verdict, heads, standing
from tocsin.registry.model import Confidence, EntityUnknown, Source, Statement, VerbClass
from tocsin.registry.schemata import SINGLE
from tocsin.registry.tables import edge, entity, judgement, source, statement

NEIGHBOURS = 100
"""Shown on one page; how many there are in all is said."""


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


def entity_of(connection: Connection, name: str, until: tuple[int, int] | None = None) -> Entity:
    """The entity that the id `name` goes under. `until`: as it was after that statement and that judgement. Raises `EntityUnknown`."""
    judged = None if until is None else until[1]
    head, members = _cluster(connection, name, judged)
    kept = statements_of(connection, members, None if until is None else until[0])
    if not kept:
        raise EntityUnknown
    last = connection.execute(select(func.max(judgement.c.number))).scalar() or 0
    schema = next((one.said.schema for one in kept if one.said.entity == head), kept[0].said.schema)
    named = [one for one in kept if one.said.property in ("name", "title")]
    caption = next((one.said.value for one in named if one.said.entity == head), named[0].said.value if named else head)
    version = Version(max(one.number for one in kept), last if judged is None else judged, _hash(kept))
    return Entity(head, members, schema, caption, _properties(kept, about(connection, members)), version)


def neighbours_of(connection: Connection, found: Entity) -> tuple[list[Neighbour], int]:
    """Who names this entity, at most `NEIGHBOURS`, and how many there are. Value events are told apart (`amounts`)."""
    question = (
        select(entity.c.canonical, entity.c.schema, entity.c.caption, edge.c.property)
        .join(entity, entity.c.entity == edge.c.entity)
        .where(edge.c.target.in_(found.members), entity.c.schema != "ValueEvent")
        .order_by(entity.c.caption, entity.c.entity)
    )
    total = connection.execute(select(func.count()).select_from(question.subquery())).scalar() or 0
    rows = connection.execute(question.limit(NEIGHBOURS))
    return [Neighbour(*row) for row in rows], int(total)


def captions_of(connection: Connection, names: Iterable[str]) -> dict[str, str]:
    """What each id is called."""
    question = select(entity.c.entity, entity.c.caption).where(entity.c.entity.in_(sorted(set(names))))
    return {row.entity: row.caption for row in connection.execute(question)}


def how_many(connection: Connection) -> int:
    """How many entities there are. None is ever removed, so SQLite's last number says it without counting a million rows."""
    counting = func.max(entity.c.number) if connection.dialect.name == "sqlite" else func.count()
    return int(connection.execute(select(counting).select_from(entity)).scalar() or 0)


def changes(connection: Connection, most: int) -> list[Kept]:
    """The newest claims, newest first."""
    return list(_kept(connection, _SAID.order_by(statement.c.number.desc()).limit(most)))


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
    found = next(iter(_kept(connection, _SAID.where(statement.c.number == number))), None)
    if found is None:
        raise EntityUnknown
    return found.said


def judged(connection: Connection, found: Entity) -> list[Any]:
    """What was ever said of who this is and is not, newest first: nothing of it is taken off the page."""
    here = judgement.c.left.in_(found.members) | judgement.c.right.in_(found.members)
    return list(connection.execute(select(judgement).where(here).order_by(judgement.c.number.desc())).all())


def not_same(connection: Connection, found: Entity) -> list[str]:
    """Ids that are recorded as not this entity."""
    pairs = [pair for pair, verdict in standing(connection).items() if verdict is Verdict.NOT_SAME]
    return sorted({name for pair in pairs if set(pair) & set(found.members) for name in pair} - set(found.members))


def newest_day(connection: Connection) -> int:
    """The last day on which anything was seen, since 1970."""
    return int(connection.execute(select(func.max(statement.c.last_seen))).scalar() or 0)


def day_of(connection: Connection, number: int) -> int:
    """The day on which the claim of this number came in."""
    return int(connection.execute(select(statement.c.first_seen).where(statement.c.number == number)).scalar() or 0)


_SAID = select(
    statement.c.number, statement.c.entity, statement.c.schema, statement.c.property, statement.c.value,
    statement.c.original, statement.c.dataset, source.c.url, source.c.kind, source.c.lineage, statement.c.verb,
    statement.c.confidence, statement.c.as_of, statement.c.first_seen, statement.c.last_seen,
).join(source, source.c.number == statement.c.source)  # fmt: skip


def _kept(connection: Connection, question: Any) -> Iterable[Kept]:
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
    ) in connection.execute(question):
        said = Source(url, kind, "" if lineage == url else lineage)
        words = (VerbClass(verb), Confidence(confidence))
        yield Kept(number, Statement(name, schema, prop, value, original, dataset, said, *words, *rest))


def statements_of(connection: Connection, members: Sequence[str], until: int | None = None) -> list[Kept]:
    kept: list[Kept] = []
    for begin in range(0, len(members), 500):
        question = _SAID.where(statement.c.entity.in_(members[begin : begin + 500])).order_by(statement.c.number)
        kept += _kept(connection, question if until is None else question.where(statement.c.number <= until))
    return kept


def _cluster(connection: Connection, name: str, until: int | None) -> tuple[str, tuple[str, ...]]:
    if until is not None:
        above = heads(standing(connection, until))
        head = above.get(name, name)
        return head, tuple(sorted({head, *(one for one, top in above.items() if top == head)}))
    head = connection.execute(select(entity.c.canonical).where(entity.c.entity == name)).scalar() or name
    question = select(entity.c.entity).where(entity.c.canonical == head).order_by(entity.c.entity)
    return head, tuple(connection.execute(question).scalars()) or (head,)


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
