"""Take a file of rows into the registry, some at a time, and say what became of each row.

Promise: rows and how far the import came are stored together, so that a kill at any instant loses nothing and repeats nothing; the
same file again changes nothing. A dry run stores nothing. Every row of the file is counted once: kept, merged, held or refused, and
why.
"""

import gc
import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, func, select

from tocsin.errors import TocsinError
from tocsin.registry import derived, due
from tocsin.registry.model import Row
from tocsin.registry.record import Recorded, record
from tocsin.registry.room import Registry
from tocsin.registry.tables import held, progress, statement

BATCH = 5000
"""Rows that share a commit, where nobody else writes: one or two seconds. What a batch says twice is worked out once."""


PACKED = (
    b"\x1f\x8b", b"\x1f\x9d", b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf",
    b"Rar!", b"\x04\x22\x4d\x18", b"\xd0\xcf\x11\xe0", b"%PDF",
)  # fmt: skip
"""How archives begin, and the documents of office programs."""
MARKUP = (b"<", b"<\0", b"\0<")
MARKS = b"\xef\xbb\xbf\xff\xfe \t\r\n"
"""What may stand before the first letter: the mark of an encoding, and space."""

REFRESHED = 5000
"""Statements looked through at once."""


class FileNotUnderstood(TocsinError):
    """The first lines are not what the format begins with."""

    code = "file_not_understood"
    status = 422
    message = "This file does not begin like one of that format: its first line has to name the columns. Nothing was recorded."


class FilePacked(FileNotUnderstood):
    """Archives are not opened: what is small in one can be larger than the disk outside it."""

    code = "file_packed"
    message = (
        "This file is packed: an archive, or a spreadsheet's own format. Unpack it or save it as CSV, look how large it is, and take "
        "that in. Nothing was recorded."
    )


class FileIsMarkup(FileNotUnderstood):
    """No format of ours is XML, so nothing here reads its entities."""

    code = "file_is_markup"
    message = (
        "This file is XML or a web page. The registry takes CSV and JSON: get it in one of these. Nothing was recorded."
    )


@dataclass(frozen=True)
class Bad:
    """A row that could not be read, and why, in one word of the reader's list."""

    number: int
    reason: str


Read = Iterable[Row | Bad]


@dataclass
class Report:
    """What became of a file's rows."""

    rows: int = 0
    kept: int = 0
    merged: int = 0
    statements: int = 0
    held: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    since: int = 0
    """The last statement before the first of this file."""

    def add(self, done: Recorded, bad: Iterable[Bad]) -> None:
        self.kept += done.kept
        self.merged += done.merged
        self.statements += done.statements
        self.held.update(done.held)
        self.refused.update(done.refused)
        self.refused.update(one.reason for one in bad)
        self.rows = self.kept + self.merged + self.held.total() + self.refused.total()

    def told(self) -> dict[str, Any]:
        return vars(self) | {"held": dict(self.held), "refused": dict(self.refused)}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Report":
        return cls(**{**told, "held": Counter(told["held"]), "refused": Counter(told["refused"])})


class _Undone(Exception):
    """No error: the way out of a transaction that is not to stand."""

    def __init__(self, done: Recorded) -> None:
        super().__init__()
        self.done = done


