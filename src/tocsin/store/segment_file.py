"""Reading one segment file: every frame that is whole, every stretch that is not, and nothing in between.

Promise: a frame is given out only if its place, its head and its body check; the rest is named as `Damage`, never skipped
in silence and never repaired by guessing. Frames behind damage are found again.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tocsin.store.disk import read_at
from tocsin.store.segment_format import (
    FIRST_FRAME,
    FRAME,
    FRAME_BYTES,
    MARK,
    Frame,
    FrameHead,
    Position,
    SegmentHeader,
    body_of,
    next_page,
    parse_frame_head,
    parse_header,
)

WINDOW = 1 << 20
_MAGIC = re.compile(re.escape(FRAME) + b"|" + re.escape(MARK))


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that are not what was written: `length` of them at `position` (0: a whole file or its end is missing).

    `reason` is "head", "body", "cut short", "header" or "missing". `acknowledged`: somebody was promised them for certain;
    False where they may be the unfinished last write of a process that died.
    """

    position: Position
    length: int
    reason: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class Found:
    """One whole frame (`frame` is `None` for a mark) and where the next one begins."""

    position: Position
    frame: Frame | None
    acknowledged: int
    end: int


@contextmanager
def opened(path: Path) -> Iterator[int]:
    """A descriptor to read `path`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def header_of(path: Path) -> SegmentHeader | None:
    """The file's header, or `None` when both copies are damaged or the file is too short for one."""
    with opened(path) as descriptor:
        return parse_header(read_at(descriptor, FIRST_FRAME, 0))


def is_header_intact(path: Path, header: SegmentHeader) -> bool:
    """Whether both copies and the zeros around them are as they were written."""
    with opened(path) as descriptor:
        return read_at(descriptor, FIRST_FRAME, 0) == header.raw


def read_frame(descriptor: int, salt: bytes, at: Position) -> Frame | None:
    """The frame at `at`, or `None` when there is none, or not a whole one."""
    head = parse_frame_head(read_at(descriptor, FRAME_BYTES, at.offset), salt, at)
    if head is None or head.is_mark:
        return None
    return body_of(head, read_at(descriptor, head.length - FRAME_BYTES, at.offset + FRAME_BYTES))


def walk(path: Path, header: SegmentHeader, start: int, end: int) -> Iterator[Found | Damage]:
    """Everything from offset `start` up to `end` (or the file's own end), in order. Zeros up to the end are no damage."""
    with opened(path) as descriptor:
        end = min(end, os.fstat(descriptor).st_size)
        offset = start
        while offset < end:
            at = Position(header.number, offset)
            head = parse_frame_head(read_at(descriptor, FRAME_BYTES, offset), header.salt, at)
            if head is None:
                if (page := next_page(offset)) > offset and is_empty(descriptor, offset, min(page, end)):
                    offset = page
                    continue
                if is_empty(descriptor, offset, end):
                    return
                after = _next_frame(descriptor, header, offset + 1, end)
                yield Damage(at, after - offset, "head", acknowledged=False)
            else:
                after = offset + head.length
                yield _whole_or_damaged(descriptor, head, at, end)
            offset = after


def last_group(path: Path, header: SegmentHeader) -> int:
    """Offset at which the last group begins that left a whole head: everything before it was acknowledged.

    Found from the end of the file backwards, so that opening takes no longer for a full file than for an empty one.
    """
    with opened(path) as descriptor:
        end = os.fstat(descriptor).st_size
        while end > FIRST_FRAME:
            start = max(FIRST_FRAME, end - WINDOW)
            window = read_at(descriptor, end - start + FRAME_BYTES - 1, start)
            for _at, head in reversed(list(_heads(window, header, start))):
                return max(FIRST_FRAME, next_page(head.acknowledged))
            end = start
    return FIRST_FRAME


def give_back(path: Path, end: int) -> None:
    """Cut the zeros behind `end` off the file: space that a process set aside and died before it wrote there."""
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        while size > end and is_empty(descriptor, start := max(end, size - WINDOW), size):
            size = start
        os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def is_empty(descriptor: int, start: int, end: int) -> bool:
    """Whether everything from `start` to `end` is zeros: space set aside and never written."""
    places = range(start, end, WINDOW)
    return not any(read_at(descriptor, min(WINDOW, end - at), at).strip(b"\0") for at in places)


def _whole_or_damaged(descriptor: int, head: FrameHead, at: Position, end: int) -> Found | Damage:
    after = at.offset + head.length
    if after > end:
        return Damage(at, end - at.offset, "cut short", acknowledged=False)
    frame = body_of(head, read_at(descriptor, head.length - FRAME_BYTES, at.offset + FRAME_BYTES))
    if frame is None:
        return Damage(at, head.length, "body", acknowledged=False)
    return Found(at, None if head.is_mark else frame, head.acknowledged, after)


def _next_frame(descriptor: int, header: SegmentHeader, start: int, end: int) -> int:
    """Offset of the next whole head at or after `start`, or `end`."""
    for from_here in range(start, end, WINDOW):
        window = read_at(descriptor, min(WINDOW, end - from_here) + FRAME_BYTES - 1, from_here)
        for at, _head in _heads(window, header, from_here):
            return at
    return end


def _heads(window: bytes, header: SegmentHeader, start: int) -> Iterator[tuple[int, FrameHead]]:
    """Offset and head of every whole head in `window`, which was read at `start`."""
    for match in _MAGIC.finditer(window):
        at = Position(header.number, start + match.start())
        if head := parse_frame_head(window[match.start() : match.start() + FRAME_BYTES], header.salt, at):
            yield at.offset, head
