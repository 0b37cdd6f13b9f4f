"""A circle from its making to its end, over HTTP, on both databases, with browsers that open what they are sent."""

import asyncio
from contextlib import closing
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Table

from tests.circle.conftest import ask, opened
from tests.circle.phone import CLOCK, EVERYTHING, PLACES, Contact, Owner, Words, raw_public
from tests.deliver.conftest import MovableClock
from tests.deliver.services import Service, serving
from tocsin.circle import tables as kept
from tocsin.circle import tell as telling
from tocsin.circle.begin import Begin, begin
from tocsin.circle.expire import expire
from tocsin.circle.fill import Fill, fill
from tocsin.circle.model import AskedWrong
from tocsin.circle.read import said_of
from tocsin.circle.room import BEGUN_AN_HOUR, DAY_S, TOLD_AN_HOUR, WEEK_DAYS, Circles
from tocsin.circle.tell import Tell, tell
from tocsin.deliver.message_encryption import BODY_BYTES
from tocsin.ids import b64
from tocsin.store.db import Database

pytestmark = pytest.mark.anyio


def rows(database: Database, table: Table) -> list[Any]:
    return list(database.read_now(lambda c: c.execute(table.select()).all()))


async def with_people(client: httpx.AsyncClient, service: Service, count: int = 3) -> tuple[Owner, list[Contact]]:
    """A circle in which the first `count` places are taken, each by somebody with a text of their own."""
    owner = Owner()
    await ask(client, "begin", owner.begin({at: f"text {at}" for at in range(count)}))
    people = [owner.contact(at, service.origin) for at in range(count)]
    for one in people:
        await ask(client, "place", one.fill())
    return owner, people


def heard(service: Service, people: list[Contact]) -> list[Any]:
    """What each of these read of what came to the service, in order of people; None where nothing came."""
    by_path = {first.split(" ")[1]: body for _, body, first in service.came}
    bodies = [by_path.get("/" + one.url.rpartition("/")[2]) for one in people]
    return [None if body is None else one.read(body) for one, body in zip(people, bodies, strict=True)]


async def test_at_the_tap_fifteen_people_get_their_own_text_and_nobody_elses(
    client: httpx.AsyncClient, service: Service
) -> None:
    owner, people = await with_people(client, service, PLACES)
    assert await ask(client, "tell", owner.tell()) == {"reached": "everybody"}
    told = heard(service, people)
    assert [(said["kind"], by, text) for said, by, text in told] == [
        ("tell", "phone", f"text {at}") for at in range(PLACES)
    ]
    assert {len(body) for _, body, _ in service.came} == {BODY_BYTES}
    assert len({tuple(sorted(headers.items())) for headers, _, _ in service.came}) == 1


