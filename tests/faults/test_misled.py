"""F5, F6 and F7, short forms: crowded, misled about the time, and sent everything a bad line can send."""

from pathlib import Path

from tests.faults import f05_limits, f06_clock, f07_chunks


def test_more_callers_than_descriptors_do_not_end_the_node(tmp_path: Path) -> None:
    tally, callers = f05_limits.run(tmp_path, 1)
    assert tally.is_good
    assert callers > f05_limits.DESCRIPTORS


def test_a_clock_that_jumps_neither_reorders_nor_stops_anything(tmp_path: Path) -> None:
    tally = f06_clock.run(tmp_path, 0.3)
    assert tally.is_good
    assert tally.acknowledged


def test_whatever_a_bad_line_sends_the_recording_is_the_same_bytes(tmp_path: Path) -> None:
    tally, heard = f07_chunks.run(tmp_path, is_full=False)
    assert tally.is_good
    assert heard["dropped"]
