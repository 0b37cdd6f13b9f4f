"""Every room is told how it could be used to hurt somebody, and which test stops that (rules of safety, 1)."""

import re
from pathlib import Path

import pytest

from tests.rules.tree import ROOT, rooms, short

STORIES = 5
HURT = ("resident", "volunteer", "officer", "bystander", "driver", "company employee")


@pytest.mark.parametrize("room", rooms(), ids=short)
def test_room_has_five_hostile_stories(room: Path) -> None:
    stories = re.split(r"^## ", (room / "misuse.md").read_text(), flags=re.MULTILINE)[1:]
    assert len(stories) >= STORIES
    for story in stories:
        assert any(person in story.lower() for person in HURT), "say who is hurt"
        assert named_tests(story), "name the test that stops it"


@pytest.mark.parametrize("room", rooms(), ids=short)
def test_named_tests_exist(room: Path) -> None:
    for file, function in named_tests((room / "misuse.md").read_text()):
        assert f"def {function}(" in (ROOT / file).read_text(), f"{file}::{function}"


def named_tests(text: str) -> list[tuple[str, str]]:
    """Tests written as `tests/room/test_verb.py::test_promise`."""
    return re.findall(r"(tests/[\w/]+\.py)::(test_\w+)", text)
