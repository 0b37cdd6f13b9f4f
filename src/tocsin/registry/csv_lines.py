"""Lines of a CSV file, counted; one that cannot be read does not end the file, and bytes that are no letters never become any."""

import codecs
import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO, TypeVar

from tocsin.registry.importing import FileNotUnderstood

Line = TypeVar("Line")

CELL = 1_000_000
"""Characters in one cell; a larger one is no description."""
_UNREADABLE = "registry-unreadable"


def _marked(error: UnicodeError) -> tuple[str, int]:
    """In the place of bytes that are no letters something that is none either: the store's door refuses a claim that has it."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "\udcff", error.end


codecs.register_error(_UNREADABLE, _marked)


def opened(path: Path, encoding: str = "utf-8-sig") -> TextIO:
    """A file of lines."""
    csv.field_size_limit(CELL)
    return path.open(encoding=encoding, errors=_UNREADABLE, newline="")


def head_of(lines: "csv.DictReader[str]") -> Sequence[str]:
    """The names of the columns. Raises `FileNotUnderstood` for a first line that cannot be read."""
    try:
        return lines.fieldnames or ()
    except csv.Error as error:
        raise FileNotUnderstood from error


def first_of(lines: Iterator[list[str]]) -> list[str]:
    """The cells of the first line. Raises `FileNotUnderstood` where it cannot be read."""
    try:
        return next(lines, [])
    except csv.Error as error:
        raise FileNotUnderstood from error


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
