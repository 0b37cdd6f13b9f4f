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
    if amounts.has_parts(connection, found):
        return one_by_one(connection, found)
    made = {}
    wrong = amounts.corrected(connection)
    for side, (mine, theirs) in SIDES.items():
        named = [[*found.members], [*mine], [*theirs]]
        rows = [(who, acts, amounts.Sum(*row)) for who, acts, *row in ask(connection, _SUMS, *named, wrong)]
        if any(row.inexact for _, _, row in rows):
            return one_by_one(connection, found)
        if rows:
            made[side] = _added(rows)
    return made


def _added(rows: Sequence[tuple[str, int, amounts.Sum]]) -> Side:
    totals, acts, counted = defaultdict[str, Totals](list), dict[str, int](), Counter[Key]()
    for who, many, row in rows:
        acts[who] = many
        totals[who].append(amounts.total_in(row))
        counted[totals[who][-1][:2]] += int(row.seen)
    return _ordered([Share(tuple(sorted(who.split(APART))), acts[who], some) for who, some in totals.items()], counted)


APART = "\x1f"
_SUMS = f"""
WITH acts AS (SELECT DISTINCT entity AS act FROM registry_edge WHERE target IN ? AND property IN ?
  AND EXISTS (SELECT 1 FROM registry_money WHERE contract = registry_edge.entity)),
others AS (SELECT DISTINCT act, COALESCE(canonical, value) AS who FROM acts
  JOIN registry_statement s ON s.entity = act AND property IN ? LEFT JOIN registry_entity e ON e.entity = value),
named AS (SELECT act, string_agg(who, '{APART}' ORDER BY who) AS who FROM others GROUP BY act),
counted AS (SELECT act, who, count(*) OVER (PARTITION BY who) AS acts FROM named),
here AS (SELECT who, acts, m.* FROM counted JOIN registry_money m ON m.contract = act),
{amounts.sums("who, acts, ")}"""  # noqa: S608  constants
"""Each act that names the institution, who is on the other side of it, and what acts with the same others add up to."""


def one_by_one(connection: Connection, found: Entity) -> dict[str, Side]:
    """The same, of amounts that are read: where an act is part of another, or an amount is finer or larger than a database adds up."""
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
            acts = [one for some in grouped.values() for one in some]
            counted = Counter((one.amount.kind, one.amount.currency) for act in acts for one in money[act])
            made[side] = _ordered(list(_shares(grouped, money, within)), counted)
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


def _ordered(shares: Sequence[Share], counted: Counter[Key]) -> Side:
    """The largest sum of the first kind and currency first; those without one last, by name."""
    first = max(sorted(counted), key=lambda key: counted[key])

    def place(share: Share) -> tuple[bool, Decimal, tuple[str, ...]]:
        total = next((one for kind, currency, one in share.totals if (kind, currency) == first), None)
        return (not isinstance(total, Total), -total.amount if isinstance(total, Total) else Decimal(0), share.who)

    return Side(first, sorted(shares, key=place))
