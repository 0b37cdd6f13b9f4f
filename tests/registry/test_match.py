"""Which firms may be one: precision first, every proposal with its reasons, and what somebody said stays said."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from tests.crypto.counted_clock import CountedClock
from tocsin.registry import match
from tocsin.registry.judge import Verdict, judge
from tocsin.registry.model import Claim, Draft, EntityUnknown, Row, Source
from tocsin.registry.names import LIKELY, LOOK, Reason, compared
from tocsin.registry.record import record
from tocsin.registry.room import Registry
from tocsin.store.db import Database

LABELLED = Path(__file__).parent / "labelled_pairs.csv"
SOURCE = Source("https://register.example/1", "public register")


def test_pairs_labelled_by_hand_are_told_apart(capsys: pytest.CaptureFixture[str]) -> None:
    with LABELLED.open(newline="") as file:
        rows = [(row["left"], row["right"], row["is_same"] == "yes") for row in csv.DictReader(file)]
    scored = [(compared(left, right).score, is_same, f"{left} / {right}") for left, right, is_same in rows]
    assert all(compared(left, right) == compared(right, left) for left, right, _ in rows)
    figures = {}
    for name, least in (("likely", LIKELY), ("look", LOOK)):
        said = [(score >= least, is_same, pair) for score, is_same, pair in scored]
        right = sum(yes and is_same for yes, is_same, _ in said)
        figures[name] = (right / sum(yes for yes, _, _ in said), right / sum(is_same for _, is_same, _ in said))
        with capsys.disabled():
            wrong = [pair for yes, is_same, pair in said if yes is not is_same]
            print(f"\nmatching, {name}: precision {figures[name][0]:.2f}, recall {figures[name][1]:.2f}; wrong {wrong}")
    assert figures["likely"][0] == 1, "what is proposed as the same is the same"
    assert figures["likely"][1] >= 0.7
    assert figures["look"][1] >= 0.9


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    database = Database.open(f"sqlite:///{tmp_path_factory.mktemp('match') / 'node.db'}")
    database.migrate()
    yield Registry.open(database, CountedClock())
    database.close()


@pytest.fixture
def connection(registry: Registry) -> Iterator[Connection]:
    with registry.database._engine.connect() as connection:
        firms = (
            "PARAGON SOLUTIONS INC", "PARAGON MICRO INC", "Pen-Link Ltd", "PENLINK LLC", "Cobwebs Technologies Ltd", "ACME ONE LLC",
            "ACME TWO LLC",
        )  # fmt: skip
        rows = [firm(f"m-{at}", name, uei=f"U{at}" if at != 6 else "U5") for at, name in enumerate(firms)]
        record(connection, rows, "d", 20_000)
        yield connection
        connection.rollback()


def firm(name: str, called: str, uei: str) -> Row:
    return Row(1, [Draft(name, "Company", [Claim("name", called), Claim("uniqueEntityId", uei)])], SOURCE)


def test_a_name_finds_its_spellings_and_says_why(connection: Connection) -> None:
    found = {one.id: one for one in match.candidates_of(connection, "Penlink")}
    assert {"m-2", "m-3"} <= found.keys()
    assert found["m-3"].reasons == (Reason.SAME_LETTERS,)
    assert "m-4" not in found
    assert [one.id for one in match.candidates_of(connection, "Cobweb Technologies")] == ["m-4"], (
        "one letter is missing"
    )
    assert match.candidates_of(connection, '") OR _who') == []


def test_traps_are_kept_apart_and_a_same_number_joins_what_names_do_not(connection: Connection) -> None:
    assert "m-1" not in {one.id for one in match.candidates_for(connection, "m-0")}
    [other] = [one for one in match.candidates_for(connection, "m-5") if one.id == "m-6"]
    assert (other.score, other.reasons[0]) == (1, Reason.SAME_NUMBER)
    [penlink] = [one for one in match.candidates_for(connection, "m-2") if one.id == "m-3"]
    assert Reason.OTHER_NUMBER in penlink.reasons
    assert penlink.score < LIKELY
    with pytest.raises(EntityUnknown):
        match.candidates_for(connection, "nobody")


def test_what_was_judged_is_not_proposed_again_until_it_is_taken_back(connection: Connection) -> None:
    pair = ("m-2", "m-3")
    assert pair in {(left, one.id) for left, one in match.proposals(connection)}
    judge(connection, *pair, Verdict.NOT_SAME, "two firms", 20_000)
    assert pair not in {(left, one.id) for left, one in match.proposals(connection)}
    assert {one.id: one.verdict for one in match.candidates_for(connection, "m-2")}["m-3"] is Verdict.NOT_SAME
