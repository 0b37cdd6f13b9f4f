"""F3 and F10, short forms: damage is found and said, never given out, never taken for an empty node."""

from pathlib import Path

from sqlalchemy.exc import DatabaseError

from tests.faults import f03_rot
from tocsin import scrub


def test_flipped_bits_and_missing_ends_are_found_by_a_scrub(tmp_path: Path) -> None:
    outcome = f03_rot.perform(tmp_path, is_full=False)
    assert outcome.is_good, outcome.figures


def test_hurt_or_missing_files_of_sqlite_are_refused_in_words_or_mended_whole(tmp_path: Path) -> None:
    said = f03_rot.run_sqlite(tmp_path)
    assert f03_rot.is_plain(said), said


def test_a_database_that_cannot_answer_at_all_is_damage_and_no_traceback() -> None:
    """About one flip in two hundred makes SQLite refuse the check itself."""

    def refuse() -> scrub.Read:
        raise DatabaseError("PRAGMA integrity_check", None, Exception("database disk image is malformed"))

    assert scrub._asked("tables", refuse).damage
