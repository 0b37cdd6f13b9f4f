"""Until when circles stay: an empty one until tomorrow, one in use for half a year; and room for a person in a flood.

The flood is of somebody who writes scripts: they begin, write for somebody, come in, look, change, and name in a door's box what they
like. What they cannot do is be told apart from people; so each trial holds them to the room, and asks for a person what is left.
"""

from itertools import pairwise

import httpx
import msgspec
import pytest
from sqlalchemy import select, text

from tests.circle.conftest import ask
from tests.circle.phone import PLACES, Owner, derive, door_box
from tests.deliver.conftest import MovableClock
from tests.deliver.services import Service
from tocsin.circle import keep
from tocsin.circle import tables as kept
from tocsin.circle.expire import expire
from tocsin.circle.room import DAY_S, WEEK_DAYS, Circles
from tocsin.deliver.webpush import Quota
from tocsin.ids import b64
from tocsin.store.db import Database

pytestmark = pytest.mark.anyio
HALF_A_YEAR_S = 26 * 7 * DAY_S
DOORS = 2


def count(database: Database) -> tuple[int, int]:
    """Doors and places."""
    doors, places = (
        database.read_now(lambda c, table=table: len(c.execute(table.select()).all()))  # type: ignore[misc]
        for table in (kept.door, kept.place)
    )
    return doors, places


async def days_pass(circles: Circles, clock: MovableClock, days: float) -> None:
    clock.ms += int(days * DAY_S * 1000)
    clock.s += days * DAY_S
    await expire(circles)


def held_to(circles: Circles, patch: pytest.MonkeyPatch, free: int, most: int) -> None:
    """A small room, so that a trial can fill it: two circles begun an hour, one a day for half a year once `free` are."""
    patch.setattr(keep, "FREE_CIRCLES", free)
    patch.setattr(keep, "MOST_CIRCLES", most)
    circles.begun = Quota(circles.clock, 2, 3_600.0)
    circles.slow = Quota(circles.clock, 1, DAY_S)


async def taken_circle(client: httpx.AsyncClient, service: Service) -> Owner:
    """By somebody who writes scripts: begun, written in, joined and looked at."""
    owner = Owner()
    await ask(client, "begin", owner.begin())
    await ask(client, "change", owner.change({0: "x"}))
    await ask(client, "place", owner.contact(0, service.origin).fill())
    await ask(client, "look", owner.own)
    return owner


async def left(client: httpx.AsyncClient, clock: MovableClock, owner: Owner) -> float:
    """For how many days it is kept, as its phone is told."""
    until: int = (await ask(client, "look", owner.own))["until"]
    return (until - clock.ms / 1000) / DAY_S


async def test_a_circle_that_nobody_was_written_for_ends_with_the_day_after(
    client: httpx.AsyncClient, circles: Circles, clock: MovableClock, tables: Database
) -> None:
    empty, written = Owner(), Owner()
    for one in (empty, written):
        await ask(client, "begin", one.begin())
        assert 1 <= await left(client, clock, one) <= 2
    await ask(client, "change", written.change({0: "help"}))
    assert await left(client, clock, written) * DAY_S >= HALF_A_YEAR_S
    await days_pass(circles, clock, 1)
    await ask(client, "look", empty.own)
    await days_pass(circles, clock, 1)
    assert count(tables) == (2 * DOORS, 2 * PLACES), "whoever looks has another day to write"
    await days_pass(circles, clock, 2)
    assert count(tables) == (DOORS, PLACES)
    assert (await ask(client, "look", empty.own, 404))["code"] == "circle_unknown"
    await days_pass(circles, clock, 150)
    assert (await ask(client, "tell", written.tell()))["reached"] == "nobody", "nobody came in, and it is there"


