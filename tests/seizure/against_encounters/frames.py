"""L4 against recordings: what frames and custody notes tell by their lengths and their order, though all are sealed."""

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from tests.seizure.acquire import Seized
from tests.seizure.against_encounters.visits import Leaf, Visit
from tests.seizure.chance import Measured, order_told
from tests.seizure.findings import Finding
from tests.seizure.inference import Column, columns_of, database_of, persons
from tocsin.crypto.padding import padded
from tocsin.crypto.profiles import CHUNK_OVERHEAD, TAG_BYTES
from tocsin.encounters.model import NOTE_BASE


class Frames:
    """One copy of the database, and what was true."""

    def __init__(self, seized: Seized, visits: Sequence[Visit], leaves: Sequence[Leaf], source: random.Random) -> None:
        self.seized, self.leaves, self.source = seized, leaves, source
        self.visits = {visit.id: visit for visit in visits}
        self.figures: dict[str, Measured] = {}

    def attack(self) -> Iterator[Finding]:
        with database_of(self.seized) as connection:
            if connection is None:
                return
            columns = [*columns_of(connection, self.visits)]
            frames = connection.execute("SELECT recording_id, number, segment, offset, length FROM frame").fetchall()
            frames = [frame for frame in frames if frame[0] in self.visits]  # others are another room's
        yield from persons([sizes(frames)], self.visits, self.source, self.figures)
        yield from self.padding(frames)
        yield from self.leaf_order(frames)
        yield from self.leaf_columns(columns)

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
        measured = self.figures["leaf by order of notes"] = order_told(groups)
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


def sizes(frames: Sequence[tuple[Any, ...]]) -> Column:
    """Bytes of each recording."""
    total = defaultdict[bytes, float](float)
    for recording_id, number, _, _, length in frames:
        if number < NOTE_BASE:
            total[recording_id] += length
    return Column("frame.size", dict(total))
