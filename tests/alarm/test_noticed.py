"""What a node notices of itself is coarse, soon over, and about nobody."""

import pytest

from tocsin.noticed import HOUR_MS, MOST_ERRORS, Noticed, step_below


class Moved:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.ms = 1_000_000 * HOUR_MS

    def now_ms(self) -> int:
        return self.ms

    def monotonic(self) -> float:
        return self.ms / 1000

    def random_bytes(self, count: int) -> bytes:
        return bytes(count)


@pytest.fixture
def clock() -> Moved:
    return Moved()


def test_fewer_than_five_are_never_told_and_more_only_as_a_step(clock: Moved) -> None:
    noticed = Noticed(clock)
    seen = []
    for _ in range(60):
        noticed.count("too_fast")
        seen.append(noticed.counts().get("too_fast", 0))
    assert seen[:4] == [0] * 4
    assert sorted(set(seen)) == [0, 5, 10, 20, 50]
    assert all(told <= number for number, told in enumerate(seen, 1))


@pytest.mark.parametrize(
    ("count", "step"), [(5, 5), (9, 5), (10, 10), (19, 10), (49, 20), (99, 50), (100, 100), (7_777, 5_000)]
)
def test_a_step_is_never_above_the_count(count: int, step: int) -> None:
    assert step_below(count) == step


@pytest.mark.parametrize("hours", [1, -1, 24])
def test_another_hour_has_no_counts(clock: Moved, hours: int) -> None:
    noticed = Noticed(clock)
    for _ in range(9):
        noticed.count("too_fast")
    clock.ms += hours * HOUR_MS
    assert noticed.counts() == {}


def test_an_error_is_known_by_its_id_as_a_place_and_an_hour_for_a_day(clock: Moved) -> None:
    noticed = Noticed(clock)
    clock.ms += 1234
    noticed.keep("0123", "OSError at tocsin.web:1")
    found = noticed.errors()["0123"]
    assert (found.place, found.hour % 3600) == ("OSError at tocsin.web:1", 0)
    clock.ms += 23 * HOUR_MS
    assert "0123" in noticed.errors()
    clock.ms += HOUR_MS
    assert not noticed.errors()


def test_a_flood_of_errors_takes_no_memory(clock: Moved) -> None:
    noticed = Noticed(clock)
    for number in range(3 * MOST_ERRORS):
        noticed.keep(str(number), "x")
    assert len(noticed.errors()) == MOST_ERRORS
