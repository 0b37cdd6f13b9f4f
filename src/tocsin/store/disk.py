"""What "durable" means on a disk, said once: every sync, rename and full disk of the store passes through here.

Promise: when a function here returns, the bytes it names survive a power cut; when it raises `DiskFull`, nothing was
acknowledged. A sync that failed is never tried again on the same descriptor, because Linux forgets the dirty pages of a
failed `fsync` and the second call would lie (fsync(2), errors reported once per open file description).
"""

import errno
import fcntl
import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from tocsin.errors import TocsinError

IOV_MAX = 1024
"""Buffers one `pwritev` takes on Linux (POSIX IOV_MAX)."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
UNFINISHED = ".unfinished"

_turn = itertools.count()
_sync_delay_s = 0.0


class DiskFull(TocsinError):
    """No space left. Nothing of the refused write is stored; what was acknowledged before is untouched."""

    code = "disk_full"
    status = 507
    message = "The node's disk is full. Nothing of this was stored; try again a little later."

    def __init__(self, retry_after: int = 30) -> None:
        super().__init__(retry_after=retry_after)


class StoreInUse(TocsinError):
    """Another process holds this directory; two writers would destroy each other's work."""

    code = "store_in_use"
    status = 503
    message = "Another process is using this data directory. Stop it first: one node, one process, one directory."


def slow_every_sync(milliseconds: float) -> None:
    """Add a wait to every sync of this process, to measure a slower disk than the one at hand. Trials only."""
    global _sync_delay_s  # noqa: PLW0603  one switch for the whole process, for trials
    _sync_delay_s = milliseconds / 1000


@contextmanager
def full_disk_said_plainly() -> Iterator[None]:
    """Turn the operating system's ways of saying "full" into `DiskFull`; every other `OSError` passes."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFull from error
        raise


def sync(descriptor: int) -> None:
    """Make what was written to `descriptor`, and the size needed to read it back, durable (fdatasync)."""
    os.fdatasync(descriptor)
    if _sync_delay_s:
        threading.Event().wait(_sync_delay_s)


def sync_file(path: Path) -> None:
    """Make durable what another process, perhaps a dead one, wrote to `path` and may not have synced."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        sync(descriptor)
    finally:
        os.close(descriptor)


def sync_directory(directory: Path) -> None:
    """Make names created, renamed or removed in `directory` durable; a synced file under an unsynced name is lost in a power cut."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def open_direct(path: Path) -> int:
    """A descriptor to write `path` past the page cache, from page-aligned memory to page-aligned places; through the
    cache where the file system knows no direct writes.
    """
    try:
        return os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_DIRECT)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.open(path, os.O_RDWR | os.O_CLOEXEC)


def write_at(descriptor: int, parts: Sequence[bytes | memoryview], offset: int) -> int:
    """Write all of `parts` one after the other at `offset`, however often the kernel stops short. Returns the offset after them."""
    waiting = [memoryview(part) for part in parts if part]
    while waiting:
        count = os.pwritev(descriptor, waiting[:IOV_MAX], offset)
        offset += count
        while waiting and count >= len(waiting[0]):
            count -= len(waiting.pop(0))
        if count:
            waiting[0] = waiting[0][count:]
    return offset


def read_at(descriptor: int, count: int, offset: int) -> bytes:
    """Up to `count` bytes at `offset`; fewer only where the file ends."""
    parts: list[bytes] = []
    while count and (part := os.pread(descriptor, count, offset)):
        parts.append(part)
        offset += len(part)
        count -= len(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def hold(path: Path) -> int:
    """Lock `path` for this process, or raise `StoreInUse`. Returns a descriptor: closing it, or dying, lets go."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise StoreInUse from error
    return descriptor


def make_directory(directory: Path) -> None:
    """Create `directory` for this user alone (0700), with its parents, durably."""
    missing = [place for place in (directory, *directory.parents) if not place.exists()]
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    for place in reversed(missing):
        sync_directory(place.parent)


def write_new_file(path: Path, parts: Sequence[bytes], *, replace: bool = True) -> None:
    """Write `parts` under a name nobody looks for, sync, then give the file its name at once.

    What was there is replaced whole; with `replace=False` it stays and `FileExistsError` is raised.
    """
    unfinished = path.with_name(f".{path.name}.{next(_turn)}{UNFINISHED}")
    with full_disk_said_plainly():
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            write_at(descriptor, parts, 0)
            sync(descriptor)
            if replace:
                unfinished.replace(path)
            else:
                os.link(unfinished, path)
        finally:
            os.close(descriptor)
            unfinished.unlink(missing_ok=True)
        sync_directory(path.parent)


@contextmanager
def new_file(path: Path) -> Iterator[BinaryIO]:
    """A file to write at length, under a name nobody looks for; synced and named when the block ends well, else nothing is left.

    Raises `FileExistsError` where `path` is taken.
    """
    unfinished = path.with_name(f".{path.name}.{next(_turn)}{UNFINISHED}")
    if path.exists():
        raise FileExistsError(path)
    with full_disk_said_plainly():
        try:
            descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                yield file
                file.flush()
                os.fsync(descriptor)
            unfinished.rename(path)  # not linked: a stick to carry away may know no links
        finally:
            unfinished.unlink(missing_ok=True)
        sync_directory(path.parent)


def sweep_unfinished(directory: Path) -> None:
    """Remove what a process that died in `write_new_file` left anywhere below `directory`."""
    for path in directory.rglob(f".*{UNFINISHED}"):
        path.unlink()
