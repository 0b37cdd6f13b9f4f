"""Appending to one segment file: the hot path, one write and one sync a group.

Frames are laid out in an aligned buffer and written past the page cache (O_DIRECT): nobody reads a chunk soon after it came,
and filling fresh pages cost three times the disk's own time where it was measured. Where the file system has no direct
writes, the same bytes go through the cache.

Promise: `append` returns after the sync, or raises with nothing of its frames left to be found; where that is not certain,
`is_unsure` says so and nothing more may go into the file.
"""

import mmap
import os
from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from tocsin.store import disk, fail_points
from tocsin.store.segment_format import (
    FIRST_FRAME,
    FRAME_BYTES,
    KEY_BYTES,
    MARK,
    Frame,
    Position,
    SegmentHeader,
    checksum_of,
    frame_head,
    next_page,
)

LARGEST_FRAME = 4 << 20
"""Bytes of meta and body together; far above the largest chunk (1 MiB)."""

BUFFER_BYTES = 8 << 20
"""Bytes written in one group at most; the largest frame fits."""

AHEAD_BYTES = 16 << 20
"""Space set aside in one step, so that most writes allocate nothing."""


class Sized(NamedTuple):
    """A frame with what was worked out before it reached the writer's thread.

    The checksum is the caller's work: C code that lets go of the interpreter sixteen times a group would wait sixteen
    times behind a busy event loop to get it back.
    """

    frame: Frame
    checksum: int
    size: int

    @classmethod
    def of(cls, frame: Frame) -> "Sized":
        return cls(frame, checksum_of(frame), FRAME_BYTES + len(frame.meta) + len(frame.body))


class Buffer:
    """Page-aligned memory, as direct writes need it. Holds the last group's bytes: ciphertext and what the disk has in clear."""

    def __init__(self) -> None:
        self._view = memoryview(mmap.mmap(-1, BUFFER_BYTES))

    def laid_out(self, parts: Sequence[bytes]) -> memoryview:
        """`parts` one after the other, then zeros to the end of the page."""
        at = 0
        for part in parts:
            self._view[at : at + len(part)] = part
            at += len(part)
        end = next_page(at)
        self._view[at:end] = bytes(end - at)
        return self._view[:end]


class Appending:
    """The file being appended to. Only the writer's thread touches it."""

    def __init__(self, path: Path, header: SegmentHeader, limit: int, buffer: Buffer) -> None:
        fail_points.hit("segments.before_new_file")
        disk.write_new_file(path, [header.raw])
        self.header = header
        self._path = path
        self.end = FIRST_FRAME
        self.is_unsure = False
        self._limit = limit
        self._buffer = buffer
        self._ahead = FIRST_FRAME
        self._descriptor = disk.open_direct(path)

    def has_room(self, sized: Sized) -> bool:
        return next_page(self.end) + sized.size <= self._limit

    def fitting(self, frames: Sequence[Sized]) -> Sequence[Sized]:
        """As many of `frames` as this file and one group still take, one at least."""
        room = min(BUFFER_BYTES, self._limit - next_page(self.end))
        count = sum(total <= room for total in accumulate(sized.size for sized in frames))
        return frames[: max(1, count)]

    def append(self, frames: Sequence[Sized]) -> list[Position]:
        """Write and sync; positions in the order of `frames`."""
        parts: list[bytes] = []
        positions: list[Position] = []
        start = offset = next_page(self.end)
        for frame, checksum, size in frames:
            at = Position(self.header.number, offset)
            parts += (frame_head(self.header.salt, at, self.end, frame, checksum), frame.meta, frame.body)
            positions.append(at)
            offset += size
        self._set_aside(next_page(offset))
        try:
            with disk.full_disk_said_plainly():
                fail_points.hit("segments.before_write")
                disk.write_at(self._descriptor, [self._buffer.laid_out(parts)], start)
                fail_points.hit("segments.before_sync")
                self._sync()
                fail_points.hit("segments.after_sync")
        except BaseException:
            self._take_back()
            raise
        self.end = offset
        return positions

    def finish(self) -> None:
        """Mark the end as acknowledged, give back the space set aside, close."""
        mark = Frame(bytes(KEY_BYTES), 0, b"", b"")
        place = Position(self.header.number, next_page(self.end))
        head = frame_head(self.header.salt, place, self.end, mark, checksum_of(mark), MARK)
        try:
            disk.write_at(self._descriptor, [self._buffer.laid_out([head])], place.offset)
            os.ftruncate(self._descriptor, place.offset + len(head))
            disk.sync(self._descriptor)
        except OSError:
            pass  # the mark is a kindness to the next start; the frames are durable without it
        os.close(self._descriptor)

    def let_go(self) -> None:
        """Close a full file. The next file's header already says where it ends."""
        os.ftruncate(self._descriptor, self.end)
        os.close(self._descriptor)

    def discard(self) -> None:
        """Remove a file that nothing was appended to."""
        os.close(self._descriptor)
        self._path.unlink()

    def _set_aside(self, offset: int) -> None:
        if offset <= self._ahead:
            return
        ahead = max(offset, min(self._ahead + AHEAD_BYTES, self._limit))
        try:
            os.posix_fallocate(self._descriptor, self._ahead, ahead - self._ahead)
        except OSError:
            return  # a full or a strange disk: the write itself will tell
        self._ahead = ahead

    def _sync(self) -> None:
        try:
            disk.sync(self._descriptor)
        except OSError:
            self.is_unsure = True  # a failed sync may have dropped the pages: nothing more goes into this file
            raise

    def _take_back(self) -> None:
        """Remove what the failed write left behind the end, or it could be found as frames nobody was promised."""
        try:
            os.ftruncate(self._descriptor, self.end)
            self._ahead = self.end
        except OSError:
            self.is_unsure = True
        if self.is_unsure:
            os.close(self._descriptor)
