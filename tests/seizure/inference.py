"""L4: what the order, the sizes and the times of things tell, though every one of them is sealed."""

import random
import re
import sqlite3
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tests.seizure.acquire import Seized
from tests.seizure.chance import Measured, order_told, same_person
from tests.seizure.encounters import Leaf, Visit
from tests.seizure.findings import Finding
from tocsin.crypto.padding import padded
from tocsin.crypto.profiles import CHUNK_OVERHEAD, TAG_BYTES
from tocsin.encounters.model import NOTE_BASE
from tocsin.ids import b64

NAMED = frozenset({"frame.segment", "frame.offset", "recording.day"})
"""What THREATS.md says such a disk tells: the order inside segments, and the day of erasure."""
NEAR_S = 5.0
BESIDE_BYTES = 64
MINUTES_MS = 20 * 60_000
DAY_MS = 86_400_000
SHUFFLES_OF_PAIRS = 16


class Column(NamedTuple):
    """A number for each recording, as the disk has it."""

    name: str
    values: dict[bytes, float]


class Inference:
    """One copy of the files, and what was true."""

    def __init__(self, seized: Seized, visits: Sequence[Visit], leaves: Sequence[Leaf], source: random.Random) -> None:
        self.seized, self.source, self.leaves = seized, source, leaves
        self.node = seized.files / "node"
        self.visits = {visit.id: visit for visit in visits}
        self.figures: dict[str, Measured] = {}
        """Everything that was asked, found or not; named residuals among them."""

    def attack(self) -> Iterator[Finding]:
        if not (self.node / "tocsin.sqlite").exists():
            return
        copy = self.seized.files / "copy.sqlite"
        for end in ("", "-wal"):
            subprocess.run(["cp", f"{self.node}/tocsin.sqlite{end}", f"{copy}{end}"], check=False, capture_output=True)
        with sqlite3.connect(copy) as connection:
            columns = [*columns_of(connection, self.visits)]
            frames = connection.execute("SELECT recording_id, number, segment, offset, length FROM frame").fetchall()
        connection.close()
        yield from self.orders(columns)
        yield from self.persons([*columns, sizes(frames)])
        yield from self.padding(frames)
        yield from self.leaf_order(frames)
        yield from self.leaf_columns(columns)
        yield from self.file_times()
        yield from self.beside_ids()

    def beside_ids(self) -> Iterator[Finding]:
        """Does a time stand near a recording's number, anywhere on the disk: in rows, in what rows were, in the journal?

        A whole day is no moment, though it is near one where the trial runs at midnight: rows say on which day they end.
        """
        disk = self.seized.places["disk"]
        for visit in self.visits.values():
            for match in re.finditer(re.escape(visit.id), disk):
                around = disk[max(0, match.start() - BESIDE_BYTES) : match.end() + BESIDE_BYTES]
                near = next(
                    (one for one in numbers_in(around) if one % DAY_MS and abs(one - visit.last_ms) < MINUTES_MS), None
                )
                if near:
                    yield Finding("L4", "moment", "beside its number", visit.id.hex(), f"{near}: {around!r}")
                    break

    def orders(self, columns: Sequence[Column]) -> Iterator[Finding]:
        """Does a column tell which of two recordings of one day came first?"""
        for name, values in columns:
            days = defaultdict[int, list[bytes]](list)
            for recording_id in values:
                days[self.visits[recording_id].day].append(recording_id)
            groups = [([values[one] for one in day], [self.visits[one].began for one in day]) for day in days.values()]
            measured = self.figures[f"order by {name}"] = order_told(groups, self.source)
            if measured.is_found and name not in NAMED:
                yield Finding(
                    "L4", "order", name.partition(".")[2], name, f"orders recordings of a day: {measured.value:.2f}"
                )

    def persons(self, columns: Sequence[Column]) -> Iterator[Finding]:
        """Does a column tell that two recordings are one person's?"""
        for name, values in columns:
            ids = list(values)
            if len(set(values.values())) < 2:
                continue
            who = [self.visits[one].person.number for one in ids]
            measured = same_person([values[one] for one in ids], who, self.source, SHUFFLES_OF_PAIRS)
            self.figures[f"same person by {name}"] = measured
            if measured.is_found:
                yield Finding("L4", "same person", name.partition(".")[2], name, f"advantage {measured.value:.2f}")

    def padding(self, frames: Sequence[tuple[Any, ...]]) -> Iterator[Finding]:
        """Is any length finer than its class?"""
        lengths = {length for _, number, _, _, length in frames if number < NOTE_BASE}
        exact = [
            length
            for length in lengths
            if padded(length - CHUNK_OVERHEAD - TAG_BYTES) != length - CHUNK_OVERHEAD - TAG_BYTES
        ]
        if exact:
            yield Finding("L4", "size", "frame", "lengths", f"{len(exact)} lengths that padding does not know")

    def leaf_order(self, frames: Sequence[tuple[Any, ...]]) -> Iterator[Finding]:
        """Within a beat: does the order of notes on the disk tell the order of leaves in the log?"""
        at = {(recording_id, number): segment << 40 | offset for recording_id, number, segment, offset, _ in frames}
        beats = defaultdict[int, list[Leaf]](list)
        for leaf in self.leaves:
            if (leaf.recording_id, NOTE_BASE + leaf.note) in at:
                beats[leaf.beat].append(leaf)
        groups = [
            ([at[one.recording_id, NOTE_BASE + one.note] for one in beat], [one.place for one in beat])
            for beat in beats.values()
        ]
        measured = self.figures["leaf by order of notes"] = order_told(groups, self.source)
        if measured.is_found:
            yield Finding("L4", "leaf", "log", "order", f"leaves stand as notes do: {measured.value:.2f}")

    def leaf_columns(self, columns: Sequence[Column]) -> Iterator[Finding]:
        """Does a column hold the number of a recording's leaf?"""
        known = defaultdict[bytes, set[int]](set)
        for leaf in self.leaves:
            known[leaf.recording_id].add(leaf.place)
        for name, values in columns:
            right = sum(values[one] in known[one] for one in values if one in known)
            if right > max(3, len(known) // 4):
                yield Finding("L4", "leaf", name.partition(".")[2], name, f"{right} recordings' leaves")

    def file_times(self) -> Iterator[Finding]:
        """Does the time of a file that is a recording's tell when it was made?"""
        names = {form: visit for visit in self.visits.values() for form in (b64(visit.id), visit.id.hex())}
        for path in self.seized.files.rglob("*"):
            visit = names.get(path.stem)
            if visit and path.is_file() and abs(path.stat().st_mtime - visit.last_ms / 1000) < NEAR_S:
                yield Finding("L4", "moment", "file time", visit.id.hex(), str(path.name))


def columns_of(connection: sqlite3.Connection, visits: dict[bytes, Visit]) -> Iterator[Column]:
    """Every number that stands beside a recording's number, in any table; where rows lie, too."""
    spelled: dict[bytes | str, bytes] = {form: one for one in visits for form in (one, b64(one), one.hex())}
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
        for name, values in split_slots(table, found):
            if len(values) > 4:
                yield Column(f"{table}.{name}", values)


def split_slots(table: str, found: dict[str, dict[bytes, float]]) -> Iterator[tuple[str, dict[bytes, float]]]:
    """A slot's number is two: the place, and how often it was used."""
    for name, values in found.items():
        if table == "recording" and name == "slot":
            yield "slot_place", {one: int(value) & 0xFFFFFFFF for one, value in values.items()}
            yield "slot_use", {one: int(value) >> 32 for one, value in values.items()}
        else:
            yield name, values


def numbers_in(raw: bytes) -> Iterator[int]:
    """Everything that could be milliseconds, as databases and programs write them."""
    for width in (6, 8):
        for at in range(len(raw) - width):
            yield int.from_bytes(raw[at : at + width])
            yield int.from_bytes(raw[at : at + width], "little")


def sizes(frames: Sequence[tuple[Any, ...]]) -> Column:
    """Bytes of each recording."""
    total = defaultdict[bytes, float](float)
    for recording_id, number, _, _, length in frames:
        if number < NOTE_BASE:
            total[recording_id] += length
    return Column("frame.size", dict(total))
