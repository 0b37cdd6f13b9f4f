"""Migrations are one line: two of one number, made at the same time by two people, stop every node."""

import re

from tests.rules.tree import ending


def test_migrations_are_one_line_of_numbers() -> None:
    found = {}
    for path in ending(".py", under="src/tocsin/store/migrations/versions"):
        if path.name == "__init__.py":
            continue
        [number] = re.findall(r'^revision = "(\d{4})"$', path.read_text(), flags=re.MULTILINE)
        before = re.findall(r'^down_revision = "(\d{4})"$', path.read_text(), flags=re.MULTILINE)
        assert path.name.startswith(number), path.name
        assert number not in found, f"two migrations have the number {number}: the later one takes the next"
        found[number] = before
    numbers = sorted(found)
    assert [found[number] for number in numbers] == [[], *([before] for before in numbers[:-1])]
