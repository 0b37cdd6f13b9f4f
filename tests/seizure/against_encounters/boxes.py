"""What an earlier look at the disk gave: envelopes as they lay in the database, and the slots they lay under."""

import sqlite3
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HEADER_BYTES, SLOT_BYTES = 4096, 512
_SLOT = struct.Struct(">IB32s")
LIVE = 1


@dataclass
class Boxes:
    """Envelopes by recording, and every slot's key that was ever seen live, with the recordings that it opened then."""

    boxes: dict[bytes, set[bytes]] = field(default_factory=dict)
    slots: dict[bytes, bytes] = field(default_factory=dict)

    def look(self, node: Path) -> None:
        """Copy what is there now."""
        keys = live_slots(node / "erase.keys")
        found = rows(node, "SELECT id, box, slot FROM recording UNION ALL SELECT recording_id, box, slot FROM hold")
        for recording_id, box, slot in found:
            if box:
                self.boxes.setdefault(recording_id, set()).add(box)
                key = keys.get(slot & 0xFFFFFFFF)
                if key:
                    self.slots[key] = recording_id


def live_slots(path: Path) -> dict[int, bytes]:
    """The keys that are still there, by their place."""
    return {index: key for index, (state, key) in enumerate(all_slots(path)) if state == LIVE}


def all_slots(path: Path) -> list[tuple[int, bytes]]:
    """State and key of every slot, erased ones too."""
    raw = path.read_bytes()
    found = (_SLOT.unpack(raw[at : at + _SLOT.size]) for at in range(HEADER_BYTES, len(raw), SLOT_BYTES))
    return [(state, key) for _, state, key in found]


def rows(node: Path, question: str) -> list[tuple[Any, ...]]:
    """What a copy of the database answers."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["cp", *sorted(map(str, node.glob("tocsin.sqlite*"))), folder], check=False, capture_output=True)
        connection = sqlite3.connect(f"{folder}/tocsin.sqlite")
        try:
            return connection.execute(question).fetchall()
        finally:
            connection.close()
