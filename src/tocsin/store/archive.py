"""One sealed file of many parts: a plain tar inside an age file. `age -d` and `tar x` open it where there is no program of ours.

Promise: written and read as a stream, at most some parts of 256 KiB in memory, nothing in clear on a disk. A file that was cut
short or changed anywhere raises `ArchiveDamaged`: until `read` has returned, nothing that it gave may be believed.
Parts have plain names, no times, no owners. Links, devices and names that lead elsewhere are refused.
"""

import tarfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

import pyrage  # type: ignore[import-untyped]  # the wheel ships no types

from tocsin.crypto import envelope
from tocsin.errors import TocsinError
from tocsin.store import blobs, disk

BLOCK = tarfile.BLOCKSIZE
STEP = 256 * 1024
LONGEST_NAME = tarfile.LENGTH_NAME
"""Longer names need an extension of the format, which a strict reader does not take."""
MOST_BYTES = 8**11 - 1
"""The largest size that the plain header holds."""


class ArchiveDamaged(TocsinError):
    """Not an archive, cut short, or changed."""

    code = "archive_damaged"
    status = 422
    message = "This backup is not whole: it was cut short or changed. Nothing of it was used. Take another copy of it."


class ArchiveNotForUs(TocsinError):
    """The identity is not among the recipients."""

    code = "archive_not_for_us"
    status = 403
    message = "This identity does not open the backup. Use the identity whose recipient it was made to."


class Part(NamedTuple):
    """A named part and its bytes, exactly `size` of them."""

    name: str
    size: int
    content: Iterable[bytes]


class Taker(Protocol):
    """Takes one part's bytes as they come."""

    def write(self, raw: bytes, /) -> object: ...

    def close(self) -> object: ...


Open = Callable[[str, int], Taker]
"""What `read` calls for each part, with its name and size."""


def part_of(name: str, content: bytes) -> Part:
    """A small part."""
    return Part(name, len(content), (content,))


def part_of_file(name: str, path: Path) -> Part:
    """A file as it is now."""
    return part_of(name, path.read_bytes())


def write(file: BinaryIO, recipients: Sequence[str], parts: Iterable[Part]) -> None:
    """Seal `parts` into `file`. Raises `RecipientMalformed`, what `parts` raises, what the disk says."""
    try:
        keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    except pyrage.RecipientError as error:
        raise envelope.RecipientMalformed from error
    source, sink = _Pulled(_tar(parts)), _Pushed(file.write)
    try:
        pyrage.encrypt_io(source, sink, keys)
    except (OSError, pyrage.EncryptError) as error:
        raise source.failure or sink.failure or error from error


def read(file: BinaryIO, identity: str, begin: Open) -> None:
    """Hand every part to the taker that `begin` answers. Raises `ArchiveNotForUs`, `ArchiveDamaged`, what a taker raises."""
    try:
        key = pyrage.x25519.Identity.from_str(identity)
    except pyrage.IdentityError as error:
        raise ArchiveNotForUs from error
    unpacker = _Unpacker(begin)
    sink = _Pushed(unpacker.take)
    try:
        pyrage.decrypt_io(file, sink, [key])
    except (OSError, pyrage.DecryptError) as error:
        if sink.failure is not None:
            raise sink.failure from error
        raise (ArchiveDamaged if sink.is_begun or "No matching keys" not in str(error) else ArchiveNotForUs) from error
    finally:
        unpacker.let_go()
    unpacker.end()


def _tar(parts: Iterable[Part]) -> Iterator[bytes]:
    """The bytes of a tar: header, content, zeros to a whole block; two empty blocks at the end."""
    for part in parts:
        if len(part.name) > LONGEST_NAME or part.size > MOST_BYTES or not blobs.is_name(part.name):
            raise ValueError("not a name or size of an archive's part")
        header = tarfile.TarInfo(part.name)
        header.size, header.mode = part.size, 0o600
        yield header.tobuf(tarfile.USTAR_FORMAT)
        left = part.size
        for piece in part.content:
            left -= len(piece)
            yield piece
        if left:
            raise ValueError("a part has another size than it said")
        yield bytes(-part.size % BLOCK)
    yield bytes(2 * BLOCK)


class _Pulled:
    """An iterator of bytes as a file to read. What it raised is kept: the library below turns it into text."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._waiting = pieces, memoryview(b"")
        self.failure: BaseException | None = None

    def read(self, count: int = STEP) -> bytes:
        """Up to `count` bytes; none at the end."""
        try:
            while not self._waiting:
                self._waiting = memoryview(next(self._pieces))
        except StopIteration:
            return b""
        except BaseException as error:
            self.failure = error
            raise
        taken, self._waiting = self._waiting[:count], self._waiting[count:]
        return bytes(taken)


class _Pushed:
    """A function that takes bytes as a file to write. What it raised is kept, as above."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self.is_begun = False
        self.failure: BaseException | None = None

    def write(self, raw: bytes) -> int:
        self.is_begun = True
        try:
            self._take(raw)
        except BaseException as error:
            self.failure = error
            raise
        return len(raw)

    def flush(self) -> None:
        """Nothing waits here."""


class _Unpacker:
    """Takes a tar apart as it comes."""

    def __init__(self, begin: Open) -> None:
        self._begin = begin
        self._head = bytearray()
        self._taker: Taker | None = None
        self._left = self._padding = 0
        self._empty_blocks = 0

    def take(self, raw: bytes) -> None:
        """The next bytes. Raises `ArchiveDamaged` for what `_tar` does not write."""
        rest = memoryview(raw)
        while rest:
            if self._taker is not None:
                rest = self._take_content(rest)
            elif self._padding:
                skipped = min(self._padding, len(rest))
                self._padding, rest = self._padding - skipped, rest[skipped:]
            else:
                rest = self._take_head(rest)

    def end(self) -> None:
        """Raise `ArchiveDamaged` unless the tar came to its end."""
        if self._empty_blocks < 2 or self._head or self._taker is not None:
            raise ArchiveDamaged

    def let_go(self) -> None:
        """Close what is open, whatever happened."""
        if self._taker is not None:
            self._taker.close()

    def _take_content(self, rest: memoryview) -> memoryview:
        assert self._taker is not None
        piece = rest[: self._left]
        self._taker.write(bytes(piece))
        self._left -= len(piece)
        self._end_part()
        return rest[len(piece) :]

    def _end_part(self) -> None:
        if not self._left and self._taker is not None:
            taker, self._taker = self._taker, None
            taker.close()

    def _take_head(self, rest: memoryview) -> memoryview:
        wanted = BLOCK - len(self._head)
        self._head += rest[:wanted]
        if len(self._head) == BLOCK:
            whole, self._head = bytes(self._head), bytearray()
            self._open(whole)
        return rest[wanted:]

    def _open(self, block: bytes) -> None:
        if block == bytes(BLOCK):
            self._empty_blocks += 1
            return
        try:
            header = tarfile.TarInfo.frombuf(block, "ascii", "strict")
        except (tarfile.HeaderError, UnicodeDecodeError) as error:
            raise ArchiveDamaged from error
        if self._empty_blocks or header.type != tarfile.REGTYPE or not blobs.is_name(header.name):
            raise ArchiveDamaged
        self._left, self._padding = header.size, -header.size % BLOCK
        self._taker = self._begin(header.name, header.size)
        self._end_part()


def new(path: Path, recipients: Sequence[str], parts: Iterable[Part]) -> None:
    """Make the sealed file at `path`: whole, synced, readable by its owner only, or not there. Raises `FileExistsError`."""
    with disk.new_file(path) as file:
        write(file, recipients, parts)
