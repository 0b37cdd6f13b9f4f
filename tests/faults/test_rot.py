"""F3 and F10, short forms: damage is found and said, never given out, never taken for an empty node."""

from pathlib import Path

from tests.faults import f03_rot


def test_flipped_bits_and_missing_ends_are_found_by_a_scrub(tmp_path: Path) -> None:
    outcome = f03_rot.perform(tmp_path, is_full=False)
    assert outcome.is_good, outcome.figures


def test_hurt_or_missing_files_of_sqlite_are_refused_in_words_or_mended_whole(tmp_path: Path) -> None:
    said = f03_rot.run_sqlite(tmp_path)
    assert f03_rot.is_plain(said), said
