"""Files taken in by the running node: a wish names them, the node reads them itself, a few rows a commit, one wish at a time.

Promise: seconds, pages and contests go on meanwhile; what the import came to is stored with its rows, so that a node that stops in
between goes on when the same file is handed in again.
"""

import json
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from tocsin.errors import TocsinError
from tocsin.registry import sheet
from tocsin.registry.formats import FORMATS, Given, only
from tocsin.registry.importing import FileNotUnderstood, Report, import_file
from tocsin.registry.room import Registry

GENTLE = 200
"""Rows that share a commit: everybody else's writes wait for no more than these."""
_ONE = threading.Lock()

Write = Callable[[bytes], object]


class Wish(msgspec.Struct, forbid_unknown_fields=True):
    """What `tocsin registry hand-in` leaves for the node. Paths are whole, and the node has to be allowed to read them."""

    kind: str
    to: str
    files: list[str]
    form: str
    dataset: str
    url: str = ""
    mapping: str = ""
    words: list[str] = []


class WishMalformed(TocsinError):
    code = "wish_malformed"
    status = 422
    message = "The node does not understand what it was asked to take in. Is it of the same version as this program?"


class ImportUnderWay(TocsinError):
    code = "import_under_way"
    status = 409
    message = "The node is taking in another file. Hand this one in when that is done; nothing was changed."


class FileUnreadable(TocsinError):
    code = "file_unreadable"
    status = 404
    message = "The node cannot read this file. Put it where the node's account may read it."


def hand_in(registry: Registry, said: Mapping[str, Any], write: Write) -> None:
    """Take in what a wish names, and `write` a line of JSON for each step and each file. Raises nothing of ours: it is written."""
    try:
        wish = msgspec.convert(dict(said), Wish)
    except msgspec.ValidationError:
        _say(write, {"refused": WishMalformed.code, "message": WishMalformed.message})
        return
    if not _ONE.acquire(blocking=False):
        _say(write, {"refused": ImportUnderWay.code, "message": ImportUnderWay.message})
        return
    try:
        for name in wish.files:
            _one(registry, wish, Path(name), write)
        sheet.catch_up(registry.database)
    finally:
        _ONE.release()


def _one(registry: Registry, wish: Wish, path: Path, write: Write) -> None:
    def told(report: Report) -> None:
        _say(write, {"rows": report.rows})

    try:
        kind = FORMATS.get(wish.form)
        if kind is None:
            raise FileNotUnderstood
        given = Given(wish.dataset, wish.url, Path(wish.mapping) if wish.mapping else None)
        read = only(wish.words, kind.open(given))
        done = import_file(
            registry, path, read, wish.dataset, refreshes=not kind.tells_filters, told=told, batch=GENTLE
        )
    except TocsinError as error:
        _say(write, {"file": path.name, "refused": error.code, "message": error.message})
    except OSError:
        _say(write, {"file": path.name, "refused": FileUnreadable.code, "message": FileUnreadable.message})
    else:
        _say(write, {"file": path.name, **done.told()})


def _say(write: Write, told: Mapping[str, Any]) -> None:
    write(json.dumps(told).encode() + b"\n")
