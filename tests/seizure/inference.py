"""L4: what the order, the sizes and the times of things tell, though every one of them is sealed."""

import random
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation
from pysqlite3 import dbapi2 as sqlite3  # type: ignore[import-untyped]  # the product's own: it knows every kind of table there is

from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured, order_told, same_person
from tests.seizure.findings import Finding
from tests.seizure.rooms import Life
from tocsin.ids import b64

NEAR_S = 5.0
BESIDE_BYTES = 64
MINUTES_MS = 20 * 60_000
DAY_MS = 86_400_000


class Column(NamedTuple):
    """A number for each recording, as the disk has it."""

    name: str
    values: dict[bytes, float]


class Inference:
    """One copy of the files, and what was true."""

    def __init__(self, seized: Seized, lives: Sequence[Life], named: frozenset[str], source: random.Random) -> None:
        """`named` are columns of which THREATS.md says what they tell."""
        self.seized, self.named, self.source = seized, named, source
        self.lives = {life.id: life for life in lives}
        self.figures: dict[str, Measured] = {}
        """Everything that was asked, found or not; named residuals among them."""

    def attack(self) -> Iterator[Finding]:
        with database_of(self.seized) as connection:
            if connection is None:
                return
            columns = [*columns_of(connection, self.lives)]
        yield from self.orders(columns)
        yield from persons(columns, self.lives, self.source, self.figures)
        yield from self.file_times()
        yield from self.beside_ids()

    def beside_ids(self) -> Iterator[Finding]:
        """Does a time stand near a recording's number, anywhere on the disk: in rows, in what rows were, in the journal?

        A whole day is no moment, though it is near one where the trial runs at midnight: rows say on which day they end.
        """
        disk, lives = self.seized.places["disk"], [*self.lives.values()]
        told = set[int]()
        ids = BytesAhoCorasick([life.id for life in lives], implementation=Implementation.ContiguousNFA)
        for number, start, end in ids.find_matches_as_indexes(disk) if lives else ():
            if number in told:
                continue
            life, around = lives[number], disk[max(0, start - BESIDE_BYTES) : end + BESIDE_BYTES]
            near = next(moments_in(around, life.last_ms - MINUTES_MS, life.last_ms + MINUTES_MS), None)
            if near:
                told.add(number)
                yield Finding("L4", "moment", "beside its number", life.id.hex(), f"{near}: {around!r}")

    def orders(self, columns: Sequence[Column]) -> Iterator[Finding]:
        """Does a column tell which of two recordings of one day came first?

        Of two of one room: that all of one room's come before those of the next is the trial's doing, and two rooms' recordings differ
        by what they are.
        """
        for name, values in columns:
            days = defaultdict[tuple[int, type], list[bytes]](list)
            for recording_id in values:
                days[self.lives[recording_id].day, type(self.lives[recording_id])].append(recording_id)
            groups = [([values[one] for one in day], [self.lives[one].began for one in day]) for day in days.values()]
            measured = self.figures[f"order by {name}"] = order_told(groups)
            if measured.is_found and name not in self.named:
                yield Finding(
                    "L4", "order", name.partition(".")[2], name, f"orders recordings of a day: {measured.value:.2f}"
                )

    def file_times(self) -> Iterator[Finding]:
        """Does the time of a file that is a recording's tell when it was made?"""
        names = {form: visit for visit in self.lives.values() for form in (b64(visit.id), visit.id.hex())}
        for path in self.seized.files.rglob("*"):
            visit = names.get(path.stem)
            if visit and path.is_file() and abs(path.stat().st_mtime - visit.last_ms / 1000) < NEAR_S:
                yield Finding("L4", "moment", "file time", visit.id.hex(), str(path.name))


def persons(
    columns: Sequence[Column], lives: Mapping[bytes, Life], source: random.Random, figures: dict[str, Measured]
) -> Iterator[Finding]:
    """Does a column tell that two lives are one person's?"""
    for name, values in columns:
        ids = list(values)
        if len(set(values.values())) < 2:
            continue
        who = [lives[one].person.number for one in ids]
        measured = same_person([values[one] for one in ids], who, source)
        figures[f"same person by {name}"] = measured
        if measured.is_found:
            yield Finding("L4", "same person", name.partition(".")[2], name, f"advantage {measured.value:.2f}")


@contextmanager
def database_of(seized: Seized) -> Iterator[sqlite3.Connection | None]:
    """A copy of the seized database, opened; None where there is none."""
    node, copy = seized.files / "node", seized.files / "copy.sqlite"
    if not (node / "tocsin.sqlite").exists():
        yield None
        return
    for end in ("", "-wal"):
        subprocess.run(["cp", f"{node}/tocsin.sqlite{end}", f"{copy}{end}"], check=False, capture_output=True)
    with closing(sqlite3.connect(copy)) as connection:
        yield connection


def columns_of(connection: sqlite3.Connection, lives: Mapping[bytes, Life]) -> Iterator[Column]:
    """Every number that stands beside a recording's number, in any table; where rows lie, too."""
    spelled: dict[bytes | str, bytes] = {form: one for one in lives for form in (one, b64(one), one.hex())}
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        try:
            cursor = connection.execute(f"SELECT rowid AS row_number, * FROM {table}")
        except sqlite3.OperationalError:
            cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        found = defaultdict[str, dict[bytes, float]](dict)
        for place, row in enumerate(cursor.fetchall()):
            recording_id = next(
                (spelled[cell] for cell in row if isinstance(cell, bytes | str) and cell in spelled), None
            )
            if recording_id is None:
                continue
            found["place"].setdefault(recording_id, place)
            for name, cell in zip(names, row, strict=True):
                if isinstance(cell, int | float):
                    found[name].setdefault(recording_id, cell)
        for name, values in halves(found):
            if len(values) > 4:
                yield Column(f"{table}.{name}", values)


def halves(found: dict[str, dict[bytes, float]]) -> Iterator[tuple[str, dict[bytes, float]]]:
    """A number of more than 32 bits may be two, as a slot's is: its place, and how often it was used."""
    for name, values in found.items():
        if all(isinstance(value, int) for value in values.values()) and max(values.values(), default=0) >= 1 << 32:
            yield f"{name} low", {one: int(value) & 0xFFFFFFFF for one, value in values.items()}
            yield f"{name} high", {one: int(value) >> 32 for one, value in values.items()}
        else:
            yield name, values


def moments_in(raw: bytes, first_ms: int, last_ms: int) -> Iterator[int]:
    """Every number between two moments, ms, as databases and programs write them: six bytes, or eight of which two are zero.

    Whole days are left out. The moments are so near each other that their three upper bytes are one of two.
    """
    for top in {first_ms >> 24, last_ms >> 24}:
        for match in re.finditer(re.escape(top.to_bytes(3)), raw):
            yield from between(int.from_bytes(raw[match.start() : match.start() + 6]), first_ms, last_ms)
        for match in re.finditer(re.escape(top.to_bytes(3, "little")), raw):
            found = raw[match.start() - 3 : match.end()] if match.start() >= 3 else b""
            yield from between(int.from_bytes(found, "little"), first_ms, last_ms)


def between(found: int, first_ms: int, last_ms: int) -> Iterator[int]:
    if first_ms < found < last_ms and found % DAY_MS:
        yield found
