"""What an act or an institution is told to be worth: its value events, and what they add up to.

An agency has thousands of them, so they are added up where they lie (`worth`), and only what a page shows is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import Connection

from tocsin.registry.bulk import pieces
from tocsin.registry.contest import Contest, about_any, corrected_on, mark_of, open_since
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, ValueKind
from tocsin.registry.queries import Entity
from tocsin.registry.value_sums import Amount, Refused, Total, total_of
from tocsin.registry.worth import UNIT, VALUE_EVENT, MoneyRow
from tocsin.store.plain import ALL, ask

NAMED_BY = ("authority", "supplier", "reseller")
SHOWN = 50
"""Amounts in the table of one page, the newest; sums are of all, and the page says so."""
Contested = Mapping[str, Sequence[Contest]]
"""Of a value event what was contested."""
Totals = list[tuple[ValueKind, str, Total | Refused]]
"""For each kind and currency that occurs, what it adds up to or why it does not."""


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


@dataclass(frozen=True)
class Worth:
    """What a page shows of an entity's amounts: the newest, by date, how many there are, and what all of them add up to."""

    newest: Sequence[Money]
    many: int
    totals: Totals
    mixed: Refused | None
    """Why amounts of several kinds do not add up."""


@dataclass(frozen=True)
class Summed:
    """The same before anybody looked what of it is contested."""

    newest: list[MoneyRow]
    many: int
    totals: Totals
    mixed: Refused | None


def money_of(connection: Connection, found: Entity, newest: int | None = None) -> list[Money]:
    """The value events of a contract, or of every contract and aggregate that names this buyer or vendor; by date.

    `newest`: no more than so many, the last ones.
    """
    contests = _contests(connection)
    return [_money(row, contests.get(row.event, ())) for row in _newest(connection, found, newest)]


def _newest(connection: Connection, found: Entity, most: int | None = None) -> list[MoneyRow]:
    """Rows of `money`, by date, no more than so many, the last ones."""
    rows = ask(connection, f"{_HERE} {_BY_DATE}", *_acts(found), ALL if most is None else most)
    return [MoneyRow(*row) for row in reversed(rows)]


def totals_of(connection: Connection, money: Sequence[Money]) -> Totals:
    """What amounts add up to that were read one by one."""
    return added_up(money, parts_of(connection, {one.amount.contract for one in money}))


def added_up(money: Sequence[Money], within: Mapping[str, str]) -> Totals:
    """The same, where it is known which contract is part of which."""
    grouped: dict[tuple[ValueKind, str], list[Money]] = defaultdict(list)
    for one in money:
        grouped[one.amount.kind, one.amount.currency].append(one)
    return [(*key, total_of(_newest_totals(some), within)) for key, some in sorted(grouped.items())]


def parts_of(connection: Connection, contracts: Iterable[str]) -> dict[str, str]:
    """Contract to the contract it is part of, where one is known."""
    line = "SELECT entity, value FROM registry_statement WHERE entity IN ? AND property = 'partOf'"
    return {name: whole for some in pieces(sorted(contracts)) for name, whole in ask(connection, line, list(some))}


def how_many(connection: Connection, found: Entity) -> int:
    """How many amounts it has."""
    return int(ask(connection, f"{_HERE} SELECT count(*) FROM here", *_acts(found))[0][0])  # noqa: S608  a constant


def worth_of(connection: Connection, found: Entity, shown: int = SHOWN, known: Summed | None = None) -> Worth:
    """`shown` of the newest amounts, and what all of them add up to. `known`: that, where it was worked out before."""
    contests = _contests(connection)
    told = known or _summed(connection, found, shown, contests)
    money = [_money(row, contests.get(row.event, ())) for row in told.newest]
    return Worth(money, told.many, told.totals, told.mixed)


def summed(connection: Connection, found: Entity, shown: int = SHOWN) -> Summed:
    """What `worth_of` takes as known."""
    return _summed(connection, found, shown, _contests(connection))


def _summed(connection: Connection, found: Entity, shown: int, contests: Contested) -> Summed:
    newest = _newest(connection, found, shown + 1)
    if len(newest) > shown:
        return _summed_where_they_lie(connection, found, newest[1:], contests)
    money = [_money(row, contests.get(row.event, ())) for row in newest]
    totals = totals_of(connection, money)
    return Summed(newest, len(money), totals, _mixed(totals, any(one.amount.is_low for one in money)))


def _summed_where_they_lie(
    connection: Connection, found: Entity, newest: list[MoneyRow], contests: Contested
) -> Summed:
    rows = [Sum(*row) for row in ask(connection, f"{_HERE}, {sums()}", *_acts(found), _corrected(contests))]
    many, has_low = sum(row.seen for row in rows), any(row.has_low for row in rows)
    if any(row.inexact for row in rows) or has_parts(connection, found):
        totals = totals_of(connection, money_of(connection, found))
    else:
        totals = [total_in(row) for row in rows]
    return Summed(newest, int(many), totals, _mixed(totals, has_low))


def has_parts(connection: Connection, found: Entity) -> bool:
    """Whether something is part of one of its acts: then their amounts are looked at one by one."""
    return bool(ask(connection, f"{_HERE} {_PARTS}", *_acts(found)))


def corrected(connection: Connection) -> list[str]:
    """Events of which a value was found wrong: what `sums` takes."""
    return _corrected(_contests(connection))


