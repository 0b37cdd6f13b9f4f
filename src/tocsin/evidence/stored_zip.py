"""Zip files that leave nothing to the reader's choice: stored members, fixed dates and modes (`docs/spec/package.md`).

`Archive` knows sizes and sums beforehand and writes headers that are complete; `OnePass` does not and writes data
descriptors. Both give bytes to whoever sends or stores them and keep only the directory.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

LARGE = 0xFFFFFFFF
"""From this size on a number stands in a zip64 field."""

DAY_ONE = 33  # 1980-01-01 as the format counts
VERSION, VERSION_64 = 20, 45
UNIX = 3 << 8
PLAIN_FILE = 0o100644 << 16
SUMS_FOLLOW = 8
"""Flag bit 3: sums and sizes stand behind the content."""

LOCAL = struct.Struct("<4s5H3L2H")
CENTRAL = struct.Struct("<4s6H3L5H2L")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
END = struct.Struct("<4s4H2LH")


class Entry(NamedTuple):
    """A member as the directory tells of it. `at` is where its local header begins."""

    name: bytes
    crc: int
    size: int
    at: int
    flags: int


def central_record(entry: Entry) -> bytes:
    """The member's line in the directory."""
    wide = [entry.size] * 2 if entry.size >= LARGE else []
    wide += [entry.at] if entry.at >= LARGE else []
    extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version, size = VERSION_64 if wide else VERSION, min(entry.size, LARGE)
    head = (b"PK\x01\x02", UNIX | version, version, entry.flags, 0, 0, DAY_ONE, entry.crc, size, size)
    lengths = (len(entry.name), len(extra), 0, 0, 0, PLAIN_FILE, min(entry.at, LARGE))
    return CENTRAL.pack(*head, *lengths) + entry.name + extra


def directory(entries: Iterable[Entry], at: int) -> bytes:
    """The directory and the end records of an archive whose members end at `at`."""
    listed = [central_record(entry) for entry in entries]
    raw, count = b"".join(listed), len(listed)
    if len(raw) >= LARGE or at >= LARGE:
        sizes = (count, count, len(raw), at)
        end = END64.pack(b"PK\x06\x06", END64.size - 12, UNIX | VERSION_64, VERSION_64, 0, 0, *sizes)
        end += LOCATOR64.pack(b"PK\x06\x07", 0, at + len(raw), 1)
    else:
        end = b""
    return raw + end + END.pack(b"PK\x05\x06", 0, 0, count, count, min(len(raw), LARGE), min(at, LARGE), 0)


@dataclass
class Archive:
    """For members whose size and CRC-32 are known before they are written."""

    _entries: list[Entry] = field(default_factory=list)
    _at: int = 0

    def member(self, name: str, size: int, crc: int, content: Iterable[bytes]) -> Iterator[bytes]:
        """Header and content. Raises `ValueError` when the content is not what was announced."""
        entry = Entry(name.encode("ascii"), crc, size, self._at, 0)
        extra = struct.pack("<HHQQ", 1, 16, size, size) if size >= LARGE else b""
        version, short = VERSION_64 if extra else VERSION, min(size, LARGE)
        head = (b"PK\x03\x04", version, 0, 0, 0, DAY_ONE, crc, short, short, len(entry.name), len(extra))
        header = LOCAL.pack(*head) + entry.name + extra
        yield header
        found, written = 0, 0
        for part in content:
            found, written = zlib.crc32(part, found), written + len(part)
            yield part
        if (found, written) != (crc, size):
            raise ValueError("a member changed between two readings")
        self._entries.append(entry)
        self._at += len(header) + size

    def end(self) -> bytes:
        return directory(self._entries, self._at)


@dataclass
class OnePass:
    """For members that are written as they come. `begin`, `piece`..., `finish`, and at last `end`."""

    _entries: list[Entry] = field(default_factory=list)
    _at: int = 0
    _name: bytes = b""
    _crc: int = 0
    _size: int = 0
    _is_long: bool = False

    def begin(self, name: str, *, may_be_long: bool = False) -> bytes:
        """The header of a member. `may_be_long`: it may reach 4 GiB."""
        self._name, self._crc, self._size, self._is_long = name.encode("ascii"), 0, 0, may_be_long
        extra = struct.pack("<HHQQ", 1, 16, 0, 0) if may_be_long else b""
        version, short = (VERSION_64, LARGE) if may_be_long else (VERSION, 0)
        head = (b"PK\x03\x04", version, SUMS_FOLLOW, 0, 0, DAY_ONE, 0, short, short, len(self._name), len(extra))
        return LOCAL.pack(*head) + self._name + extra

    def piece(self, content: bytes) -> bytes:
        self._crc, self._size = zlib.crc32(content, self._crc), self._size + len(content)
        return content

    def finish(self) -> bytes:
        """The sums behind the content."""
        entry = Entry(self._name, self._crc, self._size, self._at, SUMS_FOLLOW)
        sums = struct.pack("<4sLQQ" if self._is_long else "<4sLLL", b"PK\x07\x08", self._crc, self._size, self._size)
        self._entries.append(entry)
        self._at += LOCAL.size + len(self._name) + (20 if self._is_long else 0) + self._size + len(sums)
        return sums

    def whole(self, name: str, content: bytes) -> bytes:
        """A short member at once."""
        return self.begin(name) + self.piece(content) + self.finish()

    def end(self) -> bytes:
        return directory(self._entries, self._at)
