"""A challenge is answered once, in time, and a flood of people who ask for one costs nobody theirs."""

import pytest

from tests.crypto.counted_clock import CountedClock
from tocsin.ids import b64, unb64
from tocsin.people.challenge import LIFE_S, ChallengeGone, Challenges


def test_a_challenge_is_good_once_and_for_five_minutes() -> None:
    clock = CountedClock()
    challenges = Challenges(clock)
    first, second = challenges.fresh(), challenges.fresh()
    assert len(unb64(first)) == 32
    clock.ms += (LIFE_S - 2) * 1000
    assert challenges.take(first) == unb64(first)
    with pytest.raises(ChallengeGone):
        challenges.take(first)
    clock.ms += 3000
    with pytest.raises(ChallengeGone):
        challenges.take(second)


def test_a_challenge_of_nobody_or_of_another_process_is_refused() -> None:
    challenges = Challenges(CountedClock())
    good = bytearray(unb64(challenges.fresh()))
    good[13] ^= 1
    for wrong in ("", "!", b64(bytes(32)), b64(bytes(good)), Challenges(CountedClock(b"other")).fresh()):
        with pytest.raises(ChallengeGone):
            challenges.take(wrong)


def test_who_asks_for_a_hundred_thousand_takes_nobody_s_away() -> None:
    challenges = Challenges(CountedClock())
    mine = challenges.fresh()
    for _ in range(100_000):
        challenges.fresh()
    assert challenges.take(mine)
