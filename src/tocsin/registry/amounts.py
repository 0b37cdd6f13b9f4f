"""What an act or an institution is told to be worth: its value events, read many at once, and what they add up to.

An agency has thousands of them, so no entity is made of each: only what a sum needs is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import InvalidOperation

from sqlalchemy import Connection, select

from tocsin.registry.bulk import found_by, pieces
from tocsin.registry.contest import Contest, about, corrected_on, mark_of, open_since
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, ValueKind, VerbClass
from tocsin.registry.queries import Entity
from tocsin.registry.tables import edge, source, statement
from tocsin.registry.value_sums import Amount, Refused, Total, total_of

OF = ("contract", "about")
NAMED_BY = ("authority", "supplier", "reseller")


@dataclass(frozen=True)
class Mark:
    """A value of an event that is contested, or was found wrong."""

    property: str
    value: str
    told: str


@dataclass(frozen=True)
class Money:
    """One value event. `origin`: whose word it is; `contested_since`: days since 1970."""

    id: str
    date: str
    amount: Amount
    origin: str
    contested_since: int | None = None
    marks: Sequence[Mark] = ()


@dataclass
class _Told:
    """What is said of one event: for each property its values with the newest date that each was said of."""

    values: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    origins: set[str] = field(default_factory=set)
    is_firm: bool = False

    def first(self, name: str) -> str:
        """The value of the newest date; of several the first that came."""
        here = self.values.get(name)
        return max(here, key=lambda value: here[value]) if here else ""


def money_of(connection: Connection, found: Entity) -> list[Money]:
    """The value events of a contract, or of every contract and aggregate that names this buyer or vendor; by date."""
    acts = sorted({*found.members, *_naming(connection, found.members, NAMED_BY)})
    events = list(dict.fromkeys(_naming(connection, acts, OF)))
    contests: dict[str, list[Contest]] = defaultdict(list)
    for (name, _, _), some in about(connection, events).items():
        contests[name] += some
    told = _told(connection, events)
    made = (_money(name, told[name], contests.get(name, ())) for name in events if name in told)
    return sorted((one for one in made if one), key=lambda one: (one.date, one.id))


def totals_of(connection: Connection, money: Sequence[Money]) -> list[tuple[ValueKind, str, Total | Refused]]:
    """For each kind and currency that occurs, what it adds up to or why it does not."""
    grouped: dict[tuple[ValueKind, str], list[Money]] = defaultdict(list)
    for one in money:
        grouped[one.amount.kind, one.amount.currency].append(one)
    within = parts_of(connection, {one.amount.contract for one in money})
    return [(*key, total_of(_newest_totals(some), within)) for key, some in sorted(grouped.items())]


def parts_of(connection: Connection, contracts: Iterable[str]) -> dict[str, str]:
    """Contract to the contract it is part of, where one is known."""
    is_part = statement.c.property == "partOf"
    return dict(found_by(connection, statement.c.entity, sorted(contracts), statement.c.value, is_part))


def _newest_totals(money: Sequence[Money]) -> list[Amount]:
    """Without totals that their own source replaced by one of a later date."""
    newest: dict[tuple[str, str], str] = defaultdict(str)
    for one in money:
        if not one.amount.is_step:
            newest[one.amount.contract, one.origin] = max(newest[one.amount.contract, one.origin], one.date)
    return [
        one.amount
        for one in money
        if one.amount.is_step or one.date in ("", newest[one.amount.contract, one.origin])
    ]  # fmt: skip


def _naming(connection: Connection, names: Sequence[str], properties: Sequence[str]) -> Iterator[str]:
    """Ids of what names one of these by one of the properties."""
    for some in pieces(names):
        question = select(edge.c.entity).where(edge.c.target.in_(some), edge.c.property.in_(properties))
        yield from connection.scalars(question.order_by(edge.c.entity)).all()


def _told(connection: Connection, events: Sequence[str]) -> Mapping[str, _Told]:
    told: dict[str, _Told] = defaultdict(_Told)
    said = statement.c
    for some in pieces(events):
        question = select(said.entity, said.property, said.value, said.as_of, said.verb, said.confidence, said.source)
        rows = connection.execute(question.where(said.entity.in_(some)).order_by(said.number)).all()
        origins = dict(found_by(connection, source.c.number, {row[6] for row in rows}, source.c.lineage))
        for name, prop, value, as_of, verb, confidence, number in rows:
            one = told[name]
            here = one.values[prop]
            here[value] = max(here.get(value, ""), as_of)
            one.origins.add(origins[number])
            one.is_firm = one.is_firm or not (confidence == Confidence.LOW or verb == VerbClass.ALLEGED)
    return told


def _money(name: str, told: _Told, contests: Sequence[Contest]) -> Money | None:
    try:
        amount, kind = exact(told.first("amount")), ValueKind(told.first("kind"))
    except (InvalidOperation, ValueError):
        return None
    is_low = not told.is_firm or corrected_on(contests) is not None
    contract = told.first("contract") or told.first("about") or name
    confidence = Confidence.LOW if is_low else Confidence.HIGH
    made = Amount(name, contract, kind, amount, told.first("currency"), told.first("step") == "1", confidence)
    return Money(name, told.first("date"), made, min(told.origins), open_since(contests), _marks(contests))


def _marks(contests: Sequence[Contest]) -> tuple[Mark, ...]:
    by_value: dict[tuple[str, str], list[Contest]] = defaultdict(list)
    for one in contests:
        by_value[one.property, one.value].append(one)
    marks = (Mark(*key, mark_of(some)) for key, some in by_value.items())
    return tuple(one for one in marks if one.told)
