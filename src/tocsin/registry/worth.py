"""One row for each value event, worked out from its claims, so that a buyer's thousands of amounts are added up where they lie.

Derived like `edge`: the claims stay the truth, and an event's row is made anew when it has a new claim.
"""

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from itertools import chain
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from tocsin.registry.bulk import pieces, put
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, Statement, ValueKind, VerbClass
from tocsin.registry.tables import money, source, statement

VALUE_EVENT = "ValueEvent"
OF = ("contract", "about")
KINDS = frozenset(str(kind) for kind in ValueKind)
UNIT = Decimal("0.0001")
"""Databases add up whole numbers of these exactly."""
MOST_UNITS = 10**14
"""Ten thousand million of a currency: ninety thousand fit into a sum; what is larger or finer than a unit is added up here."""
MOST, FINEST = MOST_UNITS * UNIT, -4


class MoneyRow(NamedTuple):
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


class _Told:
    """What is said of one event: of each property the value of the newest date, of several the first that came."""

    __slots__ = ("is_firm", "newest", "origin")

    def __init__(self, origin: str) -> None:
        self.newest: dict[str, tuple[str, str]] = {}
        self.origin, self.is_firm = origin, False

    def first(self, name: str) -> str:
        return self.newest.get(name, ("", ""))[0]


Claimed = tuple[str, str, str, str, str, str, str]
"""Event, property, value, as of, confidence, verb, origin."""


def refresh(connection: Connection, fresh: Iterable[Statement], known: Sequence[str]) -> None:
    """Make the rows of events met for the first time, of which `fresh` is everything that is said, and those of `known` ones anew."""
    again = list(_read(connection, known))
    old = {(claim[2], claim[0]) for claim in again if claim[1] in OF} | {(name, name) for name in known}
    if old:
        here = (money.c.contract == bindparam("act"), money.c.event == bindparam("name"))
        connection.execute(money.delete().where(*here), [{"act": act, "name": name} for act, name in sorted(old)])
    met = (
        (name, prop, value, as_of, confidence, verb, told_by.origin)
        for name, _, prop, value, _, _, told_by, verb, confidence, as_of, _, _ in fresh
    )
    made = (_worth(name, one) for name, one in _folded(chain(met, again)).items())
    put(connection, money, MoneyRow._fields, sorted(one for one in made if one), "")


def _read(connection: Connection, events: Sequence[str]) -> Iterator[Claimed]:
    said = statement.c
    question = select(said.entity, said.property, said.value, said.as_of, said.confidence, said.verb, source.c.lineage)
    joined = question.join(source, source.c.number == said.source).order_by(said.number)
    for some in pieces(events):
        yield from (tuple(row) for row in connection.execute(joined.where(said.entity.in_(some))))


def _folded(claims: Iterable[Claimed]) -> dict[str, _Told]:
    told: dict[str, _Told] = {}
    for name, prop, value, as_of, confidence, verb, origin in claims:
        one = told.get(name)
        if one is None:
            one = told[name] = _Told(origin)
        if prop not in one.newest or as_of > one.newest[prop][1]:
            one.newest[prop] = (value, as_of)
        one.origin = min(one.origin, origin)
        one.is_firm = one.is_firm or not (confidence == Confidence.LOW or verb == VerbClass.ALLEGED)
    return told


def _worth(name: str, told: _Told) -> MoneyRow | None:
    """None for what is no amount of a kind that is known: the claim stands all the same."""
    amount, kind = told.first("amount"), told.first("kind")
    try:
        number = exact(amount)
    except InvalidOperation:
        return None
    exponent = number.as_tuple().exponent
    if kind not in KINDS or not isinstance(exponent, int):  # the last never, of a finite number
        return None
    contract = told.first("contract") or told.first("about") or name
    step, low = int(told.first("step") == "1"), int(not told.is_firm)
    said = (
        told.first("currency"),
        amount,
        _units(number, exponent),
        -exponent,
        step,
        low,
        told.first("date"),
        told.origin,
    )
    return MoneyRow(contract, name, kind, *said)


def _units(number: Decimal, exponent: int) -> int | None:
    return int(number.scaleb(-FINEST)) if exponent >= FINEST and abs(number) < MOST else None
