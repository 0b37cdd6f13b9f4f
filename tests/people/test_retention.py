"""Which retention table is in force, at any moment, and what it takes to change one."""

from base64 import b64encode
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.crypto.counted_clock import CountedClock
from tocsin.crypto import canonical
from tocsin.crypto.keys import SigningKey
from tocsin.people import retention, steward_keys
from tocsin.people import statement as statements
from tocsin.people.retention import SHORTER_AFTER_S, Table, TableWrong
from tocsin.people.statement import Act, Signed, Statement
from tocsin.people.steward_keys import Steward
from tocsin.tlog import entry as entries
from tocsin.tlog.public import Standing

DAY = 86_400
FEW = settings(max_examples=60)
CLASSES = ("encounter", "rehearsal")
CLOCK = CountedClock(b"retention")
CITY, FIRST, SECOND, STRANGER = (SigningKey.generate(CLOCK) for _ in range(4))
STEWARDS = {key.public: Steward(key.public, name, 0) for key, name in ((FIRST, "Wren"), (SECOND, "Kestrel"))}
ORIGIN = "sample.example/log"


@st.composite
def histories(draw: st.DrawFn) -> list[Table]:
    """Tables in order of the log, at most three weeks apart."""
    since, tables = 0, []
    for number in range(1, draw(st.integers(1, 6)) + 1):
        since += draw(st.integers(0, 21 * DAY))
        days = {name: draw(st.integers(1, 4)) for name in CLASSES}
        tables.append(Table(number, days, since))
    return tables


@given(histories(), st.integers(-DAY, 150 * DAY))
def test_what_counts_is_what_a_clerk_would_say_day_by_day(tables: list[Table], now: int) -> None:
    found = retention.in_force(tables, now, CLASSES)
    if now < tables[0].since:
        assert found is None
        return
    assert found is not None
    for name in CLASSES:
        assert (found[name].days, found[name].coming_days) == clerk(tables, name, now)


def clerk(tables: list[Table], name: str, now: int) -> tuple[int, int | None]:
    """The rule told as events on a time line, in order: a table comes; seven days later one that is shorter is looked at again."""
    events = [(table.since, 1, index) for index, table in enumerate(tables)]
    events += [(table.since + SHORTER_AFTER_S, 0, index) for index, table in enumerate(tables)]
    days, waits = tables[0].days[name], -1
    for at, is_coming, index in sorted(events):
        wanted = tables[index].days[name]
        if at > now:
            break
        if is_coming and wanted >= days:
            days, waits = wanted, -1
        elif is_coming and (waits < 0 or tables[waits].days[name] != wanted):
            waits = index
        elif not is_coming and waits == index:
            days, waits = wanted, -1
    return days, (tables[waits].days[name] if waits >= 0 else None)


@FEW
@given(histories(), st.integers(0, 150 * DAY), st.integers(0, SHORTER_AFTER_S - 1))
def test_whoever_read_the_page_within_a_week_was_told_of_every_shorter_time(
    tables: list[Table], now: int, later: int
) -> None:
    then, at = retention.in_force(tables, now, CLASSES), retention.in_force(tables, now + later, CLASSES)
    if then is None or at is None:
        return
    for name in CLASSES:
        told = then[name]
        assert at[name].days >= min(told.days, told.coming_days or told.days)


@FEW
@given(histories(), st.integers(0, 150 * DAY), histories())
def test_a_table_that_is_not_in_the_log_yet_changes_nothing(tables: list[Table], now: int, later: list[Table]) -> None:
    known = [table for table in tables if table.since <= now]
    ahead = [Table(9, one.days, now + 1 + one.since) for one in later]
    assert retention.in_force(known, now, CLASSES) == retention.in_force([*known, *ahead], now, CLASSES)


def test_longer_counts_at_once_and_shorter_after_seven_days_to_the_second() -> None:
    tables = [Table(1, {"encounter": 30}, 0), Table(2, {"encounter": 10}, 100), Table(3, {"encounter": 60}, 10 * DAY)]
    moments = {0: 30, 100: 30, 100 + SHORTER_AFTER_S - 1: 30, 100 + SHORTER_AFTER_S: 10, 10 * DAY - 1: 10, 10 * DAY: 60}
    for now, days in moments.items():
        found = retention.in_force(tables, now, ("encounter",))
        assert found is not None
        assert found["encounter"].days == days, now
    told = retention.in_force(tables, 200, ("encounter",))
    assert told is not None
    assert (told["encounter"].coming_days, told["encounter"].coming_from) == (10, 100 + SHORTER_AFTER_S)


@dataclass
class Drawn:
    """A log of tables in the making."""

    standing: list[Standing]

    def add(self, body: dict[str, object]) -> None:
        raw = entries.RETENTION + canonical.dumps(body)
        at = len(self.standing)
        self.standing.append(Standing(raw, at, at + 1, None, 100 * at))

    def tables(self) -> list[Table]:
        return retention.read(self.standing, CITY.public, STEWARDS, ORIGIN, CLASSES)


def said(number: int, **days: int) -> Statement:
    told = {"encounter": 30, "rehearsal": 1, **days}
    return Statement(
        act=Act.RETENTION, day=20_000, node=ORIGIN, salt=statements.salted(CLOCK), number=number, days=told
    )


def begun() -> Drawn:
    drawn = Drawn([])
    drawn.add(retention.entry(retention.first({"encounter": 30, "rehearsal": 1}, ORIGIN, 20_000, "x" * 43), CITY))
    return drawn


def both(statement: Statement, first: SigningKey = FIRST, second: SigningKey = SECOND) -> Signed:
    return statements.confirm(statements.propose(statement, first), second)


def test_two_stewards_and_the_city_key_make_a_table() -> None:
    drawn = begun()
    drawn.add(retention.entry(both(said(2, encounter=60)), CITY))
    first, second = drawn.tables()
    assert (first.stewards, second.days["encounter"], second.since) == ((), 60, 100)
    assert second.stewards == (steward_keys.key_id(FIRST.public), steward_keys.key_id(SECOND.public))


def test_a_table_without_its_signatures_or_its_turn_is_passed_over() -> None:
    statement = said(2, encounter=60)
    first = statements.propose(statement, FIRST)
    whole = retention.entry(both(statement), CITY)
    wrong: list[dict[str, object]] = [
        retention.entry(Signed(statement, ()), CITY),
        retention.entry(first, CITY),
        retention.entry(Signed(statement, first.signatures * 2), CITY),
        retention.entry(both(statement, FIRST, STRANGER), CITY),
        retention.entry(both(statement), STRANGER),
        retention.entry(both(said(3, encounter=60)), CITY),
        retention.entry(both(said(1, encounter=60)), CITY),
        retention.entry(Signed(said(1, encounter=60), ()), CITY),
        {**whole, "statement": {**whole["statement"], "days": {"encounter": 99, "rehearsal": 1}}},  # type: ignore[dict-item]
        {**whole, "city": {"key": b64encode(CITY.public).decode(), "signature": b64encode(bytes(64)).decode()}},
    ]
    for body in wrong:
        drawn = begun()
        drawn.add(body)
        assert [table.number for table in drawn.tables()] == [1], body
        drawn.add(whole)
        assert [table.number for table in drawn.tables()] == [1, 2]


@pytest.mark.parametrize(
    "days", [{}, {"encounter": 3}, {"encounter": 0, "rehearsal": 1}, {"encounter": 1, "rehearsal": 9999}]
)
def test_a_table_says_every_class_and_means_it(days: dict[str, int]) -> None:
    with pytest.raises(TableWrong):
        retention.check_days(days, CLASSES)
