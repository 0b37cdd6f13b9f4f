"""A commit is named only for the very files that were committed."""

import subprocess
from pathlib import Path

from tocsin.built_from import PLACE, source_commit, sum_of

RUN = PLACE.parents[1] / "run"


def note(place: Path) -> None:
    """What `./run` does of it, in a checkout of its own."""
    text = RUN.read_text()
    begin = text.index("note_commit() {")
    function = text[begin : text.index("\n}\n", begin) + 3]
    subprocess.run(["sh", "-euc", function + "note_commit"], cwd=place, check=True)


def checkout(place: Path) -> Path:
    """A checkout with one commit; the folder of its program."""
    program = place / "src" / "tocsin"
    (program / "room").mkdir(parents=True)
    (program / "__init__.py").write_text("VERSION = 1\n")
    (program / "room" / "verb.py").write_text("def verb() -> None: ...\n")
    (place / ".gitignore").write_text("built_from.txt\n")
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "-c", "user.name=A", "-c", "user.email=a@example", "commit", "-qm", "First")
    return program


def git(place: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_of_a_checkout_as_it_was_committed(tmp_path: Path) -> None:
    program = checkout(tmp_path)
    note(tmp_path)
    assert source_commit(program) == git(tmp_path, "rev-parse", "HEAD")


def test_no_commit_for_a_file_that_was_changed_since(tmp_path: Path) -> None:
    program = checkout(tmp_path)
    note(tmp_path)
    (program / "room" / "verb.py").write_text("def verb() -> int: ...\n")
    assert source_commit(program) == "not stated"


def test_no_commit_for_a_checkout_with_changes_and_what_stood_there_goes(tmp_path: Path) -> None:
    program = checkout(tmp_path)
    note(tmp_path)
    (program / "__init__.py").write_text("VERSION = 2\n")
    note(tmp_path)
    assert not (program / "built_from.txt").exists()
    assert source_commit(program) == "not stated"


def test_no_commit_where_there_is_no_git(tmp_path: Path) -> None:
    (tmp_path / "src" / "tocsin").mkdir(parents=True)
    note(tmp_path)
    assert source_commit(tmp_path / "src" / "tocsin") == "not stated"


def test_what_is_no_record_names_no_commit(tmp_path: Path) -> None:
    (tmp_path / "built_from.txt").write_text(f"main {sum_of(tmp_path)}\n")
    assert source_commit(tmp_path) == "not stated"
