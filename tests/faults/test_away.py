"""F11 and F13, short forms: the database dies in mid-write, and strangers flood the door."""

from pathlib import Path

from tests.faults import f11_postgres, f13_flood


def test_a_database_that_dies_in_mid_write_loses_nothing_and_is_found_again(tmp_path: Path) -> None:
    tally, heard = f11_postgres.run(tmp_path, 1)
    assert tally.is_good
    assert tally.acknowledged
    assert heard["database_away"] == 3


def test_encounters_begin_while_strangers_flood_the_door(tmp_path: Path) -> None:
    told = f13_flood.run(tmp_path, 1.5)
    assert told["encounters"] > 0