async def test_a_circle_that_somebody_came_into_is_kept_though_it_was_written_in_a_flood(
    client: httpx.AsyncClient, circles: Circles, clock: MovableClock, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_to(circles, monkeypatch, 0, 2)
    circles.slow.spend()
    owner = Owner()
    await ask(client, "begin", owner.begin())
    await ask(client, "change", owner.change({0: "help"}))
    assert await left(client, clock, owner) < 2
    await ask(client, "place", owner.contact(0, service.origin).fill())
    assert await left(client, clock, owner) < 2
    await days_pass(circles, clock, 1.01)
    assert await left(client, clock, owner) * DAY_S >= HALF_A_YEAR_S


async def test_a_flood_that_joins_and_comes_back_leaves_room_and_ends_with_itself(
    client: httpx.AsyncClient,
    circles: Circles,
    clock: MovableClock,
    service: Service,
    tables: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For thirty days somebody takes whatever there is, the moment it is there, joins it, and looks at all of it each day."""
    held_to(circles, monkeypatch, 2, 300)
    earlier, theirs, person = await taken_circle(client, service), [await taken_circle(client, service)], Owner()
    for day in range(30):
        await days_pass(circles, clock, 23 / 24)
        theirs += [await taken_circle(client, service) for _ in range(2)]
        assert (await ask(client, "begin", Owner().begin(), 503))["code"] == "circles_full"
        for one in theirs:
            await client.post("/circle/look", content=msgspec.json.encode(one.own))
        await days_pass(circles, clock, 1 / 24)
        person = person if day else await taken_circle(client, service)
        assert 1 < await left(client, clock, person) <= 2, "a day at a time, as long as its phone looks"
        assert (await ask(client, "tell", person.tell()))["reached"] == "everybody"
    assert kept_long(circles, tables) == 2 + 30, "what is free, and the slow lane's one a day"
    assert await left(client, clock, earlier) * DAY_S >= HALF_A_YEAR_S
    await days_pass(circles, clock, 1.01)
    assert await left(client, clock, person) * DAY_S >= HALF_A_YEAR_S, "the script has gone: so has the flood"
    await days_pass(circles, clock, 2)
    assert count(tables) == (DOORS * 33, PLACES * 33), "what was begun in it and not come back for has gone"


async def test_where_all_of_the_room_is_taken_for_half_a_year_a_circle_is_begun_all_the_same(
    client: httpx.AsyncClient, circles: Circles, clock: MovableClock, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_to(circles, monkeypatch, 2, 2)
    for _ in range(2):
        await taken_circle(client, service)
    await days_pass(circles, clock, 3)
    person = await taken_circle(client, service)
    assert (await ask(client, "tell", person.tell()))["reached"] == "everybody"
    assert 1 <= await left(client, clock, person) <= 2


async def test_whoever_names_other_circles_in_a_box_makes_none_of_them_stay(
    client: httpx.AsyncClient,
    circles: Circles,
    clock: MovableClock,
    tables: Database,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A box is sealed, so it can name anything: one that stays for half a year must not pull a chain of others with it."""
    held_to(circles, monkeypatch, 1, 1)
    circles.begun = Quota(circles.clock, 100, 3_600.0)
    await days_pass(circles, clock, (WEEK_DAYS - 1 - circles.today) % WEEK_DAYS)
    chain = [Owner() for _ in range(4)]
    for one, following in pairwise([*chain, Owner()]):
        tail = derive(following.door, "name") + derive(following.door, "note")
        body = one.begin({0: "x"})
        body["phone"]["box"] = b64(door_box(one.door, 1, following.links, tail))
        await ask(client, "begin", body)
    for days in (0, 1):  # into the next week, in which what stays is renewed
        await days_pass(circles, clock, days)
        for one in chain * 2:
            await client.post("/circle/look", content=msgspec.json.encode(one.own))
    assert kept_long(circles, tables) == 1


async def test_whoever_names_rows_that_are_not_there_gets_no_rows_for_them(
    client: httpx.AsyncClient, tables: Database
) -> None:
    """A change takes away as many rows as it brings: else one circle would grow without an end."""
    owner, elsewhere = Owner(), Owner()
    body = owner.begin()
    tail = derive(owner.words.door, "name") + derive(owner.words.door, "note")
    body["phone"]["box"] = b64(door_box(owner.door, 1, elsewhere.links, tail))
    await ask(client, "begin", body)
    grown = Owner(owner.door, owner.key, words=owner.words)
    assert (await ask(client, "change", grown.change(dict.fromkeys(range(PLACES), "x")), 404))[
        "code"
    ] == "circle_unknown"
    twice = Owner(links=[elsewhere.links[0]] * PLACES)
    body = twice.begin()
    body["places"] = Owner().begin()["places"]
    await ask(client, "begin", body)
    grown = Owner(twice.door, twice.key, words=twice.words)
    await ask(client, "change", grown.change(dict.fromkeys(range(PLACES), "x")), 404)
    assert count(tables) == (2 * DOORS, 2 * PLACES)


def kept_long(circles: Circles, database: Database) -> int:
    """Circles that are kept for longer than the day after: of doors and places, whichever are more."""
    short = circles.today + 1
    doors, places = (
        database.read_now(lambda c, table=table: len(c.execute(table.select().where(table.c.ends_day > short)).all()))  # type: ignore[misc]
        for table in (kept.door, kept.place)
    )
    return max(doors // DOORS, places // PLACES)


async def test_whoever_ends_doors_and_leaves_their_places_gets_no_room_for_it(
    client: httpx.AsyncClient, circles: Circles, tables: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ending takes away what a sealed box names. One that names nothing takes the doors, and its places would stay uncounted."""
    held_to(circles, monkeypatch, 2, 2)
    circles.begun = Quota(circles.clock, 100, 3_600.0)
    for _ in range(8):
        owner = Owner()
        body = owner.begin({0: "x"})
        body["phone"]["box"] = b64(door_box(owner.door, 1, Owner().links, derive(owner.words.door, "name")))
        await ask(client, "begin", body)
        await ask(client, "end", owner.own)
        circles.counts_at = 0.0
    assert kept_long(circles, tables) == 2


async def test_circles_from_before_keep_their_week_and_can_go_back_to_it(tables: Database) -> None:
    tables.migrate("0022")
    old = "INSERT INTO circle_door (id, box, note, ends_week) VALUES (:id, :id, :id, 2973)"
    await tables.write(lambda c: c.execute(text(old), {"id": b"d" * 32}))
    tables.migrate()
    assert tables.read_now(lambda c: c.execute(select(kept.door.c.ends_day)).scalars().all()) == [2973 * 7 + 6]
    tables.migrate("0022")
    week = text("SELECT ends_week FROM circle_door")
    assert tables.read_now(lambda c: c.execute(week).scalars().all()) == [2973]
    tables.migrate()
