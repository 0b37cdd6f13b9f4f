"""F14, short form: a migration that is killed leaves one schema or the other, and every row."""

from pathlib import Path

from tests.faults import f14_schema


def test_a_migration_killed_anywhere_leaves_one_schema_with_every_row(tmp_path: Path) -> None:
    found = f14_schema.run(f14_schema.sqlite_in(tmp_path), 3)
    assert found["killed"] >= 2
    assert found["old"] >= 2


def test_a_database_of_a_newer_version_is_refused_in_words_and_left_as_it_was(tmp_path: Path) -> None:
    assert f14_schema.refused(tmp_path).endswith("(schema_newer)")