async def test_a_stranger_with_every_row_of_the_disk_tells_nobody_apart(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    """An empty circle and a full one leave the same rows of the same sizes, and no value twice."""
    nobodys = Owner()
    await ask(client, "begin", nobodys.begin())
    await ask(client, "change", nobodys.change({0: "for nobody"}))
    empty = [tuple(len(bytes(value)) for value in row[:-1]) for row in rows(tables, kept.place)]
    await with_people(client, service, PLACES)
    both = [tuple(len(bytes(value)) for value in row[:-1]) for row in rows(tables, kept.place)]
    assert (len(empty), len(both)) == (PLACES, 2 * PLACES)
    assert len({*empty, *both}) == 1
    doors = rows(tables, kept.door)
    assert len(doors) == 4
    assert len({tuple(len(bytes(value)) for value in row[:-1]) for row in doors}) == 1
    values = [bytes(value) for row in (*doors, *rows(tables, kept.place)) for value in row[:-1]]
    assert len(set(values)) == len(values), "no value joins two rows"
    assert len({row[-1] for row in (*doors, *rows(tables, kept.place))}) == 1
    assert not any(service.origin.encode() in value or b"text" in value for value in values)


async def test_who_left_is_told_nothing_and_nobody_can_tell_that_they_left(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    owner, people = await with_people(client, service)
    taken = (await ask(client, "look", owner.own))["taken"]
    comes, leaves = people[1].fill(), people[1].fill(leaves=True)
    assert {name: len(value) for name, value in comes.items()} == {name: len(value) for name, value in leaves.items()}
    assert await ask(client, "place", leaves) == await ask(client, "place", leaves) == {}
    assert (await ask(client, "look", owner.own))["taken"] == taken, "their place looks as before, to its owner too"
    assert await ask(client, "tell", owner.tell()) == {"reached": "everybody"}
    assert [one is not None for one in heard(service, people)] == [True, False, True]
    assert len(rows(tables, kept.place)) == PLACES


async def test_a_false_alarm_reaches_everybody_however_often_it_was_told(
    client: httpx.AsyncClient, service: Service
) -> None:
    owner, people = await with_people(client, service)
    for _ in range(TOLD_AN_HOUR):
        await ask(client, "tell", owner.tell())
    assert (await ask(client, "tell", owner.tell(), 429))["code"] == "circle_told_often"
    await ask(client, "tell", owner.tell("false_alarm", EVERYTHING))
    assert [(said["kind"], by) for said, by, _ in heard(service, people)] == [("false_alarm", "phone")] * 3


async def test_code_words_tell_and_can_do_nothing_else(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    owner, people = await with_people(client, service)
    before = rows(tables, kept.place)
    assert await ask(client, "tell", owner.words.tell()) == {"reached": "everybody"}
    assert [by for _, by, _ in heard(service, people)] == ["words"] * 3
    own = {"door": b64(owner.words.door)}
    for act, body in (("look", own), ("end", own), ("change", {**owner.change({0: "no"}), **own})):
        assert (await ask(client, act, body, 403))["code"] == "circle_not_your_phone"
    assert (await ask(client, "tell", owner.words.tell("trial"), 403))["code"] == "circle_not_your_phone"
    assert rows(tables, kept.place) == before


async def test_whoever_has_the_words_cannot_pass_for_the_phone(client: httpx.AsyncClient, service: Service) -> None:
    """Signed with a key of their own, or with the words' key where the phone's would be: no receiver believes it."""
    owner, people = await with_people(client, service)
    await ask(client, "tell", Words(owner.words.door).tell())
    assert heard(service, people) == [None] * 3
    forged = Contact(people[0].link, raw_public(Owner().key), people[0].url, people[0].browser)
    await ask(client, "tell", owner.tell())
    assert heard(service, [forged]) == [None], "another circle's key"


async def test_the_phone_sees_when_words_were_used(
    client: httpx.AsyncClient, service: Service, clock: MovableClock
) -> None:
    owner, _ = await with_people(client, service)
    assert (await ask(client, "look", owner.own))["uses"] == []
    for _ in range(3):
        clock.ms += 3_600_000
        clock.s += 3_600
        await ask(client, "tell", owner.words.tell())
    await ask(client, "tell", owner.words.tell("false_alarm"))
    await ask(client, "tell", owner.tell())
    now = clock.ms // 60_000 * 60
    assert (await ask(client, "look", owner.own))["uses"] == [now - 7200, now - 3600, now]


async def test_changed_words_open_nothing_and_nobody_is_lost(client: httpx.AsyncClient, service: Service) -> None:
    owner, people = await with_people(client, service)
    old = owner.words
    owner.words = Words()
    await ask(client, "change", owner.change({}))
    assert (await ask(client, "tell", old.tell(), 404))["code"] == "circle_words_unknown"
    await ask(client, "tell", owner.words.tell())
    assert [(by, text) for _, by, text in heard(service, people)] == [("words", f"text {at}") for at in range(3)]


async def test_who_was_taken_out_hears_nothing_and_their_link_opens_nothing(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    owner, people = await with_people(client, service)
    owner.links[1] = CLOCK.random_bytes(32)
    await ask(client, "change", owner.change({1: "", 2: "another text"}))
    assert (await ask(client, "place", people[1].fill(), 404))["code"] == "circle_unknown"
    await ask(client, "tell", owner.tell())
    assert [one and one[2] for one in heard(service, people)] == ["text 0", None, "another text"]
    assert len(rows(tables, kept.place)) == PLACES


async def test_a_change_that_is_not_whole_changes_nothing(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    owner, _ = await with_people(client, service)
    stranger = Owner()
    await ask(client, "begin", stranger.begin())
    before = rows(tables, kept.place), rows(tables, kept.door)
    fresh = Owner(owner.door, owner.key, [*owner.links[:-1], CLOCK.random_bytes(32)], owner.words)
    taking = Owner(owner.door, owner.key, [*owner.links[:-1], stranger.links[0]], owner.words)
    for body in (
        {**fresh.change({}), "places": []},
        {**owner.change({}), "box": owner.doors()["words"]["box"]},
        {**owner.change({}), "words": stranger.doors()["words"]},
        taking.change({PLACES - 1: "mine now"}),
    ):
        await ask(client, "change", body, 400)
    assert (rows(tables, kept.place), rows(tables, kept.door)) == before


async def test_wrong_words_wait_ever_longer_and_right_ones_never_do(
    client: httpx.AsyncClient, service: Service, clock: MovableClock
) -> None:
    owner, people = await with_people(client, service)
    codes = [(await ask(client, "tell", Words().tell(), 404))["code"] for _ in range(4)]
    assert set(codes) == {"circle_words_unknown"}
    waits = []
    for _ in range(3):
        await ask(client, "tell", Words().tell(), 429)
        waits.append((await ask(client, "tell", Words().tell(), 429))["wait"])
        clock.s += waits[-1]
        await ask(client, "tell", Words().tell(), 404)
    assert waits == sorted(waits)
    assert waits[-1] > waits[0]
    assert await ask(client, "tell", owner.words.tell()) == {"reached": "everybody"}
    assert None not in heard(service, people)


async def test_a_node_that_was_started_again_tells_as_before(
    client: httpx.AsyncClient, service: Service, tables: Database, clock: MovableClock
) -> None:
    owner, people = await with_people(client, service)
    again = opened(tables, clock, service.origin)
    with closing(again.sender):
        assert await tell(again, Tell(**owner.tell())) == "everybody"
    assert None not in heard(service, people)


async def test_a_service_that_does_not_answer_at_once_is_asked_again(
    tables: Database, clock: MovableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling, "AGAIN_S", (0.0, 0.0))
    broken, fine = b"500 Broken\r\nContent-Length: 0", b"201 Created\r\nContent-Length: 0"
    async with serving(broken, fine) as slow, serving(broken) as dead, serving() as well:
        circles = opened(tables, clock, slow.origin, dead.origin, well.origin)
        with closing(circles.sender):
            owner = Owner()
            people = [owner.contact(at, one.origin) for at, one in enumerate((slow, well, dead))]
            await begin(circles, msgspec.convert(owner.begin(), Begin))
            for one in people[:2]:
                await fill(circles, Fill(**one.fill()))
            assert await tell(circles, Tell(**owner.tell())) == "everybody"
            await fill(circles, Fill(**people[2].fill()))
            assert await tell(circles, Tell(**owner.tell())) == "some"
            for one in people[:2]:
                await fill(circles, Fill(**one.fill(leaves=True)))
            assert await tell(circles, Tell(**owner.tell())) == "nobody"
    assert None not in heard(slow, people[:1])


async def test_an_endpoint_that_is_nobodys_holds_up_nobody(client: httpx.AsyncClient, service: Service) -> None:
    """Whoever has a link can write anything into its place: the others are told all the same."""
    owner, people = await with_people(client, service)
    people[0].url = "http://127.0.0.1:1/inside-the-house"
    await ask(client, "place", people[0].fill())
    await ask(client, "place", {**people[1].fill(), "box": b64(CLOCK.random_bytes(748))})
    assert await ask(client, "tell", owner.tell()) == {"reached": "everybody"}
    assert [one is not None for one in heard(service, people)] == [False, False, True]


async def test_a_circle_that_nobody_looks_at_ends_by_itself(
    client: httpx.AsyncClient, service: Service, circles: Circles, clock: MovableClock, tables: Database
) -> None:
    looked, forgotten = (await with_people(client, service))[0], (await with_people(client, service))[0]
    clock.ms += 25 * WEEK_DAYS * DAY_S * 1000
    await ask(client, "look", looked.own)
    clock.ms += 2 * WEEK_DAYS * DAY_S * 1000
    await expire(circles)
    assert (len(rows(tables, kept.door)), len(rows(tables, kept.place))) == (2, PLACES)
    assert (await ask(client, "look", forgotten.own, 404))["code"] == "circle_unknown"
    await ask(client, "end", looked.own)
    assert (rows(tables, kept.door), rows(tables, kept.place)) == ([], [])


async def test_a_phone_that_comes_in_is_tried_and_only_knows_its_own_trial(
    client: httpx.AsyncClient, service: Service, tables: Database
) -> None:
    contact = Owner().contact(0, service.origin)
    told = contact.browser.told(contact.url)
    body = {"subscription": {"endpoint": told.endpoint, "keys": {"p256dh": told.keys.p256dh, "auth": told.keys.auth}}}
    await ask(client, "trial", {**body, "number": b64(b"n" * 16)})
    assert contact.browser.open(service.came[0][1]) == b'{"circle":1,"trial":"%s"}' % b64(b"n" * 16).encode()
    assert rows(tables, kept.place) == []
    foreign = {"subscription": {**body["subscription"], "endpoint": "http://127.0.0.1:1/x"}, "number": b64(b"n" * 16)}
    assert (await ask(client, "trial", foreign, 400))["code"] == "endpoint_wrong"


async def test_a_flood_of_circles_is_braked_and_says_when_to_ask_again(
    client: httpx.AsyncClient, circles: Circles, clock: MovableClock
) -> None:
    for _ in range(BEGUN_AN_HOUR - 1):
        circles.begun.spend()
    clock.s += 3_500
    await ask(client, "begin", Owner().begin())
    refused = await ask(client, "begin", Owner().begin(), 503)
    assert (refused["code"], refused["wait"]) == ("circles_full", 101)


async def test_what_is_no_request_is_refused_in_one_way(client: httpx.AsyncClient) -> None:
    owner = Owner()
    wrong: tuple[Any, ...] = ({}, [], {"door": "x"}, {**owner.tell(), "more": 1}, {**owner.begin(), "places": []})
    for act in ("begin", "place", "trial", "tell", "look", "change", "end"):
        for body in wrong:
            assert (await ask(client, act, body, 400))["code"] == "circle_asked_wrong"


@given(
    st.text() | st.builds(lambda at, kind: f'{{"at":{at},"kind":"{kind}","number":"","v":1}}', st.integers(), st.text())
)
def test_only_what_a_phone_signs_is_read(text: str) -> None:
    with pytest.raises(AskedWrong):
        said_of(text)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, PLACES - 1), st.booleans()), max_size=20))
def test_exactly_who_is_in_it_is_told(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, bool]]) -> None:
    """Whatever comes and goes: the last word of each place counts, and the disk always looks the same."""

    async def lived() -> None:
        path = tmp_path_factory.mktemp("node") / "node.db"
        with closing(Database.open(f"sqlite:///{path}")) as tables:
            tables.migrate()
            async with serving() as service:
                circles = opened(tables, MovableClock(), service.origin)
                with closing(circles.sender):
                    owner = Owner()
                    await begin(circles, msgspec.convert(owner.begin(), Begin))
                    people, last = [owner.contact(at, service.origin) for at in range(PLACES)], dict(steps)
                    for at, stays in steps:
                        await fill(circles, Fill(**people[at].fill(leaves=not stays)))
                    reached = await tell(circles, Tell(**owner.tell()))
                    assert [one is not None for one in heard(service, people)] == [
                        last.get(at, False) for at in range(PLACES)
                    ]
                    assert reached == ("everybody" if any(last.values()) else "nobody")
                    assert {len(bytes(row.box)) for row in rows(tables, kept.place)} == {748}

    asyncio.run(lived())
