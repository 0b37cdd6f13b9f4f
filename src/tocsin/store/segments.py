"""Append-only files for the chunks of recordings: durable first, then acknowledged.

`await store.append(key, seq, meta, body)` returns a `Position` after the frame is on the disk; all that wait share one
`fdatasync`. `read` gives back exactly what was appended or raises `SegmentCorrupt`; `scan` walks everything, for an index
that has to be rebuilt; `scrub` reads everything and says what is damaged.

Promise: nothing acknowledged is ever overwritten, moved or cut; a position is never used twice. `DiskFull` means that
nothing of the refused frames is stored. After a crash the unfinished end of the newest file is left where it is and never
read again: the next file says where this one ends. Of frames that were waiting when the process died, any may be found
and any may be missing, so a reader takes a frame only where it continues its recording.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tocsin.clock import Clock, SystemClock
from tocsin.errors import TocsinError
from tocsin.store import disk, segment_file
from tocsin.store.group import Group
from tocsin.store.segment_append import LARGEST_FRAME, Appending, Buffer, Sized
from tocsin.store.segment_file import Damage, Found
from tocsin.store.segment_format import FIRST_FRAME, KEY_BYTES, SALT_BYTES, Frame, Position, SegmentHeader

SEGMENT_BYTES = 256 << 20
"""Size at which a new file is begun; files are the unit of removal."""

UNKNOWN = 1 << 40
"""An end above every file's."""

DROPPED = ".dropped"
"""What is left of a file removed on purpose: its header, which says where the file before it ends."""

GROUP = 64
"""Frames that share one sync at most."""


class SegmentCorrupt(TocsinError):
    """The frame asked for is not there, or not as it was written. No byte of it is given out."""

    code = "segment_corrupt"
    status = 500
    message = "A stored piece is damaged and was not given out. The others are not affected. Tell the operator to run a scrub."


@dataclass(frozen=True)
class Scrubbed:
    """What reading everything showed."""

    frames: int
    bytes_read: int
    damage: tuple[Damage, ...]


