"""Whose keys count is said by two stewards, and by nobody else: the rule, its known answers, and the verifier's own reading of it."""

import json
from base64 import b64decode
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.people.roll_scenes import NODE, SCENES, WAIT_S, Town, lawyer
from tocsin.evidence import verify
from tocsin.people import desk_keys, roll
from tocsin.people.roll import Entered, Roll
from tocsin.people.statement import OF_DESK, OF_ONE, Act, Named
from tocsin.tlog import roll as stated
from tocsin.tlog.entry import ROLL

VECTORS = Path(__file__).parents[2] / "vectors" / "roll"


def vector(name: str) -> tuple[dict[str, Any], list[Entered]]:
    found: dict[str, Any] = json.loads((VECTORS / f"{name}.json").read_text())
    return found, [Entered(b64decode(one["entry"]), one["index"], one["since"]) for one in found["entries"]]


def shown(found: Roll) -> tuple[object, ...]:
    people = [
        [(one.key, one.name, one.custodian, one.index, one.counts_from, one.is_removed) for one in group.values()]
        for group in (found.stewards, found.lawyers, found.dispatchers)
    ]
    return *people, {str(index): str(reason) for index, reason in found.void.items()}


def told(found: dict[str, Any]) -> tuple[object, ...]:
    names = ("key", "name", "custodian", "index", "counts_from", "removed")
    groups = ("stewards", "lawyers", "dispatchers")
    people = [[tuple(one[name] for name in names) for one in found.get(group, [])] for group in groups]
    return *people, found["void"]


@pytest.mark.parametrize("name", SCENES)
def test_a_roll_is_read_as_its_known_answer_says(name: str) -> None:
    found, entries = vector(name)
    assert shown(roll.read(entries, found["node"], found["wait_s"])) == told(found)
    rolled = {stated.digest(one.entry) for one in entries if stated.is_rolled(one.entry)}
    assert (len(rolled), stated.head(rolled)) == (found["count"], found["head"])


@pytest.mark.parametrize("name", SCENES)
def test_the_verifier_reads_the_same_roll_with_code_of_its_own(name: str) -> None:
    found, entries = vector(name)
    read = verify.Roll({one.leaf: one.entry for one in entries}, found["node"])
    for group, mine in (("stewards", read.stewards), ("lawyers", read.lawyers), ("dispatchers", read.dispatchers)):
        names = ("key", "name", "custodian", "index", "removed")
        assert [tuple(one[name] for name in names) for one in found.get(group, [])] == [
            (one.key, one.name, one.custodian, one.place, one.key in read.gone) for one in mine.values()
        ]
    assert {str(index): reason for index, reason in read.void.items()} == found["void"]
    rolled = [one.entry for one in entries if stated.is_rolled(one.entry)]
    assert verify.roll_state(rolled) == (found["count"], found["head"])


STEPS = st.lists(
    st.tuples(
        st.sampled_from([*sorted(OF_DESK), Act.STEWARD_ADD, Act.STEWARD_REMOVE]),
        st.integers(0, 3),
        st.lists(st.integers(0, 3), min_size=1, max_size=2).map(tuple),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_whatever_is_signed_nobody_comes_by_one_and_two_always_stay(
    steps: list[tuple[Act, int, tuple[int, ...]]],
) -> None:
    town = Town("property")
    town.found()
    standing, gone = {0, 1}, set[object]()
    desk, alert_desk = set[int](), set[int]()
    for act, whom, by in steps:
        named = lawyer("qpzr"[whom]) if act in OF_DESK else town.steward(whom)
        town.do(act, named, by=by)
        is_signed = set(by) <= standing and len(set(by)) >= (1 if act in OF_ONE else 2)
        if not is_signed or (act in OF_DESK, whom) in gone:
            continue
        match act:
            case Act.DESK_ADD:
                desk.add(whom)
            case Act.ALERT_DESK_ADD:
                alert_desk.add(whom)
            case Act.DESK_REMOVE | Act.ALERT_DESK_REMOVE:
                desk.discard(whom)
                alert_desk.discard(whom)
                gone.add((True, whom))
            case Act.STEWARD_ADD:
                standing.add(whom)
            case Act.STEWARD_REMOVE if whom in standing and len(standing) > 2:
                standing.discard(whom)
                gone.add((False, whom))
    found = roll.read(town.entries, NODE, WAIT_S)
    assert {one.key for one in found.standing} == {town.steward(nth).key for nth in standing}
    later = max(one.leaf for one in town.entries) * 60 + 1_800_000_000 + 20 * WAIT_S
    assert set(found.recipients(later)) == {lawyer("qpzr"[whom]).key for whom in desk}
    counting = {one.key for one in found.dispatchers.values() if one.counts(later)}
    assert counting == {lawyer("qpzr"[whom]).key for whom in alert_desk}
    assert found.recipients(1_800_000_000 + WAIT_S - 1) == []
    assert len(found.standing) >= 2


@given(st.binary(max_size=300))
def test_bytes_that_are_no_entry_change_nothing(raw: bytes) -> None:
    town = Town("bytes")
    town.found()
    for entry in (raw, b"tocsin.leaf/v2 desk-key\n" + raw):
        found = roll.read([*town.entries, Entered(entry, 99, 0)], NODE, 0)
        assert (found.void[99], len(found.stewards), found.lawyers) == (roll.Void.MALFORMED, 2, {})


def test_what_a_beat_says_of_the_roll_depends_on_every_entry_and_on_no_order() -> None:
    town = Town("head")
    town.found()
    town.do(Act.DESK_ADD, lawyer("q"))
    digests = [stated.digest(one.entry) for one in town.entries]
    said = stated.parse_state(stated.state_entry(60, digests))
    assert said == stated.parse_state(stated.state_entry(60, [*digests[::-1], digests[0]]))
    assert said is not None
    assert (said.beat, said.count) == (60, 2)
    assert said.head != stated.head(digests[:1])
    for wrong in (b"", ROLL, ROLL + b"{}", ROLL + b'{"beat":1,"count":2}'):
        assert stated.parse_state(wrong) is None


def test_the_words_of_a_key_are_seven_and_its_own() -> None:
    one, other = lawyer("q"), lawyer("p")
    assert len(desk_keys.fingerprint(one).split()) == 7
    assert len({desk_keys.fingerprint(named) for named in (one, other, lawyer("q", "A"))}) == 3
    for known in json.loads((VECTORS.parent / "words" / "fingerprint.json").read_text()):
        named = Named(key=known["key"], name="x", custodian=known["custodian"])
        assert desk_keys.fingerprint(named) == known["words"]
