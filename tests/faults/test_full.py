"""F4, short form: a full disk is said plainly, nothing is acknowledged falsely, deletions go on, and no restart is needed."""

from pathlib import Path

import pytest

from tests.faults import f04_full, image


@pytest.mark.skipif(bool(image.why_not()), reason=f"no small disk can be made here: {image.why_not()}")
def test_a_full_disk_refuses_plainly_and_goes_on_when_there_is_room(tmp_path: Path) -> None:
    tally, told = f04_full.run(tmp_path, is_full=False)
    assert tally.is_good
    assert told["encounter_seconds_after_full"] > 10, "the reserve was of no use"
    assert told["encounter_507"] > 1
