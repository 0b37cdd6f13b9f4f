"""JSON of strangers, read within bounds: numbers exact, no endless nesting, nothing larger than memory allows, never unpacked."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from tocsin.registry.importing import FileNotUnderstood

WHOLE = 300_000_000
"""Bytes of a file that is one document: its parts come to about three times as much in memory."""
LINE = 20_000_000
DIGITS = 40
"""More than any number has that is an amount, an id or a place: a longer one stays as short as it was written."""


class LineMalformed(Exception):
    """A line or a document that is no JSON within bounds."""


def parsed(raw: bytes) -> Any:
    """One document. Raises `LineMalformed`."""
    try:
        return json.loads(raw, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise LineMalformed from error


def documents(path: Path) -> Iterator[Any]:
    """The documents of a file: each line's, or the whole file's; `LineMalformed` itself in the place of a line that is none.

    Raises `FileNotUnderstood` for one document that is too large, and a file whose beginning is no JSON.
    """
    with path.open("rb") as file:
        first = file.readline(LINE + 1)
        try:
            head = parsed(first)
        except LineMalformed:
            yield _whole(path)
            return
        yield head
        file.seek(len(first))
        while line := file.readline(LINE + 1):
            if line.strip():
                yield _line(line)


def _line(line: bytes) -> Any:
    try:
        return parsed(line) if len(line) <= LINE else LineMalformed()
    except LineMalformed as error:
        return error


def _whole(path: Path) -> Any:
    if path.stat().st_size > WHOLE:
        raise FileNotUnderstood
    try:
        return parsed(path.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    except LineMalformed as error:
        raise FileNotUnderstood from error


def _no_number(_: str) -> Any:
    raise ValueError


def text(told: Any, *names: str) -> str:
    """The first of these fields that has something to say, as text."""
    for name in names:
        value = told.get(name) if isinstance(told, dict) else None
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            is_plain = isinstance(value, Decimal) and abs(value.adjusted()) <= DIGITS
            return f"{value:f}" if is_plain else str(value)
    return ""


def part(told: Any, name: str) -> dict[str, Any]:
    """The object in a field, or an empty one."""
    value = told.get(name) if isinstance(told, dict) else None
    return value if isinstance(value, dict) else {}


def parts(told: Any, name: str) -> list[dict[str, Any]]:
    """The objects in a field that is a list."""
    value = told.get(name) if isinstance(told, dict) else None
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
