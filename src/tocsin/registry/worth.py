"""One row for each value event, worked out from its claims, so that a buyer's thousands of amounts are added up where they lie.

Derived like `edge`: the claims stay the truth, and an event's row is made anew when it has a new claim.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

from sqlalchemy import Connection, select

from tocsin.registry.bulk import pieces, put
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, Statement, ValueKind, VerbClass
from tocsin.registry.tables import money, source, statement

VALUE_EVENT = "ValueEvent"
OF = ("contract", "about")
UNIT = Decimal("0.0001")
"""Databases add up whole numbers of these exactly."""
MOST_UNITS = 10**14
"""Ten thousand million of a currency: ninety thousand fit into a sum; what is larger or finer than a unit is added up here."""


class Worth(NamedTuple):
    """A row of `money`. `units`: the amount in `UNIT`s where that is exact; `digits`: how many it was written with after the point."""

    contract: str
    event: str
    kind: str
    currency: str
    amount: str
    units: int | None
    digits: int
    is_step: int
    is_low: int
    date: str
    origin: str


class Said(NamedTuple):
    """What a claim of an event says, as its worth needs it."""

    event: str
    property: str
    value: str
    as_of: str
    is_firm: bool
    origin: str


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


def refresh(connection: Connection, fresh: Iterable[Statement], known: Sequence[str]) -> None:
    """Make the rows of events met for the first time, of which `fresh` is everything that is said, and those of `known` ones anew."""
    told = _folded(_said(one) for one in fresh)
    again = _folded(_read(connection, known))
    old = [(act, name) for name, one in again.items() for prop in OF for act in (*one.values.get(prop, ()), name)]
    for act, name in old:
        connection.execute(money.delete().where(money.c.contract == act, money.c.event == name))
    made = (_worth(name, one) for name, one in (told | again).items())
    put(connection, money, Worth._fields, [one for one in made if one], "")


def _said(one: Statement) -> Said:
    return Said(one.entity, one.property, one.value, one.as_of, _is_firm(one.confidence, one.verb), one.source.origin)


def _is_firm(confidence: str, verb: str) -> bool:
    return not (confidence == Confidence.LOW or verb == VerbClass.ALLEGED)


def _read(connection: Connection, events: Sequence[str]) -> Iterator[Said]:
    said = statement.c
    question = select(said.entity, said.property, said.value, said.as_of, said.confidence, said.verb, source.c.lineage)
    joined = question.join(source, source.c.number == said.source).order_by(said.number)
    for some in pieces(events):
        for name, prop, value, as_of, confidence, verb, origin in connection.execute(
            joined.where(said.entity.in_(some))
        ):
            yield Said(name, prop, value, as_of, _is_firm(confidence, verb), origin)


def _folded(claims: Iterable[Said]) -> dict[str, _Told]:
    told: dict[str, _Told] = defaultdict(_Told)
    for name, prop, value, as_of, is_firm, origin in claims:
        one = told[name]
        here = one.values[prop]
        here[value] = max(here.get(value, ""), as_of)
        one.origins.add(origin)
        one.is_firm = one.is_firm or is_firm
    return told


def _worth(name: str, told: _Told) -> Worth | None:
    """None for what is no amount of a kind that is known: the claim stands all the same."""
    amount = told.first("amount")
    try:
        number, kind = exact(amount), ValueKind(told.first("kind"))
    except (InvalidOperation, ValueError):
        return None
    contract = told.first("contract") or told.first("about") or name
    step, low = int(told.first("step") == "1"), int(not told.is_firm)
    units, digits, origin = _units(number), -_exponent(number), min(told.origins)
    said = (told.first("currency"), amount, units, digits, step, low, told.first("date"), origin)
    return Worth(contract, name, kind, *said)


def _units(number: Decimal) -> int | None:
    if abs(number) >= MOST_UNITS * UNIT or _exponent(number) < _exponent(UNIT):
        return None
    return int(number / UNIT)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)  # of a finite number
    return exponent