def _corrected(contests: Contested) -> list[str]:
    return [name for name, some in contests.items() if corrected_on(some) is not None]


def _mixed(totals: Totals, has_low: bool) -> Refused | None:
    """Why amounts of several kinds do not add up: the first reason of `value_sums` that then holds."""
    if len({kind for kind, _, _ in totals}) < 2:
        return None
    return Refused.UNCONFIRMED if has_low else Refused.KINDS


def _acts(found: Entity) -> tuple[list[str], list[str], list[str]]:
    """The values of `_HERE`."""
    return [*found.members], [*found.members], [*NAMED_BY]


_HERE = (
    "WITH acts AS (SELECT entity FROM registry_entity WHERE entity IN ? "
    "UNION SELECT entity FROM registry_edge WHERE target IN ? AND property IN ?), "
    "here AS (SELECT m.* FROM registry_money m JOIN acts ON acts.entity = m.contract)"
)
"""The rows of `money` of an act, or of every act that names an institution."""
_BY_DATE = f"SELECT {', '.join(MoneyRow._fields)} FROM here ORDER BY date DESC, event DESC LIMIT ?"  # noqa: S608  names of our own
_PARTS = "SELECT 1 FROM registry_edge g JOIN acts ON acts.entity = g.target WHERE g.property = 'partOf' LIMIT 1"


def sums(by: str = "") -> str:
    """For each kind and currency what there is in `here`, and of what counts how many, their units, whether one is low or a contract
    twice: rows of `Sum`, each behind what it is `by`, columns of `here` that a contract has one of. Takes `corrected`.

    A total that its own source replaced by one of a later date does not count, as in `_newest_totals`.
    """
    return _SUMS.replace("/*by*/", by)


_SUMS = """
told AS (SELECT /*by*/kind, currency, contract, origin, date, is_step, units, digits,
  CASE WHEN event IN ? THEN 1 ELSE is_low END AS is_low FROM here),
one AS (SELECT /*by*/kind, currency, contract, is_step, units, digits, is_low, 1 AS counts FROM told WHERE is_step = 1
  UNION ALL SELECT /*by*/kind, currency, contract, is_step, units, digits, is_low,
  CASE WHEN date = '' OR date = max(date) OVER (PARTITION BY kind, currency, contract, origin) THEN 1 ELSE 0 END
  FROM told WHERE is_step = 0),
act AS (SELECT /*by*/kind, currency, count(*) AS seen, count(*) - count(units) AS inexact, max(is_low) AS has_low, sum(counts) AS many,
  sum(units * counts) AS units, max(digits * counts) AS digits, max(is_low * counts) AS is_low,
  CASE WHEN sum(counts) - sum(is_step) > 1 OR (sum(counts) > sum(is_step) AND sum(is_step) > 0) THEN 1 ELSE 0 END AS is_twice
  FROM one GROUP BY /*by*/kind, currency, contract)
SELECT /*by*/kind, currency, sum(seen), sum(inexact), max(has_low), sum(many), sum(units), max(digits), max(is_low), max(is_twice)
  FROM act GROUP BY /*by*/kind, currency ORDER BY kind, currency"""


class Sum(NamedTuple):
    """A row of `sums`."""

    kind: str
    currency: str
    seen: int
    inexact: int
    has_low: int
    many: int
    units: int
    digits: int
    is_low: int
    is_twice: int


def total_in(row: Sum) -> tuple[ValueKind, str, Total | Refused]:
    """As `value_sums.total_of` has it, in the same order of reasons."""
    reasons = {
        Refused.UNCONFIRMED: row.is_low,
        Refused.AGGREGATES: row.many > 1 and row.kind == ValueKind.AGGREGATE,
        Refused.TWICE: row.is_twice,
    }
    refused = next((reason for reason, holds in reasons.items() if holds), None)
    amount = (int(row.units) * UNIT).quantize(Decimal(1).scaleb(-row.digits))
    kind = ValueKind(row.kind)
    return kind, row.currency, refused or Total(kind, row.currency, amount, int(row.many))


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


def _contests(connection: Connection) -> dict[str, list[Contest]]:
    """What was ever contested of value events: there are few."""
    contests: dict[str, list[Contest]] = defaultdict(list)
    for (name, _, _), some in about_any(connection, VALUE_EVENT).items():
        contests[name] += some
    return contests


def _money(row: MoneyRow, contests: Sequence[Contest]) -> Money:
    is_low = row.is_low or corrected_on(contests) is not None
    confidence = Confidence.LOW if is_low else Confidence.HIGH
    kind, amount = ValueKind(row.kind), exact(row.amount)
    made = Amount(row.event, row.contract, kind, amount, row.currency, bool(row.is_step), confidence)
    if not contests:  # as of nearly all
        return Money(row.event, row.date, made, row.origin)
    return Money(row.event, row.date, made, row.origin, open_since(contests), _marks(contests))


def _marks(contests: Sequence[Contest]) -> tuple[Mark, ...]:
    by_value: dict[tuple[str, str], list[Contest]] = defaultdict(list)
    for one in contests:
        by_value[one.property, one.value].append(one)
    marks = (Mark(*key, mark_of(some)) for key, some in by_value.items())
    return tuple(one for one in marks if one.told)
