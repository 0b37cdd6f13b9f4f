"""Lines of a CSV file, counted; one that cannot be read does not end the file."""

import csv
from collections.abc import Iterator
from typing import TypeVar

Line = TypeVar("Line")


def numbered(lines: Iterator[Line]) -> Iterator[tuple[int, Line | None]]:
    """Each line with its number, from 1 on; None for one that `csv` cannot read."""
    number = 0
    while True:
        number += 1
        try:
            line: Line | None = next(lines)
        except StopIteration:
            return
        except csv.Error:
            line = None
        yield number, line
