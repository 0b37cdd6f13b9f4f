"""A reserve for the day the disk is full.

A full SQLite can neither delete nor checkpoint, so a node without a reserve cannot even make room. The ballast is a file of
real blocks; `release` gives them to whoever writes next, `refill` takes them back when there is room again.

Promise: `release` needs no space and works at once; `refill` never takes the last free space: it leaves as much again free.
"""

import os
from pathlib import Path

from tocsin.store import disk

NAME = "ballast"


class Ballast:
    """The reserve of one directory. Calls block on the disk."""

    def __init__(self, directory: Path, size: int) -> None:
        self._path = directory / NAME
        self._size = size

    @classmethod
    def open(cls, directory: Path, size: int) -> "Ballast":
        """Take up the reserve of `size` bytes in `directory`, as far as there is room for it."""
        disk.make_directory(directory)
        ballast = cls(directory, size)
        ballast.refill()
        return ballast

    @property
    def held(self) -> int:
        """Bytes in reserve now."""
        try:
            return self._path.stat().st_blocks * 512
        except FileNotFoundError:
            return 0

    @property
    def is_whole(self) -> bool:
        """Whether the whole reserve is set aside: while it is not, only what must go on should be taken on."""
        return self.held >= self._size

    def release(self) -> int:
        """Give the whole reserve to the other files; returns its bytes. The name stays, so no directory has to grow."""
        held = self.held
        if held:
            os.truncate(self._path, 0)
        return held

    def refill(self) -> bool:
        """Set the reserve aside again if afterwards as much would still be free. Says whether it is whole."""
        if self.held >= self._size:
            return True
        if free_space(self._path.parent) < 2 * (self._size - self.held):
            return False
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            with disk.full_disk_said_plainly():
                os.posix_fallocate(descriptor, 0, self._size)
                disk.sync(descriptor)
        except disk.DiskFull:
            os.truncate(self._path, 0)
            return False
        finally:
            os.close(descriptor)
        return True


def free_space(directory: Path) -> int:
    """Bytes that this process could still write under `directory`."""
    found = os.statvfs(directory)
    return found.f_bavail * found.f_frsize
