"""Amounts added up where they lie say what the same amounts say one by one, and a schema from before gets the same rows."""

from collections.abc import Callable
from decimal import Decimal
from random import Random

from sqlalchemy import Connection, select

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import amounts, contest, queries, tables, worth
from tocsin.registry.model import Claim, Confidence, Draft, Row, Source, ValueKind
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Refused, Total

DAY = 20_000
BUYER = "w-buyer"
AMOUNTS = ("1", "-30.05", "0.10", "7.3000", "1200000", "1E+3", "0.00001", "99999999999", "five", "Infinity")


def world(draw: Random, rows: int) -> list[Row]:
    """Contracts of one buyer with their value events: mostly plain, at times strange."""
    likes = draw.choice([AMOUNTS[:5], AMOUNTS[:6], AMOUNTS])
    kinds = draw.sample([*ValueKind], draw.choice([1, 1, 2]))
    steps = draw.choice(["1", "0", ""])
    return [row(draw, at, draw.choice(likes), draw.choice(kinds), steps) for at in range(rows)]


def row(draw: Random, at: int, amount: str, kind: ValueKind, step: str) -> Row:
    act = f"w-act-{draw.randint(0, 6)}"
    title = [Claim("title", f"Contract {act}"), Claim("authority", BUYER)]
    if draw.random() < 0.03:
        title.append(Claim("partOf", f"w-act-{draw.randint(0, 6)}"))
    told = {"contract": act, "kind": kind, "amount": amount, "currency": draw.choice(["USD", "USD", "USD", "EUR"])}
    told |= {"date": draw.choice(["", "2020-01-01", "2021"]), "step": step if draw.random() < 0.9 else "1"}
    event = [Claim(name, value) for name, value in told.items() if value]
    source = Source(f"https://register.example/{draw.randint(0, 1)}", "register")
    drafts = [
        Draft(BUYER, "PublicBody", [Claim("name", "Town of Samples")]),
        Draft(act, "Contract", title),
        Draft(f"w-event-{draw.randint(0, 60)}", "ValueEvent", event),
    ]
    confidence = Confidence.LOW if draw.random() < 0.02 else Confidence.HIGH
    return Row(at, drafts, source, confidence=confidence, as_of=draw.choice(["", "2022-02-02", "2023"]))


def rows_of(connection: Connection) -> set[tuple[object, ...]]:
    return {tuple(one) for one in connection.execute(select(tables.money))}


def agrees(connection: Connection, name: str) -> amounts.Totals:
    """What is added up in the database is what is added up one by one, for a page that shows few, some or all."""
    found = queries.entity_of(connection, name)
    each = amounts.money_of(connection, found)
    totals = amounts.totals_of(connection, each)
    for shown in (0, 3, 1_000):
        seen = amounts.worth_of(connection, found, shown)
        assert (repr(seen.totals), seen.many) == (repr(totals), len(each)), "to the last digit that is known"
        assert list(seen.newest) == each[len(each) - min(shown, len(each)) :]
        kinds = {kind for kind, _, _ in totals}
        low = any(one.amount.is_low for one in each)
        assert seen.mixed == (None if len(kinds) < 2 else Refused.UNCONFIRMED if low else Refused.KINDS)
    return totals


def add_up_alike(connection: Connection, draw: Random) -> amounts.Totals:
    """A world in two imports, the second of which speaks again of events of the first."""
    for _ in range(2):
        record(connection, world(draw, draw.choice([1, 20, 60])), "w", DAY)
    before = rows_of(connection)
    worth.refresh(connection, (), sorted({str(one.event) for one in connection.execute(select(tables.money))}))
    assert rows_of(connection) == before, "rows kept up with claims are those made of all claims"
    for act in range(7):
        if connection.execute(select(tables.entity).where(tables.entity.c.entity == f"w-act-{act}")).first():
            agrees(connection, f"w-act-{act}")
    return agrees(connection, BUYER)


class _Undone(Exception):
    """The way out of a transaction that is not to stand."""


def test_amounts_are_added_up_in_the_database_as_one_by_one(copied: Callable[[str], Registry]) -> None:
    registry, seen = copied("worth"), set()

    def one_world(connection: Connection, seed: int) -> None:
        for _, _, total in add_up_alike(connection, Random(seed)):
            seen.add(total if isinstance(total, Refused) else Total)
        raise _Undone

    for seed in range(40):
        try:
            registry.database.write_now(lambda connection, seed=seed: one_world(connection, seed))  # type: ignore[misc]  # bound now
        except _Undone:
            continue
    wanted = {Total, Refused.UNCONFIRMED, Refused.TWICE, Refused.WITHIN, Refused.AGGREGATES}
    assert wanted <= seen, "worlds in which every answer occurs"


def test_an_amount_found_wrong_is_in_no_sum_wherever_it_is_added_up(copied: Callable[[str], Registry]) -> None:
    registry = copied("wrong")

    def story(connection: Connection) -> None:
        source = Source("https://register.example/1", "register")
        paid = [Claim("contract", "w-act"), Claim("kind", "paid"), Claim("amount", "2"), Claim("step", "1")]
        events = [Draft(f"w-{at}", "ValueEvent", paid) for at in range(5)]
        act = Draft("w-act", "Contract", [Claim("title", "A contract")])
        record(connection, [Row(1, [act, *events], source)], "w", DAY)
        [(_, _, total)] = agrees(connection, "w-act")
        assert isinstance(total, Total)
        assert total.amount == Decimal(10)
        claims = queries.statements_of(connection, ["w-3"])
        number = next(one.number for one in claims if one.said.property == "amount")
        reference = contest.file(connection, number, ("wrong", "the record says otherwise", ""), DAY, CountedClock())
        assert isinstance(agrees(connection, "w-act")[0][2], Total), "contested is not yet wrong"
        contest.answer(connection, reference, contest.Outcome.CORRECTED, "It was never paid.", DAY + 1)
        assert agrees(connection, "w-act")[0][2] is Refused.UNCONFIRMED

    registry.database.write_now(story)


def test_a_schema_from_before_gets_the_rows_that_the_registry_would_make(copied: Callable[[str], Registry]) -> None:
    database = copied("old").database
    for seed in (3, 5):
        database.write_now(lambda connection, seed=seed: record(connection, world(Random(seed), 60), "w", DAY))  # type: ignore[misc]  # bound now
    before = database.read_now(rows_of)
    assert len(before) > 50
    database.migrate("0019")
    database.migrate()
    assert database.read_now(rows_of) == before
