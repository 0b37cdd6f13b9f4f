"""Whoever reads the whole log finds the node that gave one member a key of their own, or hid one."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tlog.conftest import BEAT, ORIGIN
from tests.tlog.town import Town
from tocsin.tlog.audit import Auditor, Report, Seen
from tocsin.tlog.source import LocalSource
from tocsin.tlog.token_keys import EPOCH_S, KEYS_MOST, Entered, entry_of, epoch_of, state_entry

EPOCH = epoch_of(BEAT)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path, witnesses=0)


def key(letter: str, act: str = "add", epoch: int = EPOCH) -> bytes:
    assert act in ("add", "remove")
    return entry_of(Entered("add" if act == "add" else "remove", 1, epoch, letter * 43 + "=", ORIGIN, "confirmer"))


def beat(town: Town, number: int, fresh: Sequence[bytes], known: Sequence[bytes] | None) -> None:
    """A beat that takes `fresh` and says that `known` is all there is; None: it says nothing."""
    at = BEAT + 60 * number
    town.clock.ms = at * 1000
    stated = [] if known is None else [state_entry(at, known)]
    town.log.append_beat(at, [*fresh, *stated])
    town.log.publish()


def audited(town: Town, before: Seen | None = None) -> Report:
    return Auditor(town.log.vkey).audit(LocalSource(town.log), before)


def test_honest_weeks_with_a_burn_are_clean_also_read_in_parts(town: Town) -> None:
    first = [key("a"), key("n", epoch=EPOCH + 1)]
    beat(town, 1, first, first)
    report = audited(town)
    assert report.is_clean
    assert report.seen is not None
    known = [*first, key("a", "remove"), key("b")]
    beat(town, 2, known[2:], known)
    week = EPOCH_S // 60
    beat(town, week, [], known)
    later = audited(town, Seen.loads(report.seen.dumps()))
    assert (later.troubles, audited(town).troubles) == ([], [])
    assert later.seen is not None
    assert later.seen.given == (first[1],), "a week that is over is not carried along"


@pytest.mark.parametrize("said", ["less", "nothing", "more"])
def test_a_beat_that_says_less_more_or_nothing_is_found(town: Town, said: str) -> None:
    both = [key("a"), key("m")]
    known = {"less": both[:1], "nothing": None, "more": [*both, key("x")]}[said]
    beat(town, 1, both[:1], both[:1])
    seen = audited(town).seen
    beat(town, 2, [both[1], key("a", "remove")], known)
    for before in (None, seen):
        [trouble] = audited(town, before).troubles
        assert "passport" in trouble


def test_two_keys_at_once_and_a_key_at_every_beat_are_found(town: Town) -> None:
    both = [key("a"), key("m")]
    beat(town, 1, both, both)
    assert audited(town).troubles == [
        f"The passport has more keys than one for all members of a kind: confirmer, cohort 1, week {EPOCH}."
    ]
    other = Town(town.place / "other", witnesses=0)
    known: list[bytes] = []
    for number, letter in enumerate("pqrs", 1):
        removed = [key("opqrs"[number - 1], "remove")] if known else []
        known += [*removed, key(letter)]
        beat(other, number, [*removed, key(letter)], known)
        assert bool(audited(other).troubles) is (number > KEYS_MOST)