class SegmentStore:
    """One directory of segment files and the thread that appends to it."""

    def __init__(self, directory: Path, segment_bytes: int, clock: Clock) -> None:
        self._directory = directory
        self._segment_bytes = segment_bytes
        self._clock = clock
        self._lock = disk.hold(directory / "lock")
        self._headers: dict[int, SegmentHeader] = {}
        self._file: Appending | None = None
        self._buffer = Buffer()
        self.cut: tuple[Damage, ...] = ()
        """What was not whole in the newest group when it was opened: an unfinished write, or damage to the last one."""
        self._sure = Position(0, 0)
        self._highest = int.from_bytes(disk.read_at(self._lock, 8, 0), "big")
        self._empty_dropped()
        self.last_written_ms = 0
        """When the newest file was last written before it was opened, by the machine's clock (Unix ms); 0 when there was none."""
        self._end = self._find_end()
        self._group: Group[Sized, Position] = Group("segment-writer", self._perform, GROUP, clock)

    @classmethod
    def open(cls, directory: Path, segment_bytes: int = SEGMENT_BYTES, clock: Clock | None = None) -> "SegmentStore":
        """Open or begin the store in `directory`, for this process alone (`StoreInUse`)."""
        disk.make_directory(directory)
        disk.sweep_unfinished(directory)
        return cls(directory, segment_bytes, clock or SystemClock())

    async def append(self, key: bytes, seq: int, meta: bytes, body: bytes) -> Position:
        """Store one frame; returns once it is durable. `DiskFull` or any other error: nothing of it is stored."""
        return await self._group.ask(_sized(key, seq, meta, body))

    def append_now(self, key: bytes, seq: int, meta: bytes, body: bytes) -> Position:
        """`append` for commands and threads: blocks."""
        return self._group.ask_now(_sized(key, seq, meta, body))

    def read(self, position: Position) -> Frame:
        """The frame at `position`, exactly as it was appended, or `SegmentCorrupt`. Reads the disk; about 50 microseconds cached."""
        header = self._header(position.segment)
        if header is None or position >= self._end:
            raise SegmentCorrupt
        try:
            with segment_file.opened(self._path(position.segment)) as descriptor:
                frame = segment_file.read_frame(descriptor, header.salt, position)
        except OSError as error:
            raise SegmentCorrupt from error
        if frame is None:
            raise SegmentCorrupt
        return frame

    def scan(
        self, from_position: Position | None = None, on_damage: Callable[[Damage], None] | None = None
    ) -> Iterator[tuple[Position, Frame]]:
        """Every whole frame from `from_position` on, in order of writing. Damage is told to `on_damage` and passed over."""
        for found in self._walk(from_position or Position(0, 0)):
            if isinstance(found, Damage):
                if on_damage is not None:
                    on_damage(found)
            elif found.frame is not None:
                yield found.position, found.frame

    def scrub(self) -> Scrubbed:
        """Read everything; blocks as long as that takes."""
        frames, size, damage = 0, 0, list[Damage]()
        for found in self._walk(Position(0, 0)):
            if isinstance(found, Damage):
                damage.append(found)
            else:
                frames += found.frame is not None
                size += found.end - found.position.offset
        return Scrubbed(frames, size, tuple(damage))

    def end_position(self) -> Position:
        """Where the acknowledged frames end: everything acknowledged later stands at or after it."""
        return self._end

    def numbers(self) -> list[int]:
        """Numbers of the files there are, in order."""
        return sorted(int(path.stem) for path in self._directory.glob("*.segment"))

    def drop(self, number: int) -> None:
        """Give the space of a file that nobody needs any more back; its header stays, to say that this was on purpose.

        Needs no space itself: on a full disk it is the way out. Not for the newest file.
        """
        if number >= self._end.segment:
            raise ValueError("the newest segment cannot be dropped")
        self._path(number).rename(self._path(number).with_suffix(DROPPED))
        disk.sync_directory(self._directory)
        self._empty_dropped()

    def close(self) -> None:
        """Finish what waits, mark the end as acknowledged, let go of the directory."""
        self._group.close()
        if self._file is not None:
            self._file.finish()
        os.close(self._lock)

    def _perform(self, frames: Sequence[Sized]) -> list[Position | BaseException]:
        answers: list[Position | BaseException] = []
        while len(answers) < len(frames):
            rest = frames[len(answers) :]
            try:
                file = self._appending(rest[0])
                fitting = file.fitting(rest)
                answers += file.append(fitting)
                self._end = self._sure = Position(file.header.number, file.end)
            except Exception as error:  # noqa: BLE001  whatever the disk says, each caller must hear that nothing is stored
                if self._file is not None and self._file.is_unsure:
                    self._file = None
                answers += [error] * len(rest)
        return answers

    def _appending(self, frame: Sized) -> Appending:
        """The file to append to, with room for `frame`: the open one, or a new one that states where the last one ended."""
        if self._file is not None and self._file.has_room(frame):
            return self._file
        number = max(self._highest, self._end.segment, *self.numbers(), 0) + 1
        # A file between that failed before its first frame was acknowledged holds nothing that anybody was promised.
        previous_end = self._end.offset if self._end.segment == number - 1 else FIRST_FRAME
        header = SegmentHeader(number, previous_end, self._clock.random_bytes(SALT_BYTES))
        fresh = Appending(self._path(number), header, self._segment_bytes, self._buffer)
        try:
            self._remember(number)
        except BaseException:
            fresh.discard()
            raise
        if self._file is not None:
            self._file.let_go()
        self._headers[number] = header
        self._file = fresh
        return fresh

    def _remember(self, number: int) -> None:
        """Note the newest number in the lock file: if that file is ever lost, its number must not be given to other frames."""
        with disk.full_disk_said_plainly():
            disk.write_at(self._lock, [number.to_bytes(8, "big")], 0)
            disk.sync(self._lock)
        self._highest = number

    def _find_end(self) -> Position:
        """End of the newest file's whole frames. What lies behind is kept out by the next file's header."""
        numbers = self.numbers()
        if not numbers:
            return Position(0, 0)
        header = self._header(numbers[-1])
        if header is None:
            self.cut = (Damage(Position(numbers[-1], 0), 0, "header", acknowledged=False),)
            return Position(numbers[-1], 0)
        path = self._path(header.number)
        self.last_written_ms = path.stat().st_mtime_ns // 1_000_000
        # A killed process may have written frames that it never synced; once they are found here somebody will be promised them.
        disk.sync_file(path)
        end = start = segment_file.last_group(path, header)
        found: list[Damage] = []
        for one in segment_file.walk(path, header, start, UNKNOWN):
            if isinstance(one, Found):
                end = one.end
            else:
                found.append(one)
        self.cut = tuple(found)
        segment_file.give_back(path, end)
        self._sure = Position(header.number, start)
        return Position(header.number, end)

    def _empty_dropped(self) -> None:
        """Also finishes what a process that died in `drop` left."""
        for path in self._directory.glob("*" + DROPPED):
            if path.stat().st_size > FIRST_FRAME:
                os.truncate(path, FIRST_FRAME)

    def _walk(self, start: Position) -> Iterator[Found | Damage]:
        numbers = [number for number in self.numbers() if number >= start.segment]
        dropped = {int(path.stem) for path in self._directory.glob("*" + DROPPED)}
        known = range(max(1, start.segment), max(self._end.segment, self._highest + 1))
        for missing in sorted(set(known) - set(numbers) - dropped):
            yield Damage(Position(missing, 0), 0, "missing", acknowledged=True)
        for number in numbers:
            if number <= self._end.segment:
                yield from self._walk_one(number, start.offset if number == start.segment else 0)

    def _walk_one(self, number: int, start: int) -> Iterator[Found | Damage]:
        header, end = self._header(number), self._end_of(number)
        if header is None:
            yield Damage(Position(number, 0), 0, "header", acknowledged=True)
            return
        if not start and not segment_file.is_header_intact(self._path(number), header):
            yield Damage(Position(number, 0), FIRST_FRAME, "header", acknowledged=True)
        reached = max(start, FIRST_FRAME)
        for one in segment_file.walk(self._path(number), header, reached, end):
            if isinstance(one, Damage):
                yield Damage(one.position, one.length, one.reason, one.position < self._sure)
                reached = one.position.offset + one.length
            else:
                yield one
                reached = one.end
        if reached < end < UNKNOWN and number < self._end.segment:
            yield Damage(Position(number, reached), 0, "cut short", acknowledged=True)

    def _end_of(self, number: int) -> int:
        """Where file `number` ends, as the file after it says, or as this process knows."""
        if number == self._end.segment:
            return self._end.offset
        after = self._header(number + 1)
        return after.previous_end if after is not None else UNKNOWN

    def _header(self, number: int) -> SegmentHeader | None:
        if number not in self._headers:
            path = self._path(number)
            try:
                header = segment_file.header_of(path if path.exists() else path.with_suffix(DROPPED))
            except OSError:
                return None
            if header is None or header.number != number:
                return None
            self._headers[number] = header
        return self._headers[number]

    def _path(self, number: int) -> Path:
        return self._directory / f"{number:08d}.segment"


def _sized(key: bytes, seq: int, meta: bytes, body: bytes) -> Sized:
    if len(key) != KEY_BYTES or len(meta) + len(body) > LARGEST_FRAME:
        raise ValueError("a frame has a key of 16 bytes and at most 4 MiB")
    return Sized.of(Frame(key, seq, meta, body))
