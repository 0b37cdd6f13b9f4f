"""What an act or an institution is told to be worth: its value events, and what they add up to.

An agency has thousands of them, so they are added up where they lie (`worth`), and only what a page shows is read.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import CTE, Connection, Row, Select, Subquery, case, func, literal, select

from tocsin.registry.bulk import found_by
from tocsin.registry.contest import Contest, about_any, corrected_on, mark_of, open_since
from tocsin.registry.exact import exact
from tocsin.registry.model import Confidence, ValueKind
from tocsin.registry.queries import Entity
from tocsin.registry.tables import edge, entity, money, statement
from tocsin.registry.value_sums import Amount, Refused, Total, total_of
from tocsin.registry.worth import UNIT, VALUE_EVENT

NAMED_BY = ("authority", "supplier", "reseller")
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


def money_of(connection: Connection, found: Entity, newest: int | None = None) -> list[Money]:
    """The value events of a contract, or of every contract and aggregate that names this buyer or vendor; by date.

    `newest`: no more than so many, the last ones.
    """
    here, contests = _here(found), _contests(connection)
    question = select(here).order_by(here.c.date.desc(), here.c.event.desc()).limit(newest)
    return [_money(row, contests.get(row.event, ())) for row in reversed(connection.execute(question).all())]


def totals_of(connection: Connection, money: Sequence[Money]) -> Totals:
    """What amounts add up to that were read one by one."""
    grouped: dict[tuple[ValueKind, str], list[Money]] = defaultdict(list)
    for one in money:
        grouped[one.amount.kind, one.amount.currency].append(one)
    within = parts_of(connection, {one.amount.contract for one in money})
    return [(*key, total_of(_newest_totals(some), within)) for key, some in sorted(grouped.items())]


def parts_of(connection: Connection, contracts: Iterable[str]) -> dict[str, str]:
    """Contract to the contract it is part of, where one is known."""
    is_part = statement.c.property == "partOf"
    return dict(found_by(connection, statement.c.entity, sorted(contracts), statement.c.value, is_part))


def worth_of(connection: Connection, found: Entity, shown: int) -> Worth:
    """`shown` of the newest amounts, and what all of them add up to."""
    newest = money_of(connection, found, shown + 1)
    if len(newest) > shown:
        return _worth_of_many(connection, found, newest[1:])
    totals = totals_of(connection, newest)
    return Worth(newest, len(newest), totals, _mixed(totals, any(one.amount.is_low for one in newest)))


def _worth_of_many(connection: Connection, found: Entity, newest: Sequence[Money]) -> Worth:
    wrong = [name for name, some in _contests(connection).items() if corrected_on(some) is not None]
    rows = connection.execute(_sums(_here(found), wrong)).all()
    many, has_low = sum(row.seen for row in rows), any(row.has_low for row in rows)
    if any(row.inexact for row in rows) or _has_parts(connection, found):
        totals = totals_of(connection, money_of(connection, found))
    else:
        totals = [_total(row) for row in rows]
    return Worth(newest, many, totals, _mixed(totals, has_low))


def _mixed(totals: Totals, has_low: bool) -> Refused | None:
    """Why amounts of several kinds do not add up: the first reason of `value_sums` that then holds."""
    if len({kind for kind, _, _ in totals}) < 2:
        return None
    return Refused.UNCONFIRMED if has_low else Refused.KINDS


def _here(found: Entity) -> CTE:
    """The rows of `money` of an act, or of every act that names an institution."""
    acts = _acts(found)
    return select(money).join(acts, acts.c.entity == money.c.contract).cte("here")


def _acts(found: Entity) -> Subquery:
    own = select(entity.c.entity).where(entity.c.entity.in_(found.members))
    naming = select(edge.c.entity).where(edge.c.target.in_(found.members), edge.c.property.in_(NAMED_BY))
    return own.union(naming).subquery()


def _sums(here: CTE, wrong: Sequence[str]) -> Select[Any]:
    """For each kind and currency what there is, and of what counts how many, their units, whether one is low or a contract twice.

    A total that its own source replaced by one of a later date does not count, as in `_newest_totals`.
    """
    is_low = case((here.c.event.in_(wrong), 1), else_=here.c.is_low).label("is_low")
    told = (here.c.kind, here.c.currency, here.c.contract, here.c.is_step, here.c.units, here.c.digits, is_low)
    last = func.max(here.c.date).over(partition_by=[here.c.kind, here.c.currency, here.c.contract, here.c.origin])
    is_newest = case((here.c.date.in_(["", last]), 1), else_=0)
    steps = select(*told, literal(1).label("counts")).where(here.c.is_step == 1)
    one = steps.union_all(select(*told, is_newest).where(here.c.is_step == 0)).subquery().c
    seen, steps_here, counted = func.count(), func.sum(one.is_step), func.sum(one.counts)
    twice = case((counted - steps_here > 1, 1), ((counted > steps_here) & (steps_here > 0), 1), else_=0)
    key = (one.kind, one.currency)
    act = (
        select(
            *key, seen.label("seen"), (seen - func.count(one.units)).label("inexact"), func.max(one.is_low).label("has_low"),
            counted.label("many"), func.sum(one.units * one.counts).label("units"), func.max(one.digits * one.counts).label("digits"),
            func.max(one.is_low * one.counts).label("is_low"), twice.label("is_twice"),
        )
        .group_by(*key, one.contract)
        .subquery()
        .c
    )  # fmt: skip
    sums = (func.sum(act[name]).label(name) for name in ("seen", "inexact", "many", "units"))
    most = (func.max(act[name]).label(name) for name in ("has_low", "digits", "is_low", "is_twice"))
    return (
        select(act.kind, act.currency, *sums, *most).group_by(act.kind, act.currency).order_by(act.kind, act.currency)
    )


def _total(row: Row[Any]) -> tuple[ValueKind, str, Total | Refused]:
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


def _has_parts(connection: Connection, found: Entity) -> bool:
    """Whether something here is part of something else: then it is looked at one by one."""
    acts = _acts(found)
    question = select(edge.c.entity).join(acts, acts.c.entity == edge.c.target).where(edge.c.property == "partOf")
    return connection.execute(question.limit(1)).first() is not None


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


def _money(row: Row[Any], contests: Sequence[Contest]) -> Money:
    is_low = row.is_low or corrected_on(contests) is not None
    confidence = Confidence.LOW if is_low else Confidence.HIGH
    kind, amount = ValueKind(row.kind), exact(row.amount)
    made = Amount(row.event, row.contract, kind, amount, row.currency, bool(row.is_step), confidence)
    return Money(row.event, row.date, made, row.origin, open_since(contests), _marks(contests))


def _marks(contests: Sequence[Contest]) -> tuple[Mark, ...]:
    by_value: dict[tuple[str, str], list[Contest]] = defaultdict(list)
    for one in contests:
        by_value[one.property, one.value].append(one)
    marks = (Mark(*key, mark_of(some)) for key, some in by_value.items())
    return tuple(one for one in marks if one.told)