def import_file(
    registry: Registry,
    path: Path,
    read: Callable[[Path], Read],
    dataset: str,
    *,
    is_dry: bool = False,
    refreshes: bool = False,
    told: Callable[[Report], None] = lambda _: None,
    batch: int = 0,
) -> Report:
    """Import `path` as `dataset`, going on where an earlier import of the same bytes was cut. `told` hears of each batch. Raises
    `FileNotUnderstood`.

    `batch`: rows that share a commit, `BATCH` unless said.
    `refreshes`: by what its acts can be filtered is worked out when all rows are in, because the rows do not say.
    """
    _refuse_foreign(path)
    digest = _digest(path)
    begun = None if is_dry else registry.database.read_now(lambda c: _begun(c, dataset, digest))
    position, report = begun or (-1, Report())
    if position < 0:
        if begun:
            registry.database.write_now(lambda c: _forget_held(c, dataset))
        position, report = 0, Report(since=registry.database.read_now(last_statement))
    rows = islice(iter(read(path)), position, None)
    with _rarely_collected():
        for some in _batches(rows, batch or BATCH):
            position += len(some)
            _one(registry, some, dataset, (digest, position), report, is_dry=is_dry)
            told(report)
            some.clear()
            gc.collect(1)  # of what others made meanwhile
    if refreshes and not is_dry:
        _refresh(registry, report, told)
    if not is_dry:
        registry.database.write_now(lambda c: _finish(c, dataset, digest, report))
    return report


def _refuse_foreign(path: Path) -> None:
    """Raises `FilePacked` or `FileIsMarkup`."""
    with path.open("rb") as file:
        begins = file.read(1024)
    if begins.startswith(PACKED) or begins[257:262] == b"ustar":
        raise FilePacked
    if begins.lstrip(MARKS).startswith(MARKUP):
        raise FileIsMarkup


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """A batch makes a million small things and no circles: looking for circles among them took a sixth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _refresh(registry: Registry, report: Report, told: Callable[[Report], None]) -> None:
    """Bring the filters of what this file spoke of up to date, some at a time; again after a kill, from where the file began."""
    since = report.since
    while True:
        names, last = registry.database.read_now(partial(derived.changed_since, number=since, most=REFRESHED))
        if not names:
            return
        registry.database.write_now(partial(derived.refresh, entities=names))
        since = last
        told(report)


def _one(
    registry: Registry, batch: list[Row | Bad], dataset: str, place: tuple[bytes, int], report: Report, *, is_dry: bool
) -> None:
    rows, bad = [one for one in batch if isinstance(one, Row)], [one for one in batch if isinstance(one, Bad)]

    def store(connection: Connection) -> None:
        done = record(connection, rows, dataset, registry.today)
        if is_dry:
            raise _Undone(done)
        report.add(done, bad)
        _mark(connection, dataset, *place, report)

    try:
        registry.database.write_now(store)
    except _Undone as undone:
        report.add(undone.done, bad)


def _batches(rows: Iterator[Row | Bad], size: int) -> Iterator[list[Row | Bad]]:
    while batch := list(islice(rows, size)):
        yield batch


def _begun(connection: Connection, dataset: str, digest: bytes) -> tuple[int, Report] | None:
    """How far this file came, and its counts until then; the position is -1 when it was finished."""
    question = select(progress.c.position, progress.c.counts).where(
        progress.c.dataset == dataset, progress.c.digest == digest
    )
    found = connection.execute(question).first()
    return (found.position, Report.of(json.loads(found.counts))) if found else None


def last_statement(connection: Connection) -> int:
    return int(connection.execute(select(func.max(statement.c.number))).scalar() or 0)


def _forget_held(connection: Connection, dataset: str) -> None:
    """A file that is taken in again finds again what is to be held: what was released since waits for nobody any more.

    Numbers of rows say nothing of which file they are of, so this is for a data set of one file.
    """
    files = connection.scalar(select(func.count()).select_from(progress).where(progress.c.dataset == dataset))
    if files == 1:
        connection.execute(delete(held).where(held.c.dataset == dataset))


def _finish(connection: Connection, dataset: str, digest: bytes, report: Report) -> None:
    _mark(connection, dataset, digest, -1, report)
    due.find(connection)


def _mark(connection: Connection, dataset: str, digest: bytes, position: int, report: Report) -> None:
    connection.execute(delete(progress).where(progress.c.dataset == dataset, progress.c.digest == digest))
    row = {"dataset": dataset, "digest": digest, "position": position, "counts": json.dumps(report.told())}
    connection.execute(progress.insert().values(row))


def _digest(path: Path) -> bytes:
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.digest()
