"""Who got how much: each sum is that of the same amounts anywhere else, several sellers of one act are not counted twice."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import Connection

from tests.registry.test_importing import step, written
from tests.registry.test_worth import world
from tocsin.registry import amounts, queries, shares, usaspending
from tocsin.registry.importing import import_file
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.model import Claim, Draft, Row, Source, ValueKind
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.registry.value_sums import Refused, Total


@pytest.fixture
def registry(copied: Callable[[str], Registry]) -> Registry:
    return copied("node")


def shares_of(registry: Registry, name: str) -> dict[str, shares.Side]:
    return registry.database.read_now(lambda c: shares.shares_of(c, queries.entity_of(c, name)))


def named(registry: Registry, act: str, prop: str) -> str:
    return registry.database.read_now(lambda c: queries.entity_of(c, act)).first(prop)


def told(side: shares.Side) -> list[tuple[tuple[str, ...], int, object]]:
    return [(one.who, one.acts, one.totals[0][2]) for one in side.shares]


def test_the_largest_comes_first_with_what_was_taken_back(registry: Registry, tmp_path: Path) -> None:
    rows = [
        step(1, "100.10"), step(2, "-30.05", award="A2"), step(3, "5000", award="A3", firm="BOLT SYSTEMS LLC"),
        step(4, "-4990", award="A3", firm="BOLT SYSTEMS LLC"), step(5, "7", award="A4", firm="ACME SYSTEMS LTD"),
    ]  # fmt: skip
    import_file(registry, written(tmp_path / "us.csv", rows), usaspending.read, "us")
    agency, bolt, ltd = (
        named(registry, *one) for one in (("us-a2", "authority"), ("us-a3", "supplier"), ("us-a4", "supplier"))
    )
    found = shares_of(registry, agency)
    assert set(found) == {"bought"}
    assert found["bought"].first == (ValueKind.OBLIGATED, "USD")
    seen = [
        (who, acts, total.amount, total.events)
        for who, acts, total in told(found["bought"])
        if isinstance(total, Total)
    ]
    assert seen == [
        (("us-ueiacme",), 2, Decimal("70.05"), 2), ((bolt,), 1, Decimal(10), 2), ((ltd,), 1, Decimal(7), 1),
    ]  # fmt: skip
    assert told(shares_of(registry, bolt)["sold"])[0][:2] == ((agency,), 1)
    registry.database.write_now(lambda c: judge(c, ltd, "us-ueiacme", Verdict.SAME, "looked at both", 20_000))
    joined = told(shares_of(registry, agency)["bought"])
    assert [acts for _, acts, _ in joined] == [3, 1], "spellings that are one are added up together"


def test_an_act_of_several_sellers_stands_once_and_a_false_sum_is_refused(registry: Registry) -> None:
    def claims(seller: tuple[str, ...]) -> list[Claim]:
        return [Claim("title", "Readers"), Claim("authority", "b"), *(Claim("supplier", one) for one in seller)]

    def event(name: str, act: str, kind: str) -> Draft:
        told_as = {"contract": act, "kind": kind, "amount": "5", "currency": "EUR", "step": "1"}
        return Draft(name, "ValueEvent", [Claim(prop, value) for prop, value in told_as.items()])

    drafts = [
        Draft("b", "PublicBody", [Claim("name", "Ville de Marseille")]), Draft("s", "Company", [Claim("name", "Volant SARL")]),
        Draft("one", "Contract", claims(("s", "t"))), Draft("two", "Contract", claims(("s",))), Draft("none", "Contract", claims(())),
        Draft("three", "Contract", [*claims(("s",)), Claim("partOf", "two")]),
        event("e1", "one", "obligated"), event("e2", "two", "obligated"), event("e3", "three", "obligated"),
        event("e4", "none", "obligated"), event("e5", "one", "ceiling"),
    ]  # fmt: skip
    rows = [Row(at, [one], Source("https://a.example", "register")) for at, one in enumerate(drafts)]
    registry.database.write_now(lambda c: record(c, rows, "d", 20_000))
    found = shares_of(registry, "b")["bought"]
    assert [(one.who, one.acts) for one in found.shares] == [(("s", "t"), 1), (("s",), 2)]
    assert {kind for kind, _, _ in found.shares[0].totals} == {ValueKind.OBLIGATED, ValueKind.CEILING}, (
        "never added to each other"
    )
    assert found.shares[1].totals[0][2] is Refused.WITHIN
    assert "sold" in shares_of(registry, "s")


class _Undone(Exception):
    """The way out of a transaction that is not to stand."""


def test_all_shares_together_are_all_amounts(registry: Registry) -> None:
    """Of a buyer whose acts name somebody each."""

    def one_world(connection: Connection, draw: Random) -> None:
        record(connection, world(draw, 60), "w", 20_000)
        acts = [f"w-act-{at}" for at in range(7)]
        sellers = [draw.sample(["w-s1", "w-s2", "w-s3"], draw.choice([1, 1, 2])) for _ in acts]
        sold = [
            Draft(act, "Contract", [Claim("supplier", one) for one in some])
            for act, some in zip(acts, sellers, strict=True)
        ]
        record(connection, [Row(1, sold, Source("https://a.example", "register"))], "w", 20_000)
        found = queries.entity_of(connection, "w-buyer")
        sides = shares.shares_of(connection, found)
        assert repr(sides) == repr(shares.one_by_one(connection, found)), "to the last digit that is known"
        side = sides["bought"]
        many = sum(1 for one in amounts.money_of(connection, found))
        plain = [total for one in side.shares for _, _, total in one.totals]
        whole = {(kind, currency): total for kind, currency, total in amounts.worth_of(connection, found).totals}
        for key, total in whole.items():
            parts = [part for one in side.shares for kind, currency, part in one.totals if (kind, currency) == key]
            if isinstance(total, Total):
                assert all(isinstance(part, Total) for part in parts)
                assert sum(part.amount for part in parts if isinstance(part, Total)) == total.amount
                assert sum(part.events for part in parts if isinstance(part, Total)) == total.events
        assert many >= len(plain) > 0
        raise _Undone

    for seed in range(24):
        with pytest.raises(_Undone):
            registry.database.write_now(lambda c, by=seed: one_world(c, Random(by)))  # type: ignore[misc]
