r"""Bytes of a segment file: a header, twice, then frames that say themselves where they stand and what they hold.

    file   = header, zeros to 4096 | header again, zeros to 4096 | frames | zeros or nothing
    header = "tocsin.segment/v1\n" | number u32 | previous_end u64 | salt 16 | SHA-256 of the fields 32
    frame  = magic 4 | number u32 | offset u64 | acknowledged u64 | key 16 | seq u64 | meta length u32 | body length u32
           | CRC-32 of meta and body u32 | SHA-256(salt | all before)[:12] | meta | body

Integers are big-endian. Frames written together follow each other; each such group begins at a multiple of 4096, with
zeros before it, so that no page holding acknowledged bytes is ever written again. `previous_end` is where the segment
before this one ends: whatever lies behind it there was never acknowledged. `acknowledged` is an offset below which
everything was durable before this frame was written, so damage below it is damage and never an unfinished write. The
salt is random: with it in the check no uploaded bytes can pass for a frame. CRC-32 finds every flip of one or two bits
and every burst of 32; the recording's own links and signatures stand above it.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from typing import NamedTuple

LABEL = b"tocsin.segment/v1\n"
PAGE_BYTES = 4096
COPY_BYTES = PAGE_BYTES
FIRST_FRAME = 2 * COPY_BYTES
SALT_BYTES = 16
KEY_BYTES = 16
FRAME = b"tsF1"
MARK = b"tsM1"
"""A frame without meta or body: written at a clean close, to say that everything before it is acknowledged."""

_HEADER = struct.Struct(">18sIQ16s")
_FRAME = struct.Struct(">4sIQQ16sQIII")
_CHECK_BYTES = 12
FRAME_BYTES = _FRAME.size + _CHECK_BYTES


class Position(NamedTuple):
    """Where a frame stands: number of the segment, offset of its first byte. Sorts in order of writing; never used twice."""

    segment: int
    offset: int

    @property
    def packed(self) -> int:
        """One integer under 2^63 for a column."""
        return self.segment << 40 | self.offset

    @classmethod
    def unpack(cls, packed: int) -> "Position":
        return cls(packed >> 40, packed & (1 << 40) - 1)


@dataclass(frozen=True, slots=True)
class Frame:
    """What was appended."""

    key: bytes
    seq: int
    meta: bytes
    body: bytes


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """First bytes of a file."""

    number: int
    previous_end: int
    salt: bytes

    @property
    def raw(self) -> bytes:
        """Both copies, `FIRST_FRAME` bytes."""
        fields = _HEADER.pack(LABEL, self.number, self.previous_end, self.salt)
        return (fields + hashlib.sha256(fields).digest()).ljust(COPY_BYTES, b"\0") * 2


@dataclass(frozen=True, slots=True)
class FrameHead:
    """The part of a frame that can be checked before its body is read."""

    is_mark: bool
    acknowledged: int
    key: bytes
    seq: int
    meta_bytes: int
    body_bytes: int
    checksum: int

    @property
    def length(self) -> int:
        """Bytes of the whole frame."""
        return FRAME_BYTES + self.meta_bytes + self.body_bytes


def next_page(offset: int) -> int:
    """`offset`, or the next multiple of `PAGE_BYTES`: where the next group begins."""
    return -(-offset // PAGE_BYTES) * PAGE_BYTES


def parse_header(raw: bytes) -> SegmentHeader | None:
    """The header from whichever copy is whole, or `None`."""
    for copy in (raw[:COPY_BYTES], raw[COPY_BYTES:FIRST_FRAME]):
        fields, check = copy[: _HEADER.size], copy[_HEADER.size : _HEADER.size + 32]
        if len(check) == 32 and hashlib.sha256(fields).digest() == check and fields.startswith(LABEL):
            _, number, previous_end, salt = _HEADER.unpack(fields)
            return SegmentHeader(number, previous_end, salt)
    return None


def checksum_of(frame: Frame) -> int:
    """CRC-32 of meta and body; 20 microseconds for 64 KiB."""
    return zlib.crc32(frame.body, zlib.crc32(frame.meta))


def frame_head(
    salt: bytes, at: Position, acknowledged: int, frame: Frame, checksum: int, magic: bytes = FRAME
) -> bytes:
    """The `FRAME_BYTES` that go before meta and body of a frame written at `at`."""
    lengths = len(frame.meta), len(frame.body)
    fields = _FRAME.pack(magic, *at, acknowledged, frame.key, frame.seq, *lengths, checksum)
    return fields + _check(salt, fields)


def parse_frame_head(raw: bytes, salt: bytes, at: Position) -> FrameHead | None:
    """The head of the frame at `at`, or `None` when these bytes are not one, or not one of this place."""
    fields, check = raw[: _FRAME.size], raw[_FRAME.size : FRAME_BYTES]
    if len(check) != _CHECK_BYTES or _check(salt, fields) != check:
        return None
    magic, number, offset, acknowledged, key, seq, meta_bytes, body_bytes, checksum = _FRAME.unpack(fields)
    if magic not in {FRAME, MARK} or (number, offset) != at:
        return None
    return FrameHead(magic == MARK, acknowledged, key, seq, meta_bytes, body_bytes, checksum)


def body_of(head: FrameHead, rest: bytes) -> Frame | None:
    """The frame of a checked head and the bytes after it, or `None` when those are not what was written."""
    if len(rest) != head.meta_bytes + head.body_bytes or zlib.crc32(rest) != head.checksum:
        return None
    return Frame(head.key, head.seq, rest[: head.meta_bytes], rest[head.meta_bytes :])


def _check(salt: bytes, fields: bytes) -> bytes:
    return hashlib.sha256(salt + fields).digest()[:_CHECK_BYTES]
