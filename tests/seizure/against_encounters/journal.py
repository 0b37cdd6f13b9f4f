"""A residual, measured: what the file system's own journal tells of times.

ext4 writes changed inodes into its journal, old versions stay there until it comes round, and each has the time of the last write and
how much of the file was written by then. Joined with where a recording's first frame lies, that dates the recording. No program
can stop it; a disk that is encrypted as a whole can, while the machine is off.
"""

import re
import sqlite3
import statistics
import struct
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.seizure.acquire import Seized
from tests.seizure.against_encounters.visits import Visit
from tests.seizure.search import PAGE
from tests.seizure.town import DAY_MS

INODE_BYTES = 160
EXTENTS = 0xF30A
UNWRITTEN = 32768


class Version(NamedTuple):
    """One old version of a segment's inode: when it was last written, and how many bytes were written then."""

    at: float
    written: int


def dated(seized: Seized, image: Path, visits: Sequence[Visit]) -> str:
    """How near to the truth recordings are dated, for the page; "" where there is nothing to say."""
    starts = first_frames(seized.files / "copy.sqlite", visits)
    errors = []
    for path in sorted((seized.files / "node" / "segments").glob("*.segment")):
        number = int(path.stem)
        versions = sorted(versions_of(seized.places["disk"], image, f"/node/segments/{path.name}"))
        for visit, segment, offset in starts:
            found = next((one.at for one in versions if one.written > offset), None) if segment == number else None
            if found is not None:
                errors.append(abs(found - (visit.times[0] - visit.day * DAY_MS) / 1000))
    if not errors:
        return ""
    share = f"{len(errors)} of {len(starts)} recordings"
    return f"the journal of ext4 dates {share}, in the middle {statistics.median(errors):.1f} s from the truth"


def first_frames(database: Path, visits: Sequence[Visit]) -> list[tuple[Visit, int, int]]:
    """Segment and offset of each recording's first second."""
    known = {visit.id: visit for visit in visits if visit.times}
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT recording_id, segment, offset FROM frame WHERE number = 0").fetchall()
    connection.close()
    return [(known[recording_id], segment, offset) for recording_id, segment, offset in rows if recording_id in known]


def versions_of(pages: bytes, image: Path, name: str) -> Iterator[Version]:
    """Every version of a file's inode anywhere on the disk, told from others by its generation number."""
    asked = ["debugfs", "-R", f"imap {name}", str(image)]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    match = re.search(r"located at block (\d+), offset (0x[0-9a-f]+)", told)
    if not match:
        return
    at = int(match[2], 16)
    with image.open("rb") as file:
        file.seek(int(match[1]) * PAGE + at)
        generation = file.read(INODE_BYTES)[0x64:0x68]
    for start in range(0, len(pages) - PAGE + 1, PAGE):
        raw = pages[start + at : start + at + INODE_BYTES]
        if raw[0x64:0x68] == generation and struct.unpack_from("<H", raw, 0x28)[0] == EXTENTS:
            yield version(raw)


def version(raw: bytes) -> Version:
    """Time of change with its fraction, and the end of the last extent that was written."""
    seconds, fraction = struct.unpack_from("<I", raw, 0x0C)[0], struct.unpack_from("<I", raw, 0x84)[0] >> 2
    count = min(struct.unpack_from("<H", raw, 0x2A)[0], 4)
    ends = [0]
    for place in range(count):
        block, length = struct.unpack_from("<IH", raw, 0x34 + 12 * place)
        if length <= UNWRITTEN:
            ends.append((block + length) * PAGE)
    return Version(seconds + fraction / 1e9, max(ends))
