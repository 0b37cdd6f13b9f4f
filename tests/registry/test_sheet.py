"""A sheet says what asking would say, after whatever happens; who reads makes none, and a running node catches up by itself."""

from collections.abc import Callable
from functools import partial
from random import Random

import pytest
from sqlalchemy import Connection, select

from tests.crypto.counted_clock import CountedClock
from tests.registry.test_worth import BUYER, DAY, world
from tocsin.errors import TocsinError
from tocsin.registry import contest, due, queries, sheet, tables
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.model import Claim, Draft, Row, Source
from tocsin.registry.record import record
from tocsin.registry.room import Registry

OTHER = "w-town"
SOURCE = Source("https://register.example/9", "register")
CLOCK = CountedClock()
"""One, so that no two references are the same."""


def work_out(connection: Connection) -> None:
    """As `sheet.catch_up`, in one transaction."""
    for name in connection.scalars(select(tables.sheet.c.entity).where(tables.sheet.c.told.is_(None))).all():
        at, told = sheet.made(connection, name)
        sheet.keep(connection, name, at, told)


def standing(connection: Connection) -> set[str]:
    """Who has a sheet that holds; each says what asking says."""
    held = set()
    for name in connection.scalars(select(tables.sheet.c.entity)).all():
        found = queries.entity_of(connection, name)
        kept = sheet.of(connection, found)
        if kept is not None and found.id == name:
            assert repr(kept) == repr(sheet.made_of(connection, found)), name
            held.add(name)
    return held


def say_more(connection: Connection, draw: Random) -> None:
    record(connection, world(draw, draw.choice([1, 5])), "w", DAY)


def name_one(connection: Connection, draw: Random) -> None:
    """An act that was met without a name is called something, or gets another date."""
    act = f"w-act-{draw.randint(0, 9)}"
    claims = [Claim("title", f"Order {draw.randint(0, 9)}"), Claim("contractDate", f"20{draw.randint(10, 30)}-01-01")]
    claims += [
        Claim(prop, draw.choice([BUYER, OTHER, "w-seller"]))
        for prop in ("authority", "supplier")
        if draw.random() < 0.5
    ]
    record(connection, [Row(1, [Draft(act, "Contract", claims)], SOURCE)], "w", DAY)


def find_wrong(connection: Connection, draw: Random) -> None:
    events = connection.scalars(select(tables.money.c.event).order_by(tables.money.c.event)).all()
    if not events:
        return
    kept = queries.statements_of(connection, [draw.choice(events)])
    number = next(one.number for one in kept if one.said.property == "amount")
    reference = contest.file(connection, number, ("wrong", "the record says otherwise", ""), DAY, CLOCK)
    contest.answer(connection, reference, contest.Outcome.CORRECTED, "It was never paid.", DAY + 1)


def judge_two(connection: Connection, draw: Random) -> None:
    names = connection.scalars(
        select(tables.entity.c.entity).where(tables.entity.c.entity.like("w-%")).order_by("number")
    ).all()
    names = [one for one in names if not one.startswith("w-event")]
    if len(names) > 1:
        one, other = draw.sample(names, 2)
        judge(connection, one, other, draw.choice([*Verdict]), "a look at both", DAY)


def sheets_say_what_asking_says(connection: Connection, draw: Random) -> tuple[int, int]:
    """How many sheets survived a step, and how many a step took away."""
    lived = went = 0
    record(connection, world(draw, draw.choice([5, 90])), "w", DAY)
    for _ in range(8):
        due.find(connection)
        connection.execute(tables.sheet.delete().where(~tables.sheet.c.entity.like("w-%")))
        work_out(connection)
        before = standing(connection)
        savepoint = connection.begin_nested()
        try:
            draw.choice([say_more, name_one, find_wrong, judge_two])(connection, draw)
            savepoint.commit()
        except TocsinError:
            savepoint.rollback()
        after = standing(connection)
        lived, went = lived + len(before & after), went + len(before - after)
    return lived, went


class _Undone(Exception):
    """The way out of a transaction that is not to stand."""


def test_a_sheet_says_what_asking_says_whatever_happens(
    copied: Callable[[str], Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "MANY", 2)
    database, counted = copied("sheets").database, [0, 0]

    def one_world(connection: Connection, seed: int) -> None:
        lived, went = sheets_say_what_asking_says(connection, Random(seed))
        counted[0], counted[1] = counted[0] + lived, counted[1] + went
        raise _Undone

    for seed in range(6):
        with pytest.raises(_Undone):
            database.write_now(partial(one_world, seed=seed))
    assert min(counted) > 20, "steps that change a sheet, and steps that leave others alone"


def test_who_reads_makes_no_sheet_and_what_changes_meanwhile_stays_due(
    copied: Callable[[str], Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "MANY", 2)
    registry = copied("due")
    database = registry.database
    database.write_now(lambda c: record(c, world(Random(1), 60), "w", DAY))
    database.write_now(due.find)
    question = select(tables.sheet.c.entity, tables.sheet.c.told).order_by(tables.sheet.c.entity)
    before = database.read_now(lambda c: c.execute(question).all())
    found = database.read_now(lambda c: queries.entity_of(c, BUYER))
    assert database.read_now(lambda c: sheet.of(c, found)) is None
    assert database.read_now(lambda c: c.execute(question).all()) == before
    assert sheet.catch_up(database) == len(before) > 1
    assert sheet.catch_up(database) == 0, "nothing is due any more"
    at, told = database.read_now(lambda c: sheet.made(c, BUYER))
    database.write_now(lambda c: record(c, world(Random(2), 60), "w", DAY))
    database.write_now(lambda c: sheet.keep(c, BUYER, at, told))
    assert database.read_now(lambda c: sheet.of(c, found)) is None, "made of what was said before"
    sheet.catch_up(database)
    assert BUYER in database.read_now(standing)
