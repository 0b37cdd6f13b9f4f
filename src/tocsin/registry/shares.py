"""Who got how much of a buyer, and who paid a seller: an institution's amounts, added up by who was on the other side of each act.

Promise: each sum is what `amounts` would say of the same amounts, refusals included. An act that names several on the other side
stands once, under all of them: nobody's sum holds what was promised to somebody else too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from tocsin.registry import amounts
from tocsin.registry.amounts import Money, Totals
from tocsin.registry.bulk import pieces
from tocsin.registry.graph import heads_of
from tocsin.registry.model import ValueKind
from tocsin.registry.queries import Entity
from tocsin.registry.value_sums import Total
from tocsin.store.plain import ask

SELLERS, BUYERS = ("supplier", "reseller"), ("authority",)
SIDES = {"bought": (BUYERS, SELLERS), "sold": (SELLERS, BUYERS)}
"""As what an act names the institution, and as what it names those on the other side."""
MOST = 20_000
"""Amounts that are added up while somebody waits: more take seconds."""

Key = tuple[ValueKind, str]
"""Of an amount: its kind and its currency."""


@dataclass(frozen=True)
class Share:
    """What acts with these others add up to. `who`: the ids that they go under; several where each of the acts names several."""

    who: tuple[str, ...]
    acts: int
    totals: Totals


@dataclass(frozen=True)
class Side:
    """All shares of one side; `first`: the kind and currency by whose sums they stand in order, the one with the most amounts."""

    first: Key
    shares: Sequence[Share]


def shares_of(connection: Connection, found: Entity) -> dict[str, Side]:
    """Sides of `SIDES` on which it has amounts."""
    money: dict[str, list[Money]] = defaultdict(list)
    for one in amounts.money_of(connection, found):
        money[one.amount.contract].append(one)
    named = _named(connection, sorted(money))
    above = heads_of(connection, {value for said in named.values() for _, value in said})
    within = amounts.parts_of(connection, money)
    made = {}
    for side, (mine, theirs) in SIDES.items():
        grouped: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for act, said in named.items():
            if any(prop in mine and value in found.members for prop, value in said):
                others = sorted({above[value] for prop, value in said if prop in theirs})
                grouped[tuple(others)].append(act)
        grouped.pop((), None)
        if grouped:
            made[side] = _ordered(
                _shares(grouped, money, within), [one for acts in grouped.values() for one in acts], money
            )
    return made


def _named(connection: Connection, acts: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Whom each act names as buyer and seller."""
    said: dict[str, list[tuple[str, str]]] = defaultdict(list)
    line = "SELECT entity, property, value FROM registry_statement WHERE entity IN ? AND property IN ?"
    for some in pieces(acts):
        for act, prop, value in ask(connection, line, [*some], [*SELLERS, *BUYERS]):
            said[act].append((prop, value))
    return said


def _shares(
    grouped: Mapping[tuple[str, ...], Sequence[str]], money: Mapping[str, Sequence[Money]], within: Mapping[str, str]
) -> Iterator[Share]:
    for who, acts in grouped.items():
        yield Share(who, len(acts), amounts.added_up([one for act in acts for one in money[act]], within))


def _ordered(shares: Iterator[Share], acts: Sequence[str], money: Mapping[str, Sequence[Money]]) -> Side:
    """The largest sum of the first kind and currency first; those without one last, by name."""
    counted = Counter((one.amount.kind, one.amount.currency) for act in acts for one in money[act])
    first = max(sorted(counted), key=lambda key: counted[key])

    def place(share: Share) -> tuple[bool, Decimal, tuple[str, ...]]:
        total = next((one for kind, currency, one in share.totals if (kind, currency) == first), None)
        return (not isinstance(total, Total), -total.amount if isinstance(total, Total) else Decimal(0), share.who)

    return Side(first, sorted(shares, key=place))
