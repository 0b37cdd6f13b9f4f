"""F2, short form: a power cut in the middle of uploads loses nothing that was acknowledged."""

from pathlib import Path

import pytest

from tests.faults import f02_power, image

pytestmark = pytest.mark.skipif(bool(image.why_not()), reason=f"no power cut can be played here: {image.why_not()}")


def test_twenty_power_cuts_lose_nothing(tmp_path: Path) -> None:
    tally = f02_power.run(tmp_path, 20)
    assert tally.kills == 20
    assert tally.acknowledged > 100
    assert (tally.lost, tally.duplicated, tally.uncovered) == (0, 0, 0)


def test_what_a_killed_process_had_not_synced_is_durable_once_it_is_acknowledged(tmp_path: Path) -> None:
    f02_power.killed_then_cut(tmp_path)
